//! Rows of `rejected_events`.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail};
use tokio_postgres::Row;

use super::json::{self, Json};
use super::log::TopicRecord;

/// Every rejected record of a topic.
pub const SQL: &str =
    "SELECT *, violations::text AS violations_text FROM rejected_events WHERE topic = $1";

/// A row of `rejected_events`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredRejection {
    /// The record that was kept.
    pub record: TopicRecord,
    /// Fields and codes.
    pub violations: BTreeSet<(String, String)>,
    /// What is wrong in the way it is stored.
    pub faults: Vec<String>,
}

/// Reads a row of [`SQL`].
pub fn read(row: &Row) -> Result<StoredRejection> {
    let names: Vec<Vec<u8>> = row.try_get("header_names")?;
    let values: Vec<Option<Vec<u8>>> = row.try_get("header_values")?;
    let mut faults = Vec::new();
    if names.len() != values.len() {
        faults.push("header_names and header_values differ in length".to_owned());
    }
    let listed = violations(row.try_get("violations_text")?)?;
    let violations: BTreeSet<_> = listed.iter().cloned().collect();
    if violations.len() != listed.len() {
        faults.push("a violation is listed twice".to_owned());
    }
    let mut codes: Vec<String> = row.try_get("codes")?;
    codes.sort();
    let expected: BTreeSet<&String> = violations.iter().map(|(_, code)| code).collect();
    if !codes.iter().eq(expected) {
        faults.push(format!("codes {codes:?} are not those of the violations"));
    }
    Ok(StoredRejection {
        record: TopicRecord {
            offset: row.try_get("offset")?,
            timestamp_ms: row.try_get("record_timestamp_ms")?,
            key: row.try_get("key")?,
            headers: names.into_iter().zip(values).collect(),
            payload: row.try_get("payload")?,
        },
        violations,
        faults,
    })
}

/// Field and code of each violation; each must have a message.
fn violations(text: &str) -> Result<Vec<(String, String)>> {
    let Some(Json::List(list)) = json::read(text) else {
        bail!("the violations are no list: {text}");
    };
    let text_of = |members: &[(json::Text, Json)], name: &str| {
        members.iter().find_map(|(key, value)| match value {
            Json::Text(text) if key.as_deref() == Some(name) => text.clone(),
            _ => None,
        })
    };
    list.iter()
        .map(|violation| match violation {
            Json::Object(members) => {
                let message = text_of(members, "message").filter(|message| !message.is_empty());
                message
                    .and(text_of(members, "field"))
                    .zip(text_of(members, "code"))
                    .with_context(|| format!("a violation lacks a part: {text}"))
            }
            _ => bail!("a violation is no object: {text}"),
        })
        .collect()
}
