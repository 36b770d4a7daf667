//! The content hash: no spelling changes it, every change that matters does.
#![allow(clippy::unwrap_used)]

mod generated;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta};
use generated::{Choices, RECORD_TIMESTAMP_MS, spell};
use ordertally_schema::event::{self, Reading};
use ordertally_schema::fingerprint::content_hash;
use ordertally_schema::{Address, LineItem, ValidOrder};
use proptest::prelude::*;
use rust_decimal::Decimal;

fn read(event: &str, record_timestamp_ms: i64) -> ValidOrder {
    match event::read(Some(event.as_bytes()), Some(record_timestamp_ms)) {
        Reading::Valid(order) => *order,
        other => panic!("{other:?}: {event}"),
    }
}

proptest! {
    #[test]
    fn every_spelling_of_an_order_is_that_order_and_has_its_hash(
        order in generated::order(),
        drawn in prop::collection::vec(any::<u8>(), 400),
        later_ms in 0_i64..100_000_000_000,
    ) {
        let event = spell(&order, &mut Choices::new(&drawn));
        let found = read(&event, RECORD_TIMESTAMP_MS);
        prop_assert_eq!(&found, &order, "{}", event);
        let replayed = read(&event, RECORD_TIMESTAMP_MS + later_ms);
        prop_assert_eq!(content_hash(&replayed), content_hash(&order));
    }

    #[test]
    fn whatever_changes_in_an_order_changes_its_hash(order in generated::order()) {
        let mut hashes = BTreeMap::from([(content_hash(&order), "the order itself")]);
        for (change, apply) in CHANGES {
            let mut changed = order.clone();
            apply(&mut changed);
            prop_assert_ne!(&changed, &order, "{} changes nothing", change);
            let other = hashes.insert(content_hash(&changed), change);
            prop_assert_eq!(other, None, "{} has the hash of another", change);
        }
    }

    #[test]
    fn another_order_of_codes_or_items_is_another_content(
        order in generated::order(), extra in generated::order()
    ) {
        let mut order = order;
        order.discount_codes.extend(extra.discount_codes);
        order.line_items.extend(extra.line_items);
        let reorderings: [fn(&mut ValidOrder); 2] = [
            |order| order.discount_codes.reverse(),
            |order| order.line_items.reverse(),
        ];
        for reorder in reorderings {
            let mut reordered = order.clone();
            reorder(&mut reordered);
            prop_assert_eq!(
                content_hash(&reordered) == content_hash(&order),
                reordered == order
            );
        }
    }

    #[test]
    fn text_that_moves_between_neighbours_changes_the_hash(
        order in generated::order(), moving in "[a-z]{4}"
    ) {
        for set in NEIGHBOURS {
            let hashes: std::collections::BTreeSet<_> = (0..=4)
                .map(|split| {
                    let mut moved = order.clone();
                    set(&mut moved, &moving[..split], &moving[split..]);
                    content_hash(&moved)
                })
                .collect();
            prop_assert_eq!(hashes.len(), 5);
        }
    }
}

