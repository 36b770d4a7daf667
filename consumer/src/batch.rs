//! What becomes of each record of a batch. Pure: it knows neither Kafka nor SQL.

use std::collections::HashMap;

use hashbrown::hash_map::Entry;
use ordertally_schema::event::Texts;
use ordertally_schema::fingerprint::ContentHash;
use ordertally_schema::{Code, Reading, Violation, event};

use crate::log_end::LogEnd;
use crate::record::Record;
use crate::row::OrderRow;

/// A record that has been read by the rules.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The record, whole.
    pub record: Record,
    /// What it says.
    pub verdict: Verdict,
}

/// What a record says, seen alone.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// A valid order; whether it is new, a repetition or a conflict is the database's knowledge.
    Order(OrderRow),
    /// An event of another type.
    Ignored,
    /// It breaks the rules. What is wrong is found again when it is written: the violations of a
    /// payload may take eighty times its memory, and to read it twice costs less than to keep them.
    Rejected {
        /// Bytes of all violations as JSON, about.
        violations_bytes: usize,
    },
    /// The database refused the order, for this reason.
    Refused(Box<Violation>),
}

impl Verdict {
    /// Bytes that are written with the record because something is wrong with it, about. An order
    /// that turns out to be a conflict writes a few that are not counted.
    #[must_use]
    pub fn violations_bytes(&self) -> usize {
        match self {
            Self::Rejected { violations_bytes } => *violations_bytes,
            Self::Order(_) | Self::Ignored | Self::Refused(_) => 0,
        }
    }
}

/// Reads records by the rules, one after the other, in memory that it uses again.
#[derive(Debug, Default)]
pub struct Judge {
    texts: Texts,
    row: Vec<u8>,
}

impl Judge {
    /// Reads a record by the rules.
    #[must_use]
    pub fn judge(&mut self, record: Record) -> Judged {
        self.texts.clear();
        let payload = record.payload.as_deref();
        let verdict = match event::read_in(payload, record.timestamp_ms, &self.texts) {
            Reading::Valid(order) => Verdict::Order(OrderRow::of(&order, &mut self.row)),
            Reading::Ignored => Verdict::Ignored,
            Reading::Rejected(violations) => Verdict::Rejected {
                violations_bytes: json_bytes(&violations),
            },
        };
        Judged { record, verdict }
    }
}

impl Judged {
    /// Reads a record by the rules.
    #[must_use]
    pub fn of(record: Record) -> Self {
        Judge::default().judge(record)
    }
}

/// A run of a partition's records, and the piece of its log that they stand for.
#[derive(Debug, Default)]
pub struct Batch {
    /// The stored position that the batch starts from.
    pub first_expected: i64,
    /// The position once it is committed: past its last record, or past the control records
    /// that end the log.
    pub next_offset: i64,
    /// Its records, in order.
    pub records: Vec<Judged>,
    /// Bytes of the records as they were counted when they were handed over.
    pub bytes: usize,
    /// Where the log ended when that was last seen; `None` leaves the word of before.
    pub log_end: Option<LogEnd>,
}

impl Batch {
    /// The event ids of its orders, sorted, each once: rows are locked and looked up in one order
    /// by every writer.
    #[must_use]
    pub fn event_ids(&self) -> Vec<&str> {
        let mut ids: Vec<&str> = self
            .records
            .iter()
            .filter_map(|judged| match &judged.verdict {
                Verdict::Order(order) => Some(order.event_id()),
                Verdict::Ignored | Verdict::Rejected { .. } | Verdict::Refused(_) => None,
            })
            .collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}

impl Batch {
    /// Two halves that follow each other. Only for a batch of two records or more.
    #[must_use]
    pub fn split(mut self) -> (Self, Self) {
        let later = self.records.split_off(self.records.len() / 2);
        let boundary = later
            .first()
            .map_or(self.next_offset, |judged| judged.record.expected_offset);
        let later_bytes = later.iter().map(|judged| judged.record.size()).sum();
        let second = Self {
            first_expected: boundary,
            next_offset: self.next_offset,
            records: later,
            bytes: later_bytes,
            log_end: self.log_end,
        };
        self.next_offset = boundary;
        self.bytes -= later_bytes;
        (self, second)
    }

