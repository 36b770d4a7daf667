//! A topic's records as they lie on the broker.

use std::fmt;

/// Where a record lies. Ordered as its partition is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Coordinates {
    /// Partition.
    pub partition: i32,
    /// Which of the topics that bore the name, from 1.
    pub incarnation: i32,
    /// Offset.
    pub offset: i64,
}

impl fmt::Display for Coordinates {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "partition {} offset {}",
            self.partition, self.offset
        )?;
        match self.incarnation {
            1 => Ok(()),
            incarnation => write!(formatter, " of incarnation {incarnation}"),
        }
    }
}

/// A record, whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TopicRecord {
    /// Its offset.
    pub offset: i64,
    /// Milliseconds since 1970, where it has a timestamp.
    pub timestamp_ms: Option<i64>,
    /// Its key, where it has one.
    pub key: Option<Vec<u8>>,
    /// Names and values of its headers.
    pub headers: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    /// Its value; `None` for a tombstone.
    pub payload: Option<Vec<u8>>,
}

/// The records of one partition that were committed, in the order of their offsets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionLog {
    /// Partition.
    pub partition: i32,
    /// Which of the topics that bore the name. An earlier one counts as read to its `end`.
    pub incarnation: i32,
    /// The next offset that the partition would give.
    pub end: i64,
    /// The records.
    pub records: Vec<TopicRecord>,
}

/// A topic's records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TopicContents {
    /// The topic's name.
    pub topic: String,
    /// Its partitions, also those of earlier topics of the name.
    pub logs: Vec<PartitionLog>,
}

impl TopicContents {
    /// The same records as of the topic's `incarnation`-th creation.
    #[must_use]
    pub fn of_incarnation(mut self, incarnation: i32) -> Self {
        for log in &mut self.logs {
            log.incarnation = incarnation;
        }
        self
    }

    /// Adds what an earlier reading saw and the broker no longer has: records deleted by retention
    /// or compaction, and whole earlier topics of the name.
    #[must_use]
    pub fn with_earlier(mut self, earlier: Self) -> Self {
        for old in earlier.logs {
            let same = |log: &&mut PartitionLog| {
                (log.partition, log.incarnation) == (old.partition, old.incarnation)
            };
            match self.logs.iter_mut().find(same) {
                None => self.logs.push(old),
                Some(log) => log.add_missing(old.records),
            }
        }
        self
    }
}

impl PartitionLog {
    fn add_missing(&mut self, records: Vec<TopicRecord>) {
        self.records.extend(records);
        self.records.sort_by_key(|record| record.offset); // stable: what is there now comes first
        self.records.dedup_by_key(|record| record.offset);
    }

    /// Where the record with this offset lies.
    pub fn coordinates(&self, offset: i64) -> Coordinates {
        Coordinates {
            partition: self.partition,
            incarnation: self.incarnation,
            offset,
        }
    }
}
