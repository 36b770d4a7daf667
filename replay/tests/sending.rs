//! Sending to a real broker.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use ordertally_schema::{Reading, event};
use ordertally_testkit::reckoning::{TopicContents, TopicRecord};
use ordertally_testkit::servers::{self, OwnKafka};
use ordertally_testkit::{eventually, topic_reader};
use support::{Ended, replay, run, sample};

const DEADLINE: Duration = Duration::from_secs(60);

async fn sending(topic: &str) -> Command {
    let mut command = replay();
    command
        .env("KAFKA_BROKERS", servers::brokers().await)
        .env("KAFKA_TOPIC", topic);
    command
}

async fn records(topic: &str) -> Vec<TopicRecord> {
    let contents = topic_reader::read(&servers::brokers().await, topic)
        .await
        .unwrap();
    all_records(contents)
}

/// How many records one partition's topic has: known at once, also while more arrive.
async fn arrived(topic: &str) -> u64 {
    let ends = servers::topics().await.end_offsets(topic).unwrap();
    u64::try_from(ends[0]).unwrap()
}

fn all_records(contents: TopicContents) -> Vec<TopicRecord> {
    contents
        .logs
        .into_iter()
        .flat_map(|log| log.records)
        .collect()
}

fn end(child: Child) -> Ended {
    Ended::new(child.wait_with_output().unwrap())
}

