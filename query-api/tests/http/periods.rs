//! Days that are not named one by one.

use chrono::{Days, Utc};

use crate::support::{Shop, order};

#[tokio::test]
async fn a_period_is_the_days_up_to_today_in_the_zone_asked_for() {
    let shop = Shop::open().await;
    let now = Utc::now();
    shop.store(&[order("e1", &now.to_rfc3339())]).await;
    for (period, days) in [("today", 1), ("last_7_days", 7), ("last_30_days", 30)] {
        for tz in ["UTC", "Pacific/Kiritimati", "Pacific/Niue"] {
            let target = format!("/orders/value?period={period}&tz={tz}");
            let answer = shop.ask(&target).await;
            let zone: chrono_tz::Tz = tz.parse().unwrap();
            let today = Utc::now().with_timezone(&zone).date_naive();
            if today != now.with_timezone(&zone).date_naive() {
                return; // it is midnight there
            }
            let first = today - Days::new(days - 1);
            assert_eq!(answer["start_date"], first.to_string(), "{target}");
            assert_eq!(answer["end_date"], today.to_string(), "{target}");
            let rows = answer["data"].as_array().unwrap();
            assert_eq!(rows.len() as u64, days, "{target}");
            assert_eq!(rows[rows.len() - 1]["orders"], 1, "{target}");
        }
    }
    let list = shop.ask("/orders?period=today").await;
    assert_eq!(list["data"][0]["event_id"], "e1");
    assert!(list["start_date"].is_string());
}

#[tokio::test]
async fn a_month_and_a_year_are_all_their_days() {
    let shop = Shop::open().await;
    shop.store(&[
        order("e1", "2020-02-29T23:00:00Z"),
        order("e2", "2020-03-01T00:00:00Z"),
    ])
    .await;
    let february = shop
        .ask("/orders/value?start_date=2020-02&end_date=2020-02&mode=TOTAL")
        .await;
    assert_eq!(february["start_date"], "2020-02-01");
    assert_eq!(february["end_date"], "2020-02-29");
    assert_eq!(february["data"][0]["orders"], 1);
    let year = shop
        .ask("/orders/value?start_date=2020&end_date=2020")
        .await;
    assert_eq!(year["end_date"], "2020-12-31");
    assert_eq!(year["data"].as_array().unwrap().len(), 366);
    let list = shop.ask("/orders?start_date=2020-03").await;
    assert_eq!(list["data"].as_array().unwrap().len(), 1);
}
