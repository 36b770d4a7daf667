//! However a run of records is cut into batches, the same becomes of each of them as one at a time.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, HashMap};

use ordertally_consumer::batch::{Batch, Judged, Outcomes, Plan};
use ordertally_consumer::record::Record;
use ordertally_schema::Code;
use ordertally_schema::fingerprint::ContentHash;
use proptest::collection::vec;
use proptest::prelude::*;

/// What a record says: an order by id and value, in one of two spellings, or none.
#[derive(Clone, Copy, Debug)]
enum Said {
    Order { id: u8, value: u8, odd: bool },
    AnotherType,
    Nonsense,
}

/// What is in the database once batches are committed.
#[derive(Debug, Default, PartialEq)]
struct Stored {
    orders: HashMap<String, ContentHash>,
    /// Offsets of the orders in the order of the facts.
    facts: Vec<i64>,
    /// Of each offset its outcome, and whether that is a conflict.
    records: BTreeMap<i64, (&'static str, bool)>,
    outcomes: Outcomes,
    next_offset: i64,
}

fn said() -> impl Strategy<Value = Said> {
    prop_oneof![
        8 => (0..5_u8, 0..2_u8, any::<bool>()).prop_map(|(id, value, odd)| Said::Order { id, value, odd }),
        1 => Just(Said::AnotherType),
        1 => Just(Said::Nonsense),
    ]
}

fn payload(said: Said) -> String {
    match said {
        Said::AnotherType => r#"{"event_type": "order.paid"}"#.into(),
        Said::Nonsense => "{".into(),
        Said::Order { id, value, odd } => {
            let value = if odd {
                format!("{value}.00")
            } else {
                format!("\"{value}\"")
            };
            let address = r#"{"province": "Idaho", "country": "US"}"#;
            format!(
                r#"{{"event_type": "order.created", "event_id": "{id}", "event_version": "1.0.0",
                "user_id": 7, "email": "dan@example.com", "billing_address": {address},
                "shipping_address": {address}, "currency": "USD", "financial_status": "paid",
                "order_value": {value}, "buyer_accepts_marketing": true, "line_items": []}}"#
            )
        }
    }
}

/// The records with gaps before them, as transactions and compaction leave them.
fn log(said: &[(Said, i64)]) -> Batch {
    let mut batch = Batch::default();
    for (said, gap) in said {
        let record = Record {
            offset: batch.next_offset + gap,
            expected_offset: batch.next_offset,
            timestamp_ms: Some(1_600_000_000_000 + batch.next_offset),
            payload: Some(payload(*said).into_bytes().into()),
            ..Record::default()
        };
        batch.next_offset = record.offset + 1;
        batch.bytes += record.size();
        batch.records.push(Judged::of(record));
    }
    batch
}

impl Stored {
    /// What the store does with a batch, without the database.
    fn commit(&mut self, batch: &Batch) {
        assert_eq!(batch.first_expected, self.next_offset);
        let ids = batch.event_ids();
        let known = self
            .orders
            .iter()
            .filter(|(id, _)| ids.contains(&id.as_str()))
            .map(|(id, hash)| (id.clone(), *hash))
            .collect();
        let plan = Plan::of(batch, &known);
        let mut new: Vec<i64> = plan.orders.iter().map(|new| new.offset).collect();
        new.sort_unstable();
        self.facts.extend(new);
        for new in &plan.orders {
            let event_id = new.order.event_id().to_owned();
            let before = self.orders.insert(event_id, *new.order.hash());
            assert_eq!(before, None, "the primary key would refuse it");
        }
        for accepted in &plan.accepted {
            self.note(accepted.offset, accepted.outcome, false);
        }
        for rejection in &plan.rejections {
            let conflict = rejection.violations()[0].code == Code::ConflictingDuplicate;
            self.note(rejection.record.offset, "rejected", conflict);
        }
        self.outcomes += plan.outcomes;
        self.next_offset = batch.next_offset;
    }

    fn note(&mut self, offset: i64, outcome: &'static str, conflict: bool) {
        let before = self.records.insert(offset, (outcome, conflict));
        assert_eq!(before, None, "a second outcome");
    }

    /// What the guarantees say must become of the records, told without batches.
    fn expected(said: &[(Said, i64)], log: &Batch) -> BTreeMap<i64, (&'static str, bool)> {
        let mut values = HashMap::new();
        said.iter()
            .zip(&log.records)
            .map(|((said, _), judged)| {
                let outcome = match *said {
                    Said::AnotherType => ("ignored", false),
                    Said::Nonsense => ("rejected", false),
                    Said::Order { id, value, .. } => match values.get(&id) {
                        None => {
                            values.insert(id, value);
                            ("stored", false)
                        }
                        Some(stored) if *stored == value => ("duplicate", false),
                        Some(_) => ("rejected", true),
                    },
                };
                (judged.record.offset, outcome)
            })
            .collect()
    }
}

/// Halves a batch as often as `halvings` says, as a refusal by the database does.
fn halved(batch: Batch, halvings: &mut impl Iterator<Item = bool>) -> Vec<Batch> {
    if batch.records.len() < 2 || !halvings.next().unwrap_or(false) {
        return vec![batch];
    }
    let (bytes, first, next) = (batch.bytes, batch.first_expected, batch.next_offset);
    let (one, other) = batch.split();
    assert_eq!(one.bytes + other.bytes, bytes);
    assert_eq!((one.first_expected, other.next_offset), (first, next));
    [one, other]
        .into_iter()
        .flat_map(|half| halved(half, halvings))
        .collect()
}

proptest! {
    #[test]
    fn however_records_are_cut_into_batches_the_same_becomes_of_each(
        said in vec((said(), 0..3_i64), 1..40),
        cuts in vec(any::<bool>(), 40),
        halvings in vec(any::<bool>(), 40),
    ) {
        let expected = Stored::expected(&said, &log(&said));
        let mut one_at_a_time = Stored::default();
        let mut in_batches = Stored::default();
        let mut batch = Batch::default();
        let mut halvings = halvings.into_iter();
        let whole = log(&said);
        let end = whole.next_offset;
        for (judged, cut) in whole.records.into_iter().zip(cuts) {
            let next_offset = judged.record.offset + 1;
            one_at_a_time.commit(&Batch {
                first_expected: judged.record.expected_offset,
                next_offset,
                bytes: judged.record.size(),
                records: vec![judged.clone()],
                log_end: None,
            });
            batch.bytes += judged.record.size();
            batch.records.push(judged);
            batch.next_offset = next_offset;
            if cut || next_offset == end {
                let begun = Batch { first_expected: next_offset, ..Batch::default() };
                for part in halved(std::mem::replace(&mut batch, begun), &mut halvings) {
                    in_batches.commit(&part);
                }
            }
        }
        prop_assert_eq!(&in_batches, &one_at_a_time);
        prop_assert_eq!(in_batches.next_offset, end);
        prop_assert_eq!(in_batches.records, expected);
    }
}
