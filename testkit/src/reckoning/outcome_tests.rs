//! The comparison finds nothing where a consumer did right, and names everything that one did
//! wrong. The tables are those of a consumer in miniature, which reads the records in a given
//! order.

use std::collections::{BTreeMap, BTreeSet};

use super::event::{Verdict, judge};
use super::facts::{Fact, FactRow};
use super::tables::{Position, SkippedRange};
use super::{
    Circumstances, Coordinates, Outcome, PartitionLog, Reckoning, StoredOrder, StoredRejection,
    Tables, TopicContents, TopicRecord,
};

const AT_MS: i64 = 1_598_963_401_000;

fn event(id: &str, value: &str) -> String {
    let address = r#"{"city":"Boise","province":"Idaho","country":"United States"}"#;
    format!(
        r#"{{"event_type":"order.created","event_id":"{id}","event_version":"1.0.0",
            "user_id":7,"email":"dan@example.com","billing_address":{address},
            "shipping_address":{address},"currency":"USD","financial_status":"paid",
            "order_value":{value},"buyer_accepts_marketing":true,
            "line_items":[{{"id":"p-1","quantity":2}}]}}"#
    )
}

fn at(partition: i32, offset: i64) -> Coordinates {
    Coordinates {
        partition,
        incarnation: 1,
        offset,
    }
}

