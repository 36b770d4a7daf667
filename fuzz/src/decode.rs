//! Any bytes as a record's value: one reading, the one that the independent reckoning comes to, and
//! an order that stays the same however it is written.

use std::collections::BTreeSet;

use ordertally_schema::{Address, Code, Reading, ValidOrder, event, fingerprint, money, rules};
use ordertally_testkit::reckoning::event::{Verdict, judge};
use ordertally_testkit::reckoning::order::{self, Order};

use crate::spelling::{self, Form};

/// 2026-01-01, so that the events of the corpus are neither too old nor ahead.
const RECORD_MS: i64 = 1_767_225_600_000;

/// Checks one payload.
///
/// # Panics
///
/// When something that must hold does not.
pub fn check(payload: &[u8]) {
    for record_ms in [Some(RECORD_MS), None] {
        let reading = event::read(Some(payload), record_ms);
        match (&reading, judge(Some(payload), record_ms)) {
            (Reading::Ignored, Verdict::Ignored) => {}
            (Reading::Valid(order), Verdict::Valid(expected)) => {
                assert_eq!(in_the_reckonings_words(order), *expected);
                stays_the_same(order, record_ms);
            }
            (Reading::Rejected(violations), Verdict::Rejected(expected)) => {
                assert!(!violations.is_empty());
                let mut found: BTreeSet<_> = violations
                    .iter()
                    .map(|violation| (violation.field.clone(), violation.code.as_str()))
                    .collect();
                if violations.len() > rules::VIOLATIONS_MAX {
                    assert!(found.remove(&(String::new(), Code::MoreViolations.as_str())));
                    assert!(found.is_subset(&expected), "{found:?}, not {expected:?}");
                } else {
                    assert_eq!(found, expected);
                }
            }
            (found, expected) => panic!("{found:?}, not {expected:?}"),
        }
    }
}

/// Written out again, the order is the same order with the same content.
fn stays_the_same(order: &ValidOrder, record_ms: Option<i64>) {
    for form in [Form::Plain, Form::Odd] {
        let event = spelling::event(order, form);
        // Two characters of an escape may take the place of one.
        if event.len() > rules::PAYLOAD_BYTES_MAX {
            continue;
        }
        let Reading::Valid(again) = event::read(Some(event.as_bytes()), record_ms) else {
            panic!("not valid when written {form:?}: {event}");
        };
        assert_eq!(*again, *order, "{form:?}: {event}");
        let hashes = [order, &again].map(fingerprint::content_hash);
        assert_eq!(hashes[0], hashes[1]);
    }
}

fn in_the_reckonings_words(order: &ValidOrder) -> Order {
    let amount = money::ten_thousandths;
    Order {
        event_id: order.event_id.clone(),
        event_version: order.event_version.clone(),
        created_at_us: order.created_at().timestamp_micros(),
        created_at_given: order.created_at_given.is_some(),
        customer_id: order.customer_id.clone(),
        email: order.email.clone(),
        first_name: order.first_name.clone(),
        last_name: order.last_name.clone(),
        billing_address: address(&order.billing_address),
        shipping_address: address(&order.shipping_address),
        currency: order.currency.clone(),
        financial_status: order.financial_status.clone(),
        order_value: amount(order.order_value),
        total_discounts: amount(order.total_discounts),
        total_tax: amount(order.total_tax),
        discount_codes: order.discount_codes.clone(),
        buyer_accepts_marketing: order.buyer_accepts_marketing,
        line_items: order
            .line_items
            .iter()
            .map(|item| (item.id.clone(), item.quantity))
            .collect(),
    }
}

fn address(address: &Address) -> order::Address {
    address
        .fields()
        .into_iter()
        .filter_map(|(name, text)| Some((name, text?.to_owned())))
        .collect()
}
