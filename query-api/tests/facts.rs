//! The same orders give the same answers, however they came and wherever in memory they lie.
//!
//! That the answers are right is shown over HTTP, against the reckoning and the SQL judge.

#![allow(clippy::unwrap_used)]

use chrono::NaiveDate;
use chrono_tz::Tz;
use ordertally_query_api::answers::{
    OrderValueQuestion, PlaceFilter, ProvinceSalesQuestion, TopCustomersQuestion, ValueMode,
};
use ordertally_query_api::calendar::DateRange;
use ordertally_query_api::facts::Facts;
use ordertally_query_api::facts::dictionary::Dictionary;
use ordertally_query_api::facts::month::{self, Calendar};
use ordertally_query_api::facts::rows::{Order, Rows};
use ordertally_query_api::facts::sales::AddressKind;
use rand::prelude::*;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

const CURRENCIES: [&str; 3] = ["USD", "EUR", "JPY"];
const HOUR_US: i64 = 3_600_000_000;

/// Values of an ordinary shop, and values of which ten pass 64 bits.
#[derive(Clone, Copy, Debug)]
enum Values {
    Ordinary,
    Huge,
}

fn number(random: &mut ChaCha8Rng, below: u32) -> u32 {
    random.random_range(0..below)
}

/// Orders of some fourteen months, as many customers as make all their stripes, and few enough
/// that some are sorted and others added up.
fn orders(
    random: &mut ChaCha8Rng,
    count: usize,
    values: Values,
    dictionary: &mut Dictionary,
) -> Rows {
    let places = [
        [Some("Idaho"), Some("ID"), Some("United States"), Some("US")],
        [Some(" Idaho"), None, Some("United States"), None],
        [Some("Georgia"), None, Some("Georgia"), None],
        [None; 4],
    ];
    for currency in CURRENCIES {
        let kind = dictionary.kind(currency, false).unwrap();
        for customer in 0..150_000 {
            let _number = dictionary.customer(kind, &format!("c{customer}"));
        }
    }
    let mut rows = Rows::default();
    let customers = [1, 7, 70_000, 149_999];
    for _ in 0..count {
        let customer = if random.random_bool(0.3) {
            customers[number(random, 4) as usize]
        } else {
            number(random, 150_000)
        };
        let value = match values {
            Values::Ordinary => i64::from(number(random, 3)) * 12_345,
            Values::Huge => 900_000_000_000_000_000 + i64::from(number(random, 1_000)),
        };
        let currency = CURRENCIES[number(random, 3) as usize];
        let [shipping, billing] =
            [0; 2].map(|_| dictionary.place(places[number(random, 4) as usize]));
        let products: Vec<u32> = (0..number(random, 4))
            .map(|_| dictionary.product(&format!("p{}", number(random, 5))))
            .collect();
        let quantities: Vec<u32> = products.iter().map(|_| 1 + number(random, 9)).collect();
        rows.push(&Order {
            created_at_us: (i64::from(number(random, 425 * 24)) - 60 * 24) * HOUR_US
                + i64::from(number(random, 4)) * 900_000_001,
            customer,
            kind: dictionary.kind(currency, random.random_bool(0.4)).unwrap(),
            value,
            discounts: value / 10,
            tax: value / 7,
            shipping,
            billing,
            items: (&products, &quantities),
        });
    }
    rows
}

/// All of them in their months at once.
fn loaded(rows: &Rows, dictionary: &Dictionary) -> Facts {
    let mut calendar = Calendar::default();
    for row in 0..rows.len() {
        calendar.push(&rows.order(row));
    }
    let mut facts = Facts::of(month::merged(&[], calendar, 2));
    facts.texts = dictionary.texts();
    facts
}

/// All of them one after the other; with `merging` merged now and then, while others come.
fn followed(random: &mut ChaCha8Rng, rows: &Rows, dictionary: &Dictionary, merging: bool) -> Facts {
    let mut facts = Facts::default();
    facts.texts = dictionary.texts();
    let mut merge = None;
    let mut next = 0;
    while next < rows.len() {
        let until = rows.len().min(next + 1 + number(random, 4_000) as usize);
        let mut more = Rows::default();
        for row in next..until {
            more.push(&rows.order(row));
        }
        next = until;
        facts.add(&more, merge.as_ref().map_or(0, |(_, pieces)| *pieces));
        if let Some((months, pieces)) = merge.take() {
            facts.replace(months, pieces);
        } else if merging && random.random_bool(0.4) {
            merge = Some((facts.merged(), facts.fresh_pieces()));
        }
    }
    facts
}

