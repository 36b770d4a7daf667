//! Whether everything that was sent has arrived, and what became of it: told by the database,
//! which is the authority.

use std::time::{Duration, Instant};

use anyhow::Context;
use tokio_postgres::Client;

/// Some thousand orders take well under a second once the consumer has its partitions.
const DEADLINE: Duration = Duration::from_secs(120);
const INTERVAL: Duration = Duration::from_millis(20);

/// What the database holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Counts {
    pub orders: i64,
    pub rejected: i64,
}

impl Counts {
    pub async fn read(database: &Client) -> anyhow::Result<Self> {
        let counts = "SELECT (SELECT count(*) FROM orders), (SELECT count(*) FROM rejected_events)";
        let row = database
            .query_one(counts, &[])
            .await
            .context("cannot count the orders")?;
        Ok(Self {
            orders: row.get(0),
            rejected: row.get(1),
        })
    }
}

/// Waits until the stored position of each partition has reached its end in the topic.
pub(super) async fn all_in(database: &Client, topic: &str, ends: &[i64]) -> anyhow::Result<()> {
    let started = Instant::now();
    loop {
        let positions = positions(database, topic, ends.len()).await?;
        if positions
            .iter()
            .zip(ends)
            .all(|(reached, end)| reached >= end)
        {
            return Ok(());
        }
        if started.elapsed() > DEADLINE {
            anyhow::bail!(
                "the consumer is at {positions:?} of {ends:?} after {} s: see its log",
                DEADLINE.as_secs()
            );
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

async fn positions(database: &Client, topic: &str, count: usize) -> anyhow::Result<Vec<i64>> {
    let statement = "SELECT partition, next_offset FROM partition_positions WHERE topic = $1";
    let rows = database
        .query(statement, &[&topic])
        .await
        .context("cannot read the positions")?;
    let mut positions = vec![0; count];
    for row in rows {
        let partition = usize::try_from(row.get::<_, i32>(0))?;
        if let Some(position) = positions.get_mut(partition) {
            *position = row.get(1);
        }
    }
    Ok(positions)
}

/// One sentence on what became of `sent` records.
pub(super) fn summary(sent: i64, before: Counts, after: Counts, took: Duration) -> String {
    let stored = after.orders - before.orders;
    let rejected = after.rejected - before.rejected;
    let duplicates = sent - stored - rejected;
    format!(
        "{sent} events sent and committed in {:.1} s: {stored} stored, {duplicates} duplicates, \
         {rejected} rejected; {} orders in all",
        took.as_secs_f64(),
        after.orders
    )
}
