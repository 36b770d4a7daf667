//! How fast a full topic becomes committed rows, as a share of what plain COPY of the same rows
//! into the same table reaches just before and just after: a machine's speed drifts.
//!
//! A first run of the consumer is not measured: it warms the servers up, and the rows that it
//! stores are those that COPY writes.

use anyhow::{Result, ensure};
use chrono::{Days, Utc};
use serde::Serialize;

use crate::copy::Rows;
use crate::filled::{self, GROUP, Orders, TOPIC};
use crate::machine::{Machine, Versions};
use crate::programs::{self, Load};
use crate::report::{Report, count, grouped, mebibytes, table};
use crate::runs::{self, ConsumerRun, CopyRun, FullTopic};
use crate::settings::{CommonSettings, FillSettings, IngestSettings, SynchronousCommit, defaults};
use crate::stage::{Database, Stage};
use crate::statistics::Spread;

/// What came out.
#[derive(Debug, Serialize)]
pub struct Figures {
    /// Bytes of a row in COPY's binary form, on average.
    row_bytes_mean: f64,
    /// One more than there are runs of the consumer, which lie between them.
    copy_runs: Vec<CopyRun>,
    consumer_runs: Vec<ConsumerRun>,
    rows_per_second: Spread,
    share_of_copy: Spread,
}

#[derive(Serialize)]
struct Asked<'a> {
    #[serde(flatten)]
    common: &'a CommonSettings,
    #[serde(flatten)]
    ingest: &'a IngestSettings,
}

/// Measures, prints and writes down.
///
/// # Errors
///
/// When a server or program fails, or the consumer has not stored every order.
pub async fn run(settings: &IngestSettings, common: &CommonSettings) -> Result<()> {
    let (machine, began_at) = (Machine::this(), Utc::now());
    let mut stage = Stage::set().await?;
    let before = Before::of(settings, common);
    let load = before.load(settings, common);
    let topic = FullTopic::fill(&stage, TOPIC, common.partitions, &load).await?;
    let figures = measure(&mut stage, &topic, &before, settings.runs).await?;
    print(&figures, settings.orders);
    let report = Report {
        benchmark: "ingest",
        began_at,
        machine,
        versions: Versions::with(stage.postgres_version().await?),
        settings: Asked {
            common,
            ingest: settings,
        },
        figures,
    };
    println!("written to {}\n", report.write(&common.results)?.display());
    Ok(())
}

async fn measure(
    stage: &mut Stage,
    topic: &FullTopic,
    before: &Before,
    runs: u32,
) -> Result<Figures> {
    eprintln!("warming up with a first run of the consumer");
    let database = stage.new_database("warm_up").await?;
    topic.consume(stage, &database, 0).await?;
    let rows = Rows::read(&database.client, "orders").await?;
    ensure!(rows.count == topic.orders, "COPY read {} rows", rows.count);
    stage.drop_database(database).await?;

    let mut copy_runs = vec![runs::copy(stage, &rows).await?];
    let mut consumer_runs = Vec::new();
    for run in 1..=runs {
        eprintln!("run {run} of {runs}: the consumer, then COPY");
        let database = stage.new_database("consumed").await?;
        before.prepare(stage, &database, topic).await?;
        let mut consumed = topic.consume(stage, &database, before.rows()).await?;
        stage.drop_database(database).await?;
        let after = runs::copy(stage, &rows).await?;
        let before = &copy_runs[copy_runs.len() - 1];
        consumed.share_of_copy = runs::share_of_copy(consumed.rows_per_second, before, &after);
        copy_runs.push(after);
        consumer_runs.push(consumed);
    }
    let spread = |figure: fn(&ConsumerRun) -> f64| Spread::of(consumer_runs.iter().map(figure));
    Ok(Figures {
        row_bytes_mean: rows.bytes as f64 / count(topic.orders),
        rows_per_second: spread(|run| run.rows_per_second),
        share_of_copy: spread(|run| run.share_of_copy),
        copy_runs,
        consumer_runs,
    })
}

