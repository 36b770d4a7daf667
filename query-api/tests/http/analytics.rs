//! The three questions, with answers counted by hand.

use serde_json::{Value, json};

use crate::support::{Shop, money, order};

fn column(rows: &[Value], name: &str) -> Vec<Value> {
    rows.iter().map(|row| row[name].clone()).collect()
}

#[tokio::test]
async fn an_empty_database_answers_with_nothing_and_no_time() {
    let shop = Shop::open().await;
    for path in ["/customers/top", "/orders/value", "/sales/province"] {
        let target = format!("{path}?start_date=2020-09-01&end_date=2020-09-05");
        let reply = shop.api.get(&target).await;
        assert_eq!(
            reply.json(),
            json!({
                "start_date": "2020-09-01",
                "end_date": "2020-09-05",
                "time_zone": "UTC",
                "as_of": null,
                "data": [],
            })
        );
        assert_eq!(reply.header("ordertally-position"), "");
        assert_eq!(reply.header("content-type"), "application/json");
    }
}

#[tokio::test]
async fn the_example_of_the_contract_is_answered_to_the_letter() {
    let shop = Shop::open().await;
    let mut orders = [
        order("e1", "2020-09-01T00:00:00Z"),
        order("e2", "2020-09-03T12:00:00Z"),
        order("e3", "2020-09-05T23:59:59.999999Z"),
        order("before", "2020-08-31T23:59:59.999999Z"),
        order("after", "2020-09-06T00:00:00Z"),
    ];
    for order in &mut orders {
        order.customer_id = "66f6".to_owned();
    }
    shop.store(&orders).await;
    shop.commit(1, 1792, "2020-09-05T17:20:11.123456Z").await;
    shop.commit(0, 1840, "2020-09-05T16:00:00Z").await;
    let reply = shop
        .api
        .get("/customers/top?start_date=2020-09-01&end_date=2020-09-05&count=5")
        .await;
    assert_eq!(
        reply.text,
        r#"{"start_date":"2020-09-01","end_date":"2020-09-05","time_zone":"UTC","#.to_owned()
            + r#""as_of":"2020-09-05T17:20:11.123Z","data":[{"rank":1,"customer_id":"66f6","#
            + r#""email":"dan@example.com","first_name":"dan","last_name":"dyer","#
            + r#""currency":"USD","orders":3,"order_value":"150.00"}]}"#
    );
    assert_eq!(reply.header("ordertally-position"), "0=1840,1=1792");
}

#[tokio::test]
async fn the_best_customers_are_ranked_per_currency_and_ties_go_by_bytes() {
    let shop = Shop::open().await;
    let mut orders = Vec::new();
    for (customer, currency, value) in [
        ("a", "USD", "10"),
        ("B", "USD", "10"),
        ("é", "USD", "10"),
        ("z", "USD", "7"),
        ("z", "USD", "4"),
        ("low", "USD", "1"),
        ("a", "JPY", "900"),
        ("z", "JPY", "1000"),
    ] {
        let mut order = order(&format!("e{}", orders.len()), "2020-09-02T10:00:00Z");
        order.customer_id = customer.to_owned();
        order.currency = currency.to_owned();
        order.order_value = money(value);
        orders.push(order);
    }
    shop.store(&orders).await;
    let target = "/customers/top?start_date=2020-09-02&end_date=2020-09-02&count=4";
    let rows = shop.rows(target).await;
    assert_eq!(
        column(&rows, "customer_id"),
        ["z", "a", "z", "B", "a", "é"],
        "{rows:?}"
    );
    assert_eq!(column(&rows, "rank"), [1, 2, 1, 2, 3, 4]);
    assert_eq!(
        column(&rows, "order_value"),
        ["1000", "900", "11.00", "10.00", "10.00", "10.00"]
    );
    assert_eq!(column(&rows, "orders"), [1, 1, 2, 1, 1, 1]);
    let rows = shop.rows(&format!("{target}&currency=JPY")).await;
    assert_eq!(column(&rows, "currency"), ["JPY", "JPY"]);
    let default_count = "/customers/top?start_date=2020-09-02&end_date=2020-09-02";
    assert_eq!(shop.rows(default_count).await.len(), 5 + 2);
}

