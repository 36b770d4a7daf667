//! A record's value becomes a verdict: an order, none of ours, or everything that is wrong.

use std::collections::BTreeSet;

use super::fields::{Fields, Object};
use super::json::{self, Json};
use super::order::{ADDRESS_FIELDS, Address, Order};
use super::rules;
use super::time;

/// A field's path and a stable code.
pub type Violation = (String, &'static str);

/// What an event is, before it is known what is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is valid.
    Valid(Box<Order>),
    /// It is of another type.
    Ignored,
    /// It breaks rules, and these are all.
    Rejected(BTreeSet<Violation>),
}

const PAYLOAD_BYTES_MAX: usize = 1 << 20;
const ELEMENTS_MAX: usize = 1_000;
/// How many violations of one event are listed; [`MORE`] then stands for the others.
pub const VIOLATIONS_MAX: usize = 1_000;
/// The code that says, at the whole payload, that not all violations are listed.
pub const MORE: &str = "more_violations";

/// Judges a record's value; `record_ms` is its Kafka timestamp.
pub fn judge(payload: Option<&[u8]>, record_ms: Option<i64>) -> Verdict {
    let whole = |code| Verdict::Rejected(BTreeSet::from([(String::new(), code)]));
    let Some(payload) = payload.filter(|payload| !payload.is_empty()) else {
        return whole("empty_payload");
    };
    let document = std::str::from_utf8(payload).map(json::read);
    if let Ok(Some(Json::Object(members))) = &document
        && is_of_another_type(&Object::new("", members).all("event_type"))
    {
        return Verdict::Ignored;
    }
    if payload.len() > PAYLOAD_BYTES_MAX {
        return whole("too_long");
    }
    match document {
        Err(_) => whole("not_utf8"),
        Ok(None) => whole("not_json"),
        Ok(Some(Json::Object(members))) => {
            let mut fields = Fields::default();
            match order(&Object::new("", &members), record_ms, &mut fields) {
                Some(order) if fields.violations.is_empty() => Verdict::Valid(Box::new(order)),
                _ => Verdict::Rejected(fields.violations),
            }
        }
        Ok(Some(_)) => whole("wrong_type"),
    }
}

fn is_of_another_type(given: &[&Json]) -> bool {
    !given.is_empty()
        && given.iter().all(|value| {
            matches!(value, Json::Text(Some(name)) if !name.is_empty() && name != "order.created")
        })
}

/// Reads every field, whatever is wrong with the ones before.
fn order(event: &Object<'_>, record_ms: Option<i64>, fields: &mut Fields) -> Option<Order> {
    let event_type = fields.required(event, "event_type", |fields, path, value| match value {
        Json::Text(_) => Some(()),
        _ => fields.wrong(path, "wrong_type"),
    });
    let event_id = fields.required(event, "event_id", Fields::text_id);
    let event_version = fields.required(event, "event_version", |fields, path, value| {
        fields.text_that(
            path,
            value,
            rules::is_supported_version,
            "unsupported_version",
        )
    });
    let created_at = created_at(event, record_ms, fields);
    let customer_id = customer_id(event, fields);
    let email = fields.required(event, "email", |fields, path, value| {
        fields.text_that(path, value, rules::is_email, "invalid_email")
    });
    let first_name = fields.optional(event, "first_name", Fields::text);
    let last_name = fields.optional(event, "last_name", Fields::text);
    let billing_address = fields.required(event, "billing_address", |fields, path, value| {
        address(fields, path, value, &[])
    });
    let shipping_address = fields.required(event, "shipping_address", |fields, path, value| {
        address(fields, path, value, &["province", "country"])
    });
    let currency = fields.required(event, "currency", |fields, path, value| {
        fields.text_that(path, value, rules::is_currency, "unknown_currency")
    });
    let financial_status = fields.required(event, "financial_status", |fields, path, value| {
        fields.text_that(path, value, rules::is_status, "unknown_status")
    });
    let order_value = fields.required(event, "order_value", Fields::amount);
    let total_discounts = fields.optional(event, "total_discounts", Fields::amount);
    let total_tax = fields.optional(event, "total_tax", Fields::amount);
    let discount_codes = fields.optional(event, "discount_codes", discount_codes);
    let accepts = fields.required(event, "buyer_accepts_marketing", Fields::flag);
    let line_items = fields.required(event, "line_items", line_items);
    event_type?;
    let (created_at_us, created_at_given) = created_at?;
    Some(Order {
        event_id: event_id?,
        event_version: event_version?,
        created_at_us,
        created_at_given,
        customer_id: customer_id?,
        email: email?,
        first_name,
        last_name,
        billing_address: billing_address?,
        shipping_address: shipping_address?,
        currency: currency?,
        financial_status: financial_status?,
        order_value: order_value?,
        total_discounts: total_discounts.unwrap_or_default(),
        total_tax: total_tax.unwrap_or_default(),
        discount_codes: discount_codes.unwrap_or_default(),
        buyer_accepts_marketing: accepts?,
        line_items: line_items?,
    })
}

