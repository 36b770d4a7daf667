//! A topic whose records all wait, and one run each of the consumer and of plain COPY: what every
//! share of COPY is reckoned from.

use std::time::Duration;

use anyhow::{Context, Result};
use serde::Serialize;

use crate::copy::Rows;
use crate::filled::GROUP;
use crate::programs::{self, Consumer, Load};
use crate::report::{count, grouped};
use crate::stage::{Database, Stage};
use crate::usage;

/// As many as the consumer's writers can keep busy on two cores.
const COPY_CONNECTIONS: usize = 2;
/// The same columns and the same three indexes as the consumer's own table.
const COPY_TARGET: &str = "CREATE TABLE copy_target (LIKE orders INCLUDING ALL)";
/// How often is asked how far the consumer is: 1 ms of work, a fraction of a percent of a run.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// A run of COPY.
#[derive(Clone, Debug, Serialize)]
pub struct CopyRun {
    /// From the first byte to the last answer.
    pub seconds: f64,
    /// What that is.
    pub rows_per_second: f64,
    /// Of this process.
    pub client_cpu_seconds: f64,
    /// Of all of Postgres.
    pub postgres_cpu_seconds: f64,
}

/// A run of the consumer.
#[derive(Clone, Debug, Serialize)]
pub struct ConsumerRun {
    /// From the first claim of a partition to the last commit.
    pub seconds: f64,
    /// What that is.
    pub rows_per_second: f64,
    /// `rows_per_second` over the mean of the two COPY runs around it.
    pub share_of_copy: f64,
    /// CPU since the process' start.
    pub consumer_cpu_seconds: f64,
    /// What that is.
    pub consumer_cpu_us_per_row: f64,
    /// Of all of Postgres.
    pub postgres_cpu_seconds: f64,
    /// What that is.
    pub postgres_cpu_us_per_row: f64,
    /// What all of Postgres wrote to its log.
    pub wal_bytes_per_row: f64,
    /// Of Kafka's process.
    pub kafka_cpu_seconds: f64,
    /// The most memory that the consumer held.
    pub peak_resident_bytes: u64,
    /// Transactions.
    pub batches: f64,
    /// Records of one.
    pub batch_records_mean: f64,
    /// Time of one.
    pub commit_ms_mean: f64,
}

/// A topic full of generated orders.
#[derive(Debug)]
pub struct FullTopic {
    /// Its name.
    pub name: &'static str,
    /// How many different orders wait in it.
    pub orders: u64,
    records: i64,
}

impl FullTopic {
    /// Makes and fills it.
    ///
    /// # Errors
    ///
    /// When the broker refuses, or the orders cannot be sent.
    pub async fn fill(
        stage: &Stage,
        name: &'static str,
        partitions: i32,
        load: &Load,
    ) -> Result<Self> {
        let orders = load.orders;
        eprintln!("filling the topic with {} orders", grouped(count(orders)));
        stage.create_topic(name, partitions).await?;
        programs::generate(&stage.brokers(), name, load).await?;
        Ok(Self {
            name,
            orders,
            records: stage.records_in(name)?,
        })
    }

    /// Runs the consumer on a database that holds `rows_before` orders until it has committed every
    /// record; its share of COPY is not known yet.
    ///
    /// # Errors
    ///
    /// When it fails, or has not stored every order.
    pub async fn consume(
        &self,
        stage: &mut Stage,
        database: &Database,
        rows_before: u64,
    ) -> Result<ConsumerRun> {
        let servers_before = stage.cpu()?;
        let wal_before = database.wal_bytes().await?;
        let brokers = stage.brokers();
        let mut consumer = Consumer::start_in(GROUP, &brokers, self.name, database.url())?;
        let seconds = self.consumed(&mut consumer, database).await?;
        let consumer_cpu_seconds = consumer.cpu_seconds()?;
        let servers = stage.cpu()?.since(servers_before);
        let wal_bytes = database.wal_bytes().await? - wal_before;
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
            wal_bytes_per_row: wal_bytes / orders,
            kafka_cpu_seconds: servers.kafka_seconds,
            peak_resident_bytes,
            batches,
            batch_records_mean: told.value("ordertally_batch_records_sum")? / batches,
            commit_ms_mean: told.value("ordertally_commit_duration_seconds_sum")? * 1e3 / batches,
        };
        consumer.stop().await?;
        database.check(rows_before + self.orders).await?;
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

/// Copies rows into a table like the consumer's, in a database of its own.
///
/// # Errors
///
/// When Postgres refuses, or has not taken every row.
pub async fn copy(stage: &mut Stage, rows: &Rows) -> Result<CopyRun> {
    let database = stage.new_database("copied").await?;
    database.client.batch_execute(COPY_TARGET).await?;
    let servers_before = stage.cpu()?;
    let own_before = usage::cpu_seconds(std::process::id())?;
    let took = rows
        .write(database.url(), "copy_target", COPY_CONNECTIONS)
        .await?;
    let run = CopyRun {
        seconds: took.as_secs_f64(),
        rows_per_second: count(rows.count) / took.as_secs_f64(),
        client_cpu_seconds: usage::cpu_seconds(std::process::id())? - own_before,
        postgres_cpu_seconds: stage.cpu()?.since(servers_before).postgres_seconds,
    };
    stage.drop_database(database).await?;
    Ok(run)
}

/// `rate` over the mean of the two runs of COPY around it.
#[must_use]
pub fn share_of_copy(rate: f64, before: &CopyRun, after: &CopyRun) -> f64 {
    rate / f64::midpoint(before.rows_per_second, after.rows_per_second)
}
