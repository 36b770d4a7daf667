//! `rejects list`: which records were rejected, and why, without their contents.

use chrono::{DateTime, NaiveDate, NaiveTime, SecondsFormat, TimeDelta, Utc};
use clap::Args;
use ordertally_settings::{ExitStatus, cli};
use serde::Serialize;
use tokio_postgres::Row;

use super::code;
use crate::commands::stream::{StreamSettings, table};
use crate::store::StoreError;

/// The settings of `rejects list`.
#[derive(Args, Clone, Debug)]
pub struct ListSettings {
    /// Where.
    #[command(flatten)]
    pub stream: StreamSettings,
    /// Those with this code among their violations
    #[arg(long, value_name = "CODE", value_parser = code)]
    pub code: Option<&'static str>,
    /// Those of this partition
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(0..))]
    pub partition: Option<i32>,
    /// Those rejected since then: a day or time in RFC 3339 (2020-09-01, 2020-09-01T10:00:00Z), or
    /// so long ago (30m, 12h, 7d)
    #[arg(long, value_name = "TIME", value_parser = since)]
    pub since: Option<DateTime<Utc>>,
    /// Most that are listed
    #[arg(long, value_name = "N", default_value_t = 50,
          value_parser = clap::value_parser!(i64).range(1..=100_000))]
    pub limit: i64,
    /// Print a JSON list instead of a table
    #[arg(long)]
    pub json: bool,
}

const LIST: &str = r#"
    SELECT id, partition, "offset", rejected_at, codes, octet_length(payload), count(*) OVER ()
    FROM rejected_events
    WHERE topic = $1
        AND ($2::text IS NULL OR codes @> ARRAY[$2])
        AND ($3::integer IS NULL OR partition = $3)
        AND ($4::timestamptz IS NULL OR rejected_at >= $4)
    ORDER BY rejected_at DESC, id DESC
    LIMIT $5"#;

#[derive(Debug, Serialize)]
struct Listed {
    id: i64,
    partition: i32,
    offset: i64,
    rejected_at: DateTime<Utc>,
    codes: Vec<String>,
    /// Null for a tombstone.
    payload_bytes: Option<i32>,
}

pub async fn run(settings: &ListSettings) -> anyhow::Result<ExitStatus> {
    let (listed, all) = find(settings).await?;
    if settings.json {
        cli::print(serde_json::to_string_pretty(&listed)?)?;
        return Ok(ExitStatus::Done);
    }
    if listed.is_empty() {
        cli::print("no rejected records")?;
        return Ok(ExitStatus::Done);
    }
    let mut rows = table(&[
        "id",
        "partition",
        "offset",
        "rejected at",
        "payload bytes",
        "codes",
    ]);
    for record in &listed {
        rows.add_row([
            record.id.to_string(),
            record.partition.to_string(),
            record.offset.to_string(),
            record
                .rejected_at
                .to_rfc3339_opts(SecondsFormat::Millis, true),
            record
                .payload_bytes
                .map_or_else(|| "-".to_owned(), |bytes| bytes.to_string()),
            record.codes.join(", "),
        ]);
    }
    cli::print(rows)?;
    cli::print(format_args!(
        "{} of {all}; 'rejects show ID' shows one whole",
        listed.len()
    ))?;
    Ok(ExitStatus::Done)
}

async fn find(settings: &ListSettings) -> Result<(Vec<Listed>, i64), StoreError> {
    let pool = settings.stream.open().await?;
    let lease = pool.lease().await?;
    let rows = lease
        .client()
        .query(
            LIST,
            &[
                &settings.stream.kafka_topic.as_str(),
                &settings.code,
                &settings.partition,
                &settings.since,
                &settings.limit,
            ],
        )
        .await?;
    lease.give_back();
    let all = rows.first().map_or(Ok(0), |row| row.try_get(6))?;
    let listed: Result<_, _> = rows.iter().map(listed).collect();
    Ok((listed?, all))
}

fn listed(row: &Row) -> Result<Listed, tokio_postgres::Error> {
    Ok(Listed {
        id: row.try_get(0)?,
        partition: row.try_get(1)?,
        offset: row.try_get(2)?,
        rejected_at: row.try_get(3)?,
        codes: row.try_get(4)?,
        payload_bytes: row.try_get(5)?,
    })
}

/// Reads a time: RFC 3339, a day in UTC, or how long ago.
fn since(text: &str) -> Result<DateTime<Utc>, String> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Ok(time.to_utc());
    }
    if let Ok(day) = text.parse::<NaiveDate>() {
        return Ok(day.and_time(NaiveTime::MIN).and_utc());
    }
    ago(text)
        .and_then(|ago| Utc::now().checked_sub_signed(ago))
        .ok_or_else(|| {
            "use a day (2020-09-01), a time (2020-09-01T10:00:00Z) or 30m, 12h, 7d".into()
        })
}

fn ago(text: &str) -> Option<TimeDelta> {
    let unit = text.chars().next_back()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return None,
    };
    let count: u32 = text[..text.len() - 1].parse().ok()?;
    TimeDelta::try_seconds(i64::from(count) * seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn since_takes_times_days_and_how_long_ago() {
        let ten = since("2020-09-01T12:00:00+02:00").expect("a time");
        assert_eq!(ten.to_rfc3339(), "2020-09-01T10:00:00+00:00");
        let day = since("2020-09-01").expect("a day");
        assert_eq!(day.to_rfc3339(), "2020-09-01T00:00:00+00:00");
        let then = since("12h").expect("hours");
        assert_eq!((Utc::now() - then).num_hours(), 12);
        for wrong in ["", "h", "-1h", "12", "yesterday", "2020-13-01", "12é"] {
            assert!(since(wrong).is_err(), "{wrong:?}");
        }
    }
}
