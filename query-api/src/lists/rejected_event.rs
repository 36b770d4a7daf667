//! Reads rejected records, whole.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, SecondsFormat, Utc};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::result::Error::DeserializationError;
use diesel::sql_types::{BigInt, Bool, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use ordertally_schema::tables::rejected_events;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::cursor::RejectedCursor;
use super::order::instant;
use super::{Page, RejectedQuestion};
use crate::database::Question;
use crate::table::{Cells, Row};

/// A rejected record. Key, payload and header values are bytes: shown as text where they are
/// UTF-8, else as base64; both null where the record has none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct RejectedDocument {
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
    pub violations: Vec<ViolationDocument>,
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

/// A header of a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct HeaderDocument {
    pub name: String,
    pub value: Option<String>,
    pub value_base64: Option<String>,
}

impl Row for RejectedDocument {
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
struct RejectedRow {
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
    fn cursor(&self) -> RejectedCursor {
        RejectedCursor {
            rejected_at: self.rejected_at,
            id: self.id,
        }
    }
}

impl TryFrom<RejectedRow> for RejectedDocument {
    type Error = serde_json::Error;

    fn try_from(row: RejectedRow) -> Result<Self, Self::Error> {
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
            violations: serde_json::from_value(row.violations)?,
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

/// Asks for a page of rejected records, newest first.
pub(super) struct RejectedPage<'a> {
    pub(super) question: &'a RejectedQuestion,
}

impl Question for RejectedPage<'_> {
    type Data = Page<RejectedDocument, RejectedCursor>;

    async fn ask(&self, connection: &mut AsyncPgConnection) -> QueryResult<Self::Data> {
        let RejectedQuestion {
            code,
            span,
            after,
            limit,
        } = self.question;
        let mut query = rejected_events::table
            .select(RejectedRow::as_select())
            .order((
                rejected_events::rejected_at.desc(),
                rejected_events::id.desc(),
            ))
            .limit(i64::from(*limit) + 1)
            .into_boxed();
        if let Some(code) = code {
            query = query.filter(rejected_events::codes.contains(vec![*code]));
        }
        if let Some(from) = span.from {
            query = query.filter(rejected_events::rejected_at.ge(from));
        }
        if let Some(until) = span.until {
            query = query.filter(rejected_events::rejected_at.lt(until));
        }
        for hole in span.holes.chunks_exact(2) {
            query = query.filter(
                rejected_events::rejected_at
                    .lt(hole[0])
                    .or(rejected_events::rejected_at.ge(hole[1])),
            );
        }
        if let Some(after) = after {
            query = query.filter(
                sql::<Bool>("(rejected_at, id) < (")
                    .bind::<Timestamptz, _>(after.rejected_at)
                    .sql(", ")
                    .bind::<BigInt, _>(after.id)
                    .sql(")"),
            );
        }
        let rows: Vec<RejectedRow> = query.load(connection).await?;
        Page::of(rows, *limit, RejectedRow::cursor)
            .try_map(RejectedDocument::try_from)
            .map_err(|error| DeserializationError(error.into()))
    }
}
