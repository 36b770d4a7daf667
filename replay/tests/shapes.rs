//! Every shape of the sample says the same, and cleaning changes nothing that is valid.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ordertally_replay::clean::{Clean, clean};
use ordertally_replay::input::Input;
use ordertally_replay::reader::{Content, Reader};
use ordertally_replay::window::Window;
use ordertally_schema::{Reading, ValidOrder, event};
use proptest::prelude::*;

const NOW_MS: i64 = 1_700_000_000_000;

fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata")
}

/// The orders of a file by event id, the way it goes to the topic.
fn orders(path: &Path) -> BTreeMap<String, ValidOrder> {
    let stream = Input::from_argument(path).open(Arc::default()).unwrap();
    let mut reader = Reader::recognise(Window::new(stream)).unwrap();
    let mut orders = BTreeMap::new();
    while let Some(element) = reader.next_element().unwrap() {
        let (Content::Separate(text) | Content::Enclosed(text)) = element.content else {
            panic!("{}:{} does not fit", path.display(), element.line);
        };
        let text = clean(text).unwrap().text;
        let Reading::Valid(order) = event::read(Some(&text), Some(NOW_MS)) else {
            panic!("{}:{} is not valid", path.display(), element.line);
        };
        let before = orders.insert(order.event_id.clone(), *order);
        assert_eq!(before, None);
    }
    orders
}

#[test]
fn the_sample_is_the_same_orders_in_every_shape() {
    let expected = orders(&testdata().join("orders.json"));
    assert_eq!(expected.len(), 40);
    let mut shapes = 0;
    for entry in std::fs::read_dir(testdata()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if name.starts_with("orders") {
            assert_eq!(orders(&path), expected, "{name}");
            shapes += 1;
        }
    }
    assert_eq!(
        shapes, 8,
        "JSON, NDJSON, concatenated, CSV, two broken, gzip and zstd"
    );
}

#[test]
fn the_sample_answers_the_questions_of_the_documentation() {
    let orders = orders(&testdata().join("orders.json"));
    let mut provinces = BTreeMap::<&str, u32>::new();
    let mut days = BTreeMap::<String, u32>::new();
    let mut customers = BTreeMap::<&str, u32>::new();
    let mut currencies = BTreeMap::<&str, u32>::new();
    for order in orders.values() {
        let province = order.shipping_address.province.as_deref().unwrap();
        *provinces.entry(province).or_default() += 1;
        *days
            .entry(order.created_at().date_naive().to_string())
            .or_default() += 1;
        *customers.entry(&order.customer_id).or_default() += 1;
        *currencies.entry(&order.currency).or_default() += 1;
    }
    assert!(provinces["Idaho"] > 1 && provinces["Maryland"] > 1);
    let five_days = [
        "2020-09-01",
        "2020-09-02",
        "2020-09-03",
        "2020-09-04",
        "2020-09-05",
    ];
    assert!(days.keys().eq(five_days.iter()));
    assert!(customers["66f6"] > 2 && currencies.len() > 2 && currencies["USD"] > 10);
    assert!(orders.contains_key("dfacfc2362-6359-49d9-a445-27314e2ff7e6"));
}

fn reading_of(text: &[u8]) -> Reading {
    let cleaned = clean(text).unwrap_or_else(|_| Clean::as_it_is(text));
    event::read(Some(&cleaned.text), Some(NOW_MS))
}

/// A field's value as text, wrapped so many times into a JSON string.
fn wrapped(text: &str, times: u8) -> String {
    (0..times).fold(text.to_owned(), |text, _| {
        serde_json::to_string(&text).unwrap()
    })
}

proptest! {
    #[test]
    fn cleaning_never_changes_what_a_valid_event_says(
        name in "[ -~\u{e0}-\u{ff}]{0,20}",
        codes in prop_oneof!["[\\[\\]\"{}a-z, ]{0,12}", Just("[\"A\"]".to_owned())],
        address_wrapped in 0..2_u8,
        items_wrapped in 0..2_u8,
        pretty: bool,
    ) {
        let city = serde_json::to_string(&name).unwrap();
        let address = format!(r#"{{"city": {city}, "province": "Idaho", "country": "US"}}"#);
        let items = r#"[{"id": "a b", "quantity": "2"}, {"id": 7, "quantity": 1.0}]"#;
        let separator = if pretty { ",\n  " } else { "," };
        let text = format!(
            "{{{}}}",
            [
                r#""event_type": "order.created""#.to_owned(),
                r#""event_id": "x""#.to_owned(),
                r#""event_version": "1.0.0""#.to_owned(),
                r#""user_id": 7, "email": "a@example.com", "note": "{\"a\" : 1}""#.to_owned(),
                format!(r#""first_name": {city}"#),
                format!(r#""discount_codes": {}"#, serde_json::to_string(&codes).unwrap()),
                format!(r#""shipping_address": {}"#, wrapped(&address, address_wrapped)),
                format!(r#""billing_address": {}"#, wrapped(&address, 1 - address_wrapped)),
                format!(r#""line_items": {}"#, wrapped(items, items_wrapped)),
                r#""currency": "USD", "financial_status": "paid""#.to_owned(),
                r#""order_value": 10.500, "buyer_accepts_marketing": "TRUE""#.to_owned(),
            ]
            .join(separator)
        );
        let before = event::read(Some(text.as_bytes()), Some(NOW_MS));
        prop_assert!(matches!(before, Reading::Valid(_)), "{:?}", before);
        prop_assert_eq!(reading_of(text.as_bytes()), before);
    }
}

#[test]
fn a_valid_event_of_any_case_file_stays_what_it_is() {
    let mut valid = 0;
    for case in ordertally_testkit::event_cases::load().unwrap() {
        let Some(payload) = &case.payload else {
            continue;
        };
        let before = event::read(Some(payload), case.record_timestamp_ms);
        if matches!(before, Reading::Valid(_) | Reading::Ignored) {
            let cleaned = clean(payload).unwrap_or_else(|_| Clean::as_it_is(payload));
            let after = event::read(Some(&cleaned.text), case.record_timestamp_ms);
            assert_eq!(after, before, "{}", case.name);
            valid += 1;
        }
    }
    assert!(valid > 20, "{valid}");
}
