//! `positions show`: what is stored of each partition beside what the broker has.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};
use clap::Args;
use futures_util::future::join_all;
use ordertally_settings::{ExitStatus, cli, logs};
use serde::Serialize;
use tokio_postgres::{Client, Row};

use super::Ends;
use crate::commands::stream::{self, table};
use crate::probe::{Probe, TopicDescription, Watermarks};
use crate::stop::{LoudStop, outside};
use crate::store::StoreError;

/// The settings of `positions show`.
#[derive(Args, Clone, Debug)]
pub struct ShowSettings {
    /// Where.
    #[command(flatten)]
    pub ends: Ends,
    /// Print one JSON object instead of tables
    #[arg(long)]
    pub json: bool,
}

const POSITIONS: &str = "
    SELECT position.partition, position.incarnation, position.next_offset, position.facts_next,
        position.owner_name, position.owner_epoch, position.committed_at, incarnation.topic_id
    FROM partition_positions AS position
    JOIN topic_incarnations AS incarnation USING (topic, incarnation)
    WHERE position.topic = $1
    ORDER BY position.partition";
const SKIPPED: &str = "
    SELECT partition, incarnation, first_offset, next_offset, reason, skipped_at
    FROM skipped_ranges
    WHERE topic = $1
    ORDER BY partition, incarnation, first_offset";

/// Everything that is shown.
#[derive(Debug, Serialize)]
struct Overview {
    topic: String,
    /// The topic's id at the broker; null when it is unknown.
    topic_id: Option<String>,
    /// Why the broker's side is unknown.
    broker_error: Option<String>,
    partitions: Vec<Partition>,
    skipped: Vec<Skipped>,
}

#[derive(Debug, Default, Serialize)]
struct Partition {
    partition: i32,
    #[serde(flatten)]
    stored: Option<Stored>,
    log_start: Option<i64>,
    log_end: Option<i64>,
    lag: Option<i64>,
    /// Offsets that were never read and are not in the log any more.
    lost: Option<Range>,
    /// Why an operator has to choose.
    stop: Option<String>,
}

#[derive(Debug, Serialize)]
struct Stored {
    incarnation: i32,
    next_offset: i64,
    facts_next: i64,
    owner: Option<String>,
    owner_epoch: i64,
    committed_at: Option<DateTime<Utc>>,
    /// The topic id that the position belongs to.
    topic_id: String,
}

#[derive(Debug, Serialize)]
struct Range {
    first_offset: i64,
    next_offset: i64,
}

#[derive(Debug, Serialize)]
struct Skipped {
    partition: i32,
    incarnation: i32,
    #[serde(flatten)]
    range: Range,
    reason: String,
    skipped_at: DateTime<Utc>,
}

/// The broker's side.
struct Broker {
    topic: TopicDescription,
    logs: BTreeMap<i32, Watermarks>,
}

pub async fn run(settings: &ShowSettings) -> anyhow::Result<ExitStatus> {
    let Ends {
        kafka,
        database,
        logs,
    } = &settings.ends;
    logs::start(logs);
    let config = match kafka.probe_config() {
        Ok(config) => config,
        Err(error) => cli::usage_error(&error.to_string()),
    };
    let topic = kafka.kafka_topic.as_str();
    let pool = stream::open(database, topic).await?;
    let lease = pool.lease().await?;
    let (stored, skipped) = stored(lease.client(), topic).await?;
    lease.give_back();
    let broker = ask(&Probe::new(&config, topic)?).await;
    let overview = Overview::of(topic, stored, skipped, broker);
    if settings.json {
        cli::print(serde_json::to_string_pretty(&overview)?)?;
    } else {
        overview.print()?;
    }
    Ok(ExitStatus::Done)
}

async fn stored(
    client: &Client,
    topic: &str,
) -> Result<(BTreeMap<i32, Stored>, Vec<Skipped>), StoreError> {
    let rows = client.query(POSITIONS, &[&topic]).await?;
    let stored: Result<_, _> = rows.iter().map(position).collect();
    let rows = client.query(SKIPPED, &[&topic]).await?;
    let skipped: Result<_, _> = rows.iter().map(skipped).collect();
    Ok((stored?, skipped?))
}

fn position(row: &Row) -> Result<(i32, Stored), tokio_postgres::Error> {
    let stored = Stored {
        incarnation: row.try_get(1)?,
        next_offset: row.try_get(2)?,
        facts_next: row.try_get(3)?,
        owner: row.try_get(4)?,
        owner_epoch: row.try_get(5)?,
        committed_at: row.try_get(6)?,
        topic_id: row.try_get(7)?,
    };
    Ok((row.try_get(0)?, stored))
}

fn skipped(row: &Row) -> Result<Skipped, tokio_postgres::Error> {
    Ok(Skipped {
        partition: row.try_get(0)?,
        incarnation: row.try_get(1)?,
        range: Range {
            first_offset: row.try_get(2)?,
            next_offset: row.try_get(3)?,
        },
        reason: row.try_get(4)?,
        skipped_at: row.try_get(5)?,
    })
}

