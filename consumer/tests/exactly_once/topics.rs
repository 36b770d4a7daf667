//! Topics that are not what they were: made late, made anew, truncated. A loud stop, and the
//! command that settles it.

use std::time::Duration;

use ordertally_testkit::eventually;
use ordertally_testkit::process::Process;
use ordertally_testkit::reckoning::{Circumstances, TopicContents};
use ordertally_testkit::servers::topics;

use crate::stage::{SOON, Stage, order};

#[tokio::test]
async fn a_topic_that_is_not_there_yet_is_waited_for() {
    let mut stage = Stage::new(1).await;
    stage.topic = format!("{}_late", stage.topic);
    let mut consumer = stage.consumer();
    eventually(SOON, "the consumer says what it waits for", async || {
        consumer.output().contains("does not exist yet")
    })
    .await;
    assert!(topics().await.create(&stage.topic, 2, &[]).await.unwrap());
    stage.send_orders(2, 0, 20);
    stage.caught_up().await;
    assert!(consumer.stop().await.success());
    stage.reckon().await;
}

async fn loud_stop(consumer: &mut Process, expected: &str) {
    let status = consumer.end_within(SOON).await;
    let output = consumer.output();
    assert_eq!(status.code(), Some(3), "{output}");
    assert!(output.contains(expected), "{output}");
    assert!(output.contains("positions reset"), "{output}");
}

async fn reset(stage: &Stage, arguments: &[&str]) {
    let mut program = stage
        .program()
        .argument("positions")
        .argument("reset")
        .argument("--yes");
    for argument in arguments {
        program = program.argument(*argument);
    }
    let mut command = program.start();
    let status = command.end_within(Duration::from_secs(60)).await;
    assert_eq!(status.code(), Some(0), "{}", command.output());
}

/// The topic is deleted and made anew with `count` other records, while the consumer runs.
async fn made_anew(count: u32) {
    let stage = Stage::new(1).await;
    stage.send_orders(1, 0, 1_000);
    let mut consumer = stage.consumer();
    stage.caught_up().await;
    let first = stage.contents().await;
    topics().await.delete(&stage.topic).await.unwrap();
    assert!(topics().await.create(&stage.topic, 1, &[]).await.unwrap());
    stage.send_orders(1, 5_000, count);
    loud_stop(&mut consumer, "created anew").await;
    // Still loud for whoever starts without settling it.
    let mut consumer = stage.consumer();
    loud_stop(&mut consumer, "created anew").await;
    reset(&stage, &["--to", "earliest"]).await;
    let mut consumer = stage.consumer();
    stage.caught_up().await;
    assert!(consumer.stop().await.success());
    let contents = stage.contents().await.of_incarnation(2).with_earlier(first);
    stage
        .reckon_contents(contents, Circumstances::default())
        .await;
    assert_eq!(stage.counts().await, (1_000 + i64::from(count), 0));
}

#[tokio::test]
async fn made_anew_and_shorter_is_a_loud_stop() {
    made_anew(300).await;
}

#[tokio::test]
async fn made_anew_and_longer_is_a_loud_stop() {
    made_anew(1_500).await;
}

#[tokio::test]
async fn made_anew_while_nobody_looks_is_a_loud_stop_at_the_next_start() {
    let stage = Stage::new(2).await;
    stage.send_orders(2, 0, 100);
    let mut consumer = stage.consumer();
    stage.caught_up().await;
    assert!(consumer.stop().await.success());
    let first = stage.contents().await;
    topics().await.delete(&stage.topic).await.unwrap();
    assert!(topics().await.create(&stage.topic, 2, &[]).await.unwrap());
    stage.send_orders(2, 1_000, 150);
    let mut consumer = stage.consumer();
    loud_stop(&mut consumer, "created anew").await;
    reset(&stage, &["--to", "earliest"]).await;
    let mut consumer = stage.consumer();
    stage.caught_up().await;
    assert!(consumer.stop().await.success());
    let contents = stage.contents().await.of_incarnation(2).with_earlier(first);
    stage
        .reckon_contents(contents, Circumstances::default())
        .await;
}

#[tokio::test]
async fn truncated_below_the_position_is_nothing_to_stop_for() {
    let stage = Stage::new(1).await;
    stage.send_orders(1, 0, 100);
    let mut consumer = stage.consumer();
    stage.caught_up().await;
    let before = stage.contents().await;
    topics()
        .await
        .delete_records(&stage.topic, 0, 100)
        .await
        .unwrap();
    stage.send_orders(1, 100, 50);
    stage.caught_up().await;
    assert!(consumer.runs(), "{}", consumer.output());
    assert!(consumer.stop().await.success());
    let contents: TopicContents = stage.contents().await.with_earlier(before);
    stage
        .reckon_contents(contents, Circumstances::default())
        .await;
    assert_eq!(stage.counts().await, (150, 0));
}

#[tokio::test]
async fn truncated_above_the_position_is_a_loud_stop_and_the_range_is_recorded() {
    let stage = Stage::new(1).await;
    stage.send_orders(1, 0, 100);
    let mut consumer = stage.consumer();
    stage.caught_up().await;
    assert!(consumer.stop().await.success());
    let before = stage.contents().await;
    stage.send_orders(1, 100, 50);
    topics()
        .await
        .delete_records(&stage.topic, 0, 130)
        .await
        .unwrap();
    let mut consumer = stage.consumer();
    loud_stop(&mut consumer, "the log begins at 130").await;
    reset(&stage, &["--to", "earliest", "--partition", "0"]).await;
    let mut consumer = stage.consumer();
    stage.caught_up().await;
    assert!(consumer.stop().await.success());
    let contents = stage.contents().await.with_earlier(before);
    stage
        .reckon_contents(contents, Circumstances::default())
        .await;
    assert_eq!(stage.counts().await, (120, 0));
    let client = stage.client().await;
    let skipped = client
        .query_one("SELECT first_offset, next_offset FROM skipped_ranges", &[])
        .await
        .unwrap();
    assert_eq!(
        (skipped.get::<_, i64>(0), skipped.get::<_, i64>(1)),
        (100, 130)
    );
}

#[tokio::test]
async fn a_rewound_position_reads_everything_again_and_changes_nothing() {
    let stage = Stage::new(1).await;
    stage.send_orders(1, 0, 100);
    stage.send(0, ["broken".to_owned(), order("order-0-5", 6)]);
    let mut consumer = stage.consumer();
    stage.caught_up().await;
    let before = stage.everything().await;
    // The running consumer is fenced by the reset, claims again and reads from there.
    reset(&stage, &["--to", "earliest"]).await;
    eventually(SOON, "the consumer has claimed again", async || {
        consumer.output().matches("partition claimed").count() >= 2
    })
    .await;
    stage.caught_up().await;
    assert!(consumer.stop().await.success());
    assert_eq!(stage.everything().await, before);
    let circumstances = Circumstances {
        rewound: [0].into(),
        ..Circumstances::default()
    };
    stage
        .reckon_contents(stage.contents().await, circumstances)
        .await;
}
