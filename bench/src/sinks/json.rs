//! The least that any tool does which hands Postgres its batch as JSON and has it unpacked in SQL: this
//! program reads and sends, and does nothing else with a record.
//!
//! A tool has work of its own to do beside that, so this is the most that such a one could reach.

use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use ordertally_local::child::Launch;
use ordertally_local::postgres::connect;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::{ClientConfig, Message, Offset, TopicPartitionList};

use super::Running;
use super::flat_topic;
use crate::programs;
use crate::settings::JsonSinkSettings;

/// As many as Kafka Connect's.
const BATCH_RECORDS: usize = 2_000;
/// What waits is taken at once; a batch is never held back for company.
const POLL_TIMEOUT: Duration = Duration::from_millis(100);

/// Starts this same program as the sink.
pub(super) fn start(
    brokers: &str,
    topic: &str,
    partitions: i32,
    database_url: &str,
    as_sent: bool,
) -> Result<Running> {
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let mut command = programs::bare(std::env::current_exe()?);
    command
        .arg("json-sink")
        .args(["--brokers", brokers])
        .args(["--topic", topic])
        .args(["--database-url", database_url])
        .args(["--partitions", &partitions.to_string()]);
    if as_sent {
        command.arg("--as-sent");
    }
    let log = folder.path().join("json.log");
    Ok(Running {
        child: Launch::new("the sink of JSON", command, log).start()?,
        _folder: folder,
    })
}

/// Is the sink: a thread a partition, until it is killed.
///
/// # Errors
///
/// When Kafka or Postgres fails.
pub fn run(settings: &JsonSinkSettings, partitions: i32) -> Result<()> {
    let (tell, ended) = channel();
    for partition in 0..partitions {
        let (settings, tell) = (settings.clone(), tell.clone());
        thread::spawn(move || tell.send(sink(&settings, partition)));
    }
    ended.recv()? // none ends but by an error
}

fn sink(settings: &JsonSinkSettings, partition: i32) -> Result<()> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", &settings.brokers)
        .set("group.id", "json-sink")
        .set("enable.auto.commit", "false")
        .set("fetch.queue.backoff.ms", "10")
        .create()?;
    let mut assignment = TopicPartitionList::new();
    assignment.add_partition_offset(&settings.topic, partition, Offset::Beginning)?;
    consumer.assign(&assignment)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let client = runtime.block_on(connect(&settings.database_url))?;
    let insert = if settings.as_sent {
        include_str!("as_sent.sql").to_owned()
    } else {
        insert_flat()
    };
    let insert = runtime.block_on(client.prepare(&insert))?;
    let mut batch = String::new();
    loop {
        batch.replace_range(.., "[");
        let mut timeout = POLL_TIMEOUT;
        for _ in 0..BATCH_RECORDS {
            let Some(message) = consumer.poll(timeout) else {
                break;
            };
            timeout = Duration::ZERO;
            let message = message?;
            batch.push_str(str::from_utf8(message.payload().unwrap_or_default())?);
            batch.push(',');
        }
        if batch.pop() == Some(',') {
            batch.push(']');
            runtime.block_on(client.execute(&insert, &[&batch]))?;
        }
    }
}

fn insert_flat() -> String {
    let columns = flat_topic::columns();
    format!(
        "INSERT INTO peer_orders ({columns})
         SELECT {columns} FROM json_populate_recordset(NULL::peer_orders, $1::text::json)
         ON CONFLICT DO NOTHING"
    )
}
