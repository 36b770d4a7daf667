//! `docs/order.created.schema.json` says of an event what the decoder says, except where a JSON
//! Schema cannot: those cases are listed here, each with its reason, and a listed case that no
//! longer differs fails the test as well.
#![allow(clippy::unwrap_used)]

mod generated;

use std::collections::BTreeMap;

use generated::{Choices, RECORD_TIMESTAMP_MS, spell};
use jsonschema::Validator;
use ordertally_schema::event::{self, Reading};
use ordertally_schema::rules;
use ordertally_testkit::event_cases::{self, EventCase, Outcome};
use proptest::prelude::*;
use serde_json::{Value, json};

const DUPLICATES: &str = "a parser keeps one of several values of a field";
const AGREEMENT: &str = "that several spellings agree is beyond a schema";
const RECORD: &str = "the record and its timestamp are not part of the event";
const YEARS: &str = "instants with offsets are compared, texts are not";
const ENCODED: &str = "what a string of JSON holds is not looked into";
const FLOATS: &str = "a parser keeps numbers as floats";
const BROKEN: &str = "half a surrogate pair is no JSON to a parser that decodes strings";

/// Cases of `testdata/events` in which the schema differs from the decoder.
const DIFFERING: &[(&str, &[&str])] = &[
    (
        DUPLICATES,
        &[
            "address-field-twice",
            "address-twice",
            "customer-twice",
            "discount-codes-code-twice",
            "event-id-twice-equal",
            "event-id-twice-escaped",
            "event-id-twice",
            "event-type-twice",
            "line-items-id-twice",
            "occurred-at-twice",
        ],
    ),
    (
        AGREEMENT,
        &[
            "customer-conflicts-late",
            "customer-conflicts-without-first",
            "customer-conflicts",
            "customer-leading-zero-conflicts",
            "occurred-at-conflicts",
        ],
    ),
    (
        RECORD,
        &[
            "created-at-missing-in-old-record",
            "created-at-missing-in-record-of-10000",
            "created-at-missing-without-record-time",
            "created-at-over-24-hours-ahead",
            "payload-over-1-mib",
        ],
    ),
    (
        YEARS,
        &[
            "created-at-10000",
            "created-at-1999",
            "created-at-2000-in-1999",
        ],
    ),
    (
        ENCODED,
        &[
            "address-encoded-cut-off",
            "address-encoded-half-surrogate",
            "address-encoded-nul",
            "address-encoded-with-faults",
            "line-items-encoded-broken-late",
            "line-items-encoded-faults",
        ],
    ),
    (
        FLOATS,
        &[
            "customer-exponent",
            "customer-fraction",
            "customer-integer-of-129-digits",
            "line-items-id-fraction",
            "order-value-exponent-tiny",
            "order-value-largest",
        ],
    ),
    (BROKEN, &["address-unknown-fields", "unknown-fields"]),
];

fn validator() -> Validator {
    let schema: Value =
        serde_json::from_str(include_str!("../../docs/order.created.schema.json")).unwrap();
    jsonschema::meta::validate(&schema).unwrap();
    jsonschema::options()
        .should_validate_formats(true)
        .build(&schema)
        .unwrap()
}

/// Whether the schema takes a payload; one that its parser does not take is refused.
fn accepts(validator: &Validator, payload: Option<&[u8]>) -> bool {
    payload
        .and_then(|payload| serde_json::from_slice(payload).ok())
        .is_some_and(|event: Value| validator.is_valid(&event))
}

#[test]
fn the_schema_takes_the_cases_that_the_decoder_takes() {
    let validator = validator();
    let listed: BTreeMap<_, _> = DIFFERING
        .iter()
        .flat_map(|(reason, names)| names.iter().map(move |name| (*name, *reason)))
        .collect();
    let differs = |case: &EventCase| {
        accepts(&validator, case.payload.as_deref()) != (case.outcome == Outcome::Stored)
    };
    let cases = event_cases::load().unwrap();
    let wrong: Vec<_> = cases
        .iter()
        .filter(|case| differs(case) != listed.contains_key(case.name.as_str()))
        .map(|case| format!("{} ({:?}): {}", case.name, case.outcome, case.says))
        .collect();
    assert!(
        wrong.is_empty(),
        "{} cases:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    for name in listed.keys() {
        assert!(
            cases.iter().any(|case| case.name == *name),
            "{name} is no case"
        );
    }
}

proptest! {
    #[test]
    fn the_schema_takes_every_spelling_of_an_order(
        order in generated::order(), drawn in prop::collection::vec(any::<u8>(), 200)
    ) {
        let payload = spell(&order, &mut Choices::new(&drawn));
        let event: Value = serde_json::from_str(&payload).unwrap();
        let faults: Vec<_> = validator()
            .iter_errors(&event)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        prop_assert!(faults.is_empty(), "{:?}", faults);
    }
}

