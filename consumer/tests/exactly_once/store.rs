//! The commit protocol at the database, without the program around it.

use ordertally_consumer::batch::{Batch, Judged};
use ordertally_consumer::probe::{TopicDescription, Watermarks};
use ordertally_consumer::record::Record;
use ordertally_consumer::store::{Found, Pool, Previous, StoreError};
use ordertally_schema::{database, migrations};
use ordertally_testkit::servers::{self, TestDatabase};
use ordertally_testkit::{eventually, process};

use crate::stage::{SOON, Stage, order};

pub async fn migrated() -> (TestDatabase, Pool) {
    let test = servers::database().await;
    let url = test
        .url()
        .parse::<ordertally_settings::DatabaseUrl>()
        .unwrap();
    let connection = database::connect_diesel(url.config()).await.unwrap();
    migrations::run(connection).await.unwrap();
    let pool = Pool::new(&url, 4);
    (test, pool)
}

fn found() -> Found {
    found_with_partitions(1)
}

pub fn found_with_partitions(partitions: i32) -> Found {
    Found {
        topic: TopicDescription {
            topic_id: "id".into(),
            partitions,
        },
        log: Watermarks {
            log_start: 0,
            log_end: 1_000_000,
        },
    }
}

pub fn batch(first: i64, payloads: &[String]) -> Batch {
    let records: Vec<Judged> = (first..)
        .zip(payloads)
        .map(|(offset, payload)| {
            Judged::of(Record {
                offset,
                expected_offset: offset,
                timestamp_ms: Some(1_600_000_000_000),
                payload: Some(payload.as_bytes().into()),
                ..Record::default()
            })
        })
        .collect();
    Batch {
        first_expected: first,
        next_offset: first + i64::try_from(records.len()).unwrap(),
        records,
        ..Batch::default()
    }
}

#[tokio::test]
async fn of_two_claimants_only_the_newest_can_advance_a_partition() {
    let (_database, pool) = migrated().await;
    let first = pool.claim("t", "g", 0, "first", &found()).await.unwrap();
    let second = pool.claim("t", "g", 0, "second", &found()).await.unwrap();
    assert!(second.epoch > first.epoch);
    let work = batch(0, &[order("a", 1)]);
    let late = pool.commit(&first, &work, &mut Previous::default()).await;
    assert!(
        matches!(&late, Err(StoreError::Fenced { owner, .. }) if owner == "second"),
        "{late:?}"
    );
    let committed = pool
        .commit(&second, &work, &mut Previous::default())
        .await
        .unwrap();
    assert_eq!(committed.outcomes.stored, 1);
}

#[tokio::test]
async fn a_batch_that_does_not_start_at_the_stored_position_is_refused() {
    let (_database, pool) = migrated().await;
    let claim = pool.claim("t", "g", 0, "owner", &found()).await.unwrap();
    let dropped = batch(5, &[order("a", 1)]);
    let result = pool
        .commit(&claim, &dropped, &mut Previous::default())
        .await;
    assert!(
        matches!(
            result,
            Err(StoreError::Misplaced {
                stored: 0,
                expected: 5,
                ..
            })
        ),
        "{result:?}"
    );
}

#[tokio::test]
async fn an_optimistic_insert_that_meets_a_stored_order_is_judged_after_all() {
    let (_database, pool) = migrated().await;
    let claim = pool.claim("t", "g", 0, "owner", &found()).await.unwrap();
    let first = batch(0, &[order("a", 1), order("b", 2)]);
    pool.commit(&claim, &first, &mut Previous::default())
        .await
        .unwrap();
    let mut optimistic = Previous {
        look_up: false,
        in_doubt: None,
    };
    let second = batch(2, &[order("c", 3), order("a", 1), order("b", 9)]);
    let outcomes = pool
        .commit(&claim, &second, &mut optimistic)
        .await
        .unwrap()
        .outcomes;
    assert_eq!(
        (outcomes.stored, outcomes.duplicate, outcomes.rejected),
        (1, 1, 1)
    );
    assert!(
        optimistic.look_up,
        "after a duplicate the next batch looks first"
    );
}

#[tokio::test]
async fn merged_facts_say_what_the_small_rows_said() {
    let (database, pool) = migrated().await;
    let claim = pool.claim("t", "g", 0, "owner", &found()).await.unwrap();
    let client = database.connect().await;
    for offset in 0..16 {
        let number = u32::try_from(offset).unwrap();
        let work = batch(offset, &[order(&format!("order-{offset}"), number)]);
        pool.commit(&claim, &work, &mut Previous::default())
            .await
            .unwrap();
    }
    let rows = "SELECT row_to_json(t)::jsonb - 'committed_at' AS row
                FROM order_facts_rows AS t ORDER BY ordinal";
    let before: Vec<serde_json::Value> = client
        .query(rows, &[])
        .await
        .unwrap()
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert_eq!(before.len(), 16);
    let merged = ordertally_consumer::store::merge_facts(&pool, &claim)
        .await
        .unwrap();
    assert_eq!(merged, 16);
    let after: Vec<serde_json::Value> = client
        .query(rows, &[])
        .await
        .unwrap()
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert_eq!(after, before);
    let count = client
        .query_one("SELECT count(*) FROM order_facts", &[])
        .await
        .unwrap();
    assert_eq!(count.get::<_, i64>(0), 1);
}

#[tokio::test]
async fn a_claim_that_arrives_after_its_partition_went_elsewhere_stops_nobody() {
    let stage = Stage::new(1).await;
    let mut owner: process::Process = stage.slow_consumer();
    stage.send_orders(1, 0, 500);
    stage.position_reaches(50).await;
    // The late claim of a consumer that lost the partition meanwhile.
    let url = stage
        .url
        .parse::<ordertally_settings::DatabaseUrl>()
        .unwrap();
    let pool = Pool::new(&url, 1);
    let client = stage.client().await;
    let topic_id: String = client
        .query_one("SELECT topic_id FROM topic_incarnations", &[])
        .await
        .unwrap()
        .get(0);
    let mut found = found();
    found.topic.topic_id = topic_id;
    pool.claim(&stage.topic, &stage.topic, 0, "late", &found)
        .await
        .unwrap();
    eventually(SOON, "the owner has claimed again", async || {
        owner.output().matches("partition claimed").count() >= 2
    })
    .await;
    stage.send_orders(1, 500, 100);
    stage.caught_up().await;
    assert!(owner.stop().await.success());
    assert_eq!(stage.counts().await, (600, 0));
    stage.reckon().await;
}

/// Found when a frozen consumer kept its partition for as long as it was frozen: neither the
/// statement's nor the idle session's timeout ends a COPY that waits for its client.
#[tokio::test]
async fn an_owner_that_is_frozen_in_the_middle_of_a_copy_does_not_block_the_next_one() {
    let (database, pool) = migrated().await;
    pool.claim("t", "g", 0, "frozen", &found()).await.unwrap();
    let mut frozen = database.connect().await;
    let transaction = frozen.transaction().await.unwrap();
    transaction
        .query("SELECT FROM partition_positions FOR UPDATE", &[])
        .await
        .unwrap();
    let copy = transaction
        .copy_in::<_, bytes::Bytes>("COPY orders FROM STDIN (FORMAT binary)")
        .await
        .unwrap();
    eventually(SOON, "the next owner has its claim", async || {
        pool.claim("t", "g", 0, "next", &found()).await.is_ok()
    })
    .await;
    drop(copy);
}