    /// Turns the one order of this batch into a rejection with the database's reason. False when
    /// that has been done, or there is no such order.
    pub fn refuse(&mut self, sqlstate: &str, reason: &str) -> bool {
        let [judged] = self.records.as_mut_slice() else {
            return false;
        };
        if !matches!(judged.verdict, Verdict::Order(..)) {
            return false;
        }
        judged.verdict = Verdict::Refused(Box::new(Violation::new(
            "",
            Code::RefusedByDatabase,
            format!("Postgres refuses this order (SQLSTATE {sqlstate}): {reason}"),
        )));
        true
    }
}

/// What becomes of the records of a batch, given what is stored.
#[derive(Debug, Default)]
pub struct Plan<'a> {
    /// New orders, sorted by event id for the insert.
    pub orders: Vec<NewOrder<'a>>,
    /// Records to keep as rejected.
    pub rejections: Vec<Rejection<'a>>,
    /// Records that are stored, duplicates or ignored: not (or no longer) rejected.
    pub accepted: Vec<Accepted<'a>>,
    /// How many of each outcome.
    pub outcomes: Outcomes,
}

/// An order to be inserted.
#[derive(Clone, Copy, Debug)]
pub struct NewOrder<'a> {
    /// What it says.
    pub order: &'a OrderRow,
    /// Offset of its record.
    pub offset: i64,
}

/// A record that is not rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepted<'a> {
    /// Its offset.
    pub offset: i64,
    /// `stored`, `duplicate` or `ignored`.
    pub outcome: &'static str,
    /// The order that it is or repeats.
    pub event_id: Option<&'a str>,
}

/// A record to be kept as rejected.
#[derive(Clone, Debug)]
pub struct Rejection<'a> {
    /// The record, whole.
    pub record: &'a Record,
    /// Why.
    pub reason: Reason<'a>,
}

/// Why a record is rejected.
#[derive(Clone, Copy, Debug)]
pub enum Reason<'a> {
    /// It breaks the rules.
    Rules {
        /// Bytes of all violations as JSON, about.
        violations_bytes: usize,
    },
    /// Its event id is stored with other content.
    Conflict,
    /// The database refused it.
    Refused(&'a Violation),
}

impl Rejection<'_> {
    /// Everything that is wrong with the record; for one that breaks the rules it is read again.
    #[must_use]
    pub fn violations(&self) -> Vec<Violation> {
        let record = self.record;
        match self.reason {
            Reason::Rules { .. } => {
                let Reading::Rejected(violations) =
                    event::read(record.payload.as_deref(), record.timestamp_ms)
                else {
                    unreachable!("what a payload says depends on nothing but its record");
                };
                violations
            }
            Reason::Conflict => vec![conflict()],
            Reason::Refused(violation) => vec![violation.clone()],
        }
    }

    /// Bytes that it takes on its way to the database, about.
    #[must_use]
    pub fn size(&self) -> usize {
        let violations_bytes = match self.reason {
            Reason::Rules { violations_bytes } => violations_bytes,
            Reason::Conflict | Reason::Refused(_) => 0,
        };
        self.record.size() + violations_bytes
    }
}

/// How many records had each outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcomes {
    /// New orders.
    pub stored: u64,
    /// Repetitions of stored orders.
    pub duplicate: u64,
    /// Records that broke a rule.
    pub rejected: u64,
    /// Events of another type.
    pub ignored: u64,
}

