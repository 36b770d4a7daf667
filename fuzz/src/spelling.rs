//! An order written out as an event again, in two ways that share nothing but their meaning.

use chrono::SecondsFormat;
use ordertally_schema::{Address, ValidOrder};
use serde::Serialize;

/// How an event is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Documented names, nested values as they are, amounts as text.
    Plain,
    /// Other names, fields from the last to the first, nested values as strings of JSON, amounts as
    /// numbers, counts as text, and fields that nobody knows.
    Odd,
}

/// The order as one JSON object.
pub fn event(order: &ValidOrder, form: Form) -> String {
    object(fields(order, form), form)
}

/// Each field by its name, with its value as JSON.
pub fn fields(order: &ValidOrder, form: Form) -> Vec<(&'static str, String)> {
    let odd = form == Form::Odd;
    let encoded = |text: String| if odd { json(&text) } else { text };
    let amount = |amount: String| if odd { amount } else { json(&amount) };
    let time = order
        .created_at_given
        .map(|time| time.to_rfc3339_opts(SecondsFormat::Micros, true));
    let codes = match form {
        Form::Plain => json(&order.discount_codes),
        Form::Odd => list(order.discount_codes.iter().map(|code| {
            let fields = vec![("amount", "[]".to_owned()), ("code", json(code))];
            object(fields, form)
        })),
    };
    let items = list(order.line_items.iter().map(|item| {
        let quantity = item.quantity.to_string();
        let quantity = if odd { json(&quantity) } else { quantity };
        object(vec![("id", json(&item.id)), ("quantity", quantity)], form)
    }));
    let accepts = order.buyer_accepts_marketing;
    vec![
        ("event_type", json("order.created")),
        ("event_id", json(&order.event_id)),
        ("event_version", json(&order.event_version)),
        (if odd { "occurred_at" } else { "created_at" }, json(&time)),
        (
            if odd { "user_id" } else { "lovevery_user_id" },
            json(&order.customer_id),
        ),
        ("email", json(&order.email)),
        ("first_name", json(&order.first_name)),
        ("last_name", json(&order.last_name)),
        (
            "billing_address",
            encoded(address(&order.billing_address, form)),
        ),
        (
            "shipping_address",
            encoded(address(&order.shipping_address, form)),
        ),
        ("currency", json(&order.currency)),
        ("financial_status", json(&order.financial_status)),
        ("order_value", amount(order.order_value.to_string())),
        ("total_discounts", amount(order.total_discounts.to_string())),
        ("total_tax", amount(order.total_tax.to_string())),
        ("discount_codes", codes),
        (
            "buyer_accepts_marketing",
            if odd {
                json(&accepts.to_string().to_uppercase())
            } else {
                json(&accepts)
            },
        ),
        ("line_items", encoded(items)),
    ]
}

fn address(address: &Address, form: Form) -> String {
    let fields = address.fields().map(|(name, text)| (name, json(&text)));
    object(fields.into(), form)
}

fn object(mut fields: Vec<(&'static str, String)>, form: Form) -> String {
    if form == Form::Odd {
        fields.retain(|(_, value)| value != "null");
        fields.push(("unknown", r#"{"email":[null]}"#.to_owned()));
        fields.reverse();
    }
    let fields: Vec<_> = fields
        .iter()
        .map(|(name, value)| format!("{}:{value}", json(name)))
        .collect();
    format!("{{{}}}", fields.join(","))
}

fn list(elements: impl Iterator<Item = String>) -> String {
    let elements: Vec<_> = elements.collect();
    format!("[{}]", elements.join(","))
}

fn json(value: &(impl Serialize + ?Sized)) -> String {
    serde_json::to_string(value).expect("texts, numbers and lists are JSON")
}
