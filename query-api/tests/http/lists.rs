//! Single orders, and lists in pages.

use std::collections::BTreeSet;

use ordertally_testkit::reckoning::order::Order;
use serde_json::{Value, json};

use crate::support::{Shop, address, money, order};

fn ids(page: &Value) -> Vec<String> {
    page["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["event_id"].as_str().unwrap().to_owned())
        .collect()
}

/// Every page of a list, from the first.
async fn walk(shop: &Shop, target: &str) -> Vec<String> {
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = shop.ask(&format!("{target}{cursor}")).await;
        seen.extend(ids(&page));
        assert_eq!(page["has_more"], page["next_cursor"].is_string(), "{page}");
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return seen,
        }
    }
}

#[tokio::test]
async fn an_order_is_shown_whole() {
    let shop = Shop::open().await;
    let mut whole = order("e1", "2020-09-01T10:00:00.25Z");
    whole.last_name = None;
    whole.billing_address = address(&[("province", "Ohio"), ("province_code", "OH")]);
    whole.order_value = money("50");
    whole.total_discounts = money("2.5");
    whole.total_tax = money("0.1234");
    whole.discount_codes = vec!["A".to_owned(), "B".to_owned(), "A".to_owned()];
    whole.line_items = [("p2", 1), ("p1", 2), ("p2", 3)]
        .map(|(id, units)| (id.to_owned(), units))
        .to_vec();
    shop.store(&[whole]).await;
    let nothing = json!({
        "first_name": null, "last_name": null, "address1": null, "address2": null, "city": null,
        "province": "Ohio", "province_code": "OH", "country": null, "country_code": null,
        "zip": null, "phone": null,
    });
    let expected = json!({
        "event_id": "e1", "event_version": "1.0.0", "created_at": "2020-09-01T10:00:00.250Z",
        "customer_id": "c1", "email": "dan@example.com", "first_name": "dan", "last_name": null,
        "billing_address": nothing,
        "shipping_address": {
            "first_name": "dan", "last_name": "dyer", "address1": "1 Main St", "address2": null,
            "city": "Boise", "province": "Idaho", "province_code": null,
            "country": "United States", "country_code": null, "zip": "83702", "phone": null,
        },
        "currency": "USD", "financial_status": "paid", "order_value": "50.00",
        "total_discounts": "2.50", "total_tax": "0.1234", "discount_codes": ["A", "B", "A"],
        "buyer_accepts_marketing": false,
        "line_items": [
            {"id": "p2", "quantity": 1}, {"id": "p1", "quantity": 2}, {"id": "p2", "quantity": 3},
        ],
        "ingested_at": "2020-09-05T17:20:11.123Z", "topic": "orders", "partition": 0, "offset": 0,
    });
    assert_eq!(shop.ask("/orders/e1").await, expected);
    assert_eq!(shop.ask("/orders").await["data"], json!([expected]));
}

#[tokio::test]
async fn a_billing_address_stored_once_is_shown_twice() {
    let shop = Shop::open().await;
    shop.store(&[order("e1", "2020-09-01T10:00:00Z")]).await;
    let shown = shop.ask("/orders/e1").await;
    assert_eq!(shown["billing_address"]["province"], "Idaho");
    assert_eq!(shown["billing_address"], shown["shipping_address"]);
}

#[tokio::test]
async fn ids_of_any_letters_are_found_in_a_path() {
    let shop = Shop::open().await;
    let ids = [
        "a/b", "a%2Fb", "x.csv", "a+b", "a b", "дом", "?#&=", "..", "value", "\"'\\",
    ];
    let orders: Vec<Order> = ids
        .iter()
        .map(|id| {
            let mut order = order(id, "2020-09-01T10:00:00Z");
            order.customer_id = (*id).to_owned();
            order
        })
        .collect();
    shop.store(&orders).await;
    for (path, id) in [
        ("a%2Fb", "a/b"),
        ("a%2fb", "a/b"),
        ("a%252Fb", "a%2Fb"),
        ("x.csv", "x.csv"),
        ("a+b", "a+b"),
        ("a%2Bb", "a+b"),
        ("a%20b", "a b"),
        ("%D0%B4%D0%BE%D0%BC", "дом"),
        ("%3F%23%26=", "?#&="),
        ("%76alue", "value"),
        ("%22'%5C", "\"'\\"),
    ] {
        assert_eq!(shop.ask(&format!("/orders/{path}")).await["event_id"], id);
        let history = shop.ask(&format!("/customers/{path}/orders")).await;
        assert_eq!(history["data"][0]["event_id"], id);
    }
}