/// Two partitions with a gap each; `a` and `b` are on both, `b` with two contents.
fn contents() -> TopicContents {
    let log = |partition, values: &[(i64, Option<String>)]| PartitionLog {
        partition,
        incarnation: 1,
        end: values.last().map_or(0, |(offset, _)| offset + 2),
        records: values
            .iter()
            .map(|(offset, payload)| TopicRecord {
                offset: *offset,
                timestamp_ms: Some(AT_MS + offset),
                key: Some(b"7".to_vec()),
                headers: vec![(b"source".to_vec(), None)],
                payload: payload.clone().map(String::into_bytes),
            })
            .collect(),
    };
    TopicContents {
        topic: "orders".to_owned(),
        logs: vec![
            log(
                0,
                &[
                    (0, Some(event("a", "1.50"))),
                    (1, Some(event("b", "2"))),
                    (2, None),
                    (4, Some(r#"{"event_type":"order.paid"}"#.to_owned())),
                    (5, Some(event("a", "\"1.5\""))),
                    (6, Some(event("c", "-1"))),
                ],
            ),
            log(
                1,
                &[
                    (3, Some(event("a", "15e-1"))),
                    (4, Some(event("b", "3"))),
                    (5, Some(event("d", "4"))),
                    (6, Some(event("b", "2"))),
                ],
            ),
        ],
    }
}

/// What a consumer that does right leaves when it reads `order`.
fn consumed(contents: &TopicContents, order: &[Coordinates]) -> Tables {
    let mut tables = Tables {
        streams: vec![contents.topic.clone()],
        ..Tables::default()
    };
    for log in &contents.logs {
        tables.positions.insert(
            log.partition,
            Position {
                incarnation: 1,
                next_offset: log.end,
                facts_next: 0,
            },
        );
    }
    for coordinates in order {
        consume(contents, *coordinates, &mut tables);
    }
    tables
}

fn consume(contents: &TopicContents, coordinates: Coordinates, tables: &mut Tables) {
    let record = contents
        .logs
        .iter()
        .find(|log| log.partition == coordinates.partition)
        .and_then(|log| {
            log.records
                .iter()
                .find(|record| record.offset == coordinates.offset)
        })
        .expect("the record is there");
    let reject = |tables: &mut Tables, field: &str, code: &str| {
        let rejection = StoredRejection {
            record: record.clone(),
            violations: BTreeSet::from([(field.to_owned(), code.to_owned())]),
            faults: Vec::new(),
        };
        tables.rejected.insert(coordinates, rejection);
    };
    match judge(record.payload.as_deref(), record.timestamp_ms) {
        Verdict::Ignored => {}
        Verdict::Rejected(violations) => {
            let (field, code) = violations.first().expect("there is one");
            reject(tables, field, code);
        }
        Verdict::Valid(order) => match tables.orders.get(&order.event_id) {
            Some(stored) if stored.order.says_the_same_as(&order) => {}
            Some(_) => reject(tables, "event_id", "conflicting_duplicate"),
            None => {
                let position = tables
                    .positions
                    .get_mut(&coordinates.partition)
                    .expect("it is there");
                tables.facts.push(FactRow {
                    partition: coordinates.partition,
                    first_ordinal: position.facts_next,
                    next_ordinal: position.facts_next + 1,
                    facts: Ok(vec![Fact::of(&order)]),
                });
                position.facts_next += 1;
                let stored = StoredOrder {
                    coordinates: Some(coordinates),
                    order: *order,
                    faults: Vec::new(),
                };
                tables.orders.insert(stored.order.event_id.clone(), stored);
            }
        },
    }
}

fn everything(first: i32, then: i32) -> Vec<Coordinates> {
    let contents = contents();
    [first, then]
        .iter()
        .flat_map(|partition| {
            let log = contents
                .logs
                .iter()
                .find(|log| log.partition == *partition)
                .expect("a log");
            log.records
                .iter()
                .map(|record| at(*partition, record.offset))
                .collect::<Vec<_>>()
        })
        .collect()
}

fn differences(tables: Tables) -> Vec<String> {
    Reckoning::of(contents())
        .settle_against(tables)
        .differences()
}

#[test]
fn whichever_partition_is_read_first_nothing_differs() {
    for (first, then, stored, rejected) in [(0, 1, 3, 3), (1, 0, 3, 4)] {
        let tables = consumed(&contents(), &everything(first, then));
        let reckoning = Reckoning::of(contents());
        let settlement = reckoning.settle_against(tables);
        assert_eq!(settlement.differences(), Vec::<String>::new());
        assert_eq!(settlement.unread(), Vec::<String>::new());
        let expected = BTreeMap::from([
            ("stored", stored),
            ("duplicate", 6 - rejected),
            ("rejected", rejected),
            ("ignored", 1),
        ]);
        assert_eq!(settlement.counts(), expected, "{first} first");
    }
}

#[test]
fn a_state_in_the_middle_of_the_topic_is_as_right_as_the_end() {
    let contents = contents();
    for read in 0..contents.logs[0].records.len() {
        let order = &everything(0, 1)[..read];
        let mut tables = consumed(&contents, order);
        let next_offset = order.last().map_or(0, |last| last.offset + 1);
        tables.positions.remove(&1);
        tables
            .positions
            .get_mut(&0)
            .expect("it is there")
            .next_offset = next_offset;
        let reckoning = Reckoning::of(contents.clone());
        let settlement = reckoning.settle_against(tables);
        assert_eq!(
            settlement.differences(),
            Vec::<String>::new(),
            "{read} read"
        );
        assert_eq!(settlement.unread().len(), 2, "{read} read");
    }
}

type Fault = (&'static str, fn(&mut Tables));

/// Each with a part of what must be said of it.
const FAULTS: [Fault; 20] = [
    (
        "order d of partition 1 offset 5: missing in orders",
        |tables| {
            tables.orders.remove("d");
        },
    ),
    ("order x of partition 0 offset 3: in orders", |tables| {
        let mut stored = tables.orders["a"].clone();
        stored.coordinates = Some(at(0, 3));
        tables.orders.insert("x".to_owned(), stored);
    }),
    (
        "order d of partition 1 offset 5: order_value is 4.0001, expected 4.0000",
        |tables| {
            tables.orders.get_mut("d").expect("d").order.order_value += 1;
        },
    ),
    (
        "order a: it was stored from partition 0 offset 5",
        |tables| {
            let stored = tables.orders.get_mut("a").expect("a");
            stored.coordinates = Some(at(0, 5));
        },
    ),
    (
        "order d: stored from partition 1 offset 4, expected from partition 1 offset 5",
        |tables| {
            tables.orders.get_mut("d").expect("d").coordinates = Some(at(1, 4));
        },
    ),
    ("created_at_given", |tables| {
        tables
            .orders
            .get_mut("d")
            .expect("d")
            .order
            .created_at_given = true;
    }),
    ("a fault of the row", |tables| {
        let stored = tables.orders.get_mut("d").expect("d");
        stored.faults.push("a fault of the row".to_owned());
    }),
    ("partition 0 offset 2: not in rejected_events", |tables| {
        tables.rejected.remove(&at(0, 2));
    }),
    ("partition 0 offset 6: rejected for", |tables| {
        let rejection = tables.rejected.get_mut(&at(0, 6)).expect("it is there");
        rejection
            .violations
            .insert(("email".to_owned(), "missing".to_owned()));
    }),
    ("partition 0 offset 5: rejected for", |tables| {
        let rejection = tables.rejected[&at(0, 6)].clone();
        tables.rejected.insert(at(0, 5), rejection);
    }),
    ("partition 0 offset 3: in rejected_events", |tables| {
        let rejection = tables.rejected[&at(0, 6)].clone();
        tables.rejected.insert(at(0, 3), rejection);
    }),
    (
        "partition 0 offset 6: the rejected record's payload",
        |tables| {
            let rejection = tables.rejected.get_mut(&at(0, 6)).expect("it is there");
            rejection.record.payload = Some(Vec::new());
        },
    ),
    (
        "partition 0 offset 2: the rejected record's headers",
        |tables| {
            let rejection = tables.rejected.get_mut(&at(0, 2)).expect("it is there");
            rejection.record.headers[0].1 = Some(Vec::new());
        },
    ),
    ("facts of partition 1: 1 missing of", |tables| {
        tables.facts.retain(|row| row.partition != 1);
        tables
            .positions
            .get_mut(&1)
            .expect("it is there")
            .facts_next = 0;
    }),
    ("facts of partition 0: 1 too many of", |tables| {
        tables.facts[0]
            .facts
            .as_mut()
            .expect("facts")
            .extend_from_within(..);
    }),
    (
        "facts of partition 0: a row begins at ordinal 2, expected 1",
        |tables| {
            let row = tables
                .facts
                .iter_mut()
                .find(|row| row.first_ordinal == 1)
                .expect("a row");
            (row.first_ordinal, row.next_ordinal) = (2, 3);
        },
    ),
    (
        "facts of partition 0: they end at ordinal 2, its position says 3",
        |tables| {
            tables
                .positions
                .get_mut(&0)
                .expect("it is there")
                .facts_next = 3;
        },
    ),
    (
        "partition 1: its position 9 is beyond its end 8",
        |tables| {
            tables
                .positions
                .get_mut(&1)
                .expect("it is there")
                .next_offset = 9;
        },
    ),
    (
        "order d of partition 1 offset 5: in orders, and no record read says so",
        |tables| {
            tables
                .positions
                .get_mut(&1)
                .expect("it is there")
                .next_offset = 5;
        },
    ),
    ("streams", |tables| tables.streams[0] = "other".to_owned()),
];

#[test]
fn each_fault_is_found_and_named() {
    for (expected, fault) in FAULTS {
        let mut tables = consumed(&contents(), &everything(0, 1));
        fault(&mut tables);
        let found = differences(tables);
        assert!(
            found.iter().any(|line| line.contains(expected)),
            "{expected}: {found:#?}"
        );
    }
}

#[test]
fn a_record_that_the_database_refuses_is_expected_where_it_is_announced() {
    let contents = contents();
    let order: Vec<_> = everything(0, 1)
        .into_iter()
        .filter(|it| *it != at(1, 5))
        .collect();
    let mut tables = consumed(&contents, &order);
    let mut rejection = tables.rejected[&at(0, 6)].clone();
    rejection.record = contents.logs[1].records[2].clone();
    rejection.violations = BTreeSet::from([(String::new(), "refused_by_database".to_owned())]);
    tables.rejected.insert(at(1, 5), rejection);
    assert!(
        !differences(tables.clone()).is_empty(),
        "unannounced it is a fault"
    );
    let reckoning = Reckoning::of(contents).under(Circumstances {
        refused_by_database: BTreeSet::from([at(1, 5)]),
        ..Circumstances::default()
    });
    let settlement = reckoning.settle_against(tables);
    assert_eq!(settlement.differences(), Vec::<String>::new());
    assert_eq!(
        settlement.outcome(at(1, 5)),
        Some(&Outcome::RefusedByDatabase)
    );
}

#[test]
fn a_retried_record_may_be_stored_after_later_ones() {
    let mut order = everything(0, 1);
    order.retain(|it| *it != at(0, 0));
    order.push(at(0, 0));
    let mut tables = consumed(&contents(), &order);
    assert!(tables.orders["a"].coordinates == Some(at(0, 5)));
    assert!(
        !differences(tables.clone()).is_empty(),
        "without a retry it is a fault"
    );
    tables.retried.insert(at(0, 0), "duplicate".to_owned());
    assert_eq!(differences(tables.clone()), Vec::<String>::new());
    tables.retried.insert(at(0, 0), "stored".to_owned());
    assert_eq!(differences(tables).len(), 1);
}

#[test]
fn skipped_records_are_left_out_and_a_rewound_partition_may_be_ahead() {
    let order: Vec<_> = everything(0, 1)
        .into_iter()
        .filter(|it| it.partition == 0)
        .collect();
    let mut tables = consumed(&contents(), &order);
    assert!(
        !differences(tables.clone()).is_empty(),
        "unskipped it is a fault"
    );
    tables.skipped.push(SkippedRange {
        first: at(1, 0),
        next_offset: 8,
    });
    assert_eq!(differences(tables), Vec::<String>::new());

    let mut tables = consumed(&contents(), &everything(0, 1));
    tables
        .positions
        .get_mut(&0)
        .expect("it is there")
        .next_offset = 0;
    assert!(
        !differences(tables.clone()).is_empty(),
        "without a rewind it is a fault"
    );
    let reckoning = Reckoning::of(contents()).under(Circumstances {
        rewound: BTreeSet::from([0]),
        ..Circumstances::default()
    });
    assert_eq!(
        reckoning.settle_against(tables).differences(),
        Vec::<String>::new()
    );
}

#[test]
fn records_of_an_earlier_topic_of_the_name_and_deleted_ones_still_count() {
    let mut new = contents().of_incarnation(2);
    new.logs.retain(|log| log.partition == 1);
    let with_both = new.with_earlier(contents());
    let mut order = everything(0, 1);
    let mut tables = consumed(&contents(), &order);
    // The new topic's partition 1 repeats what is stored: two duplicates, one more conflict.
    let mut position = tables.positions[&1];
    position.incarnation = 2;
    tables.positions.insert(1, position);
    let conflict = Coordinates {
        incarnation: 2,
        ..at(1, 4)
    };
    let rejection = tables.rejected[&at(1, 4)].clone();
    tables.rejected.insert(conflict, rejection);
    let reckoning = Reckoning::of(with_both);
    assert_eq!(
        reckoning.settle_against(tables).differences(),
        Vec::<String>::new()
    );

    let mut shortened = contents();
    shortened.logs[0].records.drain(..3);
    order.retain(|it| it.partition == 0);
    let tables = consumed(&contents(), &everything(0, 1));
    let found = Reckoning::of(shortened.clone())
        .settle_against(tables.clone())
        .differences();
    assert!(
        !found.is_empty(),
        "what the topic no longer has is a fault by itself"
    );
    let whole = Reckoning::of(shortened.with_earlier(contents()));
    assert_eq!(
        whole.settle_against(tables).differences(),
        Vec::<String>::new()
    );
}

#[test]
fn of_more_violations_than_are_listed_any_thousand_will_do() {
    let items = vec!["{}"; 600].join(",");
    let payload = event("many", "1").replace(r#"{"id":"p-1","quantity":2}"#, &items);
    let mut contents = contents();
    contents.logs.truncate(1);
    contents.logs[0].records.truncate(1);
    contents.logs[0].records[0].payload = Some(payload.clone().into_bytes());
    let Verdict::Rejected(expected) = judge(Some(payload.as_bytes()), Some(AT_MS)) else {
        panic!("every item lacks its fields");
    };
    assert_eq!(expected.len(), 1_200);
    let mut tables = consumed(&contents, &[at(0, 0)]);
    let listed = expected.into_iter().take(1_000);
    let more = (String::new(), "more_violations".to_owned());
    tables
        .rejected
        .get_mut(&at(0, 0))
        .expect("it is there")
        .violations = listed
        .map(|(field, code)| (field, code.to_owned()))
        .chain([more.clone()])
        .collect();
    let reckoning = Reckoning::of(contents);
    let found = reckoning.settle_against(tables.clone()).differences();
    assert_eq!(found, Vec::<String>::new());
    let rejection = tables.rejected.get_mut(&at(0, 0)).expect("it is there");
    rejection.violations.remove(&more);
    assert_eq!(reckoning.settle_against(tables).differences().len(), 1);
}
