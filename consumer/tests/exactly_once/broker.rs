//! The broker in trouble.

use ordertally_testkit::eventually;
use ordertally_testkit::servers::OwnKafka;

use crate::stage::{SOON, Stage};

#[tokio::test]
async fn stopped_and_started_under_load() {
    let mut kafka = OwnKafka::start().await;
    let stage = Stage::with_kafka(2, &kafka).await;
    let mut consumer = stage.slow_consumer();
    stage.send_orders(2, 0, 1_000);
    stage.position_reaches(100).await;
    kafka.kill();
    kafka.start_again().await;
    stage.send_orders(2, 1_000, 500);
    stage.caught_up().await;
    kafka.stop().await;
    kafka.start_again().await;
    stage.send_orders(2, 1_500, 100);
    stage.caught_up().await;
    assert!(consumer.runs(), "{}", consumer.output());
    // Away when the consumer is told to stop.
    kafka.stop().await;
    let status = consumer.stop().await;
    assert_eq!(status.code(), Some(0), "{}", consumer.output());
    kafka.start_again().await;
    assert_eq!(stage.counts().await, (3_200, 0));
    stage.reckon().await;
}

#[tokio::test]
async fn away_when_the_consumer_starts() {
    let mut kafka = OwnKafka::start().await;
    let stage = Stage::with_kafka(1, &kafka).await;
    stage.send_orders(1, 0, 50);
    kafka.stop().await;
    let mut consumer = stage.consumer();
    eventually(
        SOON,
        "the consumer says that it waits for a broker",
        async || consumer.output().contains("waiting for a broker"),
    )
    .await;
    kafka.start_again().await;
    stage.caught_up().await;
    assert!(consumer.stop().await.success());
    stage.reckon().await;
}