#[tokio::test]
async fn an_unknown_order_is_not_found_and_an_unknown_customer_has_no_orders() {
    let shop = Shop::open().await;
    shop.commit(0, 7, "2020-09-01T10:00:00Z").await;
    let long = format!("/orders/{}", "x".repeat(129));
    for target in ["/orders/none", "/orders/none.csv", long.as_str()] {
        let reply = shop.api.get(target).await;
        let problem = reply.problem(404);
        assert_eq!(problem["instance"], target);
        assert_eq!(reply.header("ordertally-position"), "0=7");
    }
    let history = shop.ask("/customers/none/orders").await;
    assert_eq!(history["data"], json!([]));
    assert_eq!(history["has_more"], false);
    assert_eq!(history["next_cursor"], Value::Null);
    assert_eq!(history["as_of"], "2020-09-01T10:00:00.000Z");
}

#[tokio::test]
async fn pages_are_newest_first_and_whole_within_one_instant() {
    let shop = Shop::open().await;
    let mut orders: Vec<Order> = (0..23)
        .map(|number| order(&format!("same-{number:02}"), "2020-09-02T10:00:00Z"))
        .collect();
    orders.push(order("older", "2020-09-01T10:00:00Z"));
    orders.push(order("newer", "2020-09-02T10:00:00.000001Z"));
    shop.store(&orders).await;
    let mut expected = vec!["newer".to_owned()];
    expected.extend((0..23).rev().map(|number| format!("same-{number:02}")));
    expected.push("older".to_owned());
    for limit in [1, 4, 25, 100] {
        let target = format!("/orders?limit={limit}");
        assert_eq!(walk(&shop, &target).await, expected, "{limit}");
        let target = format!("/customers/c1/orders?limit={limit}");
        assert_eq!(walk(&shop, &target).await, expected, "{limit}");
    }
    assert_eq!(ids(&shop.ask("/orders").await).len(), 25);
}