fn interrupt(child: &Child, signal: &str) {
    let status = Command::new("kill")
        .args([signal, &child.id().to_string()])
        .status()
        .unwrap();
    assert!(status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_arrives_once_plain_and_keyed_by_its_customer() {
    let topic = servers::topic(3).await;
    let ended = run(sending(&topic).await.arg(sample("orders-broken.csv")));
    assert_eq!(ended.status, 0, "{ended:?}");
    assert_eq!(ended.count("sent"), 40);
    let contents = topic_reader::read(&servers::brokers().await, &topic)
        .await
        .unwrap();
    let mut ids = BTreeSet::new();
    let mut partitions = BTreeMap::new();
    for log in contents.logs {
        for record in log.records {
            let payload = record.payload.unwrap();
            let value: serde_json::Value = serde_json::from_slice(&payload).unwrap();
            assert!(value["shipping_address"].is_object() && value["line_items"].is_array());
            let Reading::Valid(order) = event::read(Some(&payload), record.timestamp_ms) else {
                panic!("not valid: {value}");
            };
            assert_eq!(record.key.as_deref(), Some(order.customer_id.as_bytes()));
            let before = partitions.insert(order.customer_id.clone(), log.partition);
            assert!(
                before.is_none_or(|before| before == log.partition),
                "one partition each"
            );
            assert!(ids.insert(order.event_id));
        }
    }
    assert_eq!(ids.len(), 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_events_are_sent_only_when_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events");
    std::fs::write(
        &path,
        "{\"event_type\":\"other\",\"user_id\":7}\n{\"a\":\n{\"b\":1}\n",
    )
    .unwrap();
    let topic = servers::topic(1).await;
    let ended = run(sending(&topic).await.arg(&path));
    assert_eq!((ended.status, ended.count("sent")), (1, 1), "{ended:?}");
    let ended = run(sending(&topic).await.arg("--keep-invalid").arg(&path));
    assert_eq!((ended.status, ended.count("sent")), (1, 3), "{ended:?}");
    let records = records(&topic).await;
    let payloads: Vec<_> = records
        .iter()
        .map(|record| record.payload.clone().unwrap())
        .collect();
    assert_eq!(payloads[0], payloads[1]);
    assert_eq!(payloads[2..], [b"{\"a\":".to_vec(), b"{\"b\":1}".to_vec()]);
    assert_eq!(records[0].key.as_deref(), Some(&b"7"[..]));
    assert_eq!(records[2].key, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_after_a_fault_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut.json");
    let whole = std::fs::read_to_string(sample("orders.json")).unwrap();
    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    let topic = servers::topic(1).await;
    let ended = run(sending(&topic).await.arg(&path).arg(sample("orders.csv")));
    assert_eq!(ended.status, 1, "{ended:?}");
    let sent = records(&topic).await.len();
    assert!((10..30).contains(&sent), "{sent}");
    assert!(
        ended.stderr.contains("cannot be read to its end"),
        "{ended:?}"
    );
    assert!(ended.stderr.contains("orders.csv: not read"), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn records_carry_the_time_of_their_events_when_asked_for() {
    let topic = servers::topic(1).await;
    let mut command = sending(&topic).await;
    command.args(["--timestamps", "event", "--limit", "1"]);
    let ended = run(command.arg(sample("orders.json")));
    assert_eq!(ended.status, 0, "{ended:?}");
    let records = records(&topic).await;
    assert_eq!(records.len(), 1);
    assert_eq!(
        records[0].timestamp_ms,
        Some(1_598_918_400_000),
        "2020-09-01"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_would_delete_what_is_sent_is_told() {
    let topic = &format!("replay-short-retention-{}", std::process::id());
    let day = ("retention.ms", "86400000");
    let created = servers::topics().await.create(topic, 1, &[day]).await;
    assert!(created.unwrap());
    let mut command = sending(topic).await;
    command
        .args(["--timestamps", "event", "--limit", "2"])
        .arg(sample("orders.json"));
    let ended = run(&mut command);
    assert_eq!(ended.status, 0, "{ended:?}");
    let warnings = ended.stderr.matches("warning: the topic").count();
    assert!(
        ended.stderr.contains("keeps records for 1.0 days"),
        "{ended:?}"
    );
    assert!(ended.stderr.contains("will delete 2 of them"), "{ended:?}");
    assert_eq!(warnings, 2, "once at the first, once at the end: {ended:?}");
    let ended = run(sending(topic).await.arg(sample("orders.json")));
    assert!(!ended.stderr.contains("warning: the topic"), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_is_missing_is_an_error_and_is_not_created() {
    for _ in 0..2 {
        let ended = run(sending("no-such-topic").await.arg(sample("orders.json")));
        assert_eq!(ended.status, 1, "{ended:?}");
        assert!(
            ended.stderr.contains("'no-such-topic' does not exist"),
            "{ended:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_says_how_far_it_came_and_leaves_nothing_in_hand() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("orders");
    let made = run(replay()
        .args(["generate", "--orders", "5000", "--output"])
        .arg(&path));
    assert_eq!(made.status, 0, "{made:?}");
    for (signal, status) in [("-INT", 130), ("-TERM", 143)] {
        let topic = servers::topic(1).await;
        let mut command = sending(&topic).await;
        command.args(["--rate", "50"]).arg(&path);
        let child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        eventually(DEADLINE, "some events to arrive", async || {
            arrived(&topic).await > 3
        })
        .await;
        interrupt(&child, signal);
        let ended = end(child);
        assert_eq!(ended.status, status, "{ended:?}");
        let arrived = arrived(&topic).await;
        assert_eq!(ended.count("sent"), arrived, "{ended:?}");
        let told = format!("every event that was sent up to line {arrived} delivered");
        assert!(ended.stderr.contains(&told), "{ended:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_a_pipe_are_sent_as_they_come() {
    let topic = servers::topic(1).await;
    let mut command = sending(&topic).await;
    command
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    pipe.write_all(b"{\"event_type\":\"other\"}\n").unwrap();
    eventually(DEADLINE, "the event to arrive", async || {
        records(&topic).await.len() == 1
    })
    .await;
    // It waits for its input, which does not keep it from stopping.
    interrupt(&child, "-INT");
    let ended = end(child);
    assert_eq!(
        (ended.status, ended.count("ignored")),
        (130, 1),
        "{ended:?}"
    );
    drop(pipe);
}

#[tokio::test(flavor = "multi_thread")]
async fn generated_events_arrive_with_the_invalid_ones() {
    let topic = servers::topic(2).await;
    let mut command = sending(&topic).await;
    command.args([
        "generate",
        "--orders",
        "1000",
        "--invalid",
        "0.036",
        "--duplicates",
        "0.01",
    ]);
    let ended = run(&mut command);
    assert_eq!(ended.status, 0, "{ended:?}");
    let records = records(&topic).await;
    assert_eq!(records.len(), 1046);
    assert_eq!(
        ended.count("rejected"),
        34,
        "36, two of which only the stored order tells"
    );
    assert!(
        records
            .iter()
            .any(|record| record.payload.as_ref().is_some_and(Vec::is_empty))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_stays_away_ends_the_run_and_one_that_restarts_does_not() {
    let mut kafka = OwnKafka::start().await;
    kafka.create_topic("orders", 1).await;
    let brokers = kafka.brokers();
    let generate = |orders: &str| {
        let mut command = replay();
        command
            .env("KAFKA_BROKERS", &brokers)
            .env("DELIVERY_TIMEOUT_S", "20")
            .args(["generate", "--rate", "500", "--orders", orders])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    };
    let arrived = |kafka: &OwnKafka| kafka.end_offsets("orders")[0];
    let child = generate("2000").spawn().unwrap();
    eventually(DEADLINE, "events to arrive", async || arrived(&kafka) > 300).await;
    kafka.stop().await;
    kafka.start_again().await;
    let ended = end(child);
    assert_eq!(ended.status, 0, "{ended:?}");
    assert_eq!(arrived(&kafka), 2000, "none lost, none doubled");

    let mut command = generate("1000000");
    command.env("DELIVERY_TIMEOUT_S", "3");
    let child = command.spawn().unwrap();
    eventually(DEADLINE, "events to arrive", async || {
        arrived(&kafka) > 2300
    })
    .await;
    kafka.stop().await;
    let ended = end(child);
    assert_eq!(ended.status, 1, "{ended:?}");
    assert!(ended.stderr.contains("cannot be reached"), "{ended:?}");
    assert!(ended.stderr.contains("delivered"), "{ended:?}");
    let ended = run(generate("5").env("DELIVERY_TIMEOUT_S", "3"));
    assert_eq!(ended.status, 1, "{ended:?}");
    assert!(ended.stderr.contains("no broker answered"), "{ended:?}");
}
