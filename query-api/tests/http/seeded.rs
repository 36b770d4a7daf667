//! Hundreds of seeded questions over seeded orders, against the independent reckoning and the SQL judge.

use chrono::NaiveDate;
use chrono_tz::Tz;
use ordertally_testkit::judge;
use ordertally_testkit::reckoning::answers::{Answers, differences};
use ordertally_testkit::reckoning::order::{Address, Order};
use ordertally_testkit::reckoning::question::{Days, OrderValue, ProvinceSales, TopCustomers};
use rand::prelude::*;
use rand_chacha::ChaCha8Rng;
use serde_json::Value;
use tokio_postgres::Client;

use crate::support::{Shop, micros, order};

const ZONES: [Tz; 9] = [
    Tz::UTC,
    Tz::America__Boise,
    Tz::America__Sao_Paulo,
    Tz::America__St_Johns,
    Tz::America__Havana,
    Tz::Africa__Cairo,
    Tz::Asia__Kathmandu,
    Tz::Pacific__Apia,
    Tz::Australia__Lord_Howe,
];

const PLACES: [[Option<&str>; 4]; 9] = [
    [Some("Idaho"), Some("ID"), Some("United States"), Some("US")],
    [Some(" idaho "), None, Some("United States"), Some("US")],
    [
        Some("Idaho\u{3000}"),
        Some("US-ID"),
        Some("United States"),
        None,
    ],
    [
        Some("Île-de-France"),
        Some("IDF"),
        Some("France"),
        Some("FR"),
    ],
    [Some("ÎLE-DE-FRANCE"), None, Some("france"), None],
    [
        Some("Georgia"),
        Some("GA"),
        Some("United States"),
        Some("US"),
    ],
    [Some("ქართლი"), None, Some("Georgia"), Some("GE")],
    [
        Some("\"quoted\", \\ (odd)"),
        Some(","),
        Some("("),
        Some(")"),
    ],
    [None, None, None, None],
];

const ASKED: [&str; 10] = [
    "Idaho",
    " IDAHO",
    "id",
    "US-id",
    "us",
    "georgia",
    "île-de-france",
    "fr-IDF",
    ",",
    "france",
];

fn pick<'a, T>(random: &mut ChaCha8Rng, from: &'a [T]) -> &'a T {
    &from[random.random_range(0..from.len())]
}

fn address(random: &mut ChaCha8Rng, places: &[[Option<&str>; 4]]) -> Address {
    let names = ["province", "province_code", "country", "country_code"];
    names
        .into_iter()
        .zip(*pick(random, places))
        .filter_map(|(name, value)| Some((name, value?.to_owned())))
        .collect()
}

/// Orders of a year, crowded around the hours in which clocks are moved.
fn orders(random: &mut ChaCha8Rng, year: i32, count: usize) -> Vec<Order> {
    let start = micros(&format!("{year}-01-01T00:00:00Z"));
    let moved: Vec<i64> = [
        "03-08T07:00",
        "03-12T03:31",
        "10-29T02:30",
        "11-04T03:00",
        "12-30T10:00",
    ]
    .map(|time| micros(&format!("{year}-{time}:00Z")))
    .to_vec();
    (0..count)
        .map(|number| {
            let mut order = order(&format!("e{number}"), "2000-01-01T00:00:00Z");
            order.created_at_us = if random.random_bool(0.5) {
                start + random.random_range(0..365 * 86_400) * 1_000_000
            } else {
                pick(random, &moved) + random.random_range(-7_200..7_200) * 500_000
            };
            order.customer_id = format!("c{}", random.random_range(0..20));
            order.first_name = random.random_bool(0.8).then(|| format!("first{number}"));
            order.last_name = random.random_bool(0.8).then(|| format!("last{number}"));
            order.email = format!("e{number}@example.com");
            order.currency = (*pick(random, &["USD", "EUR", "JPY", "KWD"])).to_owned();
            order.order_value = *pick(random, &[0, 10_000, 125_000, 1, 999_999]);
            order.total_discounts = random.random_range(0..3) * 5_000;
            order.total_tax = random.random_range(0..30_000);
            order.buyer_accepts_marketing = random.random_bool(0.5);
            order.shipping_address = address(random, &PLACES[..8]);
            order.billing_address = if random.random_bool(0.5) {
                order.shipping_address.clone()
            } else {
                address(random, &PLACES)
            };
            order.line_items = (0..random.random_range(0..4))
                .map(|_| {
                    let product = format!("p{}", random.random_range(0..6));
                    (product, random.random_range(1..5))
                })
                .collect();
            order
        })
        .collect()
}

