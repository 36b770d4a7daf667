//! Resources and what each of them refuses: a new case is a new line.

/// Fields and codes, in the order in which they are named.
pub type Faults<'a> = &'a [(&'a str, &'a str)];

/// What each analytics resource refuses in its days.
pub const WRONG_DAYS: [(&str, Faults<'static>); 21] = [
    ("", &[("start_date", "missing"), ("end_date", "missing")]),
    ("start_date=2020-09-01", &[("end_date", "missing")]),
    ("end_date=2020-09-01", &[("start_date", "missing")]),
    (
        "start_date=&end_date=",
        &[("start_date", "invalid_date"), ("end_date", "invalid_date")],
    ),
    (
        "start_date=2020-02-30&end_date=2020-03-01",
        &[("start_date", "invalid_date")],
    ),
    (
        "start_date=2020-9-1&end_date=2020-09-05",
        &[("start_date", "invalid_date")],
    ),
    (
        "start_date=20200901&end_date=2020-09-05",
        &[("start_date", "invalid_date")],
    ),
    (
        "start_date=2020-09-01T00:00:00Z&end_date=2020-09-05",
        &[("start_date", "invalid_date")],
    ),
    (
        "start_date=0000-01-01&end_date=2020-09-05",
        &[("start_date", "invalid_date")],
    ),
    (
        "start_date=%D9%A2020-09-0&end_date=2020-09-05",
        &[("start_date", "invalid_date")],
    ),
    (
        "start_date=2020-09-05&end_date=2020-09-01",
        &[("end_date", "out_of_range")],
    ),
    (
        "start_date=2010-01-01&end_date=2020-01-09",
        &[("end_date", "out_of_range")],
    ),
    (
        "start_date=0001-01-01&end_date=9999-12-31",
        &[("end_date", "out_of_range")],
    ),
    (
        "start_date=2020-09-01&end_date=2020-09-05&start_date=2020-09-01",
        &[("start_date", "repeated")],
    ),
    (
        "start_date=%ff&end_date=2020%2",
        &[
            ("start_date", "invalid_encoding"),
            ("end_date", "invalid_encoding"),
        ],
    ),
    (
        "start_date=2020-13&end_date=2020",
        &[("start_date", "invalid_date")],
    ),
    (
        "start_date=2010&end_date=2020-01-09",
        &[("end_date", "out_of_range")],
    ),
    ("period=tomorrow", &[("period", "invalid_value")]),
    (
        "period=today&start_date=2020-09-01",
        &[("period", "conflicting")],
    ),
    (
        "period=today&period=today&end_date=x",
        &[("period", "repeated"), ("end_date", "invalid_date")],
    ),
    (
        "start_date=x&tz=Mars/Base&cursor=1&at_least=x&wait_ms=30001",
        &[
            ("cursor", "unknown_parameter"),
            ("start_date", "invalid_date"),
            ("end_date", "missing"),
            ("tz", "invalid_time_zone"),
            ("at_least", "invalid_value"),
            ("wait_ms", "out_of_range"),
        ],
    ),
];

/// What each resource refuses beside its days.
pub const WRONG: [(&str, &str, Faults<'static>); 58] = [
    ("/customers/top", "count=0", &[("count", "out_of_range")]),
    ("/customers/top", "count=1001", &[("count", "out_of_range")]),
    ("/customers/top", "count=-1", &[("count", "invalid_value")]),
    ("/customers/top", "count=5.0", &[("count", "invalid_value")]),
    ("/customers/top", "count=", &[("count", "invalid_value")]),
    (
        "/customers/top",
        "count=99999999999999999999",
        &[("count", "out_of_range")],
    ),
    (
        "/customers/top",
        "currency=usd",
        &[("currency", "invalid_value")],
    ),
    (
        "/customers/top",
        "currency=US",
        &[("currency", "invalid_value")],
    ),
    (
        "/customers/top",
        "currency=ZZZ",
        &[("currency", "unknown_currency")],
    ),
    (
        "/customers/top",
        "accepts_marketing=yes",
        &[("accepts_marketing", "invalid_value")],
    ),
    (
        "/customers/top",
        "mode=DAY",
        &[("mode", "unknown_parameter")],
    ),
    ("/customers/top", "tz=", &[("tz", "invalid_time_zone")]),
    (
        "/customers/top",
        "at_least=0",
        &[("at_least", "invalid_value")],
    ),
    (
        "/customers/top",
        "at_least=0=1,0=2",
        &[("at_least", "invalid_value")],
    ),
    (
        "/customers/top",
        "wait_ms=-1",
        &[("wait_ms", "invalid_value")],
    ),
    ("/orders/value", "mode=WEEK", &[("mode", "invalid_value")]),
    ("/orders/value", "mode=", &[("mode", "invalid_value")]),
    (
        "/orders/value",
        "mode=DAY&mode=DAY",
        &[("mode", "repeated")],
    ),
    (
        "/orders/value",
        "currency=USD",
        &[("currency", "unknown_parameter")],
    ),
    (
        "/orders/value",
        "tz=EST5EDT4",
        &[("tz", "invalid_time_zone")],
    ),
    (
        "/sales/province",
        "province=",
        &[("province", "invalid_value")],
    ),
    (
        "/sales/province",
        "province=+%E2%80%83",
        &[("province", "invalid_value")],
    ),
    (
        "/sales/province",
        "province=a%00",
        &[("province", "invalid_value")],
    ),
    (
        "/sales/province",
        "country=+",
        &[("country", "invalid_value")],
    ),
    (
        "/sales/province",
        "address=home",
        &[("address", "invalid_value")],
    ),
    (
        "/sales/province",
        "currency=XQX",
        &[("currency", "unknown_currency")],
    ),
    (
        "/sales/province",
        "address=BILLING&currency=1&nope=1",
        &[
            ("nope", "unknown_parameter"),
            ("currency", "invalid_value"),
            ("address", "invalid_value"),
        ],
    ),
    ("/orders", "limit=0", &[("limit", "out_of_range")]),
    ("/orders", "limit=101", &[("limit", "out_of_range")]),
    ("/orders", "limit=ten", &[("limit", "invalid_value")]),
    ("/orders", "cursor=", &[("cursor", "invalid_cursor")]),
    ("/orders", "cursor=AAAA", &[("cursor", "invalid_cursor")]),
    (
        "/orders",
        "customer_id=",
        &[("customer_id", "out_of_range")],
    ),
    (
        "/orders",
        "customer_id=%00",
        &[("customer_id", "invalid_value")],
    ),
    ("/orders", "code=missing", &[("code", "unknown_parameter")]),
    ("/orders", "currency=usd", &[("currency", "invalid_value")]),
    (
        "/orders",
        "financial_status=PAID&accepts_marketing=1",
        &[
            ("financial_status", "invalid_value"),
            ("accepts_marketing", "invalid_value"),
        ],
    ),
    (
        "/orders",
        "province=+&country=",
        &[("province", "invalid_value"), ("country", "invalid_value")],
    ),
    ("/orders", "min_value=-1", &[("min_value", "invalid_value")]),
    (
        "/orders",
        "min_value=1e3",
        &[("min_value", "invalid_value")],
    ),
    (
        "/orders",
        "min_value=.5&max_value=5.",
        &[
            ("min_value", "invalid_value"),
            ("max_value", "invalid_value"),
        ],
    ),
    (
        "/orders",
        "min_value=100000000000000&max_value=0.00001",
        &[("min_value", "out_of_range"), ("max_value", "out_of_range")],
    ),
    (
        "/orders",
        "min_value=2&max_value=1.99",
        &[("max_value", "out_of_range")],
    ),
    ("/orders", "fields=", &[("fields", "invalid_value")]),
    (
        "/orders",
        "fields=event_id,event_id",
        &[("fields", "invalid_value")],
    ),
    ("/orders", "fields=city", &[("fields", "invalid_value")]),
    (
        "/customers/c1/orders",
        "fields=email,&max_value=x",
        &[("max_value", "invalid_value"), ("fields", "invalid_value")],
    ),
    (
        "/rejected-events",
        "fields=id",
        &[("fields", "unknown_parameter")],
    ),
    (
        "/customers/c1/orders",
        "customer_id=c1",
        &[("customer_id", "unknown_parameter")],
    ),
    (
        "/customers/c1/orders",
        "limit=1e1&tz=x",
        &[("tz", "invalid_time_zone"), ("limit", "invalid_value")],
    ),
    (
        "/rejected-events",
        "code=nonsense",
        &[("code", "invalid_value")],
    ),
    ("/rejected-events", "code=", &[("code", "invalid_value")]),
    (
        "/rejected-events",
        "topic=&partition=-1",
        &[("topic", "invalid_value"), ("partition", "invalid_value")],
    ),
    (
        "/rejected-events",
        "topic=a/b&partition=2147483648",
        &[("topic", "invalid_value"), ("partition", "out_of_range")],
    ),
    (
        "/rejected-events/1",
        "tz=UTC&wait_ms=x",
        &[("tz", "unknown_parameter"), ("wait_ms", "invalid_value")],
    ),
    (
        "/rejected-events/counts",
        "limit=1&code=x",
        &[
            ("limit", "unknown_parameter"),
            ("start_date", "missing"),
            ("end_date", "missing"),
            ("code", "invalid_value"),
        ],
    ),
    (
        "/rejected-events",
        "limit=2&limit=2",
        &[("limit", "repeated")],
    ),
    (
        "/rejected-events",
        "customer_id=c1",
        &[("customer_id", "unknown_parameter")],
    ),
];