type Change = (&'static str, fn(&mut ValidOrder));

/// Every field of an order, changed in a way of its own.
const CHANGES: &[Change] = &[
    ("event id", |order| order.event_id.push('x')),
    ("event version", |order| order.event_version.push('1')),
    ("time given or not", |order| {
        order.created_at_given = match order.created_at_given {
            Some(_) => None,
            None => order.record_time,
        }
    }),
    ("time", |order| {
        order.created_at_given = Some(
            order.created_at_given.unwrap_or(DateTime::UNIX_EPOCH) + TimeDelta::microseconds(1),
        );
    }),
    ("customer", |order| order.customer_id.push('x')),
    ("email", |order| order.email.push('x')),
    ("first name", |order| append(&mut order.first_name)),
    ("last name", |order| append(&mut order.last_name)),
    ("billing address", |order| {
        append(&mut order.billing_address.city)
    }),
    ("shipping address", |order| {
        append(&mut order.shipping_address.city)
    }),
    ("currency", |order| order.currency = "CHF".into()),
    ("status", |order| order.financial_status.push('x')),
    ("value", |order| increment(&mut order.order_value)),
    ("discounts", |order| increment(&mut order.total_discounts)),
    ("tax", |order| increment(&mut order.total_tax)),
    ("a code more", |order| order.discount_codes.push("x".into())),
    ("an empty code more", |order| {
        order.discount_codes.push(String::new())
    }),
    ("marketing", |order| {
        order.buyer_accepts_marketing = !order.buyer_accepts_marketing;
    }),
    ("an item more", |order| order.line_items.push(item("x", 1))),
    ("an item twice more", |order| {
        order.line_items.extend([item("x", 1), item("x", 1)]);
    }),
    ("an item of more units", |order| {
        order.line_items.push(item("x", 2))
    }),
];

/// Two texts that lie beside each other in what is hashed.
const NEIGHBOURS: &[fn(&mut ValidOrder, &str, &str)] = &[
    |order, one, two| (order.event_id, order.event_version) = (one.into(), two.into()),
    |order, one, two| (order.customer_id, order.email) = (one.into(), two.into()),
    |order, one, two| {
        (order.first_name, order.last_name) = (Some(one.into()), Some(two.into()));
    },
    |order, one, two| {
        (order.last_name, order.billing_address.first_name) = (Some(one.into()), Some(two.into()));
    },
    |order, one, two| {
        order.billing_address.phone = Some(one.into());
        order.shipping_address.first_name = Some(two.into());
    },
    |order, one, two| order.discount_codes = vec![one.into(), two.into()],
    |order, one, two| order.line_items = vec![item(one, 1), item(two, 1)],
];

fn append(text: &mut Option<String>) {
    text.get_or_insert_default().push('x');
}

fn increment(amount: &mut Decimal) {
    *amount += Decimal::new(1, 4);
}

fn item(id: &str, quantity: i32) -> LineItem {
    LineItem {
        id: id.into(),
        quantity,
    }
}

#[test]
fn each_field_of_an_address_has_a_place_of_its_own() {
    let places: [fn(&mut Address) -> &mut Option<String>; 11] = [
        |address| &mut address.first_name,
        |address| &mut address.last_name,
        |address| &mut address.address1,
        |address| &mut address.address2,
        |address| &mut address.city,
        |address| &mut address.province,
        |address| &mut address.province_code,
        |address| &mut address.country,
        |address| &mut address.country_code,
        |address| &mut address.zip,
        |address| &mut address.phone,
    ];
    let order = sample();
    let mut hashes = BTreeMap::from([(content_hash(&order), 0)]);
    for (place, field) in places.iter().enumerate() {
        for text in ["", "x"] {
            let mut changed = order.clone();
            *field(&mut changed.billing_address) = Some(text.into());
            assert_eq!(hashes.insert(content_hash(&changed), place), None);
            let mut changed = order.clone();
            *field(&mut changed.shipping_address) = Some(text.into());
            assert_eq!(hashes.insert(content_hash(&changed), place), None);
        }
    }
}

#[test]
fn a_code_is_no_two_codes_and_no_item() {
    let with_codes = |codes: &[&str]| {
        let mut order = sample();
        order.discount_codes = codes.iter().map(|code| (*code).to_owned()).collect();
        content_hash(&order)
    };
    assert_ne!(with_codes(&["ab"]), with_codes(&["a", "b"]));
    assert_ne!(with_codes(&[]), with_codes(&[""]));
}

/// The hash is stored with every order: it must stay the same from release to release.
#[test]
fn the_hash_of_encoding_1_does_not_change() {
    let hash: String = content_hash(&sample())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(hash, "24895b42665236cd736d0a5443d5c581");
}

fn sample() -> ValidOrder {
    ValidOrder {
        event_id: "dfacfc2362-6359-49d9-a445-27314e2ff7e6".into(),
        event_version: "1.0.0".into(),
        created_at_given: DateTime::from_timestamp_micros(1_598_963_400_123_456),
        record_time: None,
        customer_id: "66f6".into(),
        email: "dan@example.com".into(),
        first_name: Some("dan".into()),
        last_name: None,
        billing_address: Address::default(),
        shipping_address: Address::default(),
        currency: "USD".into(),
        financial_status: "paid".into(),
        order_value: Decimal::new(5_000, 2),
        total_discounts: Decimal::ZERO,
        total_tax: Decimal::new(25, 1),
        discount_codes: vec!["WELCOME".into()],
        buyer_accepts_marketing: true,
        line_items: vec![item("p-1", 2)],
    }
}
