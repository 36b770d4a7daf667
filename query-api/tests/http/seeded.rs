//! Hundreds of seeded questions over seeded orders, against the independent reckoning.

use chrono::NaiveDate;
use chrono_tz::Tz;
use ordertally_testkit::reckoning::answers::{Answers, differences};
use ordertally_testkit::reckoning::order::{Address, Order};
use ordertally_testkit::reckoning::question::{Days, OrderValue, ProvinceSales, TopCustomers};
use rand::prelude::*;
use rand_chacha::ChaCha8Rng;

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

fn query(days: Days, filters: &[(&str, Option<String>)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    let _query = query
        .append_pair("start_date", &days.start.to_string())
        .append_pair("end_date", &days.end.to_string())
        .append_pair("tz", days.zone.name());
    for (name, value) in filters {
        if let Some(value) = value {
            let _query = query.append_pair(name, value);
        }
    }
    query.finish()
}

/// One seeded question: how it is asked, and what the reckoning says.
fn question(random: &mut ChaCha8Rng, year: i32, judge: &Answers) -> (String, serde_json::Value) {
    let days = days(random, year);
    let currency = some(random, &["USD", "EUR", "JPY", "CHF"]).map(str::to_owned);
    match random.random_range(0..3) {
        0 => {
            let count: usize = *pick(random, &[1, 3, 5, 1_000]);
            let accepts_marketing = some(random, &[true, false]);
            let filters = [
                ("count", Some(count.to_string())),
                ("currency", currency.clone()),
                (
                    "accepts_marketing",
                    accepts_marketing.map(|it| it.to_string()),
                ),
            ];
            let asked = TopCustomers {
                days,
                count,
                currency,
                accepts_marketing,
            };
            let target = format!("/customers/top?{}", query(days, &filters));
            (target, judge.top_customers(&asked))
        }
        1 => {
            let by_day = random.random_bool(0.5);
            let mode = if by_day { "DAY" } else { "TOTAL" };
            let target = format!(
                "/orders/value?{}",
                query(days, &[("mode", Some(mode.to_owned()))])
            );
            (target, judge.order_value(&OrderValue { days, by_day }))
        }
        _ => {
            let asked = ProvinceSales {
                days,
                province: some(random, &ASKED).map(str::to_owned),
                country: some(random, &ASKED).map(str::to_owned),
                currency,
                by_billing: random.random_bool(0.5),
            };
            let address = if asked.by_billing {
                "billing"
            } else {
                "shipping"
            };
            let filters = [
                ("province", asked.province.clone()),
                ("country", asked.country.clone()),
                ("currency", asked.currency.clone()),
                ("address", Some(address.to_owned())),
            ];
            let target = format!("/sales/province?{}", query(days, &filters));
            (target, judge.province_sales(&asked))
        }
    }
}

async fn compare(seed: u64, year: i32) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let shop = Shop::open().await;
    let orders = orders(&mut random, year, 400);
    shop.store(&orders).await;
    let judge = Answers::from_orders(orders);
    let mut rows = 0;
    for _ in 0..150 {
        let (target, expected) = question(&mut random, year, &judge);
        let answer = shop.ask(&target).await;
        let found = differences(&expected, &answer);
        assert!(found.is_empty(), "seed {seed}, {target}: {found:#?}");
        rows += expected["data"].as_array().unwrap().len();
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
