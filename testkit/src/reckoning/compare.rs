//! The tables against what the records make necessary. Each difference is one line that names the
//! record and both views.

use std::collections::{BTreeMap, BTreeSet};

use super::event::{MORE, VIOLATIONS_MAX, Violation};
use super::facts::Fact;
use super::log::{Coordinates, PartitionLog, TopicRecord};
use super::order::Order;
use super::outcome::{Outcome, Outcomes, Reached};
use super::stored_rejection::StoredRejection;
use super::tables::Tables;

/// Everything that is not as the records say.
pub fn differences(
    topic: &str,
    logs: &[PartitionLog],
    outcomes: &Outcomes,
    tables: &Tables,
) -> Vec<String> {
    let mut found = outcomes.differences.clone();
    if tables.streams.iter().any(|stream| stream != topic) {
        found.push(format!("streams: {:?} instead of {topic}", tables.streams));
    }
    orders(outcomes, tables, &mut found);
    rejected(logs, outcomes, tables, &mut found);
    retried(outcomes, tables, &mut found);
    facts(outcomes, tables, &mut found);
    positions(logs, tables, &mut found);
    found
}

/// Partitions that are not read to their end, or beyond it.
pub fn unread(logs: &[PartitionLog], tables: &Tables) -> Vec<String> {
    let newest = |log: &&PartitionLog| {
        !logs
            .iter()
            .any(|other| other.partition == log.partition && other.incarnation > log.incarnation)
    };
    logs.iter()
        .filter(newest)
        .filter_map(|log| {
            let position = tables.positions.get(&log.partition);
            let read = position
                .filter(|position| position.incarnation == log.incarnation)
                .map(|position| position.next_offset);
            (read.unwrap_or(0) != log.end).then(|| {
                let read = read.map_or("nothing".to_owned(), |next| format!("up to {next}"));
                format!(
                    "partition {}: read {read}, its end is {}",
                    log.partition, log.end
                )
            })
        })
        .collect()
}

fn orders(outcomes: &Outcomes, tables: &Tables, found: &mut Vec<String>) {
    for (event_id, (coordinates, expected)) in &outcomes.orders {
        let Some(stored) = tables.orders.get(event_id) else {
            found.push(format!(
                "order {event_id} of {coordinates}: missing in orders"
            ));
            continue;
        };
        if stored.coordinates != Some(*coordinates) {
            let from = stored
                .coordinates
                .map_or("nowhere".to_owned(), |from| from.to_string());
            found.push(format!(
                "order {event_id}: stored from {from}, expected from {coordinates}"
            ));
        }
        for (field, expected, actual) in unequal_fields(expected, &stored.order) {
            found.push(format!(
                "order {event_id} of {coordinates}: {field} is {actual}, expected {expected}"
            ));
        }
        for fault in &stored.faults {
            found.push(format!("order {event_id} of {coordinates}: {fault}"));
        }
    }
    for (event_id, stored) in &tables.orders {
        if !outcomes.orders.contains_key(event_id) {
            let from = stored
                .coordinates
                .map_or("nowhere".to_owned(), |from| from.to_string());
            found.push(format!(
                "order {event_id} of {from}: in orders, and no record read says so"
            ));
        }
    }
}

fn unequal_fields(expected: &Order, actual: &Order) -> Vec<(&'static str, String, String)> {
    expected
        .fields()
        .into_iter()
        .zip(actual.fields())
        .filter(|(expected, actual)| expected != actual)
        .map(|((field, expected), (_, actual))| (field, expected, actual))
        .collect()
}

fn rejected(logs: &[PartitionLog], outcomes: &Outcomes, tables: &Tables, found: &mut Vec<String>) {
    let records: BTreeMap<Coordinates, &TopicRecord> = logs
        .iter()
        .flat_map(|log| {
            log.records
                .iter()
                .map(|record| (log.coordinates(record.offset), record))
        })
        .collect();
    for (coordinates, (outcome, reached)) in &outcomes.by_record {
        let stored = tables.rejected.get(coordinates);
        match (outcome, stored) {
            (Outcome::Rejected(expected), Some(stored)) => {
                let actual = &stored.violations;
                if !same_violations(expected, actual) {
                    found.push(format!(
                        "{coordinates}: rejected for {actual:?}, expected {expected:?}"
                    ));
                }
            }
            (Outcome::RefusedByDatabase, Some(stored)) => {
                let code = |(_, code): &(String, String)| code == "refused_by_database";
                if !stored.violations.iter().all(code) {
                    found.push(format!(
                        "{coordinates}: rejected for {:?}, expected the database's refusal",
                        stored.violations
                    ));
                }
            }
            (Outcome::Rejected(_) | Outcome::RefusedByDatabase, None) => {
                if *reached == Reached::Yes {
                    found.push(format!(
                        "{coordinates}: not in rejected_events, expected {outcome:?}"
                    ));
                }
            }
            (_, Some(stored)) => found.push(format!(
                "{coordinates}: rejected for {:?}, expected {outcome:?}",
                stored.violations
            )),
            (_, None) => {}
        }
    }
    for (coordinates, stored) in &tables.rejected {
        if !outcomes.by_record.contains_key(coordinates) {
            found.push(format!(
                "{coordinates}: in rejected_events, and was not read"
            ));
        }
        kept_whole(
            *coordinates,
            records.get(coordinates).copied(),
            stored,
            found,
        );
    }
}

