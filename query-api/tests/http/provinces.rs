//! What was sold where: names, codes, blanks and letters of every alphabet.

use ordertally_testkit::reckoning::order::Order;
use serde_json::{Value, json};

use crate::support::{Shop, address, money, order};

const RANGE: &str = "start_date=2020-09-01&end_date=2020-09-01";

fn to(number: usize, place: &[(&'static str, &str)]) -> Order {
    let mut order = order(&format!("e{number:03}"), "2020-09-01T10:00:00Z");
    order.shipping_address = address(place);
    order.billing_address = order.shipping_address.clone();
    order
}

fn to_each(places: &[&[(&'static str, &str)]]) -> Vec<Order> {
    places
        .iter()
        .enumerate()
        .map(|(number, place)| to(number, place))
        .collect()
}

/// Orders in each row, by province.
async fn counted(shop: &Shop, filter: &str) -> Vec<(Value, i64)> {
    shop.rows(&format!("/sales/province?{RANGE}{filter}"))
        .await
        .iter()
        .map(|row| (row["province"].clone(), row["orders"].as_i64().unwrap()))
        .collect()
}

#[tokio::test]
async fn a_province_is_found_by_name_and_code_whatever_its_case_and_blanks() {
    let shop = Shop::open().await;
    let us = ("country", "United States");
    let places: [&[(&'static str, &str)]; 6] = [
        &[("province", "Idaho"), us],
        &[
            ("province", " Idaho\u{a0}"),
            us,
            ("province_code", "ID"),
            ("country_code", "US"),
        ],
        &[("province", "Idaho"), us, ("province_code", "US-ID")],
        &[("province", "IDAHO"), us],
        &[
            ("province", "Maryland"),
            us,
            ("province_code", "MD"),
            ("country_code", "US"),
        ],
        &[
            ("province", "Île-de-France"),
            ("country", "France"),
            ("country_code", "FR"),
        ],
    ];
    shop.store(&to_each(&places)).await;
    let idaho = |upper: i64, title: i64| vec![(json!("Idaho"), title), (json!("IDAHO"), upper)];
    for (filter, expected) in [
        ("&province=Idaho", idaho(1, 3)),
        ("&province=+iDAHO%E2%80%83", idaho(1, 3)),
        ("&province=id", vec![(json!("Idaho"), 1)]),
        ("&province=us-id", vec![(json!("Idaho"), 2)]),
        (
            "&province=%C3%AELE-DE-FRANCE",
            vec![(json!("Île-de-France"), 1)],
        ),
        ("&country=fr", vec![(json!("Île-de-France"), 1)]),
        (
            "&country=united+states&province=md",
            vec![(json!("Maryland"), 1)],
        ),
        ("&country=france&province=md", vec![]),
        ("&province=Ida", vec![]),
        ("&province=%25", vec![]),
    ] {
        assert_eq!(counted(&shop, filter).await, expected, "{filter}");
    }
    assert_eq!(counted(&shop, "").await.len(), 4);
}

#[tokio::test]
async fn rows_are_by_currency_then_value_then_name_and_products_by_units_then_id() {
    let shop = Shop::open().await;
    let mut orders = Vec::new();
    for (province, country, currency, value, items) in [
        (
            "B",
            "X",
            "USD",
            "10",
            &[("p2", 2), ("p1", 1), ("p2", 1)][..],
        ),
        ("B", "X", "USD", "10", &[("p9", 3), ("p1", 2)]),
        ("A", "Y", "USD", "20", &[]),
        ("Z", "X", "USD", "20", &[("p1", 1)]),
        ("C", "X", "USD", "30", &[("p1", 1)]),
        ("C", "X", "EUR", "1.5", &[("p1", 7)]),
    ] {
        let mut order = to(
            orders.len(),
            &[("province", province), ("country", country)],
        );
        order.currency = currency.to_owned();
        order.order_value = money(value);
        order.line_items = items
            .iter()
            .map(|(id, units)| ((*id).to_owned(), *units))
            .collect();
        orders.push(order);
    }
    shop.store(&orders).await;
    let row = |place: [&str; 2], currency: &str, orders: i64, value: &str, products: Value| {
        let units: i64 = products
            .as_array()
            .unwrap()
            .iter()
            .map(|product| product["quantity"].as_i64().unwrap())
            .sum();
        json!({
            "country": place[0], "province": place[1], "currency": currency, "orders": orders,
            "order_value": value, "units": units, "products": products,
        })
    };
    let p1 = |units: i64| json!([{"product_id": "p1", "quantity": units}]);
    assert_eq!(
        shop.rows(&format!("/sales/province?{RANGE}")).await,
        [
            row(["X", "C"], "EUR", 1, "1.50", p1(7)),
            row(["X", "C"], "USD", 1, "30.00", p1(1)),
            row(
                ["X", "B"],
                "USD",
                2,
                "20.00",
                json!([
                    {"product_id": "p1", "quantity": 3},
                    {"product_id": "p2", "quantity": 3},
                    {"product_id": "p9", "quantity": 3},
                ])
            ),
            row(["X", "Z"], "USD", 1, "20.00", p1(1)),
            row(["Y", "A"], "USD", 1, "20.00", json!([])),
        ]
    );
    let euros = shop
        .rows(&format!("/sales/province?{RANGE}&currency=EUR&province=c"))
        .await;
    assert_eq!(euros.len(), 1);
    assert_eq!(euros[0]["units"], 7);
}

#[tokio::test]
async fn the_billing_address_counts_when_asked_and_may_name_nothing() {
    let shop = Shop::open().await;
    let mut elsewhere = order("e1", "2020-09-01T10:00:00Z");
    elsewhere.billing_address = address(&[("province", "Ohio"), ("country", "United States")]);
    let mut nowhere = order("e2", "2020-09-01T10:00:00Z");
    nowhere.billing_address = address(&[("city", "Somewhere")]);
    let same = order("e3", "2020-09-01T10:00:00Z");
    shop.store(&[elsewhere, nowhere, same]).await;
    assert_eq!(counted(&shop, "").await, [(json!("Idaho"), 3)]);
    assert_eq!(
        counted(&shop, "&address=shipping").await,
        [(json!("Idaho"), 3)]
    );
    assert_eq!(
        counted(&shop, "&address=billing").await,
        [(json!("Idaho"), 1), (json!("Ohio"), 1), (Value::Null, 1)]
    );
    assert_eq!(
        counted(&shop, "&address=billing&province=ohio").await,
        [(json!("Ohio"), 1)]
    );
}