fn days(random: &mut ChaCha8Rng, year: i32) -> Days {
    let first = NaiveDate::from_ymd_opt(year, 1, 1).unwrap() - chrono::TimeDelta::days(3);
    let start = first + chrono::TimeDelta::days(random.random_range(0..370));
    let length = *pick(random, &[0, 0, 1, 6, 30, 370]);
    Days {
        start,
        end: start + chrono::TimeDelta::days(length),
        zone: *pick(random, &ZONES),
    }
}

fn some<T: Clone>(random: &mut ChaCha8Rng, from: &[T]) -> Option<T> {
    random.random_bool(0.5).then(|| pick(random, from).clone())
}

/// One seeded question: how it is asked, and what the reckoning and the judge say.
async fn question(
    random: &mut ChaCha8Rng,
    year: i32,
    reckoning: &Answers,
    client: &Client,
) -> (String, [Value; 2]) {
    let days = days(random, year);
    let currency = some(random, &["USD", "EUR", "JPY", "CHF"]).map(str::to_owned);
    match random.random_range(0..3) {
        0 => {
            let asked = TopCustomers {
                days,
                count: *pick(random, &[1, 3, 5, 1_000]),
                currency,
                accepts_marketing: some(random, &[true, false]),
            };
            let judged = judge::top_customers(client, &asked).await.unwrap();
            (asked.path(), [reckoning.top_customers(&asked), judged])
        }
        1 => {
            let by_day = random.random_bool(0.5);
            let asked = OrderValue { days, by_day };
            let judged = judge::order_value(client, &asked).await.unwrap();
            (asked.path(), [reckoning.order_value(&asked), judged])
        }
        _ => {
            let asked = ProvinceSales {
                days,
                province: some(random, &ASKED).map(str::to_owned),
                country: some(random, &ASKED).map(str::to_owned),
                currency,
                by_billing: random.random_bool(0.5),
            };
            let judged = judge::province_sales(client, &asked).await.unwrap();
            (asked.path(), [reckoning.province_sales(&asked), judged])
        }
    }
}

async fn compare(seed: u64, year: i32) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let shop = Shop::open().await;
    let orders = orders(&mut random, year, 400);
    shop.store(&orders).await;
    let reckoning = Answers::from_orders(orders);
    let mut rows = 0;
    for _ in 0..150 {
        let (target, expected) = question(&mut random, year, &reckoning, &shop.client).await;
        let answer = shop.ask(&target).await;
        for (name, expected) in ["reckoning", "judge"].iter().zip(&expected) {
            let found = differences(expected, &answer);
            assert!(
                found.is_empty(),
                "seed {seed}, {name}, {target}: {found:#?}"
            );
        }
        rows += expected[0]["data"].as_array().unwrap().len();
    }
    assert!(
        rows > 1_000,
        "the questions had next to no answers: {rows} rows"
    );
}

#[tokio::test]
async fn answers_about_2006_equal_the_reckoning() {
    compare(2006, 2006).await;
}

#[tokio::test]
async fn answers_about_2011_equal_the_reckoning() {
    compare(2011, 2011).await;
}

#[tokio::test]
async fn answers_about_2018_equal_the_reckoning() {
    compare(2018, 2018).await;
}
