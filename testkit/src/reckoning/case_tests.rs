//! The reckoning's own judgement over every case of `testdata/events`.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::event::{Verdict, judge};
use super::number::four_places;
use super::order::{Address, Order};
use crate::event_cases::{self, EventCase, Outcome};

#[test]
fn every_case_has_the_outcome_that_its_file_says() {
    let cases = event_cases::load().expect("the cases are readable");
    let wrong: Vec<String> = cases.iter().filter_map(difference).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn difference(case: &EventCase) -> Option<String> {
    let verdict = judge(case.payload.as_deref(), case.record_timestamp_ms);
    let wrong = match (&verdict, case.outcome) {
        (Verdict::Ignored, Outcome::Ignored) => None,
        (Verdict::Rejected(violations), Outcome::Rejected) => {
            let expected: BTreeSet<(&str, &str)> = case
                .violations
                .iter()
                .map(|violation| (violation.field.as_str(), violation.code.as_str()))
                .collect();
            let found: BTreeSet<(&str, &str)> = violations
                .iter()
                .map(|(field, code)| (field.as_str(), *code))
                .collect();
            (found != expected).then(|| format!("found {found:?}, expected {expected:?}"))
        }
        (Verdict::Valid(order), Outcome::Stored) => {
            let shown = shown(order);
            case.order
                .iter()
                .find(|(field, value)| shown.get(*field) != Some(value))
                .map(|(field, value)| {
                    format!("{field} is {:?}, expected {value}", shown.get(field))
                })
        }
        _ => Some(format!("{verdict:?}")),
    };
    wrong.map(|wrong| format!("{} ({}): {wrong}", case.name, case.says))
}

/// The order as the files write it.
fn shown(order: &Order) -> Map<String, Value> {
    let amount = |amount| {
        let text = four_places(amount);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    let time = chrono::DateTime::from_timestamp_micros(order.created_at_us).expect("a time");
    let items = order
        .line_items
        .iter()
        .map(|(id, quantity)| serde_json::json!({"id": id, "quantity": quantity}));
    let shown = serde_json::json!({
        "event_id": order.event_id,
        "event_version": order.event_version,
        "created_at": time.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true),
        "customer_id": order.customer_id,
        "email": order.email,
        "first_name": order.first_name,
        "last_name": order.last_name,
        "billing_address": shown_address(&order.billing_address),
        "shipping_address": shown_address(&order.shipping_address),
        "currency": order.currency,
        "financial_status": order.financial_status,
        "order_value": amount(order.order_value),
        "total_discounts": amount(order.total_discounts),
        "total_tax": amount(order.total_tax),
        "discount_codes": order.discount_codes,
        "buyer_accepts_marketing": order.buyer_accepts_marketing,
        "line_items": items.collect::<Vec<_>>(),
    });
    match shown {
        Value::Object(shown) => shown,
        _ => Map::new(),
    }
}

fn shown_address(address: &Address) -> Value {
    super::order::ADDRESS_FIELDS
        .iter()
        .map(|field| (*field, address.get(field).cloned()))
        .collect::<std::collections::BTreeMap<_, _>>()
        .into_iter()
        .map(|(field, text)| (field.to_owned(), text.map_or(Value::Null, Value::String)))
        .collect::<Map<_, _>>()
        .into()
}
