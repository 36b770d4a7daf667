//! What the database holds, read in one snapshot.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use tokio_postgres::{Client, Row};

use super::facts::{self, FactRow};
use super::log::Coordinates;
use super::stored_order::{self, StoredOrder};
use super::stored_rejection::{self, StoredRejection};

/// The tables' rows.
#[derive(Clone, Debug, Default)]
pub struct Tables {
    /// The topics that the database is bound to.
    pub streams: Vec<String>,
    /// By partition.
    pub positions: BTreeMap<i32, Position>,
    /// Offsets that an operator passed over.
    pub skipped: Vec<SkippedRange>,
    /// Orders with what is wrong in the way that a row stores them.
    pub orders: BTreeMap<String, StoredOrder>,
    /// Rejected records.
    pub rejected: BTreeMap<Coordinates, StoredRejection>,
    /// Records that a retry brought to another outcome, which is the value.
    pub retried: BTreeMap<Coordinates, String>,
    /// Facts in the order of partition and ordinal.
    pub facts: Vec<FactRow>,
}

/// A partition's position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The topic's incarnation that it belongs to.
    pub incarnation: i32,
    /// Every record below has had its outcome.
    pub next_offset: i64,
    /// Orders ever stored through the partition.
    pub facts_next: i64,
}

/// A range of offsets, the last one exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SkippedRange {
    /// Its first offset.
    pub first: Coordinates,
    /// The offset after its last.
    pub next_offset: i64,
}

impl Tables {
    /// Reads everything that the database holds of `topic`.
    ///
    /// # Errors
    ///
    /// When the database cannot be asked or a row has another form than the migrations give it.
    pub async fn read(client: &Client, topic: &str) -> Result<Self> {
        client
            .batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            .await
            .context("cannot open a snapshot")?;
        let tables = Self::read_snapshot(client, topic).await;
        let closed = client.batch_execute("ROLLBACK").await;
        let tables = tables.context("cannot read the tables")?;
        closed.context("cannot close the snapshot")?;
        Ok(tables)
    }

    async fn read_snapshot(client: &Client, topic: &str) -> Result<Self> {
        let mut tables = Self::default();
        for row in client.query("SELECT topic FROM streams", &[]).await? {
            tables.streams.push(row.try_get(0)?);
        }
        let positions = "SELECT * FROM partition_positions WHERE topic = $1";
        for row in client.query(positions, &[&topic]).await? {
            tables
                .positions
                .insert(row.try_get("partition")?, position(&row)?);
        }
        let skipped = "SELECT *, first_offset AS \"offset\" FROM skipped_ranges WHERE topic = $1";
        for row in client.query(skipped, &[&topic]).await? {
            tables.skipped.push(SkippedRange {
                first: coordinates(&row)?,
                next_offset: row.try_get("next_offset")?,
            });
        }
        for row in client.query(stored_order::SQL, &[&topic]).await? {
            let stored = stored_order::read(&row)?;
            tables.orders.insert(stored.order.event_id.clone(), stored);
        }
        for row in client.query(stored_rejection::SQL, &[&topic]).await? {
            tables
                .rejected
                .insert(coordinates(&row)?, stored_rejection::read(&row)?);
        }
        let retried = "SELECT * FROM retried_events WHERE topic = $1";
        for row in client.query(retried, &[&topic]).await? {
            tables
                .retried
                .insert(coordinates(&row)?, row.try_get("outcome")?);
        }
        for row in client.query(facts::SQL, &[&topic]).await? {
            tables.facts.push(facts::read(&row)?);
        }
        Ok(tables)
    }
}

/// Where the record of a row lies.
pub fn coordinates(row: &Row) -> Result<Coordinates> {
    Ok(Coordinates {
        partition: row.try_get("partition")?,
        incarnation: row.try_get("incarnation")?,
        offset: row.try_get("offset")?,
    })
}

fn position(row: &Row) -> Result<Position> {
    Ok(Position {
        incarnation: row.try_get("incarnation")?,
        next_offset: row.try_get("next_offset")?,
        facts_next: row.try_get("facts_next")?,
    })
}