fn range(random: &mut ChaCha8Rng) -> DateRange {
    let first = NaiveDate::from_ymd_opt(1969, 10, 25).unwrap();
    let start = first + chrono::TimeDelta::days(number(random, 440).into());
    let length = [0, 1, 6, 40, 440][number(random, 5) as usize];
    DateRange {
        start,
        end: start + chrono::TimeDelta::days(length),
        zone: [
            Tz::UTC,
            Tz::Asia__Kathmandu,
            Tz::America__St_Johns,
            Tz::Africa__Monrovia,
        ][number(random, 4) as usize],
    }
}

/// What each of `states` answers to one question.
fn ask(random: &mut ChaCha8Rng, states: &[Facts]) -> (String, Vec<Value>) {
    let range = range(random);
    let currency = [None, Some("USD"), Some("CHF")][number(random, 3) as usize].map(str::to_owned);
    match number(random, 3) {
        0 => {
            let question = TopCustomersQuestion {
                range,
                count: [1, 5, 1_000][number(random, 3) as usize],
                currency,
                accepts_marketing: [None, Some(true), Some(false)][number(random, 3) as usize],
            };
            let answers = states.iter().map(|facts| {
                let answer = question.answer(facts);
                let newest: Vec<_> = answer.iter().map(|best| best.newest).collect();
                json!([answer, newest])
            });
            (format!("{question:?}"), answers.collect())
        }
        1 => {
            let mode = [ValueMode::Day, ValueMode::Total][number(random, 2) as usize];
            let question = OrderValueQuestion { range, mode };
            let answers = states.iter().map(|facts| json!(question.answer(facts)));
            (format!("{question:?}"), answers.collect())
        }
        _ => {
            let province = [None, Some("idaho")][number(random, 2) as usize];
            let question = ProvinceSalesQuestion {
                range,
                places: PlaceFilter::new(province, None),
                currency,
                address: [AddressKind::Shipping, AddressKind::Billing][number(random, 2) as usize],
            };
            let answers = states.iter().map(|facts| json!(question.answer(facts)));
            (format!("{question:?}"), answers.collect())
        }
    }
}

fn assert_the_same(seed: u64, count: usize, values: Values) {
    let random = &mut ChaCha8Rng::seed_from_u64(seed);
    let mut dictionary = Dictionary::default();
    let rows = orders(random, count, values, &mut dictionary);
    let states = [
        loaded(&rows, &dictionary),
        followed(random, &rows, &dictionary, true),
        followed(random, &rows, &dictionary, false),
    ];
    let mut said = 0;
    for _ in 0..200 {
        let (question, answers) = ask(random, &states);
        assert_eq!(answers[0], answers[1], "merged: {question}");
        assert_eq!(answers[0], answers[2], "fresh: {question}");
        said += usize::from(answers[0].to_string().len() > 100);
    }
    assert!(said > 100, "{said} of the answers say something");
    assert!(states.iter().all(|facts| facts.orders() == count));
}

#[test]
fn orders_answer_alike_loaded_followed_and_merged() {
    assert_the_same(1, 60_000, Values::Ordinary);
}

#[test]
fn few_orders_answer_alike() {
    assert_the_same(2, 300, Values::Ordinary);
}

#[test]
fn sums_that_pass_64_bits_are_exact() {
    assert_the_same(3, 3_000, Values::Huge);
    let random = &mut ChaCha8Rng::seed_from_u64(4);
    let mut dictionary = Dictionary::default();
    let rows = orders(random, 3_000, Values::Huge, &mut dictionary);
    let question = OrderValueQuestion {
        range: DateRange {
            start: NaiveDate::from_ymd_opt(1969, 10, 1).unwrap(),
            end: NaiveDate::from_ymd_opt(1971, 4, 1).unwrap(),
            zone: Tz::UTC,
        },
        mode: ValueMode::Total,
    };
    let values = (0..rows.len()).map(|row| i128::from(rows.values.get(row)));
    let expected: i128 = values.sum();
    assert!(i64::try_from(expected).is_err());
    let answer = json!(question.answer(&loaded(&rows, &dictionary)));
    let sums = answer.as_array().unwrap().iter().map(|row| {
        let value: rust_decimal::Decimal = row["order_value"].as_str().unwrap().parse().unwrap();
        (value * rust_decimal::Decimal::from(10_000)).normalize()
    });
    let sum: rust_decimal::Decimal = sums.sum();
    assert_eq!(sum.to_string(), expected.to_string());
}
