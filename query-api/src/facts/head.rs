//! How far the facts in the database go, read in the same state as the facts.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use tokio_postgres::{Client, Row};

use super::snapshot::Facts;

/// The columns that [`Head::take`] reads, of `facts_generation` and `partition_positions`.
pub const COLUMNS: &str = "generation, positions.partition, positions.incarnation, \
    positions.next_offset, positions.facts_next, positions.committed_at";

/// How many they are.
pub const COLUMN_COUNT: usize = 6;

/// A hash that is the same for the same facts, whoever read them.
pub type Version = [u8; blake3::OUT_LEN];

/// The generation of the facts, and each partition's position.
#[derive(Clone, Debug, Default)]
pub struct Head {
    /// Which writing of the facts.
    pub generation: i64,
    partitions: BTreeMap<i32, PartitionHead>,
}

#[derive(Clone, Copy, Debug)]
struct PartitionHead {
    incarnation: i32,
    next_offset: i64,
    facts_next: i64,
    committed_at: Option<DateTime<Utc>>,
}

impl Head {
    /// Reads it alone.
    ///
    /// # Errors
    ///
    /// When Postgres does not give it.
    pub async fn read(client: &Client) -> Result<Self, tokio_postgres::Error> {
        let sql = format!(
            "SELECT {COLUMNS} FROM facts_generation
             LEFT JOIN partition_positions AS positions ON true"
        );
        let mut head = Self::default();
        for row in client.query(&sql, &[]).await? {
            let _partition = head.take(&row)?;
        }
        Ok(head)
    }

    /// Takes a row that begins with [`COLUMNS`]. Returns its partition; `None` where there is none.
    ///
    /// # Errors
    ///
    /// When the row is not so.
    pub fn take(&mut self, row: &Row) -> Result<Option<i32>, tokio_postgres::Error> {
        self.generation = row.try_get(0)?;
        let Some(partition) = row.try_get(1)? else {
            return Ok(None);
        };
        let head = PartitionHead {
            incarnation: row.try_get(2)?,
            next_offset: row.try_get(3)?,
            facts_next: row.try_get(4)?,
            committed_at: row.try_get(5)?,
        };
        let _same = self.partitions.insert(partition, head);
        Ok(Some(partition))
    }

    /// Says on `facts` what they include.
    pub fn put_on(&self, facts: &mut Facts) {
        let partitions = &self.partitions;
        facts.generation = self.generation;
        facts.positions = partitions
            .iter()
            .map(|(partition, head)| (*partition, head.next_offset))
            .collect();
        let committed = partitions.values().filter_map(|head| head.committed_at);
        facts.as_of = committed.max();
        facts.version = self.version();
    }

    fn version(&self) -> Version {
        let mut hasher = blake3::Hasher::new();
        let _hasher = hasher.update(&self.generation.to_be_bytes());
        for (partition, head) in &self.partitions {
            let committed_us = head.committed_at.map(|at| at.timestamp_micros());
            let _hasher = hasher
                .update(&partition.to_be_bytes())
                .update(&head.incarnation.to_be_bytes())
                .update(&head.next_offset.to_be_bytes())
                .update(&head.facts_next.to_be_bytes())
                .update(&committed_us.unwrap_or(i64::MIN).to_be_bytes());
        }
        *hasher.finalize().as_bytes()
    }

    /// The ordinal after the last order of each partition.
    #[must_use]
    pub fn ordinals(&self) -> BTreeMap<i32, i64> {
        let partitions = self.partitions.iter();
        partitions
            .map(|(partition, head)| (*partition, head.facts_next))
            .collect()
    }
}
