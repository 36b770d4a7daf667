//! One rejected record, as it is read and as it is shown.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, SecondsFormat, Utc};
use diesel::prelude::*;
use diesel::result::Error::DeserializationError;
use ordertally_schema::tables::rejected_events;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::cursor::RejectedCursor;
use super::order::instant;
use crate::code_page;
use crate::table::{Cells, Row};

/// A rejected record with violations of the form `V`. Key, payload and header values are bytes:
/// shown as text where they are UTF-8, else as base64; both null where the record has none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(
    as = RejectedEvent,
    description = "A rejected record. Key, payload and header values are bytes: shown as text where \
                   they are UTF-8, else as base64; both null where the record has none."
)]
pub struct RejectedDocument<V> {
    /// Names the rejected record.
    #[schema(minimum = 1)]
    pub id: i64,
    /// Its Kafka topic.
    pub topic: String,
    /// Its partition.
    #[schema(minimum = 0)]
    pub partition: i32,
    /// Its offset.
    #[schema(minimum = 0)]
    pub offset: i64,
    /// Its timestamp on Kafka.
    #[schema(format = DateTime)]
    pub timestamp: Option<String>,
    /// Its key, where that is text.
    pub key: Option<String>,
    /// Its key, where that is no text.
    pub key_base64: Option<String>,
    /// Its headers.
    pub headers: Vec<HeaderDocument>,
    /// Its payload, where that is text.
    pub payload: Option<String>,
    /// Its payload, where that is no text.
    pub payload_base64: Option<String>,
    /// Everything that is wrong with it.
    pub violations: Vec<V>,
    /// When it was rejected.
    #[schema(format = DateTime)]
    pub rejected_at: String,
}

/// One thing that is wrong with a record. The code is a text, since a newer release may know more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Violation)]
pub struct ViolationDocument {
    /// Where in the event; empty where the event as a whole is wrong.
    pub field: String,
    /// A stable code.
    #[schema(pattern = "^[a-z0-9_]+$")]
    pub code: String,
    /// What is expected, for people.
    pub message: String,
}

/// A violation with the address of its code's explanation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ExplainedViolation {
    /// What is wrong.
    #[serde(flatten)]
    pub violation: ViolationDocument,
    /// The address, on this service, of what the code means and how such an event is mended.
    #[schema(pattern = "^/docs/codes(#[a-z0-9_]+)?$")]
    pub help: String,
}

impl From<ViolationDocument> for ExplainedViolation {
    fn from(violation: ViolationDocument) -> Self {
        let help = code_page::link(&violation.code);
        Self { violation, help }
    }
}

/// A header of a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = RecordHeader)]
pub struct HeaderDocument {
    /// Its name.
    pub name: String,
    /// Its value, where that is text.
    pub value: Option<String>,
    /// Its value, where that is no text.
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