/// Whether the stored list is the expected one, or as much of it as is listed.
fn same_violations(expected: &BTreeSet<Violation>, actual: &BTreeSet<(String, String)>) -> bool {
    let is_expected = |(field, code): &(String, String)| {
        expected
            .iter()
            .any(|(path, wanted)| path == field && wanted == code)
    };
    if expected.len() <= VIOLATIONS_MAX {
        return actual.len() == expected.len() && actual.iter().all(is_expected);
    }
    let (more, listed): (Vec<_>, Vec<_>) =
        actual.iter().cloned().partition(|(_, code)| code == MORE);
    more.len() == 1 && listed.len() == VIOLATIONS_MAX && listed.iter().all(is_expected)
}

fn kept_whole(
    coordinates: Coordinates,
    record: Option<&TopicRecord>,
    stored: &StoredRejection,
    found: &mut Vec<String>,
) {
    if let Some(record) = record {
        let kept = &stored.record;
        for (part, same) in [
            ("timestamp", record.timestamp_ms == kept.timestamp_ms),
            ("key", record.key == kept.key),
            ("headers", record.headers == kept.headers),
            ("payload", record.payload == kept.payload),
        ] {
            if !same {
                found.push(format!(
                    "{coordinates}: the rejected record's {part} was not kept whole"
                ));
            }
        }
    }
    for fault in &stored.faults {
        found.push(format!("{coordinates}: {fault}"));
    }
}

fn retried(outcomes: &Outcomes, tables: &Tables, found: &mut Vec<String>) {
    for (coordinates, retried) in &tables.retried {
        let expected = match outcomes.by_record.get(coordinates) {
            Some((Outcome::Stored, _)) => "stored",
            Some((Outcome::Duplicate, _)) => "duplicate",
            Some((Outcome::Ignored, _)) => "ignored",
            Some((Outcome::Rejected(_) | Outcome::RefusedByDatabase, _)) => "still rejected",
            None => "not read at all",
        };
        if retried != expected {
            found.push(format!(
                "{coordinates}: a retry made it {retried}, expected {expected}"
            ));
        }
    }
}

fn facts(outcomes: &Outcomes, tables: &Tables, found: &mut Vec<String>) {
    let mut surplus: BTreeMap<(i32, Fact), i64> = BTreeMap::new();
    for (coordinates, order) in outcomes.orders.values() {
        *surplus
            .entry((coordinates.partition, Fact::of(order)))
            .or_default() -= 1;
    }
    let mut reached: BTreeMap<i32, i64> = BTreeMap::new();
    for row in &tables.facts {
        let partition = row.partition;
        let next = reached.entry(partition).or_default();
        if row.first_ordinal != *next {
            found.push(format!(
                "facts of partition {partition}: a row begins at ordinal {}, expected {next}",
                row.first_ordinal
            ));
        }
        *next = row.next_ordinal;
        match &row.facts {
            Ok(facts) => {
                for fact in facts {
                    *surplus.entry((partition, fact.clone())).or_default() += 1;
                }
            }
            Err(error) => found.push(format!(
                "facts of partition {partition} from ordinal {}: {error}",
                row.first_ordinal
            )),
        }
    }
    for (partition, position) in &tables.positions {
        let facts_end = reached.remove(partition).unwrap_or(0);
        if facts_end != position.facts_next {
            found.push(format!(
                "facts of partition {partition}: they end at ordinal {facts_end}, its position says {}",
                position.facts_next
            ));
        }
    }
    for partition in reached.keys() {
        found.push(format!(
            "facts of partition {partition}: it has no position"
        ));
    }
    for ((partition, fact), surplus) in surplus {
        match surplus {
            0 => {}
            1.. => found.push(format!(
                "facts of partition {partition}: {surplus} too many of {fact:?}"
            )),
            _ => found.push(format!(
                "facts of partition {partition}: {} missing of {fact:?}",
                -surplus
            )),
        }
    }
}

fn positions(logs: &[PartitionLog], tables: &Tables, found: &mut Vec<String>) {
    for (partition, position) in &tables.positions {
        let log = logs
            .iter()
            .find(|log| (log.partition, log.incarnation) == (*partition, position.incarnation));
        match log {
            None => found.push(format!(
                "partition {partition}: it has a position in incarnation {}, and the topic has no \
                 such partition",
                position.incarnation
            )),
            Some(log) if position.next_offset > log.end => found.push(format!(
                "partition {partition}: its position {} is beyond its end {}",
                position.next_offset, log.end
            )),
            Some(_) => {}
        }
    }
}