/// What a database is like before the consumer's run.
struct Before {
    orders: Option<Orders>,
    synchronous_commit: SynchronousCommit,
}

impl Before {
    fn of(settings: &IngestSettings, common: &CommonSettings) -> Self {
        let orders = (settings.rows_before > 0).then(|| {
            let mut fill: FillSettings = defaults();
            fill.orders = settings.rows_before;
            // Others than those in the topic.
            let other = CommonSettings {
                seed: common.seed + 1,
                ..common.clone()
            };
            Orders::of(&fill, &other)
        });
        Self {
            orders,
            synchronous_commit: settings.synchronous_commit,
        }
    }

    /// What is sent: onto a full table, orders of the day after those that it holds.
    fn load(&self, settings: &IngestSettings, common: &CommonSettings) -> Load {
        let mut load = Load::of_a_year(settings.orders, common.seed);
        load.duplicates = settings.duplicates;
        if let Some(orders) = &self.orders {
            load.start = orders.start + Days::new(orders.days.into());
            load.days = 1;
        }
        load
    }

    fn rows(&self) -> u64 {
        self.orders.as_ref().map_or(0, |orders| orders.count)
    }

    async fn prepare(&self, stage: &Stage, database: &Database, topic: &FullTopic) -> Result<()> {
        if let Some(orders) = &self.orders {
            eprintln!(
                "filling the tables with {} orders",
                grouped(count(orders.count))
            );
            filled::fill_for_more(database.url(), orders).await?;
            let brokers = stage.brokers();
            programs::read_from_the_beginning(GROUP, &brokers, topic.name, database.url()).await?;
        }
        if self.synchronous_commit == SynchronousCommit::Off {
            database.let_commits_return_early().await?;
        }
        Ok(())
    }
}

fn print(figures: &Figures, orders: u64) {
    let mut runs = table(&[
        "ingest",
        "rows/s",
        "share",
        "s",
        "client CPU s",
        "µs/row",
        "Postgres CPU s",
        "µs/row",
        "WAL B/row",
        "peak MiB",
        "batches",
        "records each",
        "ms each",
    ]);
    let us = |seconds: f64| format!("{:.1}", seconds * 1e6 / count(orders));
    for (number, copied) in figures.copy_runs.iter().enumerate() {
        runs.add_row([
            "COPY".to_owned(),
            grouped(copied.rows_per_second),
            String::new(),
            format!("{:.1}", copied.seconds),
            format!("{:.1}", copied.client_cpu_seconds),
            us(copied.client_cpu_seconds),
            format!("{:.1}", copied.postgres_cpu_seconds),
            us(copied.postgres_cpu_seconds),
        ]);
        if let Some(consumed) = figures.consumer_runs.get(number) {
            runs.add_row([
                "consumer".to_owned(),
                grouped(consumed.rows_per_second),
                format!("{:.2}", consumed.share_of_copy),
                format!("{:.1}", consumed.seconds),
                format!("{:.1}", consumed.consumer_cpu_seconds),
                us(consumed.consumer_cpu_seconds),
                format!("{:.1}", consumed.postgres_cpu_seconds),
                us(consumed.postgres_cpu_seconds),
                grouped(consumed.wal_bytes_per_row),
                format!("{:.0}", mebibytes(consumed.peak_resident_bytes)),
                grouped(consumed.batches),
                grouped(consumed.batch_records_mean),
                format!("{:.0}", consumed.commit_ms_mean),
            ]);
        }
    }
    println!("{runs}");
    let Figures {
        share_of_copy: share,
        rows_per_second: rate,
        ..
    } = figures;
    println!(
        "{} rows of {:.0} bytes: {} rows/s ({} to {}), {:.2} of plain COPY ({:.2} to {:.2})",
        grouped(count(orders)),
        figures.row_bytes_mean,
        grouped(rate.median),
        grouped(rate.min),
        grouped(rate.max),
        share.median,
        share.min,
        share.max,
    );
}
