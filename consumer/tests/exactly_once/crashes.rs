//! Processes that end in the middle of work.

use ordertally_testkit::eventually;
use ordertally_testkit::process::Signal;
use rdkafka::ClientConfig;
use rdkafka::Offset;
use rdkafka::TopicPartitionList;
use rdkafka::consumer::{BaseConsumer, Consumer};

use crate::stage::{SOON, Stage};

#[tokio::test]
async fn killed_again_and_again_in_the_middle_of_load() {
    let stage = Stage::new(3).await;
    stage.send_orders(3, 0, 3_000);
    for round in 1..6 {
        let mut consumer = stage.slow_consumer();
        stage.position_reaches(round * 800).await;
        consumer.signal(Signal::KILL);
        consumer.end_within(SOON).await;
    }
    let mut consumer = stage.consumer();
    stage.caught_up().await;
    assert!(consumer.stop().await.success());
    assert_eq!(stage.counts().await, (9_000, 0));
    stage.reckon().await;
}

#[tokio::test]
async fn killed_between_database_commit_and_broker_commit() {
    let stage = Stage::new(1).await;
    let mut consumer = stage.consumer();
    stage.send_orders(1, 0, 100);
    stage.caught_up().await;
    eventually(SOON, "the broker knows the position", async || {
        group_offset(&stage) == Some(100)
    })
    .await;
    // From here to the next time that the broker is told there is up to a second.
    stage.send_orders(1, 100, 100);
    stage.position_reaches(101).await;
    consumer.signal(Signal::KILL);
    consumer.end_within(SOON).await;
    assert!(stage.position().await > group_offset(&stage).unwrap());
    let mut consumer = stage.consumer();
    stage.send_orders(1, 200, 10);
    stage.caught_up().await;
    assert!(consumer.stop().await.success());
    assert_eq!(stage.counts().await, (210, 0));
    stage.reckon().await;
    assert_eq!(
        group_offset(&stage),
        Some(210),
        "told when it stopped in order"
    );
}

/// What the broker knows of partition 0, for its information.
fn group_offset(stage: &Stage) -> Option<i64> {
    let client: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", &stage.brokers)
        .set("group.id", &stage.topic)
        .create()
        .unwrap();
    let mut list = TopicPartitionList::new();
    list.add_partition(&stage.topic, 0);
    let offsets = client.committed_offsets(list, SOON).unwrap();
    match offsets.elements()[0].offset() {
        Offset::Offset(offset) => Some(offset),
        _ => None,
    }
}

#[tokio::test]
async fn sigterm_in_the_middle_of_load_loses_and_doubles_nothing() {
    let stage = Stage::new(3).await;
    stage.send_orders(3, 0, 2_000);
    for signal in [Signal::TERM, Signal::INT] {
        let mut consumer = stage.slow_consumer();
        let before = stage.position().await;
        stage.position_reaches(before + 300).await;
        consumer.signal(signal);
        let status = consumer.end_within(SOON).await;
        assert_eq!(status.code(), Some(0), "{}", consumer.output());
    }
    assert!(
        stage.position().await < 6_000,
        "it was stopped in the middle"
    );
    let mut consumer = stage.consumer();
    stage.caught_up().await;
    assert!(consumer.stop().await.success());
    assert_eq!(stage.counts().await, (6_000, 0));
    stage.reckon().await;
}
