//! `positions show` and `positions reset`.

use serde_json::Value;

use crate::stage::{Stage, order, orders};

#[tokio::test]
async fn show_tells_what_is_stored_beside_what_the_broker_has() {
    let stage = Stage::with(2, &orders(10)).await;
    stage.send(0, &[order("unread-1", 1), order("unread-2", 2)]);
    let shown: Value = serde_json::from_str(&stage.done("positions show --json")).unwrap();
    assert_eq!(shown["broker_error"], Value::Null);
    let first = &shown["partitions"][0];
    assert_eq!(first["next_offset"], 10);
    assert_eq!(first["facts_next"], 10);
    assert_eq!(
        (&first["log_start"], &first["log_end"]),
        (&0.into(), &12.into())
    );
    assert_eq!(first["lag"], 2);
    assert_eq!(first["incarnation"], 1);
    assert_eq!(first["topic_id"], shown["topic_id"]);
    assert_eq!(first["stop"], Value::Null);
    assert_eq!(shown["partitions"][1]["next_offset"], 0);
    let table = stage.done("positions show");
    for word in ["partition", "next offset", "lag", "owner", &stage.topic] {
        assert!(table.contains(word), "{word}: {table}");
    }
}

#[tokio::test]
async fn show_works_while_the_broker_is_away() {
    let stage = Stage::with(1, &orders(3)).await;
    let away = "positions show --kafka-brokers 127.0.0.1:1";
    assert!(stage.done(away).contains("is unknown"), "it says so");
    let shown: Value = serde_json::from_str(&stage.done(&format!("{away} --json"))).unwrap();
    assert_eq!(shown["partitions"][0]["next_offset"], 3);
    assert_eq!(shown["partitions"][0]["log_end"], Value::Null);
    assert!(shown["broker_error"].is_string());
}

#[tokio::test]
async fn a_reset_forward_records_exactly_what_it_passes_over_and_a_rewind_takes_it_back() {
    let stage = Stage::with(2, &orders(10)).await;
    stage.send(0, &orders(20));
    let said = stage.done("positions reset --to 25 --partition 0 --yes");
    assert!(said.contains("10 → 25"), "{said}");
    assert!(said.contains("offsets 10 to 24"), "{said}");
    assert_eq!(stage.skipped().await, [(0, 1, 10, 25)]);
    let said = stage.done("positions reset --to 25 --partition 0 --yes");
    assert!(said.contains("nothing changes"), "{said}");
    // Back into the range: what lies ahead again is not skipped.
    stage.done("positions reset --to 15 --partition 0 --yes");
    assert_eq!(stage.skipped().await, [(0, 1, 10, 15)]);
    let said = stage.done("positions reset --to earliest --yes");
    assert!(said.contains("15 → 0"), "{said}");
    assert!(said.contains("no longer listed"), "{said}");
    assert!(stage.skipped().await.is_empty());
    let epoch: i64 = stage
        .value("SELECT owner_epoch FROM partition_positions WHERE partition = 0")
        .await;
    assert!(epoch >= 4, "each move raised it: {epoch}");
    stage.consume().await;
    assert_eq!(stage.value::<i64>("SELECT count(*) FROM orders").await, 20);
}

#[tokio::test]
async fn records_that_were_deleted_unread_are_shown_and_recorded() {
    let stage = Stage::with(1, &orders(5)).await;
    stage.send(0, &orders(20));
    stage
        .topics
        .delete_records(&stage.topic, 0, 12)
        .await
        .unwrap();
    let shown: Value = serde_json::from_str(&stage.done("positions show --json")).unwrap();
    let lost = &shown["partitions"][0]["lost"];
    assert_eq!(
        (&lost["first_offset"], &lost["next_offset"]),
        (&5.into(), &12.into())
    );
    let table = stage.done("positions show");
    assert!(table.contains("! topic"), "{table}");
    assert!(table.contains("positions reset"), "{table}");
    stage.done("positions reset --to earliest --yes");
    assert_eq!(stage.skipped().await, [(0, 1, 5, 12)]);
    assert!(stage.done("positions show").contains("5 to 11"));
    stage.consume().await;
}

#[tokio::test]
async fn a_topic_made_anew_gets_an_incarnation_of_its_own() {
    let stage = Stage::with(1, &orders(5)).await;
    stage.make_anew(2).await;
    stage.send(0, &orders(8));
    let said = stage.done("positions reset --to latest --yes");
    assert!(said.contains("cannot be known"), "{said}");
    assert!(said.contains("partition 1: no position → 0"), "{said}");
    assert_eq!(stage.skipped().await, [(0, 2, 0, 8)]);
    stage.send(0, &[order("of-the-new-topic", 1)]);
    stage.consume().await;
    let place: String = stage
        .value(
            r#"SELECT incarnation || '/' || "offset" FROM orders
               WHERE event_id = 'of-the-new-topic'"#,
        )
        .await;
    assert_eq!(place, "2/8");
    stage.done("facts verify");
}

#[tokio::test]
async fn a_wish_that_cannot_be_is_one_clear_line() {
    let stage = Stage::with(1, &orders(5)).await;
    for (line, expected) in [
        ("positions reset --to 6 --partition 0 --yes", "from 0 to 5"),
        ("positions reset --to 2 --yes", "--partition"),
        (
            "positions reset --to latest --partition 7 --yes",
            "no partition 7",
        ),
        ("positions reset --to latest", "--yes"),
        ("positions reset --to newest --yes", "earliest"),
        ("positions reset --yes", "--to"),
    ] {
        let said = stage.refused(line, 2);
        assert!(said.contains(expected), "{line}: {said}");
        assert_eq!(said.trim_end().lines().count(), 1, "{line}: {said}");
    }
    assert_eq!(
        stage
            .value::<i64>("SELECT next_offset FROM partition_positions")
            .await,
        5
    );
}

/// The client fetches from offset 0 for a moment before it is told where to start; where retention
/// has deleted that record, it stopped fetching for good and refused every seek.
#[tokio::test]
async fn a_log_that_does_not_begin_at_0_is_read_however_partitions_are_shared_out() {
    for (protocol, assignor) in [
        ("classic", "cooperative-sticky"),
        ("classic", "range"),
        ("consumer", "range"),
    ] {
        let stage = Stage::empty(2).await;
        for partition in 0..2 {
            stage.send(partition, &orders(20));
            let deleted = stage.topics.delete_records(&stage.topic, partition, 12);
            deleted.await.unwrap();
        }
        let mut consumer = stage
            .program()
            .env("MIGRATE", "true")
            .env("GROUP_PROTOCOL", protocol)
            .env("ASSIGNOR", assignor)
            .start();
        stage.caught_up().await;
        assert!(consumer.stop().await.success(), "{}", consumer.output());
        let orders: i64 = stage.value("SELECT count(*) FROM orders").await;
        assert_eq!(orders, 8, "{protocol} {assignor}");
    }
}
