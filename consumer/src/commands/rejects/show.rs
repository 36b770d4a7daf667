//! `rejects show`: one record whole, in the form that `GET /rejected-events` has as well.

use anyhow::bail;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, SecondsFormat, Utc};
use clap::Args;
use ordertally_schema::Violation;
use ordertally_settings::{ExitStatus, cli};
use serde::Serialize;
use tokio_postgres::types::Json;
use tokio_postgres::{Client, Row};

use crate::commands::stream::StreamSettings;
use crate::store::StoreError;

/// The settings of `rejects show`.
#[derive(Args, Clone, Debug)]
pub struct ShowSettings {
    /// Where.
    #[command(flatten)]
    pub stream: StreamSettings,
    /// The record's id, as `rejects list` shows it
    #[arg(value_name = "ID")]
    pub id: i64,
    /// Print a JSON object
    #[arg(long)]
    pub json: bool,
}

const RECORD: &str = r#"
    SELECT id, topic, incarnation, partition, "offset", record_timestamp_ms, key, header_names,
        header_values, payload, violations, rejected_at
    FROM rejected_events
    WHERE topic = $1 AND id = $2"#;
const RETRIED: &str = "
    SELECT outcome, event_id, retried_at FROM retried_events WHERE topic = $1 AND rejected_id = $2";

/// A rejected record. Bytes are text where they are UTF-8, else base64.
#[derive(Debug, Serialize)]
struct Shown {
    id: i64,
    topic: String,
    incarnation: i32,
    partition: i32,
    offset: i64,
    timestamp: Option<String>,
    key: Option<String>,
    key_base64: Option<String>,
    headers: Vec<ShownHeader>,
    payload: Option<String>,
    payload_base64: Option<String>,
    violations: Vec<Violation>,
    rejected_at: String,
}

#[derive(Debug, Serialize)]
struct ShownHeader {
    name: String,
    value: Option<String>,
    value_base64: Option<String>,
}

pub async fn run(settings: &ShowSettings) -> anyhow::Result<ExitStatus> {
    let topic = settings.stream.kafka_topic.as_str();
    let pool = settings.stream.open().await?;
    let lease = pool.lease().await?;
    let row = lease
        .client()
        .query_opt(RECORD, &[&topic, &settings.id])
        .await
        .map_err(StoreError::from)?;
    let Some(row) = row else {
        bail!(absent(lease.client(), topic, settings.id).await?);
    };
    lease.give_back();
    let shown = Shown::of(&row).map_err(StoreError::from)?;
    if settings.json {
        cli::print(serde_json::to_string_pretty(&shown)?)?;
    } else {
        shown.print()?;
    }
    Ok(ExitStatus::Done)
}

/// Why there is no such rejected record.
pub async fn absent(client: &Client, topic: &str, id: i64) -> Result<String, StoreError> {
    let Some(row) = client.query_opt(RETRIED, &[&topic, &id]).await? else {
        return Ok(format!(
            "no rejected record of topic {topic} has the id {id}; 'rejects list' shows them"
        ));
    };
    let (outcome, event_id): (String, Option<String>) = (row.try_get(0)?, row.try_get(1)?);
    let event = event_id.map_or(String::new(), |event_id| {
        format!(" (event_id {})", printable(&event_id))
    });
    Ok(format!(
        "the record with the id {id} is rejected no longer: {outcome}{event} since {}",
        moment(row.try_get(2)?)
    ))
}

impl Shown {
    fn of(row: &Row) -> Result<Self, tokio_postgres::Error> {
        let (key, key_base64) = text_or_base64(row.try_get(6)?);
        let (payload, payload_base64) = text_or_base64(row.try_get(9)?);
        let names: Vec<&[u8]> = row.try_get(7)?;
        let values: Vec<Option<&[u8]>> = row.try_get(8)?;
        let Json(violations) = row.try_get(10)?;
        Ok(Self {
            id: row.try_get(0)?,
            topic: row.try_get(1)?,
            incarnation: row.try_get(2)?,
            partition: row.try_get(3)?,
            offset: row.try_get(4)?,
            timestamp: row
                .try_get::<_, Option<i64>>(5)?
                .and_then(DateTime::from_timestamp_millis)
                .map(moment),
            key,
            key_base64,
            headers: std::iter::zip(names, values)
                .map(|(name, value)| {
                    let (value, value_base64) = text_or_base64(value);
                    ShownHeader {
                        name: String::from_utf8_lossy(name).into_owned(),
                        value,
                        value_base64,
                    }
                })
                .collect(),
            payload,
            payload_base64,
            violations,
            rejected_at: moment(row.try_get(11)?),
        })
    }

    fn print(&self) -> std::io::Result<()> {
        cli::print(format_args!(
            "rejected record {} of topic {}, incarnation {}, partition {}, offset {}",
            self.id, self.topic, self.incarnation, self.partition, self.offset
        ))?;
        cli::print(format_args!("rejected at: {}", self.rejected_at))?;
        let timestamp = self.timestamp.as_deref().unwrap_or("none");
        cli::print(format_args!("record timestamp: {timestamp}"))?;
        cli::print(bytes(
            "key",
            self.key.as_deref(),
            self.key_base64.as_deref(),
        ))?;
        for header in &self.headers {
            let name = format!("header {}", printable(&header.name));
            cli::print(bytes(
                &name,
                header.value.as_deref(),
                header.value_base64.as_deref(),
            ))?;
        }
        cli::print("violations:")?;
        for violation in &self.violations {
            let field = match violation.field.as_str() {
                "" => "(the whole record)",
                field => field,
            };
            cli::print(format_args!(
                "  {} at {}: {}",
                violation.code.as_str(),
                printable(field),
                printable(&violation.message)
            ))?;
        }
        cli::print(bytes(
            "payload",
            self.payload.as_deref(),
            self.payload_base64.as_deref(),
        ))
    }
}

fn bytes(name: &str, text: Option<&str>, base64: Option<&str>) -> String {
    match (text, base64) {
        (Some(text), _) => format!("{name}: {}", printable(text)),
        (None, Some(base64)) => format!("{name} (base64): {base64}"),
        (None, None) => format!("{name}: none"),
    }
}

/// Text that cannot steer a terminal: control characters but line breaks and tabs are escaped.
fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() && !matches!(character, '\n' | '\t') {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

fn text_or_base64(bytes: Option<&[u8]>) -> (Option<String>, Option<String>) {
    match bytes.map(|bytes| (std::str::from_utf8(bytes), bytes)) {
        None => (None, None),
        Some((Ok(text), _)) => (Some(text.to_owned()), None),
        Some((Err(_), bytes)) => (None, Some(STANDARD.encode(bytes))),
    }
}

fn moment(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_cannot_steer_the_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb\n\tc"), "a\\u{1b}[2Jb\n\tc");
    }
}
