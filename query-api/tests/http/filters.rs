//! Lists narrowed by what orders are, and rows narrowed to some of their members.

use ordertally_testkit::reckoning::order::Order;
use serde_json::{Value, json};

use crate::support::{Api, Shop, address, money, order};

/// Orders `e0`, `e1`, …, the newest last, each changed by `change`.
fn orders(count: usize, change: impl Fn(usize, &mut Order)) -> Vec<Order> {
    (0..count)
        .map(|number| {
            let minute = number / 60 % 60;
            let time = format!(
                "2020-09-02T1{}:{minute:02}:{:02}Z",
                number / 3_600,
                number % 60
            );
            let mut order = order(&format!("e{number}"), &time);
            change(number, &mut order);
            order
        })
        .collect()
}

fn ids(page: &Value) -> Vec<String> {
    let rows = page["data"].as_array().unwrap();
    let id = |row: &Value| row["event_id"].as_str().unwrap().to_owned();
    rows.iter().map(id).collect()
}

/// Every page of a list, from the first, and how many there were.
async fn walk(api: &Api, target: &str) -> (Vec<String>, usize) {
    let mut seen = Vec::new();
    let mut cursor = String::new();
    for pages in 1.. {
        let page = api.ask(&format!("{target}{cursor}")).await;
        seen.extend(ids(&page));
        assert_eq!(page["has_more"], page["next_cursor"].is_string(), "{page}");
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return (seen, pages),
        }
    }
    unreachable!("a list ends")
}

#[tokio::test]
async fn lists_are_narrowed_by_what_orders_are() {
    let shop = Shop::open().await;
    let orders = orders(6, |number, order| {
        order.currency = ["USD", "USD", "EUR", "EUR", "JPY", "USD"][number].to_owned();
        order.financial_status = ["paid", "voided"][number % 2].to_owned();
        order.order_value =
            money(["5", "19.99", "20", "20.0001", "300", "99999999999999.9999"][number]);
        order.buyer_accepts_marketing = number >= 3;
        order.customer_id = ["c1", "c2"][number / 3].to_owned();
    });
    shop.store(&orders).await;
    for (filter, expected) in [
        ("currency=USD", &["e5", "e1", "e0"][..]),
        ("currency=CHF", &[]),
        ("financial_status=voided", &["e5", "e3", "e1"]),
        ("financial_status=expired", &[]),
        ("min_value=20", &["e5", "e4", "e3", "e2"]),
        ("max_value=20.0000", &["e2", "e1", "e0"]),
        ("min_value=19.99&max_value=20", &["e2", "e1"]),
        ("min_value=300&max_value=300", &["e4"]),
        ("min_value=99999999999999.9999", &["e5"]),
        ("accepts_marketing=true", &["e5", "e4", "e3"]),
        ("accepts_marketing=false&currency=USD&max_value=5", &["e0"]),
    ] {
        let target = format!("/orders?{filter}");
        assert_eq!(ids(&shop.ask(&target).await), expected, "{target}");
    }
    for (filter, expected) in [
        ("currency=USD", &["e1", "e0"][..]),
        ("financial_status=paid&start_date=2020-09-02", &["e2", "e0"]),
        ("end_date=2020-09-01&currency=USD", &[]),
    ] {
        let target = format!("/customers/c1/orders?{filter}");
        assert_eq!(ids(&shop.ask(&target).await), expected, "{target}");
    }
}

