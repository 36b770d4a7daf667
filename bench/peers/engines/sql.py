"""The questions in SQL, as far as the engines that speak it agree."""

DAY_US = 86_400_000_000


def customer_sums(question):
    """What each customer ordered in each currency."""
    return f"""
        SELECT currency, customer, count(*) AS orders, sum(value) AS value
        FROM orders
        WHERE {where(question)}
        GROUP BY currency, customer"""


def customers(question):
    """The best of each currency, ties to the lower id: where an engine has no better way."""
    return f"""
        SELECT currency, customer, orders, value FROM (
            SELECT *, row_number() OVER (
                PARTITION BY currency ORDER BY value DESC, customer) AS rank
            FROM ({customer_sums(question)}) AS sums
        ) AS ranked
        WHERE rank <= {question["count"]}"""


def value(question, divide):
    """By day or in total; `divide` makes SQL of a division that drops the remainder."""
    day = divide(local_time(question["shifts"]), DAY_US) if question["by_day"] else "0"
    return f"""
        SELECT {day} AS day, currency, count(*) AS orders, sum(value) AS value,
            sum(discounts) AS discounts, sum(tax) AS tax
        FROM orders
        WHERE {where(question)}
        GROUP BY {day + ", " if question["by_day"] else ""}currency"""


def local_time(shifts):
    """`created_at` as a clock in the zone shows it: a CASE where clocks change in the range."""
    *earlier, last = shifts
    later = zip(earlier, shifts[1:])
    cases = " ".join(
        f"WHEN created_at < {change['from_us']} THEN {shift['ahead_us']}" for shift, change in later
    )
    ahead = f"CASE {cases} ELSE {last['ahead_us']} END" if cases else last["ahead_us"]
    return f"(created_at + {ahead})"


def provinces(question):
    """Sales by province and currency, and units by product."""
    province = f"{question['address']}_province"
    sales = f"""
        SELECT {province} AS province, currency, count(*) AS orders, sum(value) AS value
        FROM orders
        WHERE {where(question)}
        GROUP BY {province}, currency"""
    products = f"""
        SELECT {province} AS province, currency, product, sum(quantity) AS units
        FROM items
        WHERE {where(question)}
        GROUP BY {province}, currency, product"""
    return sales, products


def where(question):
    parts = [f"created_at >= {question['from_us']} AND created_at < {question['until_us']}"]
    if question.get("currency") is not None:
        parts.append(f"currency = {question['currency']}")
    if question.get("accepts_marketing") is not None:
        parts.append(f"marketing = {int(question['accepts_marketing'])}")
    if question.get("places") is not None:
        places = ", ".join(str(place) for place in question["places"])
        parts.append(f"{question['address']}_place IN ({places})")
    return " AND ".join(parts)
