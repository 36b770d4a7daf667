//! `facts verify` and `facts rebuild`.

use crate::stage::{Stage, orders};

const GENERATION: &str = "SELECT generation FROM facts_generation";
const ROWS: &str = "
    SELECT coalesce(jsonb_agg(to_jsonb(r) - 'committed_at' ORDER BY partition, ordinal), '[]')
    FROM order_facts_rows AS r";

/// Two partitions of 40 orders and one of none.
async fn stage() -> Stage {
    let stage = Stage::empty(3).await;
    let orders = orders(80);
    stage.send(0, &orders[..40]);
    stage.send(1, &orders[40..]);
    stage.consume().await;
    stage
}

#[tokio::test]
async fn verify_finds_what_was_tampered_with_and_rebuild_mends_it() {
    let stage = stage().await;
    let said = stage.done("facts verify");
    assert!(
        said.contains("3 partition(s)") && said.contains("80 orders"),
        "{said}"
    );
    let before: serde_json::Value = stage.value(ROWS).await;
    for (tampering, expected) in [
        (
            "UPDATE order_facts SET order_values[1] = order_values[1] + 1 WHERE partition = 1",
            "without an equal fact",
        ),
        (
            "UPDATE order_facts SET quantities[1] = quantities[1] + 1 WHERE partition = 1",
            "no order equals the fact with ordinal 0",
        ),
        (
            "UPDATE order_facts SET billing_provinces[2] = NULL WHERE partition = 1",
            "no fact equals the order order-",
        ),
        (
            "DELETE FROM order_facts WHERE partition = 1",
            "40 orders, 0 facts",
        ),
        (
            "UPDATE partition_positions SET facts_next = 41 WHERE partition = 1",
            "facts_next is 41",
        ),
        (
            "UPDATE order_facts SET next_ordinal = next_ordinal + 1 WHERE partition = 1",
            "do not fit together",
        ),
        (
            "UPDATE order_facts SET first_ordinal = first_ordinal + 3,
                 next_ordinal = next_ordinal + 3 WHERE partition = 1",
            "begins at ordinal",
        ),
    ] {
        stage.execute(tampering).await;
        let answer = stage.command("facts verify");
        assert_eq!(answer.code, Some(1), "{tampering}: {answer:?}");
        assert!(answer.output.contains(expected), "{tampering}: {answer:?}");
        assert!(answer.output.contains("partition 1:"), "{answer:?}");
        assert!(!answer.output.contains("partition 0:"), "{answer:?}");
        let generation: i64 = stage.value(GENERATION).await;
        let said = stage.done("facts rebuild --partition 1");
        assert!(said.contains("partition 1: 40 orders in 1 rows"), "{said}");
        assert_eq!(stage.value::<i64>(GENERATION).await, generation + 1);
        stage.done("facts verify");
        assert_eq!(
            stage.value::<serde_json::Value>(ROWS).await,
            before,
            "{tampering}"
        );
    }
}

#[tokio::test]
async fn a_rebuild_beside_a_running_consumer_loses_and_doubles_nothing() {
    let stage = stage().await;
    let mut consumer = stage.program().env("BATCH_RECORDS", "10").start();
    let more: Vec<String> = (100..500)
        .map(|number| crate::stage::order(&format!("order-{number}"), number))
        .collect();
    stage.send(0, &more[..200]);
    stage.send(2, &more[200..]);
    let said = stage.done("facts rebuild");
    assert_eq!(said.lines().count(), 3, "{said}");
    stage.caught_up().await;
    stage.done("facts rebuild");
    stage.done("facts verify");
    assert!(consumer.runs(), "{}", consumer.output());
    assert!(consumer.stop().await.success());
    assert_eq!(
        stage
            .value::<i64>("SELECT count(*) FROM order_facts_rows")
            .await,
        480
    );
}

#[tokio::test]
async fn a_partition_that_was_never_read_cannot_be_rebuilt() {
    let stage = stage().await;
    let said = stage.refused("facts rebuild --partition 9", 1);
    assert!(said.contains("no stored position"), "{said}");
    let said = stage.refused("facts rebuild --partition x", 2);
    assert!(said.contains("--partition"), "{said}");
}
