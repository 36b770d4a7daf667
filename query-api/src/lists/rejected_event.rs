//! One rejected record, as it is read and as it is shown.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, SecondsFormat, Utc};
use diesel::prelude::*;
use diesel::result::Error::DeserializationError;
use ordertally_schema::tables::rejected_events;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::cursor::RejectedCursor;
use super::order::instant;
use crate::code_page;
use crate::table::{Cells, Row};

/// A rejected record with violations of the form `V`. Key, payload and header values are bytes:
/// shown as text where they are UTF-8, else as base64; both null where the record has none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct RejectedDocument<V> {
    pub id: i64,
    pub topic: String,
    pub partition: i32,
    pub offset: i64,
    pub timestamp: Option<String>,
    pub key: Option<String>,
    pub key_base64: Option<String>,
    pub headers: Vec<HeaderDocument>,
    pub payload: Option<String>,
    pub payload_base64: Option<String>,
    pub violations: Vec<V>,
    pub rejected_at: String,
}

/// One thing that is wrong with a record. The code is a text, since a newer release may know more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ViolationDocument {
    pub field: String,
    pub code: String,
    pub message: String,
}

/// A violation with the address of its code's explanation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct ExplainedViolation {
    #[serde(flatten)]
    pub violation: ViolationDocument,
    pub help: String,
}

impl From<ViolationDocument> for ExplainedViolation {
    fn from(violation: ViolationDocument) -> Self {
        let help = code_page::link(&violation.code);
        Self { violation, help }
    }
}

/// A header of a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct HeaderDocument {
    pub name: String,
    pub value: Option<String>,
    pub value_base64: Option<String>,
}

impl<V: Serialize> Row for RejectedDocument<V> {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "topic",
        "partition",
        "offset",
        "timestamp",
        "key",
        "key_base64",
        "headers",
        "payload",
        "payload_base64",
        "violations",
        "rejected_at",
    ];

    fn write(&self, cells: &mut Cells) {
        cells.value(self.id);
        cells.text(&self.topic);
        cells.value(self.partition);
        cells.value(self.offset);
        cells.optional(self.timestamp.as_deref());
        cells.optional(self.key.as_deref());
        cells.optional(self.key_base64.as_deref());
        cells.json(&self.headers);
        cells.optional(self.payload.as_deref());
        cells.optional(self.payload_base64.as_deref());
        cells.json(&self.violations);
        cells.value(&self.rejected_at);
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = rejected_events, check_for_backend(diesel::pg::Pg))]
pub(super) struct RejectedRow {
    id: i64,
    topic: String,
    partition: i32,
    offset: i64,
    record_timestamp_ms: Option<i64>,
    key: Option<Vec<u8>>,
    header_names: Vec<Vec<u8>>,
    header_values: Vec<Option<Vec<u8>>>,
    payload: Option<Vec<u8>>,
    violations: Value,
    rejected_at: DateTime<Utc>,
}

impl RejectedRow {
    pub(super) fn cursor(&self) -> RejectedCursor {
        RejectedCursor {
            rejected_at: self.rejected_at,
            id: self.id,
        }
    }
}

impl<V: From<ViolationDocument>> TryFrom<RejectedRow> for RejectedDocument<V> {
    type Error = diesel::result::Error;

    fn try_from(row: RejectedRow) -> QueryResult<Self> {
        let violations: Vec<ViolationDocument> = serde_json::from_value(row.violations)
            .map_err(|error| DeserializationError(error.into()))?;
        let (key, key_base64) = shown(row.key);
        let (payload, payload_base64) = shown(row.payload);
        Ok(Self {
            id: row.id,
            topic: row.topic,
            partition: row.partition,
            offset: row.offset,
            timestamp: row
                .record_timestamp_ms
                .and_then(DateTime::from_timestamp_millis)
                .map(|time| time.to_rfc3339_opts(SecondsFormat::Millis, true)),
            key,
            key_base64,
            headers: std::iter::zip(row.header_names, row.header_values)
                .map(|(name, value)| {
                    let (value, value_base64) = shown(value);
                    HeaderDocument {
                        // Kafka has names in UTF-8; what a client sent otherwise is marked as such.
                        name: String::from_utf8_lossy(&name).into_owned(),
                        value,
                        value_base64,
                    }
                })
                .collect(),
            payload,
            payload_base64,
            violations: violations.into_iter().map(V::from).collect(),
            rejected_at: instant(row.rejected_at),
        })
    }
}

/// Bytes as text where they are text, else as base64.
fn shown(bytes: Option<Vec<u8>>) -> (Option<String>, Option<String>) {
    match bytes.map(String::from_utf8) {
        None => (None, None),
        Some(Ok(text)) => (Some(text), None),
        Some(Err(error)) => (None, Some(STANDARD.encode(error.as_bytes()))),
    }
}
