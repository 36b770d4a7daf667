//! A record's payload becomes one reading.

use crate::{ValidOrder, Violation};

/// What a record's payload turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// A valid order.
    Valid(Box<ValidOrder>),
    /// An event of another type: counted, nothing more.
    Ignored,
    /// Every violation found, at least one.
    Rejected(Vec<Violation>),
}

/// Reads a record's payload (`None` for a tombstone) by the rules of `docs/events.md`.
/// `record_timestamp_ms` is the Kafka record's timestamp, milliseconds since 1970, where it has one.
#[must_use]
pub fn read(payload: Option<&[u8]>, record_timestamp_ms: Option<i64>) -> Reading {
    let _ = (payload, record_timestamp_ms);
    Reading::Ignored
}
