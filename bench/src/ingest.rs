//! How fast a full topic becomes committed rows, as a share of what plain COPY of the same rows
//! into the same table reaches just before and just after: a machine's speed drifts.
//!
//! A first run of the consumer is not measured: it warms the servers up, and the rows that it
//! stores are those that COPY writes.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use chrono::Utc;
use serde::Serialize;

use crate::copy::Rows;
use crate::machine::{Machine, Versions};
use crate::programs::{self, Consumer, Generate};
use crate::report::{Report, grouped, mebibytes, table};
use crate::settings::{CommonSettings, IngestSettings};
use crate::stage::{Database, Stage};
use crate::statistics::Spread;
use crate::usage;

const TOPIC: &str = "orders";
/// As many as the consumer's writers can keep busy on two cores.
const COPY_CONNECTIONS: usize = 2;
/// The same columns and the same three indexes as the consumer's own table.
const COPY_TARGET: &str = "CREATE TABLE copy_target (LIKE orders INCLUDING ALL)";
/// How often is asked how far the consumer is: 1 ms of work, a fraction of a percent of a run.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// A run of COPY.
#[derive(Clone, Debug, Serialize)]
pub struct CopyRun {
    seconds: f64,
    rows_per_second: f64,
    client_cpu_seconds: f64,
    postgres_cpu_seconds: f64,
}

/// A run of the consumer.
#[derive(Clone, Debug, Serialize)]
pub struct ConsumerRun {
    /// From the first claim of a partition to the last commit.
    seconds: f64,
    rows_per_second: f64,
    /// `rows_per_second` over the mean of the two COPY runs around it.
    share_of_copy: f64,
    /// CPU since the process' start.
    consumer_cpu_seconds: f64,
    consumer_cpu_us_per_row: f64,
    postgres_cpu_seconds: f64,
    postgres_cpu_us_per_row: f64,
    kafka_cpu_seconds: f64,
    peak_resident_bytes: u64,
    batches: f64,
    batch_records_mean: f64,
    commit_ms_mean: f64,
}

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
    let mut bench = Bench {
        stage: Stage::set().await?,
        orders: settings.orders,
        records: 0,
    };
    bench.fill(common).await?;
    let figures = bench.measure(settings.runs).await?;
    print(&figures, settings.orders);
    let report = Report {
        benchmark: "ingest",
        began_at,
        machine,
        versions: Versions::with(bench.stage.postgres_version().await?),
        settings: Asked {
            common,
            ingest: settings,
        },
        figures,
    };
    println!("written to {}\n", report.write(&common.results)?.display());
    Ok(())
}

struct Bench {
    stage: Stage,
    orders: u64,
    records: i64,
}

impl Bench {
    async fn fill(&mut self, common: &CommonSettings) -> Result<()> {
        eprintln!(
            "filling the topic with {} orders",
            grouped(count(self.orders))
        );
        self.stage.create_topic(TOPIC, common.partitions).await?;
        programs::generate(&Generate {
            brokers: &self.stage.brokers(),
            topic: TOPIC,
            orders: self.orders,
            seed: common.seed,
        })
        .await?;
        self.records = self.stage.records_in(TOPIC)?;
        Ok(())
    }

    async fn measure(&mut self, runs: u32) -> Result<Figures> {
        eprintln!("warming up with a first run of the consumer");
        let database = self.stage.new_database("warm_up").await?;
        self.consume(&database).await?;
        let rows = Rows::read(&database.client, "orders").await?;
        ensure!(rows.count == self.orders, "COPY read {} rows", rows.count);
        self.stage.drop_database(database).await?;

        let mut copy_runs = vec![self.copy(&rows).await?];
        let mut consumer_runs = Vec::new();
        for run in 1..=runs {
            eprintln!("run {run} of {runs}: the consumer, then COPY");
            let database = self.stage.new_database("consumed").await?;
            let mut consumed = self.consume(&database).await?;
            self.stage.drop_database(database).await?;
            let after = self.copy(&rows).await?;
            let before = &copy_runs[copy_runs.len() - 1];
            let copied = f64::midpoint(before.rows_per_second, after.rows_per_second);
            consumed.share_of_copy = consumed.rows_per_second / copied;
            copy_runs.push(after);
            consumer_runs.push(consumed);
        }
        let spread = |figure: fn(&ConsumerRun) -> f64| Spread::of(consumer_runs.iter().map(figure));
        Ok(Figures {
            row_bytes_mean: rows.bytes as f64 / count(self.orders),
            rows_per_second: spread(|run| run.rows_per_second),
            share_of_copy: spread(|run| run.share_of_copy),
            copy_runs,
            consumer_runs,
        })
    }