#[tokio::test]
async fn a_top_customers_name_is_the_one_on_the_newest_order_counted() {
    let shop = Shop::open().await;
    let mut orders = Vec::new();
    for (event_id, time, name, currency, marketing) in [
        ("e1", "2020-09-01T10:00:00Z", "first", "USD", true),
        ("e2", "2020-09-02T10:00:00Z", "tied, lower id", "USD", true),
        (
            "e3",
            "2020-09-02T10:00:00Z",
            "tied, greater id",
            "USD",
            true,
        ),
        (
            "e4",
            "2020-09-02T11:00:00Z",
            "of another currency",
            "EUR",
            true,
        ),
        (
            "e5",
            "2020-09-02T12:00:00Z",
            "without marketing",
            "USD",
            false,
        ),
        ("e6", "2020-09-03T00:00:00Z", "after the range", "USD", true),
    ] {
        let mut order = order(event_id, time);
        order.first_name = Some(name.to_owned());
        order.email = format!("{event_id}@example.com");
        order.currency = currency.to_owned();
        order.buyer_accepts_marketing = marketing;
        orders.push(order);
    }
    shop.store(&orders).await;
    let target = "/customers/top?start_date=2020-09-01&end_date=2020-09-02&currency=USD";
    for (filter, name, email, count) in [
        ("", "without marketing", "e5@example.com", 4),
        (
            "&accepts_marketing=true",
            "tied, greater id",
            "e3@example.com",
            3,
        ),
        (
            "&accepts_marketing=false",
            "without marketing",
            "e5@example.com",
            1,
        ),
    ] {
        let rows = shop.rows(&format!("{target}{filter}")).await;
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0]["first_name"], name);
        assert_eq!(rows[0]["email"], email);
        assert_eq!(rows[0]["orders"], count);
    }
}

#[tokio::test]
async fn names_that_an_order_lacks_are_null() {
    let shop = Shop::open().await;
    let mut nameless = order("e1", "2020-09-01T10:00:00Z");
    nameless.first_name = None;
    nameless.last_name = None;
    shop.store(&[nameless]).await;
    let rows = shop
        .rows("/customers/top?start_date=2020-09-01&end_date=2020-09-01")
        .await;
    assert_eq!(rows[0]["first_name"], Value::Null);
    assert_eq!(rows[0]["last_name"], Value::Null);
}

#[tokio::test]
async fn days_without_orders_are_there_for_each_currency_of_the_range() {
    let shop = Shop::open().await;
    let mut orders = Vec::new();
    for (time, currency, value, discounts, tax) in [
        ("2020-09-01T01:00:00Z", "USD", "10.00", "1.00", "0.5"),
        ("2020-09-01T23:00:00Z", "USD", "5.25", "0", "0.0625"),
        ("2020-09-03T12:00:00Z", "JPY", "700", "0", "70"),
        ("2020-09-04T00:00:00Z", "EUR", "9", "0", "0"),
    ] {
        let mut order = order(&format!("e{}", orders.len()), time);
        order.currency = currency.to_owned();
        order.order_value = money(value);
        order.total_discounts = money(discounts);
        order.total_tax = money(tax);
        orders.push(order);
    }
    shop.store(&orders).await;
    let row = |date: &str, currency: &str, orders: i64, amounts: [&str; 3]| {
        json!({
            "date": date, "currency": currency, "orders": orders, "order_value": amounts[0],
            "total_discounts": amounts[1], "total_tax": amounts[2],
        })
    };
    let target = "/orders/value?start_date=2020-09-01&end_date=2020-09-03";
    let expected = [
        row("2020-09-01", "JPY", 0, ["0", "0", "0"]),
        row("2020-09-01", "USD", 2, ["15.25", "1.00", "0.5625"]),
        row("2020-09-02", "JPY", 0, ["0", "0", "0"]),
        row("2020-09-02", "USD", 0, ["0.00", "0.00", "0.00"]),
        row("2020-09-03", "JPY", 1, ["700", "0", "70"]),
        row("2020-09-03", "USD", 0, ["0.00", "0.00", "0.00"]),
    ];
    assert_eq!(shop.rows(target).await, expected);
    assert_eq!(shop.rows(&format!("{target}&mode=DAY")).await, expected);
    let total = shop.rows(&format!("{target}&mode=TOTAL")).await;
    assert_eq!(
        total,
        [
            json!({"currency": "JPY", "orders": 1, "order_value": "700",
                   "total_discounts": "0", "total_tax": "70"}),
            json!({"currency": "USD", "orders": 2, "order_value": "15.25",
                   "total_discounts": "1.00", "total_tax": "0.5625"}),
        ]
    );
}

#[tokio::test]
async fn sums_of_the_greatest_amounts_are_exact() {
    let shop = Shop::open().await;
    let orders: Vec<_> = (0..1_000)
        .map(|number| {
            let mut order = order(&format!("e{number}"), "2020-09-01T10:00:00Z");
            order.order_value = money("99999999999999.9999");
            order
        })
        .collect();
    shop.store(&orders).await;
    let rows = shop
        .rows("/orders/value?start_date=2020-09-01&end_date=2020-09-01&mode=TOTAL")
        .await;
    assert_eq!(rows[0]["order_value"], "99999999999999999.90");
}

#[tokio::test]
async fn the_longest_range_is_answered() {
    let shop = Shop::open().await;
    shop.store(&[order("e1", "2015-06-15T10:00:00Z")]).await;
    let rows = shop
        .rows("/orders/value?start_date=2010-01-01&end_date=2020-01-08&tz=Europe/Berlin")
        .await;
    assert_eq!(rows.len(), 3_660);
}
