//! A topic's records as a plain reader sees them: every partition from its beginning to its end,
//! aborted transactions left out. Knows nothing of the product's way to read.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Headers, Message};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::reckoning::{PartitionLog, TopicContents, TopicRecord};

/// How long the broker may take to answer one question or to send the next record.
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// Reads the topic as it is now, also while it grows; records that arrive meanwhile may be in it.
///
/// # Errors
///
/// When the broker is out of reach, the topic is not there, or the next record takes more than
/// half a minute.
pub async fn read(brokers: &str, topic: &str) -> Result<TopicContents> {
    let (brokers, topic) = (brokers.to_owned(), topic.to_owned());
    tokio::task::spawn_blocking(move || read_blocking(&brokers, &topic))
        .await
        .context("the reader was cut off")?
}

fn read_blocking(brokers: &str, topic: &str) -> Result<TopicContents> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("group.id", "topic-reader") // asked for by the client library; no group is joined
        .set("enable.auto.commit", "false")
        .set("isolation.level", "read_committed")
        .set("enable.partition.eof", "true")
        .set("auto.offset.reset", "error")
        .create()
        .context("cannot make a reader")?;
    let partitions = partitions(&consumer, topic)?;
    let mut assignment = TopicPartitionList::new();
    for partition in &partitions {
        assignment.add_partition_offset(topic, *partition, Offset::Beginning)?;
    }
    consumer
        .assign(&assignment)
        .context("cannot take the partitions")?;
    let mut records: BTreeMap<i32, Vec<TopicRecord>> = partitions
        .iter()
        .map(|partition| (*partition, Vec::new()))
        .collect();
    let mut high_watermarks = BTreeMap::new();
    for partition in &partitions {
        high_watermarks.insert(*partition, high_watermark(&consumer, topic, *partition)?);
    }
    let mut ends: BTreeMap<i32, i64> = BTreeMap::new();
    let mut heard = Instant::now();
    while ends.len() < partitions.len() {
        match consumer.poll(Duration::from_millis(100)) {
            Some(Ok(message)) => {
                heard = Instant::now();
                // Where records keep coming, the end of the partition is never met.
                let read_to = message.offset() + 1;
                if high_watermarks[&message.partition()] <= read_to {
                    ends.entry(message.partition()).or_insert(read_to);
                }
                records
                    .entry(message.partition())
                    .or_default()
                    .push(record(&message));
            }
            Some(Err(KafkaError::PartitionEOF(partition))) => {
                heard = Instant::now();
                let end = end(&consumer, topic, partition)?;
                ends.entry(partition).or_insert(end);
            }
            Some(Err(error)) if heard.elapsed() > ANSWER_MAX => {
                return Err(error).with_context(|| format!("cannot read topic {topic}"));
            }
            None if heard.elapsed() > ANSWER_MAX => {
                bail!("topic {topic} was not read to its end: only {ends:?} of {partitions:?}");
            }
            Some(Err(_)) | None => {} // the client library tries again by itself
        }
    }
    let logs = records.into_iter().map(|(partition, records)| {
        let read_to = records.last().map_or(0, |record| record.offset + 1);
        PartitionLog {
            partition,
            incarnation: 1,
            end: ends.get(&partition).copied().unwrap_or(0).max(read_to),
            records,
        }
    });
    Ok(TopicContents {
        topic: topic.to_owned(),
        logs: logs.collect(),
    })
}

fn partitions(consumer: &BaseConsumer, topic: &str) -> Result<Vec<i32>> {
    let metadata = consumer
        .fetch_metadata(Some(topic), ANSWER_MAX)
        .with_context(|| format!("cannot ask for the partitions of {topic}"))?;
    let partitions: Vec<i32> = metadata
        .topics()
        .iter()
        .filter(|found| found.name() == topic && found.error().is_none())
        .flat_map(|found| found.partitions().iter().map(|partition| partition.id()))
        .collect();
    if partitions.is_empty() {
        bail!("there is no topic {topic}");
    }
    Ok(partitions)
}

/// The offset after everything, transaction markers included, at an end of partition.
fn end(consumer: &BaseConsumer, topic: &str, partition: i32) -> Result<i64> {
    let position = consumer
        .position()
        .context("cannot ask for the reader's position")?
        .find_partition(topic, partition)
        .map(|element| element.offset());
    match position {
        Some(Offset::Offset(offset)) => Ok(offset),
        _ => high_watermark(consumer, topic, partition),
    }
}

fn high_watermark(consumer: &BaseConsumer, topic: &str, partition: i32) -> Result<i64> {
    let (_, high) = consumer
        .fetch_watermarks(topic, partition, ANSWER_MAX)
        .with_context(|| format!("cannot ask for the end of partition {partition}"))?;
    Ok(high)
}

fn record(message: &BorrowedMessage<'_>) -> TopicRecord {
    let headers = message.headers().map_or_else(Vec::new, |headers| {
        headers
            .iter()
            .map(|header| {
                let value = header.value.map(<[u8]>::to_vec);
                (header.key.as_bytes().to_vec(), value)
            })
            .collect()
    });
    TopicRecord {
        offset: message.offset(),
        timestamp_ms: message.timestamp().to_millis(),
        key: message.key().map(<[u8]>::to_vec),
        headers,
        payload: message.payload().map(<[u8]>::to_vec),
    }
}