    async fn copy(&mut self, rows: &Rows) -> Result<CopyRun> {
        let database = self.stage.new_database("copied").await?;
        database.client.batch_execute(COPY_TARGET).await?;
        let servers_before = self.stage.cpu()?;
        let own_before = usage::cpu_seconds(std::process::id())?;
        let took = rows
            .write(database.url(), "copy_target", COPY_CONNECTIONS)
            .await?;
        let run = CopyRun {
            seconds: took.as_secs_f64(),
            rows_per_second: count(self.orders) / took.as_secs_f64(),
            client_cpu_seconds: usage::cpu_seconds(std::process::id())? - own_before,
            postgres_cpu_seconds: self.stage.cpu()?.since(servers_before).postgres_seconds,
        };
        self.stage.drop_database(database).await?;
        Ok(run)
    }

    /// Runs the consumer until it has committed every record; its share of COPY is not known yet.
    async fn consume(&mut self, database: &Database) -> Result<ConsumerRun> {
        let servers_before = self.stage.cpu()?;
        let mut consumer = Consumer::start(&self.stage.brokers(), TOPIC, database.url())?;
        let seconds = self.consumed(&mut consumer, database).await?;
        let consumer_cpu_seconds = consumer.cpu_seconds()?;
        let servers = self.stage.cpu()?.since(servers_before);
        let peak_resident_bytes = consumer.peak_resident_bytes()?;
        let told = consumer.scrape().await?;
        let batches = told.value("ordertally_batch_records_count")?;
        let orders = count(self.orders);
        let run = ConsumerRun {
            seconds,
            rows_per_second: orders / seconds,
            share_of_copy: f64::NAN,
            consumer_cpu_seconds,
            consumer_cpu_us_per_row: consumer_cpu_seconds * 1e6 / orders,
            postgres_cpu_seconds: servers.postgres_seconds,
            postgres_cpu_us_per_row: servers.postgres_seconds * 1e6 / orders,
            kafka_cpu_seconds: servers.kafka_seconds,
            peak_resident_bytes,
            batches,
            batch_records_mean: told.value("ordertally_batch_records_sum")? / batches,
            commit_ms_mean: told.value("ordertally_commit_duration_seconds_sum")? * 1e3 / batches,
        };
        consumer.stop().await?;
        database.check(self.orders).await?;
        Ok(run)
    }

    /// Waits until every record is below its partition's position. Returns the seconds since the
    /// first claim, by the database's clock.
    async fn consumed(&self, consumer: &mut Consumer, database: &Database) -> Result<f64> {
        let progress = database
            .client
            .prepare(
                "SELECT coalesce(sum(next_offset), 0)::bigint,
                        extract(epoch FROM clock_timestamp() - min(claimed_at))::float8
                 FROM partition_positions",
            )
            .await?;
        loop {
            let row = database.client.query_one(&progress, &[]).await?;
            let (done, seconds): (i64, Option<f64>) = (row.try_get(0)?, row.try_get(1)?);
            if done >= self.records {
                return seconds.context("a position has moved that nobody claimed");
            }
            consumer.alive()?;
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }
}

#[allow(clippy::cast_precision_loss)] // far fewer than 2^52 orders
fn count(orders: u64) -> f64 {
    orders as f64
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
