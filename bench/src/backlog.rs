//! What the consumer holds in memory while a backlog waits for a Postgres that is away, and how
//! fast it stores all of it once Postgres is back.
//!
//! The consumer runs from before the outage to the end of the benchmark as one process.

use std::ops::Range;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use chrono::Utc;
use serde::Serialize;

use crate::machine::{Machine, Versions};
use crate::memory::Samples;
use crate::programs::{self, Consumer, Load};
use crate::report::{Report, count, grouped, mebibytes, table};
use crate::settings::{BacklogSettings, CommonSettings};
use crate::stage::{Database, Stage};

const TOPIC: &str = "orders";
/// How long nothing happens before Postgres is stopped.
const SETTLED: Duration = Duration::from_secs(5);
/// The end of the wait, in which memory should not move any more.
const STILL: Duration = Duration::from_secs(20);
/// How often is asked how far the consumer is: 1 ms of work, a fraction of a percent of a run.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// What came out.
#[derive(Debug, Serialize)]
pub struct Figures {
    /// The most with every partition claimed and nothing in the topic.
    resident_before_bytes: u64,
    /// The most from the stop of Postgres to its start.
    resident_away_bytes_max: u64,
    /// Over the last 20 s of that.
    resident_away_growth_bytes: i64,
    /// The most from the start of Postgres until every record was stored.
    resident_draining_bytes_max: u64,
    /// At the end, after another wait.
    resident_after_bytes: u64,
    /// From the stop of Postgres to its start.
    away_seconds: f64,
    /// From Postgres' first answer to the first commit.
    first_commit_seconds: f64,
    /// From Postgres' first answer until every record was stored.
    drain_seconds: f64,
    /// From the first commit on.
    rows_per_second: f64,
    consumer_cpu_us_per_row: f64,
}

#[derive(Serialize)]
struct Asked<'a> {
    #[serde(flatten)]
    common: &'a CommonSettings,
    #[serde(flatten)]
    backlog: &'a BacklogSettings,
}

/// Measures, prints and writes down.
///
/// # Errors
///
/// When a server or program fails, or the consumer has not stored every order.
pub async fn run(settings: &BacklogSettings, common: &CommonSettings) -> Result<()> {
    let (machine, began_at) = (Machine::this(), Utc::now());
    let mut stage = Stage::set().await?;
    let figures = measure(&mut stage, settings, common).await?;
    print(&figures, settings);
    let report = Report {
        benchmark: "backlog",
        began_at,
        machine,
        versions: Versions::with(stage.postgres_version().await?),
        settings: Asked {
            common,
            backlog: settings,
        },
        figures,
    };
    println!("written to {}\n", report.write(&common.results)?.display());
    Ok(())
}

async fn measure(
    stage: &mut Stage,
    settings: &BacklogSettings,
    common: &CommonSettings,
) -> Result<Figures> {
    stage.create_topic(TOPIC, common.partitions).await?;
    let mut database = stage.new_database("backlog").await?;
    let mut consumer = Consumer::start(&stage.brokers(), TOPIC, database.url())?;
    consumer.ready(common.partitions).await?;
    let wait = Duration::from_secs(settings.wait_seconds.into());
    let watch = consumer.watch();

    let ready_at = Instant::now();
    tokio::time::sleep(SETTLED).await;
    let away_at = Instant::now();
    stage.stop_postgres().await?;
    send(stage, settings, common).await?;
    eprintln!("Postgres stays away for {} s more", wait.as_secs());
    tokio::time::sleep(wait).await;
    consumer.alive()?;
    let cpu_before = consumer.cpu_seconds()?;

    let back_at = Instant::now();
    stage.start_postgres().await?;
    database.reconnect().await?;
    let drain = drain(stage.records_in(TOPIC)?, &database, &mut consumer).await?;
    let stored_at = Instant::now();
    let cpu_seconds = consumer.cpu_seconds()? - cpu_before;
    database.check(settings.records).await?;
    tokio::time::sleep(wait).await;
    consumer.alive()?;
    let memory = Memory {
        samples: watch.samples().await?,
        before: ready_at..away_at,
        away: away_at..back_at,
        draining: back_at..stored_at,
        after: stored_at..Instant::now(),
    };
    consumer.stop().await?;
    figures(&memory, &drain, cpu_seconds * 1e6 / count(settings.records))
}