/// Values for every field: for each there are fields that take it and fields that do not.
fn values() -> Vec<Value> {
    let texts = [
        "",
        " ",
        "x",
        "0",
        "2",
        "-2",
        "2.5",
        "2.0",
        "1000000",
        "1000001",
        "02",
        "+2",
        "12.34567",
        "123456789012345",
        "true",
        "FALSE",
        "USD",
        "usd",
        "paid",
        "1.2.3",
        "1.2",
        "2.0.0",
        "a@b.example",
        "2020-09-01T12:30:00Z",
        "2020-09-01T12:30:00",
        "2020-13-01T12:30:00Z",
        "order.created",
        "{}",
        "[]",
        "\u{0}",
        "x\u{0}",
        "é",
    ];
    let mut values: Vec<_> = texts.iter().map(|text| json!(text)).collect();
    values.extend([1, 128, 129, 1_000, 1_001].map(|count| json!("é".repeat(count))));
    values.extend([
        json!(null),
        json!(true),
        json!(false),
        json!(0),
        json!(2),
        json!(-2),
        json!(2.5),
        json!(12.3456),
        json!(12.34567),
        json!(1_000_000),
        json!(1_000_001),
        json!({}),
        json!({"code": "A"}),
        json!({"province": "Idaho", "country": "US"}),
        json!([]),
        json!([null]),
        json!(["A"]),
        json!([""]),
        json!([{"code": "A"}]),
        json!([{"code": ""}]),
        json!([{"id": "a", "quantity": 1}]),
        json!([{"id": 5, "quantity": "2"}]),
    ]);
    values
}

/// Whether a value is one that a schema cannot look into.
fn is_encoded(field: &str, value: &Value) -> bool {
    let is_json = |text: &str| text.starts_with(['{', '[']);
    rules::DOUBLE_ENCODED_FIELDS.contains(&field) && value.as_str().is_some_and(is_json)
}

/// Takes the other spellings of a field out of the sample, with which it would have to agree.
fn remove_other_spellings(event: &mut Value, field: &str) {
    for spellings in [
        &rules::CUSTOMER_ID_SPELLINGS[..],
        &rules::CREATED_AT_SPELLINGS[..],
    ] {
        if spellings.contains(&field) {
            for spelling in spellings {
                event.as_object_mut().unwrap().remove(*spelling);
            }
        }
    }
}

fn sample() -> Value {
    json!({
        "event_type": "order.created", "event_id": "e", "event_version": "1.0.0",
        "created_at": "2020-09-01T12:30:00Z", "lovevery_user_id": "c",
        "email": "dan@example.com", "billing_address": {}, "currency": "USD",
        "shipping_address": {"province": "Idaho", "country": "US"}, "financial_status": "paid",
        "order_value": 5, "buyer_accepts_marketing": true,
        "line_items": [{"id": "p", "quantity": 1}], "discount_codes": [{"code": "A"}],
    })
}

#[test]
fn the_schema_takes_the_values_of_a_field_that_the_decoder_takes() {
    let validator = validator();
    let places = rules::EVENT_FIELDS
        .iter()
        .map(|name| (format!("/{name}"), *name))
        .chain(rules::ADDRESS_FIELDS.iter().flat_map(|name| {
            ["billing_address", "shipping_address"]
                .map(|address| (format!("/{address}/{name}"), *name))
        }))
        .chain(
            rules::LINE_ITEM_FIELDS
                .iter()
                .map(|name| (format!("/line_items/0/{name}"), *name)),
        )
        .chain([("/discount_codes/0/code".to_owned(), "code")]);
    let (mut taken, mut refused) = (0, 0);
    for (pointer, name) in places {
        for value in values() {
            let mut event = sample();
            remove_other_spellings(&mut event, name);
            let (parent, _) = pointer.rsplit_once('/').unwrap();
            let parent = event.pointer_mut(parent).unwrap();
            parent
                .as_object_mut()
                .unwrap()
                .insert(name.to_owned(), value.clone());
            let reading = event::read(
                Some(event.to_string().as_bytes()),
                Some(RECORD_TIMESTAMP_MS),
            );
            let is_order = matches!(reading, Reading::Valid(_));
            if is_order {
                taken += 1
            } else {
                refused += 1
            }
            if !is_encoded(name, &value) {
                let is_valid = validator.is_valid(&event);
                assert_eq!(is_valid, is_order, "{pointer}: {value} {reading:?}");
            }
        }
    }
    assert!(
        taken > 500 && refused > 500,
        "{taken} taken, {refused} refused"
    );
}

#[test]
fn the_schema_lists_the_currencies_and_statuses_of_the_decoder() {
    let schema: Value =
        serde_json::from_str(include_str!("../../docs/order.created.schema.json")).unwrap();
    let texts = |pointer| -> Vec<String> {
        serde_json::from_value(schema.pointer(pointer).cloned().unwrap()).unwrap()
    };
    let currencies = texts("/properties/currency/enum");
    for (a, b, c) in codes() {
        let code = String::from_utf8(vec![a, b, c]).unwrap();
        assert_eq!(
            currencies.contains(&code),
            rules::is_currency(&code),
            "{code}"
        );
    }
    assert_eq!(
        texts("/properties/financial_status/enum"),
        rules::FINANCIAL_STATUSES
    );
    let addresses = schema.pointer("/$defs/address/properties").unwrap();
    for name in rules::ADDRESS_FIELDS {
        assert!(addresses.get(name).is_some(), "{name}");
    }
    for name in rules::EVENT_FIELDS {
        assert!(schema["properties"].get(name).is_some(), "{name}");
    }
}

/// Every text of three capitals.
fn codes() -> impl Iterator<Item = (u8, u8, u8)> {
    let capitals = || b'A'..=b'Z';
    capitals().flat_map(move |a| capitals().flat_map(move |b| capitals().map(move |c| (a, b, c))))
}
