//! `facts rebuild`: one partition a transaction, under its row lock, from the orders in log order.
//!
//! Readers of the facts see another generation and read anew. Records of the partition wait
//! meanwhile; the others go on.

use anyhow::{Context as _, bail};
use chrono::{DateTime, Utc};
use ordertally_settings::{ExitStatus, cli};
use tokio_postgres::{Client, Row};

use super::RebuildSettings;
use super::fact::{Fact, OF_ORDERS};
use super::scan::Scan;
use crate::facts::{FactColumns, LARGE};
use crate::store::{Claim, Lease, StoreError, insert_facts};

/// Orders read at a time.
const PIECE: usize = 8_192;
/// Most line items in one row of facts, so that an array stays far below what Postgres can hold.
const ITEMS: usize = 1 << 20;

/// A rebuild takes longer than a batch, and waits longer for the batch in hand. A frozen rebuild
/// still loses its lock after the session's idle limit.
const LIMITS: &str = "SET LOCAL statement_timeout = '1h'; SET LOCAL lock_timeout = '60s'";
const PARTITIONS: &str = "
    SELECT partition FROM partition_positions
    WHERE topic = $1 AND ($2::integer IS NULL OR partition = $2)
    ORDER BY partition";
const LOCK: &str = "
    SELECT incarnation, owner_epoch, next_offset FROM partition_positions
    WHERE topic = $1 AND partition = $2
    FOR UPDATE";
const DELETE: &str = "DELETE FROM order_facts WHERE topic = $1 AND partition = $2";
const COUNT: &str = "
    UPDATE partition_positions SET facts_next = $3 WHERE topic = $1 AND partition = $2";
const GENERATION: &str = "
    UPDATE facts_generation SET generation = generation + 1 RETURNING generation";

pub async fn run(settings: &RebuildSettings) -> anyhow::Result<ExitStatus> {
    let topic = settings.stream.kafka_topic.as_str();
    let pool = settings.stream.open().await?;
    let lease = pool.lease().await?;
    let partitions = partitions(lease.client(), topic, settings.partition).await?;
    if let (Some(partition), true) = (settings.partition, partitions.is_empty()) {
        bail!("partition {partition} of topic {topic} has no stored position: nothing was read");
    }
    for partition in partitions {
        let (orders, rows, generation) = rebuild(&lease, topic, partition)
            .await
            .with_context(|| format!("the facts of partition {partition} are as they were"))?;
        cli::print(format_args!(
            "partition {partition}: {orders} orders in {rows} rows of facts, generation {generation}"
        ))?;
    }
    lease.give_back();
    Ok(ExitStatus::Done)
}

async fn partitions(
    client: &Client,
    topic: &str,
    partition: Option<i32>,
) -> Result<Vec<i32>, StoreError> {
    let rows = client.query(PARTITIONS, &[&topic, &partition]).await?;
    let partitions: Result<_, _> = rows.iter().map(|row| row.try_get(0)).collect();
    Ok(partitions?)
}

/// Writes one partition's facts anew: how many orders, in how many rows, as which generation.
async fn rebuild(
    lease: &Lease,
    topic: &str,
    partition: i32,
) -> Result<(i64, usize, i64), StoreError> {
    let client = lease.client();
    client.batch_execute("BEGIN").await?;
    client.batch_execute(LIMITS).await?;
    let position = client.query_one(LOCK, &[&topic, &partition]).await?;
    let claim = claim(topic, partition, &position)?;
    client.execute(DELETE, &[&topic, &partition]).await?;
    let sql = format!(
        r#"{OF_ORDERS} WHERE topic = $1 AND partition = $2 ORDER BY incarnation, "offset""#
    );
    let scan = Scan::open(
        client,
        "orders_of_partition",
        &sql,
        &[&topic, &partition],
        PIECE,
    )
    .await?;
    let mut written = 0;
    let mut rows_of_facts = 0;
    let mut gathered = Gathered::default();
    loop {
        let piece = scan.next().await?;
        let at_end = piece.is_empty();
        for row in piece {
            gathered.add(row)?;
            if gathered.is_full() {
                written = gathered.write(lease, &claim, written).await?;
                rows_of_facts += 1;
            }
        }
        if at_end {
            break;
        }
    }
    if !gathered.rows.is_empty() {
        written = gathered.write(lease, &claim, written).await?;
        rows_of_facts += 1;
    }
    client
        .execute(COUNT, &[&topic, &partition, &written])
        .await?;
    let generation = client.query_one(GENERATION, &[]).await?.try_get(0)?;
    client.batch_execute("COMMIT").await?;
    Ok((written, rows_of_facts, generation))
}

/// Whoever holds the row's lock writes for the partition.
fn claim(topic: &str, partition: i32, position: &Row) -> Result<Claim, StoreError> {
    Ok(Claim {
        topic: topic.to_owned(),
        partition,
        incarnation: position.try_get(0)?,
        topic_id: String::new(), // nothing is asked of the broker
        epoch: position.try_get(1)?,
        next_offset: position.try_get(2)?,
        rejected_below: i64::MAX,
    })
}

/// Orders that become one row of facts.
#[derive(Default)]
struct Gathered {
    rows: Vec<Row>,
    items: usize,
}

impl Gathered {
    fn add(&mut self, row: Row) -> Result<(), StoreError> {
        self.items += Fact::of(&row)?.items();
        self.rows.push(row);
        Ok(())
    }

    fn is_full(&self) -> bool {
        i64::try_from(self.rows.len()).is_ok_and(|rows| rows >= LARGE) || self.items >= ITEMS
    }

    /// Writes the row whose first order has the ordinal `first`; the ordinal after it.
    async fn write(&mut self, lease: &Lease, claim: &Claim, first: i64) -> Result<i64, StoreError> {
        let mut columns = FactColumns::default();
        let mut newest = DateTime::<Utc>::MIN_UTC;
        for row in &self.rows {
            newest = newest.max(row.try_get(3)?);
            Fact::of(row)?.push_onto(&mut columns);
        }
        insert_facts(lease.session(), claim, first, &columns, newest).await?;
        let next = first + columns.len();
        drop(columns);
        self.rows.clear();
        self.items = 0;
        Ok(next)
    }
}
