"""Asks a service with the client that was generated from its description.

    ask.py FOLDER-OF-THE-CLIENT ADDRESS

Ends well when every answer is of the type that the description promises.
"""

import datetime
import sys

sys.path.insert(0, sys.argv[1])

from ordertally_client import Client
from ordertally_client.api.operation import get_liveness, get_readiness
from ordertally_client.api.orders import get_order, list_customer_orders, list_orders
from ordertally_client.api.questions import order_value, sales_by_province, top_customers
from ordertally_client.api.rejected_events import list_rejected_events
from ordertally_client.models import (
    DailyValue,
    InvalidParametersProblem,
    Liveness,
    Order,
    OrderFinancialStatus,
    OrderPage,
    OrderValue,
    OrderValueMode,
    Problem,
    Readiness,
    RejectedEventPage,
    SalesByProvince,
    TopCustomers,
    TotalValue,
)

client = Client(base_url=sys.argv[2])
days = {"start_date": "2020-09-01", "end_date": "2020-09-02"}


def typed(answer, kind):
    assert type(answer) is kind, f"{answer} is no {kind.__name__}"
    return answer


best = typed(top_customers.sync(client=client, **days), TopCustomers)
assert (best.data[0].rank, best.data[0].order_value) == (1, "100.00")
assert best.start_date == datetime.date(2020, 9, 1)

daily = typed(order_value.sync(client=client, **days), OrderValue)
assert [typed(row, DailyValue).order_value for row in daily.data] == ["50.00", "50.00"]
assert daily.data[1].date == datetime.date(2020, 9, 2)
total = order_value.sync(client=client, **days, mode=OrderValueMode.TOTAL)
assert [typed(row, TotalValue).orders for row in typed(total, OrderValue).data] == [2]

sold = typed(sales_by_province.sync(client=client, **days, province="idaho"), SalesByProvince)
assert sold.data[0].products[0].quantity == 2

order = typed(get_order.sync("e1", client=client), Order)
assert order.financial_status is OrderFinancialStatus.PAID
assert order.shipping_address.city == "Boise"
assert order.created_at == datetime.datetime(2020, 9, 1, 10, tzinfo=datetime.timezone.utc)
assert typed(get_order.sync("nope", client=client), Problem).status == 404

page = typed(list_orders.sync(client=client, limit=1), OrderPage)
assert page.has_more and page.data[0].event_id == "e2"
page = typed(list_orders.sync(client=client, limit=1, cursor=page.next_cursor), OrderPage)
assert not page.has_more and page.next_cursor is None and page.data[0].event_id == "e1"
theirs = typed(list_customer_orders.sync("c1", client=client), OrderPage)
assert len(theirs.data) == 2
assert typed(list_rejected_events.sync(client=client), RejectedEventPage).data == []

wrong = order_value.sync(client=client, start_date="2020-02-30")
faults = typed(wrong, InvalidParametersProblem).invalid_parameters
assert [(fault.field, fault.code) for fault in faults] == [
    ("start_date", "invalid_date"),
    ("end_date", "missing"),
]

typed(get_liveness.sync(client=client), Liveness)
typed(get_readiness.sync(client=client), Readiness)
print("every answer was of its type")
