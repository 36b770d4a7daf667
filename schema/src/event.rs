//! A record's payload becomes one reading: the only judge of events.
//!
//! In the order in which a payload meets them: [`scan`] walks over JSON, [`json`] splits an object
//! into its known fields without decoding any, [`slot`] is one such field with the violations that
//! every field shares, [`fields`], [`time`], [`address`], [`discount_codes`] and [`line_items`] read
//! one kind each, and [`order`] puts an order together. [`verdict`] collects what is wrong on the
//! way, [`texts`] keeps what had to be decoded.
//!
//! Nothing here stops at the first fault, and no message quotes the payload.

mod address;
mod discount_codes;
mod fields;
mod json;
mod line_items;
mod order;
mod scan;
mod slot;
mod texts;
mod time;
mod verdict;

use std::str;

use crate::rules::{self, EVENT_FIELDS};
use crate::{Code, ValidOrder, Violation};
use json::{Given, NotAnObject};
use slot::{Slot, Value};
pub use texts::Texts;

/// What a record's payload turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading<T = String> {
    /// A valid order.
    Valid(Box<ValidOrder<T>>),
    /// An event of another type: counted, nothing more.
    Ignored,
    /// Every violation found, at least one.
    Rejected(Vec<Violation>),
}

/// Reads a record's payload (`None` for a tombstone) by the rules of `docs/events.md`.
/// `record_timestamp_ms` is the Kafka record's timestamp, milliseconds since 1970, where it has one.
#[must_use]
pub fn read(payload: Option<&[u8]>, record_timestamp_ms: Option<i64>) -> Reading {
    match read_in(payload, record_timestamp_ms, &Texts::default()) {
        Reading::Valid(order) => Reading::Valid(Box::new(order.into_owned())),
        Reading::Ignored => Reading::Ignored,
        Reading::Rejected(violations) => Reading::Rejected(violations),
    }
}

/// As [`read`], for who needs the order no longer than its payload: nothing is copied but the texts
/// that are written with escapes, which go to `texts`.
#[must_use]
pub fn read_in<'a>(
    payload: Option<&'a [u8]>,
    record_timestamp_ms: Option<i64>,
    texts: &'a Texts,
) -> Reading<&'a str> {
    let Some(payload) = payload.filter(|payload| !payload.is_empty()) else {
        return rejected(Code::EmptyPayload, "the record has no value");
    };
    let oversized = payload.len() > rules::PAYLOAD_BYTES_MAX;
    let faults = match read_object(payload) {
        Ok(slots) if is_of_another_type(&slots[0], texts) => return Reading::Ignored,
        Ok(slots) if !oversized => return order::read(&slots, record_timestamp_ms, texts),
        Ok(_) => None,
        Err(faults) => Some(faults),
    };
    match faults {
        Some((code, message)) if !oversized => rejected(code, message),
        _ => rejected(
            Code::TooLong,
            "the payload is longer than 1 MiB (1,048,576 bytes)",
        ),
    }
}

fn rejected<T>(code: Code, message: &'static str) -> Reading<T> {
    Reading::Rejected(vec![Violation::new("", code, message)])
}

type Slots<'a> = [Slot<'a, 'static>; EVENT_FIELDS.len()];

fn read_object(payload: &[u8]) -> Result<Slots<'_>, (Code, &'static str)> {
    let text = str::from_utf8(payload).map_err(|_| {
        (
            Code::NotUtf8,
            "the payload is not valid UTF-8; encode it as UTF-8",
        )
    })?;
    json::object(text, &EVENT_FIELDS)
        .map(|given| slot::slots(given, &EVENT_FIELDS, None))
        .map_err(|fault| match fault {
            NotAnObject::OtherJson => (Code::WrongType, "expected one JSON object as the payload"),
            NotAnObject::NotJson => (
                Code::NotJson,
                "the payload is not valid JSON; expected one JSON object",
            ),
        })
}

/// Whether the event says that it is none of ours: with a type given several times, in each.
fn is_of_another_type(event_type: &Slot<'_, '_>, texts: &Texts) -> bool {
    let is_other = |raw: &str| matches!(Value::of(raw, texts), Value::Text(text) if text != rules::EVENT_TYPE && !text.is_empty());
    match &event_type.given {
        Given::Never => false,
        Given::Once(raw) => is_other(raw),
        Given::Several(raws) => raws.iter().all(|raw| is_other(raw)),
    }
}
