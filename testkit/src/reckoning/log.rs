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

impl Coordinates {
    /// Whether a text names it.
    #[must_use]
    pub fn is_in(self, text: &str) -> bool {
        let name = self.to_string();
        text.match_indices(&name).any(|(at, _)| {
            let rest = &text[at + name.len()..];
            !rest.starts_with(|next: char| next.is_ascii_digit())
                && (self.incarnation > 1 || !rest.starts_with(" of incarnation"))
        })
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

impl TopicRecord {
    /// The record for a person, long ones shortened.
    #[must_use]
    pub fn described(&self) -> String {
        const SHOWN: usize = 2_000;
        let Some(payload) = &self.payload else {
            return "a tombstone".to_owned();
        };
        let text = String::from_utf8_lossy(payload);
        let shown: String = text.chars().take(SHOWN).collect();
        let timestamp = self.timestamp_ms;
        format!("{} bytes at {timestamp:?}: {shown}", payload.len())
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_names_a_record_and_not_its_neighbours() {
        let record = |offset, incarnation| Coordinates {
            partition: 1,
            incarnation,
            offset,
        };
        let text = "order 7 of partition 1 offset 12 of incarnation 2: missing";
        assert!(record(12, 2).is_in(text));
        for other in [record(12, 1), record(1, 1), record(12, 3), record(1, 2)] {
            assert!(!other.is_in(text), "{other}");
        }
        assert!(record(12, 1).is_in("partition 1 offset 12: rejected"));
        assert!(!record(1, 1).is_in("partition 1 offset 12: rejected"));
    }
}