/// The order's time, and whether the event gave it.
fn created_at(
    event: &Object<'_>,
    record_ms: Option<i64>,
    fields: &mut Fields,
) -> Option<(i64, bool)> {
    let record_us = record_ms.map(|ms| ms.saturating_mul(1_000));
    let storable = time::EARLIEST_US..time::LATEST_US;
    let mut given = Vec::new();
    let mut faultless = true;
    for name in ["created_at", "occurred_at"] {
        let before = fields.violations.len();
        let read = fields.optional(event, name, |fields, path, value| {
            let text = fields.text(path, value)?;
            let Some(us) = time::read(&text) else {
                return fields.wrong(path, "invalid_timestamp");
            };
            let ahead =
                record_us.is_some_and(|record| us > record.saturating_add(time::AHEAD_US_MAX));
            if ahead || !storable.contains(&us) {
                return fields.wrong(path, "timestamp_out_of_range");
            }
            Some(us)
        });
        faultless &= fields.violations.len() == before;
        given.extend(read.map(|us| (name, us)));
    }
    match (fields.agreed(&given), record_us) {
        (Some(us), _) => Some((us, true)),
        (None, _) if !faultless || !given.is_empty() => None,
        (None, None) => fields.wrong("created_at", "missing"),
        (None, Some(us)) if storable.contains(&us) => Some((us, false)),
        (None, Some(_)) => fields.wrong("created_at", "timestamp_out_of_range"),
    }
}

fn customer_id(event: &Object<'_>, fields: &mut Fields) -> Option<String> {
    let before = fields.violations.len();
    let mut given = Vec::new();
    for name in ["lovevery_user_id", "customer_id", "user_id"] {
        given.extend(
            fields
                .optional(event, name, Fields::id)
                .map(|id| (name, id)),
        );
    }
    if given.is_empty() && fields.violations.len() == before {
        return fields.wrong("lovevery_user_id", "missing");
    }
    fields.agreed(&given)
}

fn address(fields: &mut Fields, path: &str, value: &Json, required: &[&str]) -> Option<Address> {
    let decoded = decoded(value);
    let Json::Object(members) = decoded.as_ref().unwrap_or(value) else {
        return fields.wrong(path, "wrong_type");
    };
    let object = Object::new(path, members);
    let mut address = Address::new();
    for name in ADDRESS_FIELDS {
        let text = if required.contains(&name) {
            fields.required(&object, name, Fields::text)
        } else {
            fields.optional(&object, name, Fields::text)
        };
        address.extend(text.map(|text| (name, text)));
    }
    Some(address)
}

/// The JSON that a string holds, if it is a string and holds some.
fn decoded(value: &Json) -> Option<Json> {
    match value {
        Json::Text(Some(text)) => json::read(text),
        _ => None,
    }
}

fn line_items(fields: &mut Fields, path: &str, value: &Json) -> Option<Vec<(String, i32)>> {
    let decoded = decoded(value);
    let Json::List(elements) = decoded.as_ref().unwrap_or(value) else {
        return fields.wrong(path, "wrong_type");
    };
    let mut items = Vec::new();
    for (index, element) in elements.iter().take(ELEMENTS_MAX).enumerate() {
        let path = format!("{path}[{index}]");
        match element {
            Json::Object(members) => {
                let item = Object::new(&path, members);
                let id = fields.required(&item, "id", Fields::id);
                let quantity = fields.required(&item, "quantity", Fields::quantity);
                items.extend(id.zip(quantity));
            }
            Json::Text(None) => fields.note(&path, "not_utf8"),
            _ => fields.note(&path, "wrong_type"),
        }
    }
    if elements.len() > ELEMENTS_MAX {
        return fields.wrong(path, "too_long");
    }
    Some(items)
}

fn discount_codes(fields: &mut Fields, path: &str, value: &Json) -> Option<Vec<String>> {
    let elements = match value {
        Json::Text(_) => return fields.text(path, value).map(|code| vec![code]),
        Json::List(elements) => elements,
        _ => return fields.wrong(path, "wrong_type"),
    };
    let mut codes = Vec::new();
    for (index, element) in elements.iter().take(ELEMENTS_MAX).enumerate() {
        let path = format!("{path}[{index}]");
        match element {
            Json::Text(Some(code)) if code.is_empty() => {}
            Json::Object(members) => {
                codes.extend(fields.required(&Object::new(&path, members), "code", Fields::text));
            }
            _ => codes.extend(fields.text(&path, element)),
        }
    }
    if elements.len() > ELEMENTS_MAX {
        return fields.wrong(path, "too_long");
    }
    Some(codes)
}
