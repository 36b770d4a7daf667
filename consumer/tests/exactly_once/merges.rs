//! Merges of facts at the database, at random: every order stays at its ordinal with its items.

use std::cell::Cell;

use ordertally_consumer::store::{Claim, Pool, Previous, merge_facts};
use ordertally_testkit::servers::TestDatabase;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;

use crate::stage::order_value;
use crate::store::{batch, found_with_partitions, migrated};

/// A database is made once; each case has a partition of its own.
const CASES: u32 = 16;

/// Each commit's orders, numbered from those before it by so many steps (0 repeats the last one),
/// and whether the facts are merged after it.
type Commits = Vec<(Vec<u32>, bool)>;

fn commits() -> impl Strategy<Value = Commits> {
    let steps = vec(prop_oneof![1 => Just(0_u32), 4 => 1..4_u32], 0..4);
    vec((steps, prop::bool::weighted(0.3)), 40..90)
}

fn payload(partition: i32, number: u32) -> String {
    let mut event = order_value(&format!("{partition}-{number}"), number);
    event["lovevery_user_id"] = json!(number);
    if number.is_multiple_of(3) {
        event["shipping_address"]["province_code"] = json!(null);
    }
    event["line_items"] = (0..number % 4)
        .map(|item| json!({"id": format!("{number}-{item}"), "quantity": 1 + item}))
        .collect();
    event.to_string()
}

/// What `order_facts_rows` must say of an order at its ordinal.
fn row(ordinal: usize, number: u32) -> serde_json::Value {
    let items: Vec<_> = (0..number % 4).collect();
    let products: Vec<_> = items
        .iter()
        .map(|item| format!("{number}-{item}"))
        .collect();
    let quantities: Vec<_> = items.iter().map(|item| 1 + item).collect();
    let code = (!number.is_multiple_of(3)).then_some("ID");
    json!([ordinal, number.to_string(), code, products, quantities])
}

#[test]
fn facts_merged_at_any_time_keep_every_order_at_its_ordinal() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let (database, pool) = runtime.block_on(migrated());
    let (partition, merges) = (Cell::new(0), Cell::new(0));
    let config = Config {
        cases: CASES,
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new(config)
        .run(&commits(), |commits| {
            partition.set(partition.get() + 1);
            let merged = runtime.block_on(play(&database, &pool, partition.get(), commits));
            merges.set(merges.get() + merged);
            Ok(())
        })
        .unwrap();
    assert!(merges.get() >= CASES, "only {} merges", merges.get());
}

/// Commits and merges; looks at the facts after each merge and at the end. How many merges there
/// were.
async fn play(database: &TestDatabase, pool: &Pool, partition: i32, commits: Commits) -> u32 {
    let found = found_with_partitions(10_000);
    let claim = pool
        .claim("t", "g", partition, "owner", &found)
        .await
        .unwrap();
    let (mut expected, mut last) = (Vec::new(), None);
    let (mut next_offset, mut number, mut merges) = (0, 0, 0);
    for (steps, merge) in commits {
        let mut payloads = Vec::new();
        for step in steps {
            number += step;
            payloads.push(payload(partition, number));
            if last.replace(number) != Some(number) {
                expected.push(row(expected.len(), number));
            }
        }
        if payloads.is_empty() {
            continue;
        }
        let work = batch(next_offset, &payloads);
        next_offset = work.next_offset;
        let outcomes = pool.commit(&claim, &work, &mut Previous::default()).await;
        outcomes.unwrap();
        if merge && merge_facts(pool, &claim).await.unwrap() > 0 {
            merges += 1;
            assert_eq!(facts(database, &claim).await, expected);
        }
    }
    assert_eq!(facts(database, &claim).await, expected);
    merges
}

async fn facts(database: &TestDatabase, claim: &Claim) -> Vec<serde_json::Value> {
    database
        .connect()
        .await
        .query(
            "SELECT json_build_array(ordinal, customer_id, shipping_province_code,
                                     product_ids, quantities)
             FROM order_facts_rows
             WHERE partition = $1
             ORDER BY ordinal",
            &[&claim.partition],
        )
        .await
        .unwrap()
        .iter()
        .map(|row| row.get(0))
        .collect()
}
