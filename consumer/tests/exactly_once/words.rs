//! What a consumer leaves beside a position: where the log ends, and what became of the day's
//! records.

use chrono::{DateTime, TimeZone as _, Utc};
use ordertally_consumer::log_end::LogEnd;
use ordertally_consumer::store::{Previous, Retry, StoreError};
use ordertally_testkit::eventually;
use ordertally_testkit::servers::TestDatabase;

use crate::stage::{SOON, Stage, order};
use crate::store::{batch, found_with_partitions, migrated};

fn word(offset: i64) -> LogEnd {
    LogEnd {
        offset,
        seen_at: Utc.timestamp_opt(1_600_000_000, 0).unwrap(),
    }
}

async fn left(database: &TestDatabase) -> (Option<i64>, Option<DateTime<Utc>>) {
    let row = database
        .connect()
        .await
        .query_one("SELECT log_end, log_end_at FROM partition_positions", &[])
        .await
        .unwrap();
    (row.get(0), row.get(1))
}

/// Stored, duplicate, rejected and ignored records of today, by the partition's row.
async fn today(database: &TestDatabase) -> [i64; 4] {
    let row = database
        .connect()
        .await
        .query_one(
            "SELECT day_stored, day_duplicates, day_rejected, day_ignored FROM partition_positions
             WHERE day = (now() AT TIME ZONE 'UTC')::date",
            &[],
        )
        .await
        .unwrap();
    [row.get(0), row.get(1), row.get(2), row.get(3)]
}

#[tokio::test]
async fn a_commit_counts_its_outcomes_and_leaves_word_of_the_logs_end() {
    let (database, pool) = migrated().await;
    let found = found_with_partitions(1);
    let claim = pool.claim("t", "g", 0, "owner", &found).await.unwrap();
    let other = r#"{"event_type": "order.shipped"}"#.to_owned();
    let payloads = [
        order("a", 1),
        order("b", 1),
        order("a", 1),
        "{".to_owned(),
        other,
    ];
    let mut first = batch(0, &payloads);
    first.log_end = Some(word(9));
    let committed = pool.commit(&claim, &first, &mut Previous::default()).await;
    assert_eq!(committed.unwrap().outcomes.stored, 2);
    assert_eq!(today(&database).await, [2, 1, 1, 1]);
    assert_eq!(left(&database).await, (Some(9), Some(word(9).seen_at)));
    // Without another word the one of before stays.
    let second = batch(5, &[order("c", 1)]);
    let _committed = pool
        .commit(&claim, &second, &mut Previous::default())
        .await
        .unwrap();
    assert_eq!(today(&database).await, [3, 1, 1, 1]);
    assert_eq!(left(&database).await.0, Some(9));
}

#[tokio::test]
async fn counts_of_another_day_give_way() {
    let (database, pool) = migrated().await;
    let found = found_with_partitions(1);
    let claim = pool.claim("t", "g", 0, "owner", &found).await.unwrap();
    let yesterday = "UPDATE partition_positions
        SET day = current_date - 3, day_stored = 7, day_duplicates = 7, day_rejected = 7,
            day_ignored = 7";
    let client = database.connect().await;
    client.batch_execute(yesterday).await.unwrap();
    let _committed = pool
        .commit(
            &claim,
            &batch(0, &[order("a", 1)]),
            &mut Previous::default(),
        )
        .await
        .unwrap();
    assert_eq!(today(&database).await, [1, 0, 0, 0]);
}

#[tokio::test]
async fn a_retried_record_that_is_stored_counts_as_stored() {
    let (database, pool) = migrated().await;
    let found = found_with_partitions(1);
    let claim = pool.claim("t", "g", 0, "owner", &found).await.unwrap();
    let mut refused = batch(0, &[order("a", 1)]);
    assert!(refused.refuse("22000", "of its own"));
    let _committed = pool
        .commit(&claim, &refused, &mut Previous::default())
        .await
        .unwrap();
    assert_eq!(today(&database).await, [0, 0, 1, 0]);
    let retry = Retry {
        topic: "t".into(),
        incarnation: 1,
        partition: 0,
        ids: vec![1],
    };
    let retried = pool.retry(&retry, None).await.unwrap();
    assert_eq!(retried.outcomes.stored, 1);
    assert_eq!(today(&database).await, [1, 0, 1, 0]);
}

#[tokio::test]
async fn word_is_left_by_the_newest_claimant_alone_and_waits_for_nobody() {
    let (database, pool) = migrated().await;
    let found = found_with_partitions(1);
    let first = pool.claim("t", "g", 0, "first", &found).await.unwrap();
    let second = pool.claim("t", "g", 0, "second", &found).await.unwrap();
    pool.look_at(&second, Some(word(5))).await.unwrap();
    let late = pool.look_at(&first, Some(word(6))).await;
    assert!(matches!(late, Err(StoreError::Fenced { .. })), "{late:?}");
    let mut holder = database.connect().await;
    let held = holder.transaction().await.unwrap();
    let _row = held
        .query("SELECT FROM partition_positions FOR UPDATE", &[])
        .await
        .unwrap();
    pool.look_at(&second, Some(word(7))).await.unwrap();
    held.rollback().await.unwrap();
    assert_eq!(left(&database).await.0, Some(5));
    pool.look_at(&second, Some(word(8))).await.unwrap();
    assert_eq!(left(&database).await.0, Some(8));
}

#[tokio::test]
async fn an_idle_consumer_leaves_word_too() {
    let stage = Stage::new(1).await;
    let mut consumer = stage.consumer();
    let word = async |expected: i64| {
        let sql = "SELECT log_end FROM partition_positions";
        let row = stage.client().await.query_one(sql, &[]).await;
        row.is_ok_and(|row| row.get::<_, Option<i64>>(0) == Some(expected))
    };
    eventually(SOON, "an empty log's end is known", async || word(0).await).await;
    stage.send_orders(1, 0, 25);
    eventually(SOON, "the end is known after a while", async || {
        word(25).await
    })
    .await;
    assert!(consumer.stop().await.success());
    stage.reckon().await;
}
