//! The plain reader against a real broker.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ordertally_testkit::reckoning::TopicRecord;
use ordertally_testkit::{servers, topic_reader};
use rdkafka::config::ClientConfig;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};

const DEADLINE: Duration = Duration::from_secs(30);
const AT_MS: i64 = 1_598_963_401_000;

fn producer(
    brokers: &str,
    transactional_id: Option<&str>,
) -> ThreadedProducer<DefaultProducerContext> {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", brokers);
    if let Some(id) = transactional_id {
        config.set("transactional.id", id);
    }
    let producer: ThreadedProducer<_> = config.create().unwrap();
    if transactional_id.is_some() {
        producer.init_transactions(DEADLINE).unwrap();
    }
    producer
}

fn send(producer: &ThreadedProducer<DefaultProducerContext>, topic: &str, payload: &str) {
    let record = BaseRecord::<str, str>::to(topic)
        .partition(0)
        .payload(payload)
        .timestamp(AT_MS);
    producer.send(record).map_err(|(error, _)| error).unwrap();
}

#[tokio::test]
async fn a_record_is_read_whole() {
    let brokers = servers::brokers().await;
    let topic = servers::topic(2).await;
    let producer = producer(&brokers, None);
    let empty = Header {
        key: "none",
        value: None::<&[u8]>,
    };
    let bytes = Header {
        key: "bytes",
        value: Some(b"\x00\xff".as_slice()),
    };
    let whole = BaseRecord::<[u8], [u8]>::to(&topic)
        .partition(1)
        .key(b"\xfe".as_slice())
        .payload(b"".as_slice())
        .timestamp(AT_MS)
        .headers(
            OwnedHeaders::new()
                .insert(empty.clone())
                .insert(bytes)
                .insert(empty),
        );
    producer.send(whole).map_err(|(error, _)| error).unwrap();
    let tombstone = BaseRecord::<[u8], [u8]>::to(&topic)
        .partition(1)
        .timestamp(AT_MS + 1);
    producer
        .send(tombstone)
        .map_err(|(error, _)| error)
        .unwrap();
    producer.flush(DEADLINE).unwrap();

    let contents = topic_reader::read(&brokers, &topic).await.unwrap();
    assert_eq!(contents.topic, topic);
    let [untouched, read] = &contents.logs[..] else {
        panic!("two partitions, not {contents:?}");
    };
    assert_eq!((untouched.end, untouched.records.len()), (0, 0));
    assert_eq!((read.partition, read.incarnation, read.end), (1, 1, 2));
    let none = (b"none".to_vec(), None);
    let expected = [
        TopicRecord {
            offset: 0,
            timestamp_ms: Some(AT_MS),
            key: Some(vec![0xfe]),
            headers: vec![none.clone(), (b"bytes".to_vec(), Some(vec![0, 0xff])), none],
            payload: Some(Vec::new()),
        },
        TopicRecord {
            offset: 1,
            timestamp_ms: Some(AT_MS + 1),
            ..TopicRecord::default()
        },
    ];
    assert_eq!(read.records, expected);
}

#[tokio::test]
async fn aborted_records_are_left_out_and_the_end_lies_behind_the_markers() {
    let brokers = servers::brokers().await;
    let topic = servers::topic(1).await;
    let producer = producer(&brokers, Some(&topic));
    for (payload, commits) in [
        ("kept", true),
        ("dropped", false),
        ("kept too", true),
        ("gone", false),
    ] {
        producer.begin_transaction().unwrap();
        send(&producer, &topic, payload);
        producer.flush(DEADLINE).unwrap();
        if commits {
            producer.commit_transaction(DEADLINE).unwrap();
        } else {
            producer.abort_transaction(DEADLINE).unwrap();
        }
    }

    let contents = topic_reader::read(&brokers, &topic).await.unwrap();
    let log = &contents.logs[0];
    let read: Vec<_> = log
        .records
        .iter()
        .map(|record| (record.offset, record.payload.as_deref().unwrap_or_default()))
        .collect();
    assert_eq!(read, [(0, b"kept".as_slice()), (4, b"kept too")]);
    assert_eq!(log.end, 8, "four records and their markers");
}

#[tokio::test]
async fn what_retention_deleted_is_not_there() {
    let brokers = servers::brokers().await;
    let topic = servers::topic(1).await;
    let producer = producer(&brokers, None);
    for payload in ["a", "b", "c"] {
        send(&producer, &topic, payload);
    }
    producer.flush(DEADLINE).unwrap();
    let before = topic_reader::read(&brokers, &topic).await.unwrap();
    servers::topics()
        .await
        .delete_records(&topic, 0, 2)
        .await
        .unwrap();

    let after = topic_reader::read(&brokers, &topic).await.unwrap();
    let offsets: Vec<_> = after.logs[0]
        .records
        .iter()
        .map(|record| record.offset)
        .collect();
    assert_eq!(offsets, [2]);
    assert_eq!(after.with_earlier(before.clone()), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_grows_all_the_time_is_read_to_where_it_was() {
    let brokers = servers::brokers().await;
    let topic = servers::topic(1).await;
    let producer = producer(&brokers, None);
    for number in 0..100 {
        send(&producer, &topic, &number.to_string());
    }
    producer.flush(DEADLINE).unwrap();
    let growing = Arc::new(AtomicBool::new(true));
    let grows = Arc::clone(&growing);
    let grown = topic.clone();
    let sending = tokio::task::spawn_blocking(move || {
        while grows.load(Ordering::Relaxed) {
            send(&producer, &grown, "more");
            std::thread::sleep(Duration::from_micros(200));
        }
        producer.flush(DEADLINE).unwrap();
    });
    let contents = topic_reader::read(&brokers, &topic).await;
    growing.store(false, Ordering::Relaxed);
    sending.await.unwrap();
    let log = &contents.unwrap().logs[0];
    assert!(log.records.len() >= 100, "{} records", log.records.len());
    let last = log.records.last().unwrap().offset;
    assert_eq!(log.end, last + 1);
}

#[tokio::test]
async fn a_topic_that_is_not_there_is_an_error_that_names_it() {
    let brokers = servers::brokers().await;
    let error = topic_reader::read(&brokers, "no-such-topic")
        .await
        .unwrap_err();
    assert!(format!("{error:#}").contains("no-such-topic"), "{error:#}");
}
