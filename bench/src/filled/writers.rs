//! Generated orders through the consumer's own batch, facts and transaction, without a topic: a
//! thread a partition makes and judges the records, a connection a partition commits them.

use anyhow::{Context, Result, ensure};
use futures_util::future;
use ordertally_consumer::batch::{Batch, Judged};
use ordertally_consumer::probe::{TopicDescription, Watermarks};
use ordertally_consumer::record::Record;
use ordertally_consumer::store::{Claim, Found, Pool, Previous};
use ordertally_replay::generate::{Made, Plan};
use ordertally_settings::DatabaseUrl;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::{GROUP, Orders, TOPIC};

/// A topic that never was has an id all the same.
const TOPIC_ID: &str = "ordertally-bench-filled";
/// Batches that wait while another is committed; each takes some 100 MB.
const WAITING: usize = 1;

/// Stores all of `orders` in the database at `url`, whose `orders` has no index: dealt out to the
/// partitions in turn, in transactions that each leave a row of facts of full size.
///
/// # Errors
///
/// When the database refuses, or an order is not stored.
pub async fn write(url: &str, orders: &Orders) -> Result<()> {
    let url: DatabaseUrl = url.parse()?;
    let partitions = usize::try_from(orders.partitions)?;
    let pool = Pool::new(&url, partitions);
    let writers = (0..orders.partitions).map(|partition| {
        let (pool, orders) = (pool.clone(), orders.clone());
        tokio::spawn(async move { write_partition(&pool, &orders, partition).await })
    });
    let mut stored = 0;
    for written in future::try_join_all(writers).await? {
        stored += written?;
    }
    ensure!(
        stored == orders.count,
        "{stored} of {} orders were stored",
        orders.count
    );
    Ok(())
}

async fn write_partition(pool: &Pool, orders: &Orders, partition: i32) -> Result<u64> {
    let share = Share {
        plan: orders.plan.clone(),
        orders: orders.count,
        first: u64::from(partition.unsigned_abs()),
        step: usize::try_from(orders.partitions)?,
        batch_orders: orders.row_orders,
    };
    let found = Found {
        topic: TopicDescription {
            topic_id: TOPIC_ID.to_owned(),
            partitions: orders.partitions,
        },
        log: Watermarks {
            log_start: 0,
            log_end: i64::try_from(orders.count)?,
        },
    };
    let claim = pool
        .claim(TOPIC, GROUP, partition, "ordertally-bench", &found)
        .await?;
    let (outbox, inbox) = channel(WAITING);
    let making = tokio::task::spawn_blocking(move || share.make(&outbox));
    let stored = commit(pool, &claim, inbox).await?;
    making.await.context("making orders was cut off")?;
    Ok(stored)
}

async fn commit(pool: &Pool, claim: &Claim, mut inbox: Receiver<Batch>) -> Result<u64> {
    let mut stored = 0;
    while let Some(batch) = inbox.recv().await {
        // Every id is new, and there is no index to look them up by.
        let mut previous = Previous {
            look_up: false,
            ..Previous::default()
        };
        let committed = pool.commit(claim, &batch, &mut previous).await?;
        stored += u64::try_from(committed.fact_orders)?;
        tokio::task::spawn_blocking(move || drop(batch)); // a third of a second for the allocator
    }
    Ok(stored)
}

/// What of all orders goes through a partition.
struct Share {
    plan: Plan,
    orders: u64,
    first: u64,
    step: usize,
    batch_orders: i64,
}

impl Share {
    /// Makes every batch, until nobody takes them.
    fn make(&self, outbox: &Sender<Batch>) {
        let mut made = Made::default();
        let mut batch = Batch::default();
        let numbers = (self.first..self.orders).step_by(self.step);
        for (offset, number) in (0..).zip(numbers) {
            self.plan.make_order(number, &mut made);
            batch.records.push(judged(&made, offset));
            batch.next_offset = offset + 1;
            if batch.next_offset - batch.first_expected == self.batch_orders {
                let next = Batch {
                    first_expected: batch.next_offset,
                    ..Batch::default()
                };
                if outbox
                    .blocking_send(std::mem::replace(&mut batch, next))
                    .is_err()
                {
                    return;
                }
            }
        }
        if !batch.records.is_empty() {
            // Whoever does not take it has failed, and says so.
            drop(outbox.blocking_send(batch));
        }
    }
}

fn judged(made: &Made, offset: i64) -> Judged {
    let mut judged = Judged::of(Record {
        offset,
        expected_offset: offset,
        timestamp_ms: Some(chrono::Utc::now().timestamp_millis()),
        payload: Some(made.payload.clone().into_boxed_slice()),
        ..Record::default()
    });
    judged.record.payload = None; // kept only of what is rejected
    judged
}