impl<'a> Plan<'a> {
    /// Decides what becomes of each record of `batch`, where `known` are the stored orders among
    /// its event ids. Always judged against what is stored: of several new records of one id the
    /// first is stored, and the others are held against it.
    #[must_use]
    pub fn of(batch: &'a Batch, known: &HashMap<String, ContentHash>) -> Self {
        let mut plan = Self::default();
        let mut stored: hashbrown::HashMap<&str, &ContentHash> =
            hashbrown::HashMap::with_capacity(known.len() + batch.records.len());
        stored.extend(known.iter().map(|(id, hash)| (id.as_str(), hash)));
        for Judged { record, verdict } in &batch.records {
            match verdict {
                Verdict::Ignored => {
                    plan.outcomes.ignored += 1;
                    plan.accept(record, "ignored", None);
                }
                Verdict::Rejected { violations_bytes } => {
                    let violations_bytes = *violations_bytes;
                    plan.reject(record, Reason::Rules { violations_bytes });
                }
                Verdict::Refused(violation) => plan.reject(record, Reason::Refused(violation)),
                Verdict::Order(order) => plan.order(record, order, &mut stored),
            }
        }
        // With what most ids differ in beside it: no way to each id's bytes for each comparison.
        plan.orders
            .sort_by_cached_key(|new| (start(new.order.event_id()), new.order.event_id()));
        plan
    }

    fn order<'k>(
        &mut self,
        record: &'a Record,
        order: &'a OrderRow,
        stored: &mut hashbrown::HashMap<&'k str, &'k ContentHash>,
    ) where
        'a: 'k,
    {
        let event_id = order.event_id();
        match stored.entry(event_id) {
            Entry::Vacant(place) => {
                place.insert(order.hash());
                self.orders.push(NewOrder {
                    order,
                    offset: record.offset,
                });
                self.outcomes.stored += 1;
                self.accept(record, "stored", Some(event_id));
            }
            Entry::Occupied(known) if *known.get() == order.hash() => {
                self.outcomes.duplicate += 1;
                self.accept(record, "duplicate", Some(event_id));
            }
            Entry::Occupied(_) => self.reject(record, Reason::Conflict),
        }
    }

    fn accept(&mut self, record: &Record, outcome: &'static str, event_id: Option<&'a str>) {
        self.accepted.push(Accepted {
            offset: record.offset,
            outcome,
            event_id,
        });
    }

    fn reject(&mut self, record: &'a Record, reason: Reason<'a>) {
        self.outcomes.rejected += 1;
        self.rejections.push(Rejection { record, reason });
    }
}

impl std::ops::AddAssign for Outcomes {
    fn add_assign(&mut self, other: Self) {
        self.stored += other.stored;
        self.duplicate += other.duplicate;
        self.rejected += other.rejected;
        self.ignored += other.ignored;
    }
}

/// The first bytes of a text, which sort as it does where they differ.
fn start(text: &str) -> u64 {
    let mut bytes = [0; 8];
    let length = text.len().min(bytes.len());
    bytes[..length].copy_from_slice(&text.as_bytes()[..length]);
    u64::from_be_bytes(bytes)
}

/// Names and punctuation of a violation in a list of them as JSON.
const VIOLATION_FRAME: usize = r#"{"field":"","code":"","message":""},"#.len();

/// Bytes of the violations as JSON, but for what is escaped in their texts.
fn json_bytes(violations: &[Violation]) -> usize {
    violations
        .iter()
        .map(
            |Violation {
                 field,
                 code,
                 message,
             }| { VIOLATION_FRAME + field.len() + code.as_str().len() + message.len() },
        )
        .sum()
}