#[tokio::test]
async fn a_place_is_found_by_name_and_code_whatever_its_case_and_blanks() {
    let shop = Shop::open().await;
    let places: [&[(&'static str, &str)]; 6] = [
        &[
            ("province", "Idaho"),
            ("province_code", "ID"),
            ("country", "United States"),
            ("country_code", "US"),
        ],
        &[("province", "\u{a0}IDAHO "), ("country", "united states")],
        &[
            ("province", "Île-de-France"),
            ("country", "France"),
            ("country_code", "FR"),
        ],
        &[("province", "ÎLE-DE-FRANCE"), ("country", "FRANCE")],
        &[
            ("province", "Georgia"),
            ("province_code", "GA"),
            ("country", "United States"),
        ],
        &[
            ("province", "თბილისი"),
            ("country", "Georgia"),
            ("country_code", "GE"),
        ],
    ];
    let places = places.map(address);
    let orders = orders(6, |number, order| {
        order.shipping_address = places[number].clone();
        // Where the bill goes does not count.
        order.billing_address = address(&[("province", "Ohio")]);
        order.currency = ["USD", "EUR"][number % 2].to_owned();
    });
    shop.store(&orders).await;
    for (filter, expected) in [
        ("province=idaho", &["e1", "e0"][..]),
        ("province=+Idaho%E2%80%83", &["e1", "e0"]),
        ("province=us-id", &["e0"]),
        ("province=%C3%AEle-de-france", &["e3", "e2"]),
        ("country=UNITED+STATES", &["e4", "e1", "e0"]),
        ("country=ge", &["e5"]),
        ("province=georgia", &["e4"]),
        ("province=georgia&country=france", &[]),
        ("country=france&currency=EUR", &["e3"]),
        ("province=Ohio", &[]),
        ("province=Ida", &[]),
    ] {
        let target = format!("/orders?{filter}");
        assert_eq!(ids(&shop.ask(&target).await), expected, "{target}");
    }
}

#[tokio::test]
async fn a_rare_order_is_found_wherever_it_lies_and_a_short_page_says_that_there_is_more() {
    let orders = orders(5_000, |number, order| {
        if number % 1_250 == 7 {
            order.financial_status = "voided".to_owned();
            order.shipping_address = address(&[("province", "Ohio"), ("country", "US")]);
        }
    });
    let patient = Shop::open().await;
    patient.store(&orders).await;
    let hasty = Api::start(patient.database.url(), &["--list-search-ms", "0"]).await;
    hasty.until_ready().await;
    let expected = ["e3757", "e2507", "e1257", "e7"];
    for filter in [
        "financial_status=voided",
        "province=ohio",
        "country=us&currency=USD",
    ] {
        let page = patient.ask(&format!("/orders?{filter}")).await;
        assert_eq!(
            (ids(&page).as_slice(), &page["has_more"]),
            (&expected.map(str::to_owned)[..], &false.into())
        );
        assert_eq!(
            walk(&patient.api, &format!("/orders?limit=1&{filter}"))
                .await
                .0,
            expected
        );
        let (seen, pages) = walk(&hasty, &format!("/orders?limit=2&{filter}")).await;
        assert_eq!(seen, expected, "{filter}");
        assert!(pages >= 5, "{pages} pages of a stretch each");
    }
}

#[tokio::test]
async fn a_cursor_belongs_to_every_filter() {
    let shop = Shop::open().await;
    shop.store(&orders(3, |_, _| {})).await;
    let query =
        "currency=USD&financial_status=paid&province=Idaho&min_value=1&accepts_marketing=false";
    let page = shop.ask(&format!("/orders?limit=1&{query}")).await;
    let cursor = page["next_cursor"].as_str().unwrap();
    // Other words for the same, and other members of the rows, are the same query.
    let same = query.replace("=Idaho", "=IDAHO+").replace("=1", "=1.00");
    let next = shop
        .ask(&format!(
            "/orders?limit=9&{same}&fields=event_id&cursor={cursor}"
        ))
        .await;
    assert_eq!(ids(&next), ["e1", "e0"]);
    for other in [
        query.replace("USD", "EUR"),
        query.replace("paid", "voided"),
        query.replace("Idaho", "Ohio"),
        query.replace("province", "country"),
        query.replace("min_value", "max_value"),
        query.replace("false", "true"),
        format!("{query}&max_value=100"),
        "currency=USD".to_owned(),
    ] {
        let reply = shop
            .api
            .get(&format!("/orders?{other}&cursor={cursor}"))
            .await;
        let faults = &reply.problem(400)["invalid_parameters"];
        assert_eq!(faults[0]["code"], "invalid_cursor", "{other}");
    }
}

#[tokio::test]
async fn a_filter_goes_with_at_least() {
    let shop = Shop::open().await;
    shop.store(&orders(1, |_, _| {})).await;
    let page = shop.ask("/orders?currency=USD&at_least=0=1").await;
    assert_eq!(ids(&page), ["e0"]);
    let reply = shop
        .api
        .get("/orders?currency=USD&at_least=0=2&wait_ms=0")
        .await;
    let _problem = reply.problem(504);
}

#[tokio::test]
async fn the_members_asked_for_are_shown_in_every_form() {
    let shop = Shop::open().await;
    shop.store(&orders(1, |_, _| {})).await;
    let row = json!({"currency": "USD", "order_value": "50.00", "line_items": [{"id": "p1", "quantity": 1}]});
    let fields = "fields=order_value,line_items,currency";
    assert_eq!(
        shop.ask(&format!("/orders?{fields}")).await["data"],
        json!([row])
    );
    assert_eq!(
        shop.ask(&format!("/customers/c1/orders?{fields}")).await["data"],
        json!([row])
    );
    assert_eq!(shop.ask(&format!("/orders/e0?{fields}")).await, row);
    let text = "{\"currency\":\"USD\",\"order_value\":\"50.00\",\"line_items\":[{\"id\":\"p1\",\"quantity\":1}]}";
    assert_eq!(
        shop.api.get(&format!("/orders/e0?{fields}")).await.text,
        text
    );
    let lines = shop.api.get(&format!("/orders.ndjson?{fields}")).await;
    assert_eq!(lines.text, format!("{text}\n"));
    let table = "currency,order_value,line_items\r\nUSD,50.00,\"[{\"\"id\"\":\"\"p1\"\",\"\"quantity\"\":1}]\"\r\n";
    assert_eq!(
        shop.api.get(&format!("/orders.csv?{fields}")).await.text,
        table
    );
    let csv = [("accept", "text/csv")];
    assert_eq!(
        shop.api
            .get_with(&format!("/orders/e0?{fields}"), &csv)
            .await
            .text,
        table
    );
    let addresses = shop
        .api
        .get("/orders.csv?fields=event_id,shipping_address")
        .await;
    assert!(
        addresses.text.starts_with("event_id,shipping_first_name,"),
        "{}",
        addresses.text
    );
    assert!(!addresses.text.contains("billing"));
    // A table without rows has the same head.
    let empty = shop
        .api
        .get("/orders.csv?fields=event_id,offset&end_date=2000-01-01")
        .await;
    assert_eq!(empty.text, "event_id,offset\r\n");
}

#[tokio::test]
async fn the_names_of_members_are_those_of_an_order() {
    let shop = Shop::open().await;
    shop.store(&orders(1, |_, _| {})).await;
    let whole = shop.api.get("/orders/e0").await;
    let names: Vec<String> = whole.json().as_object().unwrap().keys().cloned().collect();
    let all = shop
        .api
        .get(&format!("/orders/e0?fields={}", names.join(",")))
        .await;
    assert_eq!(all.text, whole.text);
    let problem = shop
        .api
        .get("/orders/e0?fields=event_id,nope")
        .await
        .problem(400);
    let message = problem["invalid_parameters"][0]["message"]
        .as_str()
        .unwrap();
    for name in names {
        assert!(message.contains(&name), "{name} in {message}");
    }
}
