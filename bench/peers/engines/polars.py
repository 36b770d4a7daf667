"""Polars: data frames in memory, in the order of time."""

import polars as pl

DAY_US = 86_400_000_000


class Engine:
    version = pl.__version__
    storage = "data frames in memory, sorted by time; a range is cut out by binary search"

    def __init__(self, facts):
        self.frames = {
            name: pl.from_arrow(getattr(facts, name)).set_sorted("created_at").rechunk()
            for name in ("orders", "items")
        }

    def customers(self, question):
        sums = (
            self.rows("orders", question)
            .group_by("currency", "customer")
            .agg(pl.len().alias("orders"), pl.col("value").sum())
        )
        best = pl.all().top_k_by(["value", "customer"], question["count"], reverse=[False, True])
        return collect(sums.group_by("currency").agg(best).explode("customer", "orders", "value"))

    def value(self, question):
        by = [pl.col("currency")]
        if question["by_day"]:
            by.append((local_time(question["shifts"]) // DAY_US).alias("day"))
        sums = (
            self.rows("orders", question)
            .group_by(by)
            .agg(pl.len().alias("orders"), pl.col("value", "discounts", "tax").sum())
        )
        return collect(sums if question["by_day"] else sums.with_columns(day=pl.lit(0)))

    def provinces(self, question):
        province = pl.col(f"{question['address']}_province").alias("province")
        sales = (
            self.rows("orders", question)
            .group_by(province, "currency")
            .agg(pl.len().alias("orders"), pl.col("value").sum())
        )
        products = (
            self.rows("items", question)
            .group_by(province, "currency", "product")
            .agg(pl.col("quantity").cast(pl.Int64).sum().alias("units"))
        )
        return [collect(sales), collect(products)]

    def rows(self, name, question):
        """The rows that the question is about, lazily."""
        frame = self.frames[name]
        begin, end = (
            frame["created_at"].search_sorted(question[bound], side="left")
            for bound in ("from_us", "until_us")
        )
        rows = frame.slice(begin, end - begin).lazy()
        if question.get("currency") is not None:
            rows = rows.filter(pl.col("currency") == question["currency"])
        if question.get("accepts_marketing") is not None:
            rows = rows.filter(pl.col("marketing") == int(question["accepts_marketing"]))
        if question.get("places") is not None:
            rows = rows.filter(pl.col(f"{question['address']}_place").is_in(question["places"]))
        return rows


def collect(frame):
    return frame.collect().to_arrow()


def local_time(shifts):
    """`created_at` as a clock in the zone shows it."""
    time = pl.col("created_at")
    ahead = pl.lit(shifts[-1]["ahead_us"])
    for shift, change in reversed(list(zip(shifts, shifts[1:]))):
        ahead = pl.when(time < change["from_us"]).then(shift["ahead_us"]).otherwise(ahead)
    return time + ahead
