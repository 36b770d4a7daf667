//! Partitions that move between consumers.

use ordertally_testkit::eventually;
use ordertally_testkit::process::{Program, Signal};
use ordertally_testkit::servers::{free_port, topics};
use ordertally_testkit::stopped::{freeze, thaw};

use crate::stage::{SOON, Stage};

/// A second consumer joins in the middle of load, and the first one leaves.
async fn hand_over(choose: impl Fn(Program) -> Program) {
    let stage = Stage::new(4).await;
    let program = || {
        choose(stage.program())
            .env("MIGRATE", "true")
            .env("BATCH_RECORDS", "100")
    };
    let mut first = program().start();
    stage.send_orders(4, 0, 500);
    stage.position_reaches(200).await;
    let mut second = program().start();
    for round in 1..4 {
        stage.send_orders(4, round * 500, 500);
    }
    eventually(SOON, "the second consumer has a partition", async || {
        second.output().contains("partition claimed")
    })
    .await;
    assert!(first.stop().await.success());
    stage.send_orders(4, 2_000, 500);
    stage.caught_up().await;
    assert!(second.runs(), "{}", second.output());
    assert!(second.stop().await.success());
    assert_eq!(stage.counts().await, (10_000, 0));
    stage.reckon().await;
}

#[tokio::test]
async fn handed_over_under_cooperative_sticky() {
    hand_over(|program| program.env("ASSIGNOR", "cooperative-sticky")).await;
}

#[tokio::test]
async fn handed_over_under_range() {
    hand_over(|program| program.env("ASSIGNOR", "range")).await;
}

#[tokio::test]
async fn handed_over_under_roundrobin() {
    hand_over(|program| program.env("ASSIGNOR", "roundrobin")).await;
}

#[tokio::test]
async fn handed_over_under_kip_848() {
    hand_over(|program| program.env("GROUP_PROTOCOL", "consumer")).await;
}

/// A static member of a KIP-848 group that was killed has its place still when it comes back: the
/// group turns it away until the session of the one before is over.
#[tokio::test]
async fn a_static_member_that_was_killed_joins_again_when_the_group_lets_it() {
    let stage = Stage::new(2).await;
    let program = stage
        .program()
        .env("MIGRATE", "true")
        .env("GROUP_PROTOCOL", "consumer")
        .env("KAFKA_CONFIG", "group.instance.id=one");
    let mut consumer = program.start();
    stage.send_orders(2, 0, 100);
    stage.caught_up().await;
    consumer.signal(Signal::KILL);
    assert!(!consumer.end_within(SOON).await.success());
    let mut consumer = program.start();
    stage.send_orders(2, 100, 100);
    stage.caught_up().await;
    let output = consumer.output();
    assert_eq!(output.matches("joining until it lets go").count(), 1);
    assert!(consumer.stop().await.success());
    assert_eq!(stage.counts().await, (400, 0));
    stage.reckon().await;
}

/// Ready means that the group has given this consumer its part, also where that is nothing.
async fn ready_without_a_partition(choose: impl Fn(Program) -> Program) {
    let stage = Stage::new(1).await;
    let mut consumers = Vec::new();
    for _ in 0..2 {
        let port = free_port();
        let program = choose(stage.program())
            .env("MIGRATE", "true")
            .env("METRICS_ADDR", format!("127.0.0.1:{port}"));
        consumers.push((port, program.start()));
    }
    for (port, consumer) in &consumers {
        eventually(SOON, "each consumer is ready", async || {
            let readiness = Stage::readiness(*port).await;
            readiness.is_some_and(|(ready, _)| ready) && consumer.output().contains("consuming")
        })
        .await;
    }
    stage.send_orders(1, 0, 10);
    stage.caught_up().await;
    for (_, mut consumer) in consumers {
        assert!(consumer.stop().await.success());
    }
}

#[tokio::test]
async fn a_spare_consumer_is_ready_under_the_classic_protocol() {
    ready_without_a_partition(|program| program).await;
}

#[tokio::test]
async fn a_spare_consumer_is_ready_under_kip_848() {
    ready_without_a_partition(|program| program.env("GROUP_PROTOCOL", "consumer")).await;
}

#[tokio::test]
async fn a_frozen_consumer_that_wakes_after_its_partition_moved_changes_nothing() {
    let stage = Stage::new(2).await;
    let program = || {
        stage
            .slow_program()
            // The broker's shortest, so that the test need not wait longer.
            .env("KAFKA_CONFIG", "session.timeout.ms=6000")
    };
    let mut frozen = program().start();
    stage.send_orders(2, 0, 2_000);
    stage.position_reaches(200).await;
    freeze(frozen.id());
    let mut owner = program().start();
    eventually(SOON, "both partitions have moved", async || {
        owner.output().matches("partition claimed").count() >= 2
    })
    .await;
    stage.caught_up().await;
    thaw(frozen.id());
    stage.send_orders(2, 2_000, 500);
    stage.caught_up().await;
    assert!(frozen.runs(), "{}", frozen.output());
    assert!(frozen.stop().await.success());
    assert!(owner.stop().await.success());
    assert_eq!(stage.counts().await, (5_000, 0));
    stage.reckon().await;
}

#[tokio::test]
async fn new_partitions_are_read_from_their_beginning() {
    let stage = Stage::new(1).await;
    let mut consumer = stage.consumer();
    stage.send_orders(1, 0, 50);
    stage.caught_up().await;
    topics()
        .await
        .add_partitions(&stage.topic, 3)
        .await
        .unwrap();
    stage.send_orders(3, 100, 50);
    stage.caught_up().await;
    assert!(consumer.stop().await.success());
    assert_eq!(stage.counts().await, (200, 0));
    stage.reckon().await;
}

#[tokio::test]
async fn another_topic_or_group_on_the_same_database_is_a_loud_stop() {
    let stage = Stage::new(1).await;
    let mut consumer = stage.consumer();
    stage.send_orders(1, 0, 10);
    stage.caught_up().await;
    assert!(consumer.stop().await.success());
    let mut stranger = stage.program().env("KAFKA_GROUP_ID", "another").start();
    let status = stranger.end_within(SOON).await;
    assert_eq!(status.code(), Some(3), "{}", stranger.output());
    let output = stranger.output();
    assert!(output.contains("this database serves topic"), "{output}");
}
