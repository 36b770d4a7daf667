//! `rejects list`, `rejects show` and `rejects retry`.

use serde_json::Value;

use crate::stage::{Stage, order, order_of, orders};

/// Postgres refuses orders of this customer while the constraint is there: the way in which a
/// record comes to be accepted later.
const REFUSE: &str = "ALTER TABLE orders ADD CONSTRAINT refused CHECK (customer_id <> 'refused')";
const ACCEPT: &str = "ALTER TABLE orders DROP CONSTRAINT refused";

/// A stage whose partition 0 holds good orders around two that Postgres refuses.
async fn with_refused() -> Stage {
    let stage = Stage::with(1, &orders(3)).await;
    stage.execute(REFUSE).await;
    stage.send(
        0,
        &[
            order("good-1", 1),
            order_of("late-1", 2, "refused").to_string(),
            order_of("late-2", 3, "refused").to_string(),
            order("good-2", 4),
        ],
    );
    stage.consume().await;
    stage
}

async fn ids(stage: &Stage) -> Vec<i64> {
    stage
        .value("SELECT array_agg(id ORDER BY id) FROM rejected_events")
        .await
}

#[tokio::test]
async fn list_filters_and_show_tells_everything() {
    let stage = Stage::empty(1).await;
    let mut wrong = order_of("wrong", 1, "c");
    wrong["currency"] = "XXY".into();
    wrong["email"] = "".into();
    stage.send(0, &["{".to_owned(), wrong.to_string()]);
    stage.send_bytes(&[0xff, 0x1b, b'{']);
    stage.consume().await;
    let listed: Value = serde_json::from_str(&stage.done("rejects list --json")).unwrap();
    let offsets: Vec<i64> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|record| record["offset"].as_i64().unwrap())
        .collect();
    assert_eq!(offsets.len(), 3);
    for (filter, expected) in [
        ("--code unknown_currency", vec![1]),
        ("--code not_utf8", vec![2]),
        ("--partition 9", vec![]),
        ("--since 1d --partition 0 --code not_json", vec![0]),
        ("--since 2100-01-01", vec![]),
    ] {
        let line = format!("rejects list --json {filter}");
        let listed: Vec<Value> = serde_json::from_str(&stage.done(&line)).unwrap();
        let offsets: Vec<&Value> = listed.iter().map(|record| &record["offset"]).collect();
        assert_eq!(offsets, expected, "{filter}");
    }
    assert!(stage.done("rejects list --limit 1").contains("1 of 3"));
    let table = stage.done("rejects list");
    assert!(table.contains("missing, unknown_currency"), "{table}");

    let ids = ids(&stage).await;
    let shown = stage.done(&format!("rejects show {}", ids[1]));
    assert!(shown.contains("unknown_currency at currency"), "{shown}");
    assert!(shown.contains("missing at email"), "{shown}");
    assert!(shown.contains(&format!("payload: {wrong}")), "{shown}");
    let shown = stage.done(&format!("rejects show {}", ids[2]));
    assert!(shown.contains("payload (base64): /xt7"), "{shown}");
    assert!(shown.contains("key: customer-1"), "{shown}");
    assert!(shown.contains("header trace: t-1"), "{shown}");
    assert!(shown.contains("header raw (base64): /w=="), "{shown}");
    let shown = stage.done(&format!("rejects show {} --json", ids[2]));
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["payload"], Value::Null);
    assert_eq!(shown["payload_base64"], "/xt7");
    assert_eq!(shown["violations"][0]["code"], "not_utf8");
}

#[tokio::test]
async fn a_retried_record_is_stored_with_its_own_provenance_its_facts_and_a_trace() {
    let stage = with_refused().await;
    let listed = stage.done("rejects list --code refused_by_database");
    assert!(listed.contains("2 of 2"), "{listed}");
    let positions = "SELECT next_offset || ' ' || owner_epoch FROM partition_positions";
    let before: String = stage.value(positions).await;
    let committed = "SELECT committed_at FROM partition_positions";
    let committed_before: chrono::DateTime<chrono::Utc> = stage.value(committed).await;

    // Nothing has changed: both stay, and nothing of it is an error.
    let answer = stage.command("rejects retry --all");
    assert_eq!(answer.code, Some(1), "{answer:?}");
    assert!(answer.output.contains("2 still rejected"), "{answer:?}");
    assert!(
        answer.output.contains("refused_by_database: 2"),
        "{answer:?}"
    );

    stage.execute(ACCEPT).await;
    let ids = ids(&stage).await;
    let said = stage.done(&format!("rejects retry {}", ids[0]));
    assert!(said.contains("1 stored"), "{said}");
    let said = stage.done("rejects retry --code refused_by_database");
    assert!(said.contains("1 stored"), "{said}");
    let orders: String = stage
        .value(
            r#"SELECT string_agg(concat_ws('/', event_id, partition, incarnation, "offset"), ' '
                                 ORDER BY event_id)
               FROM orders WHERE customer_id = 'refused'"#,
        )
        .await;
    assert_eq!(orders, "late-1/0/1/4 late-2/0/1/5");
    let ordinals: Vec<i64> = stage
        .value(
            "SELECT array_agg(ordinal ORDER BY ordinal) FROM order_facts_rows
             WHERE customer_id = 'refused'",
        )
        .await;
    assert_eq!(ordinals, [5, 6], "behind what was stored before");
    let trace: String = stage
        .value(
            "SELECT string_agg(concat_ws('/', rejected_id, outcome, event_id), ' '
                               ORDER BY rejected_id)
             FROM retried_events",
        )
        .await;
    assert_eq!(
        trace,
        format!("{}/stored/late-1 {}/stored/late-2", ids[0], ids[1])
    );
    assert_eq!(stage.value::<String>(positions).await, before);
    let committed_after: chrono::DateTime<chrono::Utc> = stage.value(committed).await;
    assert!(committed_after > committed_before, "as_of moves");
    assert!(stage.done("facts verify").contains("equal"));
    assert!(stage.done("rejects list").contains("no rejected records"));

    let said = stage.refused(&format!("rejects retry {} 999999", ids[0]), 1);
    assert!(said.contains("rejected no longer: stored"), "{said}");
    assert!(said.contains("no rejected record"), "{said}");
    let said = stage.refused(&format!("rejects show {}", ids[0]), 1);
    assert!(said.contains("late-1"), "{said}");
}