/// What is wrong with a record whose event id is stored with other content.
#[must_use]
pub fn conflict() -> Violation {
    Violation::new(
        "event_id",
        Code::ConflictingDuplicate,
        "an order with this event_id is stored already and says something else; a correction \
         needs an event_id of its own",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use ordertally_schema::{Address, ValidOrder};
    use rust_decimal::Decimal;

    fn order(event_id: &str, value: i64) -> OrderRow {
        let order: ValidOrder = ValidOrder {
            event_id: event_id.into(),
            event_version: "1.0.0".into(),
            created_at_given: None,
            record_time: Some(chrono::DateTime::UNIX_EPOCH),
            customer_id: "c".into(),
            email: "c@example.com".into(),
            first_name: None,
            last_name: None,
            billing_address: Address::default(),
            shipping_address: Address::default(),
            currency: "USD".into(),
            financial_status: "paid".into(),
            order_value: Decimal::from(value),
            total_discounts: Decimal::ZERO,
            total_tax: Decimal::ZERO,
            discount_codes: Vec::new(),
            buyer_accepts_marketing: false,
            line_items: Vec::new(),
        };
        OrderRow::of(&order, &mut Vec::new())
    }

    /// A batch of orders by id and value, at offsets from 0.
    fn batch(orders: &[(&str, i64)]) -> Batch {
        let records = (0..)
            .zip(orders)
            .map(|(offset, (event_id, value))| Judged {
                record: Record {
                    offset,
                    ..Record::default()
                },
                verdict: Verdict::Order(order(event_id, *value)),
            })
            .collect();
        Batch {
            records,
            ..Batch::default()
        }
    }

    fn known(orders: &[(&str, i64)]) -> HashMap<String, ContentHash> {
        orders
            .iter()
            .map(|(event_id, value)| ((*event_id).to_owned(), *order(event_id, *value).hash()))
            .collect()
    }

    #[test]
    fn the_first_of_several_new_ones_is_stored_and_the_others_are_held_against_it() {
        let batch = batch(&[("a", 1), ("b", 1), ("a", 1), ("a", 2)]);
        let known = HashMap::new();
        let plan = Plan::of(&batch, &known);
        let stored: Vec<(&str, i64)> = plan
            .orders
            .iter()
            .map(|new| (new.order.event_id(), new.offset))
            .collect();
        assert_eq!(stored, [("a", 0), ("b", 1)]);
        let accepted: Vec<(i64, &str)> = plan
            .accepted
            .iter()
            .map(|accepted| (accepted.offset, accepted.outcome))
            .collect();
        assert_eq!(accepted, [(0, "stored"), (1, "stored"), (2, "duplicate")]);
        assert_eq!(plan.rejections.len(), 1);
        assert_eq!(plan.rejections[0].record.offset, 3);
        assert_eq!(plan.rejections[0].violations(), [conflict()]);
    }

    #[test]
    fn what_is_wrong_is_as_long_as_was_counted_when_it_was_judged() {
        for payload in [
            "{",
            "[]",
            r#"{"event_type": "order.created", "line_items": [{}, 5]}"#,
        ] {
            let batch = Batch {
                records: vec![Judged::of(Record {
                    payload: Some(payload.as_bytes().into()),
                    ..Record::default()
                })],
                ..Batch::default()
            };
            let known = HashMap::new();
            let rejection = &Plan::of(&batch, &known).rejections[0];
            let json = serde_json::to_string(&rejection.violations()).expect("it is JSON");
            // Two brackets stand where one comma was counted.
            let counted = batch.records[0].verdict.violations_bytes();
            assert_eq!(json.len(), counted + 1, "{json}");
            assert_eq!(rejection.size(), rejection.record.size() + counted);
        }
    }

    #[test]
    fn with_a_stored_a_batch_of_b_then_a_is_one_conflict_and_one_duplicate() {
        let batch = batch(&[("id", 2), ("id", 1)]);
        let known = known(&[("id", 1)]);
        let outcomes = Plan::of(&batch, &known).outcomes;
        let expected = Outcomes {
            duplicate: 1,
            rejected: 1,
            ..Outcomes::default()
        };
        assert_eq!(outcomes, expected);
    }

    #[test]
    fn new_orders_are_sorted_so_that_writers_never_lock_in_opposite_orders() {
        let batch = batch(&[("c", 1), ("a", 1), ("b", 1)]);
        let known = HashMap::new();
        let plan = Plan::of(&batch, &known);
        let ids: Vec<&str> = plan.orders.iter().map(|new| new.order.event_id()).collect();
        assert_eq!(ids, ["a", "b", "c"]);
        assert_eq!(batch.event_ids(), ["a", "b", "c"]);
    }
}