/// What the broker says; a partition whose log it does not tell is left out.
async fn ask(probe: &Probe) -> anyhow::Result<Broker> {
    let topic = probe.describe().await?;
    let asked = (0..topic.partitions).map(async |partition| {
        let log = probe.watermarks(partition).await.ok()?;
        Some((partition, log))
    });
    let logs = join_all(asked).await.into_iter().flatten().collect();
    Ok(Broker { topic, logs })
}

impl Overview {
    fn of(
        topic: &str,
        mut stored: BTreeMap<i32, Stored>,
        skipped: Vec<Skipped>,
        broker: anyhow::Result<Broker>,
    ) -> Self {
        let (broker, broker_error) = match broker {
            Ok(broker) => (Some(broker), None),
            Err(error) => (None, Some(format!("{error:#}"))),
        };
        let known = broker.as_ref().map_or(0, |broker| broker.topic.partitions);
        let mut partitions: Vec<i32> = (0..known).chain(stored.keys().copied()).collect();
        partitions.sort_unstable();
        partitions.dedup();
        let partitions = partitions
            .into_iter()
            .map(|partition| {
                Partition::of(topic, partition, stored.remove(&partition), broker.as_ref())
            })
            .collect();
        Self {
            topic: topic.to_owned(),
            topic_id: broker.map(|broker| broker.topic.topic_id),
            broker_error,
            partitions,
            skipped,
        }
    }

    fn print(&self) -> std::io::Result<()> {
        match (&self.topic_id, &self.broker_error) {
            (Some(id), _) => cli::print(format_args!("topic {}, id {id}", self.topic))?,
            (None, error) => cli::print(format_args!(
                "topic {}; where its logs begin and end is unknown: {}",
                self.topic,
                error.as_deref().unwrap_or("the broker gave no answer")
            ))?,
        }
        let mut positions = table(&[
            "partition",
            "incarnation",
            "next offset",
            "log start",
            "log end",
            "lag",
            "lost unread",
            "facts next",
            "owner (epoch)",
            "committed at",
            "topic id",
        ]);
        for partition in &self.partitions {
            positions.add_row(partition.cells());
        }
        cli::print(positions)?;
        for stop in self.partitions.iter().filter_map(|p| p.stop.as_ref()) {
            cli::print(format_args!("! {stop}"))?;
        }
        if self.skipped.is_empty() {
            return Ok(());
        }
        cli::print("skipped by an operator's choice:")?;
        let mut ranges = table(&[
            "partition",
            "incarnation",
            "offsets",
            "records at most",
            "by",
            "at",
        ]);
        for skipped in &self.skipped {
            ranges.add_row([
                skipped.partition.to_string(),
                skipped.incarnation.to_string(),
                skipped.range.to_string(),
                (skipped.range.next_offset - skipped.range.first_offset).to_string(),
                skipped.reason.clone(),
                moment(skipped.skipped_at),
            ]);
        }
        cli::print(ranges)
    }
}

impl Partition {
    fn of(topic: &str, partition: i32, stored: Option<Stored>, broker: Option<&Broker>) -> Self {
        let log = broker.and_then(|broker| broker.logs.get(&partition).copied());
        let mut shown = Self {
            partition,
            log_start: log.map(|log| log.log_start),
            log_end: log.map(|log| log.log_end),
            lag: log.map(|log| log.log_end - log.log_start),
            ..Self::default()
        };
        if let (Some(stored), Some(broker)) = (&stored, broker) {
            let stop = if stored.topic_id != broker.topic.topic_id {
                shown.lag = None;
                Some(LoudStop::AnotherTopic {
                    topic: topic.to_owned(),
                    partition,
                    next_offset: stored.next_offset,
                    stored: stored.topic_id.clone(),
                    found: broker.topic.topic_id.clone(),
                })
            } else {
                shown.lag = log.map(|log| (log.log_end - stored.next_offset).max(0));
                log.and_then(|log| outside(topic, partition, stored.next_offset, log))
            };
            if let Some(LoudStop::BelowLogStart { log_start, .. }) = stop {
                shown.lost = Some(Range {
                    first_offset: stored.next_offset,
                    next_offset: log_start,
                });
            }
            shown.stop = stop.map(|stop| stop.to_string());
        }
        shown.stored = stored;
        shown
    }

    fn cells(&self) -> Vec<String> {
        let stored = self.stored.as_ref();
        let owner = stored.map(|stored| {
            let name = stored.owner.as_deref().unwrap_or("nobody");
            format!("{name} ({})", stored.owner_epoch)
        });
        vec![
            self.partition.to_string(),
            shown(stored.map(|stored| stored.incarnation)),
            shown(stored.map(|stored| stored.next_offset)),
            shown(self.log_start),
            shown(self.log_end),
            shown(self.lag),
            shown(self.lost.as_ref()),
            shown(stored.map(|stored| stored.facts_next)),
            shown(owner),
            shown(stored.and_then(|stored| stored.committed_at).map(moment)),
            shown(stored.map(|stored| &stored.topic_id)),
        ]
    }
}

impl std::fmt::Display for Range {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "{} to {}",
            self.first_offset,
            self.next_offset - 1
        )
    }
}

fn shown(value: Option<impl std::fmt::Display>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

fn moment(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}