/// What was seen of the consumer's memory, and when what was done.
struct Memory {
    samples: Samples,
    before: Range<Instant>,
    away: Range<Instant>,
    draining: Range<Instant>,
    after: Range<Instant>,
}

async fn send(stage: &Stage, settings: &BacklogSettings, common: &CommonSettings) -> Result<()> {
    let records = count(settings.records);
    eprintln!("Postgres is away: sending {} records", grouped(records));
    let load = Load::of_a_year(settings.records, common.seed);
    programs::generate(&stage.brokers(), TOPIC, &load).await
}

/// How the backlog went down.
struct Drain {
    first_commit_seconds: f64,
    seconds: f64,
    rows_per_second: f64,
}

/// Waits until every record is below its partition's position.
async fn drain(records: i64, database: &Database, consumer: &mut Consumer) -> Result<Drain> {
    let progress = database
        .client
        .prepare("SELECT coalesce(sum(next_offset), 0)::bigint FROM partition_positions")
        .await?;
    let began = Instant::now();
    let mut first: Option<(Duration, i64)> = None;
    loop {
        let row = database.client.query_one(&progress, &[]).await?;
        let (now, done): (Duration, i64) = (began.elapsed(), row.try_get(0)?);
        if done > 0 && first.is_none() {
            first = Some((now, done));
        }
        if let Some((first_at, first_done)) = first
            && done >= records
        {
            let rows = count((records - first_done).cast_unsigned());
            return Ok(Drain {
                first_commit_seconds: first_at.as_secs_f64(),
                seconds: now.as_secs_f64(),
                rows_per_second: rows / (now - first_at).as_secs_f64(),
            });
        }
        consumer.alive()?;
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

fn figures(memory: &Memory, drain: &Drain, consumer_cpu_us_per_row: f64) -> Result<Figures> {
    let highest = |phase| {
        let highest = memory.samples.highest(phase);
        highest.context("the consumer's memory was not seen in time")
    };
    let away = &memory.away;
    let still = away.end.checked_sub(STILL).unwrap_or(away.start)..away.end;
    Ok(Figures {
        resident_before_bytes: highest(&memory.before)?,
        resident_away_bytes_max: highest(away)?,
        resident_away_growth_bytes: memory
            .samples
            .growth(&still)
            .context("the consumer's memory was not seen at the end of the wait")?,
        resident_draining_bytes_max: highest(&memory.draining)?,
        resident_after_bytes: memory
            .samples
            .last(&memory.after)
            .context("the consumer's memory was not seen at the end")?,
        away_seconds: (away.end - away.start).as_secs_f64(),
        first_commit_seconds: drain.first_commit_seconds,
        drain_seconds: drain.seconds,
        rows_per_second: drain.rows_per_second,
        consumer_cpu_us_per_row,
    })
}

fn print(figures: &Figures, settings: &BacklogSettings) {
    let mut resident = table(&["resident", "bytes", "MiB"]);
    for (when, bytes) in [
        ("before", figures.resident_before_bytes),
        ("highest, Postgres away", figures.resident_away_bytes_max),
        ("highest, draining", figures.resident_draining_bytes_max),
        ("after", figures.resident_after_bytes),
    ] {
        let shown = [grouped(count(bytes)), format!("{:.0}", mebibytes(bytes))];
        resident.add_row(std::iter::once(when.to_owned()).chain(shown));
    }
    println!("{resident}");
    println!(
        "{} records waited; Postgres was away for {:.0} s, memory moved by {:+} KiB in the last \
         {} s of it; first commit {:.1} s after it was back, all stored after {:.1} s, {} rows/s, \
         {:.1} µs of the consumer's CPU each",
        grouped(count(settings.records)),
        figures.away_seconds,
        figures.resident_away_growth_bytes / 1024,
        STILL.as_secs(),
        figures.first_commit_seconds,
        figures.drain_seconds,
        grouped(figures.rows_per_second),
        figures.consumer_cpu_us_per_row,
    );
}