#[tokio::test]
async fn no_row_is_repeated_or_skipped_while_orders_arrive() {
    let shop = Shop::open().await;
    let first: Vec<Order> = (0..30)
        .map(|number| order(&format!("e{number:02}"), "2020-09-02T10:00:00Z"))
        .collect();
    shop.store(&first).await;
    let mut seen = Vec::new();
    let mut target = "/orders?limit=7".to_owned();
    for number in 0.. {
        let page = shop.ask(&target).await;
        seen.extend(ids(&page));
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        target = format!("/orders?limit=7&cursor={cursor}");
        // One above the place that was reached, one in the same instant, and one of today.
        shop.store(&[
            order(&format!("z{number}"), "2020-09-02T10:00:00Z"),
            order(&format!("now{number}"), "2020-09-03T10:00:00Z"),
        ])
        .await;
    }
    let expected: Vec<String> = (0..30)
        .rev()
        .map(|number| format!("e{number:02}"))
        .collect();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn no_row_is_repeated_or_skipped_while_another_session_inserts_all_the_time() {
    let shop = Shop::open().await;
    let first: Vec<Order> = (0..200)
        .map(|number| {
            let time = format!("2020-09-02T10:00:{:02}Z", number / 50);
            order(&format!("e{number:03}"), &time)
        })
        .collect();
    shop.store(&first).await;
    let mut before: Vec<String> = first.iter().map(|order| order.event_id.clone()).collect();
    before.reverse();
    let other = Shop::over(shop.database.url(), &[]).await;
    let walks = async {
        for list in [
            "/orders?limit=7",
            "/orders?limit=7&currency=USD&province=idaho",
        ] {
            let walked = walk(&shop, list).await;
            let unique: BTreeSet<&String> = walked.iter().collect();
            assert_eq!(unique.len(), walked.len(), "a row came twice");
            let mut known = walked.clone();
            known.retain(|id| id.starts_with('e'));
            assert_eq!(known, before, "{list}");
        }
    };
    let inserts = async {
        for number in 0.. {
            // Into every instant that is walked through, on either side of its ids.
            let arriving = ["d", "z"].map(|name| {
                let time = format!("2020-09-02T10:00:{:02}Z", number % 4);
                order(&format!("{name}{number}"), &time)
            });
            other.execute("BEGIN").await;
            other.add(&arriving).await;
            other.execute("COMMIT").await;
        }
    };
    tokio::select! {
        () = walks => {}
        () = inserts => unreachable!("they go on for ever"),
    }
}

#[tokio::test]
async fn lists_are_narrowed_by_customer_and_days() {
    let shop = Shop::open().await;
    let mut orders = Vec::new();
    for (number, customer) in ["c1", "c2", "c1", "c1"].into_iter().enumerate() {
        let mut order = order(
            &format!("e{number}"),
            &format!("2020-09-0{}T23:30:00Z", number + 1),
        );
        order.customer_id = customer.to_owned();
        orders.push(order);
    }
    shop.store(&orders).await;
    for (target, expected) in [
        ("/orders?customer_id=c1", &["e3", "e2", "e0"][..]),
        ("/orders?start_date=2020-09-02", &["e3", "e2", "e1"]),
        ("/orders?end_date=2020-09-02", &["e1", "e0"]),
        (
            "/orders?start_date=2020-09-02&end_date=2020-09-03&customer_id=c1",
            &["e2"],
        ),
        ("/orders?end_date=2020-09-02&tz=Europe/Berlin", &["e0"]),
        ("/customers/c1/orders?start_date=2020-09-02", &["e3", "e2"]),
    ] {
        assert_eq!(ids(&shop.ask(target).await), expected, "{target}");
    }
    let answer = shop
        .ask("/orders?end_date=2020-09-02&tz=Europe/Berlin")
        .await;
    assert_eq!(answer["start_date"], Value::Null);
    assert_eq!(answer["end_date"], "2020-09-02");
    assert_eq!(answer["time_zone"], "Europe/Berlin");
}

#[tokio::test]
async fn a_cursor_belongs_to_its_query() {
    let shop = Shop::open().await;
    let orders: Vec<Order> = (0..3)
        .map(|number| order(&format!("e{number}"), "2020-09-02T10:00:00Z"))
        .collect();
    shop.store(&orders).await;
    let page = shop.ask("/orders?limit=1&customer_id=c1").await;
    let cursor = page["next_cursor"].as_str().unwrap();
    // Another size of the pages is the same query.
    let next = shop
        .ask(&format!("/orders?limit=2&customer_id=c1&cursor={cursor}"))
        .await;
    assert_eq!(ids(&next), ["e1", "e0"]);
    for target in [
        "/orders?limit=1",
        "/orders?limit=1&customer_id=c2",
        "/orders?limit=1&customer_id=c1&tz=Europe/Berlin",
        "/orders?limit=1&customer_id=c1&start_date=2020-09-01",
        "/customers/c1/orders?limit=1",
        "/rejected-events?limit=1",
    ] {
        let reply = shop.api.get(&format!("{target}&cursor={cursor}")).await;
        let faults = &reply.problem(400)["invalid_parameters"];
        assert_eq!(faults[0]["field"], "cursor", "{target}");
        assert_eq!(faults[0]["code"], "invalid_cursor");
    }
}

#[tokio::test]
async fn head_answers_as_get_without_a_body() {
    let shop = Shop::open().await;
    shop.store(&[order("e1", "2020-09-01T10:00:00Z")]).await;
    let client = reqwest::Client::new();
    for target in ["/orders/e1", "/orders", "/livez", "/orders/none"] {
        let got = shop.api.get(target).await;
        let head = client.head(shop.api.url(target)).send().await.unwrap();
        assert_eq!(head.status(), got.status, "{target}");
        for header in ["content-type", "content-length"] {
            assert_eq!(head.headers()[header], got.headers[header], "{target}");
        }
        assert!(head.bytes().await.unwrap().is_empty());
    }
}
