//! Calendar days in zones whose clocks are moved.

use serde_json::Value;

use crate::support::{Shop, order};

/// Orders of each day, as `(date, orders)`.
async fn days(shop: &Shop, start: &str, end: &str, zone: &str) -> Vec<(String, i64)> {
    shop.rows(&format!(
        "/orders/value?start_date={start}&end_date={end}&tz={zone}"
    ))
    .await
    .iter()
    .map(|row| {
        (
            row["date"].as_str().unwrap().to_owned(),
            row["orders"].as_i64().unwrap(),
        )
    })
    .collect()
}

async fn shop_with_orders_at(times: &[&str]) -> Shop {
    let shop = Shop::open().await;
    let orders: Vec<_> = times
        .iter()
        .enumerate()
        .map(|(number, time)| order(&format!("e{number}"), time))
        .collect();
    shop.store(&orders).await;
    shop
}

fn named(days: &[(&str, i64)]) -> Vec<(String, i64)> {
    days.iter()
        .map(|(date, orders)| ((*date).to_owned(), *orders))
        .collect()
}

#[tokio::test]
async fn days_of_23_and_25_hours_hold_their_orders() {
    let shop = shop_with_orders_at(&[
        // America/Boise, 2020-03-08: 07:00Z to 06:00Z, 23 hours
        "2020-03-08T06:59:59.999999Z",
        "2020-03-08T07:00:00Z",
        "2020-03-09T05:59:59.999999Z",
        "2020-03-09T06:00:00Z",
        // 2020-11-01: 06:00Z to 07:00Z, 25 hours
        "2020-11-01T05:59:59.999999Z",
        "2020-11-01T06:00:00Z",
        "2020-11-02T06:59:59.999999Z",
        "2020-11-02T07:00:00Z",
    ])
    .await;
    assert_eq!(
        days(&shop, "2020-03-07", "2020-03-09", "America/Boise").await,
        named(&[("2020-03-07", 1), ("2020-03-08", 2), ("2020-03-09", 1)])
    );
    assert_eq!(
        days(&shop, "2020-10-31", "2020-11-02", "America/Boise").await,
        named(&[("2020-10-31", 1), ("2020-11-01", 2), ("2020-11-02", 1)])
    );
}

#[tokio::test]
async fn a_day_whose_midnight_does_not_exist_begins_an_hour_later() {
    let shop = shop_with_orders_at(&[
        "2018-11-04T02:59:59.999999Z",
        "2018-11-04T03:00:00Z", // 01:00 of the 4th in São Paulo
        "2018-11-05T01:59:59.999999Z",
        "2018-11-05T02:00:00Z",
    ])
    .await;
    assert_eq!(
        days(&shop, "2018-11-03", "2018-11-05", "America/Sao_Paulo").await,
        named(&[("2018-11-03", 1), ("2018-11-04", 2), ("2018-11-05", 1)])
    );
}

#[tokio::test]
async fn a_day_that_a_zone_skipped_is_there_with_nothing() {
    let shop = shop_with_orders_at(&["2011-12-30T09:59:59Z", "2011-12-30T10:00:00Z"]).await;
    assert_eq!(
        days(&shop, "2011-12-29", "2011-12-31", "Pacific/Apia").await,
        named(&[("2011-12-29", 1), ("2011-12-30", 0), ("2011-12-31", 1)])
    );
    let skipped = "start_date=2011-12-30&end_date=2011-12-30&tz=Pacific/Apia";
    assert!(shop.rows(&format!("/orders?{skipped}")).await.is_empty());
    assert!(
        shop.rows(&format!("/customers/top?{skipped}"))
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn a_day_that_comes_back_for_an_hour_after_the_next_began_keeps_its_orders() {
    // In St. John's the clock went from 00:01 of 2006-10-29 back to 23:01 of the 28th.
    let shop = shop_with_orders_at(&[
        "2006-10-29T02:29:00Z", // 23:59 of the 28th
        "2006-10-29T02:30:30Z", // 00:00:30 of the 29th
        "2006-10-29T02:45:00Z", // 23:15 of the 28th again
        "2006-10-29T03:30:00Z", // 00:00 of the 29th again
    ])
    .await;
    let zone = "America/St_Johns";
    assert_eq!(
        days(&shop, "2006-10-28", "2006-10-29", zone).await,
        named(&[("2006-10-28", 2), ("2006-10-29", 2)])
    );
    for day in ["2006-10-28", "2006-10-29"] {
        let range = format!("start_date={day}&end_date={day}&tz={zone}");
        let total = shop
            .rows(&format!("/orders/value?{range}&mode=TOTAL"))
            .await;
        assert_eq!(total[0]["orders"], 2, "{day}");
        let top = shop.rows(&format!("/customers/top?{range}")).await;
        assert_eq!(top[0]["orders"], 2, "{day}");
        let provinces = shop.rows(&format!("/sales/province?{range}")).await;
        assert_eq!(provinces[0]["orders"], 2, "{day}");
        assert_eq!(
            shop.rows(&format!("/orders?{range}")).await.len(),
            2,
            "{day}"
        );
    }
}

#[tokio::test]
async fn the_reporting_zone_counts_where_a_request_names_none() {
    let shop = Shop::open_with(&["--reporting-time-zone", "Asia/Kathmandu"]).await;
    shop.store(&[order("e1", "2020-08-31T18:15:00Z")]).await;
    let target = "/orders/value?start_date=2020-09-01&end_date=2020-09-01";
    let answer = shop.ask(target).await;
    assert_eq!(answer["time_zone"], "Asia/Kathmandu");
    assert_eq!(answer["data"][0]["orders"], 1);
    let answer = shop.ask(&format!("{target}&tz=UTC")).await;
    assert_eq!(answer["time_zone"], "UTC");
    assert_eq!(answer["data"], Value::Array(Vec::new()));
}