#[tokio::test]
async fn one_record_that_is_still_refused_blocks_none_of_its_neighbours() {
    let stage = with_refused().await;
    stage.send(0, &["{".to_owned(), order("good-1", 99)]);
    stage.consume().await;
    stage
        .execute(
            "ALTER TABLE orders DROP CONSTRAINT refused;
             ALTER TABLE orders ADD CONSTRAINT refused CHECK (event_id <> 'late-1')",
        )
        .await;
    let answer = stage.command("rejects retry --all");
    assert_eq!(answer.code, Some(1), "{answer:?}");
    for expected in [
        "1 stored, 0 duplicate, 0 ignored, 3 still rejected",
        "conflicting_duplicate: 1",
        "not_json: 1",
        "refused_by_database: 1",
    ] {
        assert!(answer.output.contains(expected), "{expected}: {answer:?}");
    }
    stage.done("facts verify");
}

#[tokio::test]
async fn what_is_a_repetition_or_none_of_ours_by_now_leaves_the_list_as_well() {
    let stage = with_refused().await;
    stage.execute(ACCEPT).await;
    // The producer has sent one of them again; the other's kept payload is of another type.
    stage.send(0, &[order_of("late-1", 2, "refused").to_string()]);
    stage.consume().await;
    stage
        .execute(
            r#"UPDATE rejected_events SET payload = '{"event_type": "order.paid"}'
               WHERE "offset" = 5"#,
        )
        .await;
    let said = stage.done("rejects retry --all");
    assert!(
        said.contains("0 stored, 1 duplicate, 1 ignored, 0 still"),
        "{said}"
    );
    assert_eq!(
        stage
            .value::<i64>("SELECT count(*) FROM retried_events")
            .await,
        2
    );
    stage.done("facts verify");
}

#[tokio::test]
async fn a_retry_beside_a_running_consumer_disturbs_neither() {
    let stage = with_refused().await;
    let mut consumer = stage.program().env("BATCH_RECORDS", "5").start();
    stage.execute(ACCEPT).await;
    let many: Vec<String> = (0..400)
        .map(|number| order(&format!("more-{number}"), number))
        .collect();
    stage.send(0, &many);
    let said = stage.done("rejects retry --all");
    assert!(said.contains("2 stored"), "{said}");
    stage.caught_up().await;
    assert!(consumer.runs(), "{}", consumer.output());
    assert!(consumer.stop().await.success());
    assert_eq!(stage.value::<i64>("SELECT count(*) FROM orders").await, 407);
    stage.done("facts verify");
}

#[tokio::test]
async fn wrong_wishes_are_one_clear_line() {
    let stage = Stage::with(1, &orders(1)).await;
    for (line, code, expected) in [
        ("rejects list --code wrong", 2, "unknown_currency"),
        ("rejects list --since yesterday", 2, "2020-09-01"),
        ("rejects list --limit 0", 2, "--limit"),
        ("rejects retry", 2, "--all"),
        ("rejects retry --all 7", 2, "--all"),
        ("rejects retry --code wrong", 2, "unknown_currency"),
        ("rejects retry seven", 2, "seven"),
        ("rejects retry 7", 1, "no rejected record"),
        ("rejects show 7", 1, "no rejected record"),
        ("rejects show", 2, "<ID>"),
    ] {
        let said = stage.refused(line, code);
        assert!(said.contains(expected), "{line}: {said}");
        assert_eq!(said.trim_end().lines().count(), 1, "{line}: {said}");
    }
    assert!(
        stage
            .done("rejects retry --all")
            .contains("0 still rejected")
    );
}
