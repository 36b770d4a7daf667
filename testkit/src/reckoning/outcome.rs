//! Each record's one outcome, from the records of all partitions and the order in which they were
//! read.
//!
//! Within a partition that order is the offsets'. Across partitions it is a race: which of several
//! records of one event id was stored is taken from the database where it is a legal winner, and
//! everything else must then follow from it.

use std::collections::{BTreeMap, BTreeSet};

use super::event::{Verdict, Violation, judge};
use super::log::{Coordinates, PartitionLog};
use super::order::Order;
use super::tables::Tables;

/// What became of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is the order in the table.
    Stored,
    /// It says what is stored already.
    Duplicate,
    /// It broke rules: these, and no others.
    Rejected(BTreeSet<Violation>),
    /// The database alone refused it.
    RefusedByDatabase,
    /// It is of another type.
    Ignored,
}

/// Whether a record has had its outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reached {
    /// It lies below its partition's position.
    Yes,
    /// Both are right: an operator passed over it, rewound the position before it, or retried it
    /// at a time of his own.
    Perhaps,
    /// It must have left nothing yet.
    No,
}

/// A record with its verdict.
#[derive(Clone, Debug)]
pub struct Judged {
    /// Where it lies.
    pub coordinates: Coordinates,
    /// What it is by itself.
    pub verdict: Verdict,
    /// Whether it has had its outcome.
    pub reached: Reached,
}

/// What may differ from one plain reading of the topic, because a test or an operator did it.
#[derive(Clone, Debug, Default)]
pub struct Circumstances {
    /// Records that the database refuses, by a rule that the event's rules do not know.
    pub refused_by_database: BTreeSet<Coordinates>,
    /// Partitions whose position was set back.
    pub rewound: BTreeSet<i32>,
}

/// Every record's outcome.
#[derive(Clone, Debug, Default)]
pub struct Outcomes {
    /// Of each record that has had one, or may have.
    pub by_record: BTreeMap<Coordinates, (Outcome, Reached)>,
    /// Which orders must be there, and which record each is.
    pub orders: BTreeMap<String, (Coordinates, Order)>,
    /// Where the database's choice was not legal.
    pub differences: Vec<String>,
}

/// Judges every record of a log against the position that is stored.
pub fn judge_log(
    log: &PartitionLog,
    tables: &Tables,
    circumstances: &Circumstances,
) -> Vec<Judged> {
    let reached = |coordinates: Coordinates| {
        let Some(position) = tables.positions.get(&log.partition) else {
            return Reached::No;
        };
        let below =
            (log.incarnation, coordinates.offset) < (position.incarnation, position.next_offset);
        let skipped = tables.skipped.iter().any(|range| {
            (range.first.partition, range.first.incarnation) == (log.partition, log.incarnation)
                && (range.first.offset..range.next_offset).contains(&coordinates.offset)
        });
        let retried = tables.retried.contains_key(&coordinates);
        let rewound = circumstances.rewound.contains(&log.partition);
        match below {
            _ if skipped || retried => Reached::Perhaps,
            true => Reached::Yes,
            false if rewound => Reached::Perhaps,
            false => Reached::No,
        }
    };
    log.records
        .iter()
        .map(|record| {
            let coordinates = log.coordinates(record.offset);
            Judged {
                coordinates,
                verdict: judge(record.payload.as_deref(), record.timestamp_ms),
                reached: reached(coordinates),
            }
        })
        .collect()
}

/// Settles what became of each record; `records` are in the order of their partitions' reading.
pub fn settle(records: &[Judged], tables: &Tables, circumstances: &Circumstances) -> Outcomes {
    let mut outcomes = Outcomes::default();
    let mut of_one_id: BTreeMap<&str, Vec<(&Judged, &Order)>> = BTreeMap::new();
    for record in records
        .iter()
        .filter(|record| record.reached != Reached::No)
    {
        let outcome = match &record.verdict {
            Verdict::Ignored => Outcome::Ignored,
            Verdict::Rejected(violations) => Outcome::Rejected(violations.clone()),
            Verdict::Valid(_)
                if circumstances
                    .refused_by_database
                    .contains(&record.coordinates) =>
            {
                Outcome::RefusedByDatabase
            }
            Verdict::Valid(order) => {
                of_one_id
                    .entry(&order.event_id)
                    .or_default()
                    .push((record, order));
                continue;
            }
        };
        outcomes
            .by_record
            .insert(record.coordinates, (outcome, record.reached));
    }
    for (event_id, records) in of_one_id {
        settle_one_id(event_id, &records, tables, &mut outcomes);
    }
    outcomes
}

fn settle_one_id(
    event_id: &str,
    records: &[(&Judged, &Order)],
    tables: &Tables,
    outcomes: &mut Outcomes,
) {
    let stored = tables
        .orders
        .get(event_id)
        .and_then(|stored| stored.coordinates);
    let legal = legal_winners(records);
    let named = stored.and_then(|stored| {
        records
            .iter()
            .find(|(record, _)| record.coordinates == stored)
    });
    let must_be_there = records
        .iter()
        .find(|(record, _)| record.reached == Reached::Yes);
    let winner = match (named, must_be_there) {
        (Some(named), _) => {
            if !legal.contains(&named.0.coordinates) {
                outcomes.differences.push(format!(
                    "order {event_id}: it was stored from {}, which an earlier record of its \
                     partition with this id forbids; legal were {}",
                    named.0.coordinates,
                    shown(&legal),
                ));
            }
            named
        }
        // That the row is missing, or comes from elsewhere, shows when the tables are compared.
        (None, Some(first)) => first,
        (None, None) => return,
    };
    let (winner, order) = *winner;
    for (record, content) in records {
        let outcome = if record.coordinates == winner.coordinates {
            Outcome::Stored
        } else if content.says_the_same_as(order) {
            Outcome::Duplicate
        } else {
            let violation = ("event_id".to_owned(), "conflicting_duplicate");
            Outcome::Rejected(BTreeSet::from([violation]))
        };
        outcomes
            .by_record
            .insert(record.coordinates, (outcome, record.reached));
    }
    outcomes
        .orders
        .insert(event_id.to_owned(), (winner.coordinates, order.clone()));
}

/// Of each partition the first record of the id that was surely read, and those before it that
/// perhaps were; a retried record may win whatever was read before, as its rejection shows that
/// it had not.
fn legal_winners(records: &[(&Judged, &Order)]) -> Vec<Coordinates> {
    let mut decided = BTreeSet::new();
    let mut legal = Vec::new();
    for (record, _) in records {
        let partition = record.coordinates.partition;
        if record.reached == Reached::Perhaps || !decided.contains(&partition) {
            legal.push(record.coordinates);
        }
        if record.reached == Reached::Yes {
            decided.insert(partition);
        }
    }
    legal
}

fn shown(coordinates: &[Coordinates]) -> String {
    let shown: Vec<String> = coordinates.iter().map(ToString::to_string).collect();
    shown.join(", ")
}
