"""The facts as Arrow tables, sorted by time: one of orders, one of their line items.

Texts are small integers already, and an item carries what is asked of its order (time, place,
currency), so that no engine has to join or to compare texts. A place is a province as an address
spells it, with or without codes; filters name places, answers group by province.
"""

import json
import pathlib

import numpy as np
import pyarrow as pa


class Facts:
    """`orders` and `items`."""

    def __init__(self, folder):
        folder = pathlib.Path(folder)

        def column(name, kind):
            return np.fromfile(folder / name, dtype=kind)

        names = json.loads((folder / "names.json").read_text())
        province_of = np.array(names["province_of_place"], dtype=np.uint16)
        created_at = column("created_at_us", "<i8")
        order = np.argsort(created_at, kind="stable")
        places = {
            "shipping_place": column("shipping_place", "<u2"),
            "billing_place": column("billing_place", "<u2"),
        }
        provinces = {
            "shipping_province": province_of[places["shipping_place"]],
            "billing_province": province_of[places["billing_place"]],
        }
        shared = {"created_at": created_at, "currency": column("currency", "u1")} | places | provinces
        ranks = column("customer_ranks", "<u4")
        own = {
            "customer": ranks[column("customer", "<u4")],
            "value": column("order_value", "<i8"),
            "discounts": column("total_discounts", "<i8"),
            "tax": column("total_tax", "<i8"),
            "marketing": column("accepts_marketing", "u1"),
        }
        self.orders = pa.table({name: values[order] for name, values in (shared | own).items()})

        # Of each item the place of its order among the sorted ones, then the items by that.
        rank = np.empty(len(order), dtype=np.int64)
        rank[order] = np.arange(len(order))
        of_order = np.repeat(rank, column("item_count", "<i4"))
        item = np.argsort(of_order, kind="stable")
        row = order[of_order[item]]
        items = {name: values[row] for name, values in shared.items()}
        items["product"] = column("product", "<u2")[item]
        items["quantity"] = column("quantity", "<i4")[item]
        self.items = pa.table(items)
