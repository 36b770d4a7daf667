//! A model of the commit protocol, searched exhaustively: every order in which two claimants of one
//! partition, a writer of another and Postgres can act, with crashes, cut connections and lost
//! answers at each step, and a topic that is made anew at any time. In every state that can be reached the guarantees hold, and from every one
//! of them all records can still get their outcome.
//!
//! The same search with one of the protocol's protections taken away must find what that protection
//! is for; otherwise the model would prove nothing.
//!
//! Left out: what Kafka does (a claimant may act at any time, as if no group ever told it that its
//! partition went elsewhere: more than a broker allows), time, Postgres' own crash (it is that of
//! every connection at once, and commits are durable), halving for data errors, merges of facts,
//! retried rejects and the operator's commands. A session that waits for a lock when its client
//! dies is not followed further: it has changed nothing yet and will not be told to commit.

use std::collections::{BTreeSet, HashMap};

/// A record: the order's id and its content.
type Record = (char, u8);

/// Where a record lies: the topic's incarnation and the offset.
type Place = (usize, usize);

/// The logs of two partitions, before and after the topic was made anew. The third record repeats
/// the first; the other partition has the same id with other content, so that who comes first
/// decides.
const LOGS: [[&[Record]; 2]; 2] = [
    [&[('a', 1), ('b', 1), ('a', 1)], &[('c', 1)]],
    [&[('a', 2)], &[]],
];

/// The partition that each writer works on.
const WRITERS: [usize; 3] = [0, 0, 1];

const BATCH_RECORDS_MAX: usize = 2;

/// A protection that the model can do without.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Without {
    Nothing,
    /// The owner's epoch is not compared. Nothing but a position that an operator moved needs it:
    /// otherwise the expected offset alone tells an old owner.
    EpochCheck,
    /// A batch need not begin where the stored position is.
    ExpectedOffset,
    /// The position is written in a transaction of its own, after the orders'.
    OneTransaction,
    /// An insert does not wait for a rival's transaction, and nothing is judged again after it.
    PrimaryKey,
}

/// Offsets `first..next` of an incarnation.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Batch {
    incarnation: usize,
    first: usize,
    next: usize,
}

/// What a transaction would write.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
struct Writes {
    orders: Vec<Place>,
    rejected: BTreeSet<Place>,
}

/// A transaction that holds the position's row.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Transaction {
    /// `None` once its client is gone.
    client: Option<usize>,
    batch: Batch,
    writes: Option<Writes>,
    commit_asked: bool,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
struct Partition {
    incarnation: usize,
    next_offset: usize,
    /// Where the position was when the topic was made anew.
    left_at: usize,
    /// Orders stored through this partition, in the order of their ordinals.
    orders: Vec<Place>,
    rejected: BTreeSet<Place>,
    transaction: Option<Transaction>,
}

/// A writer. Epochs are only ever compared with the newest, so it is enough to know whether a claim
/// is that one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Writer {
    Unclaimed,
    Reading {
        newest: bool,
        incarnation: usize,
        expected: usize,
    },
    Holding {
        newest: bool,
        batch: Batch,
        in_doubt: bool,
    },
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct State {
    partitions: [Partition; 2],
    writers: [Writer; 3],
}

impl State {
    fn start() -> Self {
        Self {
            partitions: Default::default(),
            writers: [Writer::Unclaimed; 3],
        }
    }

    /// Every state that one step leads to.
    fn successors(&self, without: Without) -> Vec<Self> {
        let mut states = Vec::new();
        for writer in 0..WRITERS.len() {
            self.writer_steps(writer, without, &mut states);
        }
        for partition in 0..LOGS.len() {
            self.server_steps(partition, without, &mut states);
        }
        let row = &self.partitions[0];
        if row.incarnation == 0 && row.transaction.is_none() {
            // The operator accepts that the topic was made anew.
            states.push(self.with(|state| {
                let row = &mut state.partitions[0];
                row.left_at = row.next_offset;
                (row.incarnation, row.next_offset) = (1, 0);
                state.supersede(0);
            }));
        }
        states
    }

    fn with(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut state = self.clone();
        change(&mut state);
        state
    }

    fn writer_steps(&self, writer: usize, without: Without, states: &mut Vec<Self>) {
        let partition = WRITERS[writer];
        let row = &self.partitions[partition];
        let ours = |transaction: &&Transaction| transaction.client == Some(writer);
        if self.writers[writer] != Writer::Unclaimed {
            // It dies and is started again, or gives the partition up.
            states.push(self.with(|state| {
                state.writers[writer] = Writer::Unclaimed;
                state.cut(writer);
            }));
        }
        if let Some(transaction) = row.transaction.as_ref().filter(ours) {
            states.push(self.with(|state| state.cut(writer)));
            if transaction.writes.is_none() {
                if let Some(writes) = self.insert(partition, transaction.batch, without) {
                    states.push(self.with(|state| state.open(partition).writes = Some(writes)));
                }
            } else if !transaction.commit_asked {
                states.push(self.with(|state| {
                    state.open(partition).commit_asked = true;
                    if let Writer::Holding { in_doubt, .. } = &mut state.writers[writer] {
                        *in_doubt = true;
                    }
                }));
            }
            return;
        }
        match self.writers[writer] {
            Writer::Unclaimed if row.transaction.is_none() => {
                // The claim is made, and its answer arrives or is lost.
                let claimed = self.with(|state| state.supersede(partition));
                states.push(claimed.with(|state| {
                    state.writers[writer] = Writer::Reading {
                        newest: true,
                        incarnation: row.incarnation,
                        expected: row.next_offset,
                    };
                }));
                states.push(claimed);
            }
            Writer::Reading {
                newest,
                incarnation,
                expected,
            } => {
                let end = LOGS[partition][incarnation].len();
                for next in expected + 1..=end.min(expected + BATCH_RECORDS_MAX) {
                    let batch = Batch {
                        incarnation,
                        first: expected,
                        next,
                    };
                    states.push(self.with(|state| {
                        state.writers[writer] = Writer::Holding {
                            newest,
                            batch,
                            in_doubt: false,
                        };
                    }));
                }
                if expected < end {
                    // A defect of our own: a record is dropped on the way.
                    states.push(self.with(|state| {
                        state.writers[writer] = Writer::Reading {
                            newest,
                            incarnation,
                            expected: expected + 1,
                        };
                    }));
                }
            }
            Writer::Holding {
                newest,
                batch,
                in_doubt,
            } if row.transaction.is_none() => states.push(self.with(|state| {
                if !newest && without != Without::EpochCheck {
                    state.writers[writer] = Writer::Unclaimed;
                } else if in_doubt && row.next_offset == batch.next {
                    state.done(writer);
                } else if row.next_offset != batch.first && without != Without::ExpectedOffset {
                    state.writers[writer] = Writer::Unclaimed;
                } else {
                    state.writers[writer] = Writer::Holding {
                        newest,
                        batch,
                        in_doubt: false,
                    };
                    state.partitions[partition].transaction = Some(Transaction {
                        client: Some(writer),
                        batch,
                        writes: None,
                        commit_asked: false,
                    });
                }
            })),
            Writer::Unclaimed | Writer::Holding { .. } => {}
        }
    }

    fn server_steps(&self, partition: usize, without: Without, states: &mut Vec<Self>) {
        let Some(transaction) = &self.partitions[partition].transaction else {
            return;
        };
        if transaction.commit_asked {
            // The answer arrives, or is lost.
            states.push(self.with(|state| {
                state.commit(partition, without);
                if let Some(writer) = transaction.client {
                    state.done(writer);
                }
            }));
            states.push(self.with(|state| state.commit(partition, without)));
        }
        if transaction.client.is_none() {
            states.push(self.with(|state| state.partitions[partition].transaction = None));
        }
    }

    /// The client is gone; the server does not know it yet.
    fn cut(&mut self, writer: usize) {
        if let Some(transaction) = &mut self.partitions[WRITERS[writer]].transaction
            && transaction.client == Some(writer)
        {
            transaction.client = None;
        }
    }

    /// Somebody else has the newest claim from now on.
    fn supersede(&mut self, partition: usize) {
        for (writer, state) in self.writers.iter_mut().enumerate() {
            if WRITERS[writer] == partition
                && let Writer::Reading { newest, .. } | Writer::Holding { newest, .. } = state
            {
                *newest = false;
            }
        }
    }

    fn done(&mut self, writer: usize) {
        if let Writer::Holding { newest, batch, .. } = self.writers[writer] {
            self.writers[writer] = Writer::Reading {
                newest,
                incarnation: batch.incarnation,
                expected: batch.next,
            };
        }
    }

    fn open(&mut self, partition: usize) -> &mut Transaction {
        self.partitions[partition]
            .transaction
            .as_mut()
            .expect("the step is one of an open transaction")
    }

    fn content_of(&self, id: char) -> Option<u8> {
        self.stored()
            .find(|record| record.0 == id)
            .map(|record| record.1)
    }

    fn stored(&self) -> impl Iterator<Item = Record> {
        let logs = self.partitions.iter().zip(LOGS);
        logs.flat_map(|(row, logs)| row.orders.iter().map(move |place| at(logs, *place)))
    }

    /// Judges a batch against what is stored; `None` while the primary key makes it wait for
    /// another transaction with one of its ids.
    fn insert(&self, partition: usize, batch: Batch, without: Without) -> Option<Writes> {
        let mut writes = Writes::default();
        let mut seen = HashMap::new();
        let rival = &self.partitions[1 - partition].transaction;
        let rival = rival.as_ref().and_then(|other| other.writes.as_ref());
        for offset in batch.first..batch.next {
            let place = (batch.incarnation, offset);
            let (id, content) = at(LOGS[partition], place);
            let known = seen.get(&id).copied().or_else(|| self.content_of(id));
            match known {
                Some(known) if known == content => {}
                Some(_) => {
                    writes.rejected.insert(place);
                }
                None => {
                    let logs = LOGS[1 - partition];
                    let waits = rival.is_some_and(|writes| {
                        writes.orders.iter().any(|place| at(logs, *place).0 == id)
                    });
                    if waits && without != Without::PrimaryKey {
                        return None;
                    }
                    seen.insert(id, content);
                    writes.orders.push(place);
                }
            }
        }
        Some(writes)
    }

    fn commit(&mut self, partition: usize, without: Without) {
        let row = &mut self.partitions[partition];
        let Some(transaction) = row.transaction.take() else {
            return;
        };
        if let Some(writes) = transaction.writes.clone() {
            row.orders.extend(writes.orders);
            row.rejected.extend(writes.rejected);
        }
        if without == Without::OneTransaction && transaction.writes.is_some() {
            // The position follows, if nothing happens before.
            row.transaction = Some(Transaction {
                writes: None,
                ..transaction
            });
        } else {
            row.next_offset = transaction.batch.next;
        }
    }

    /// What is wrong with what is committed.
    fn fault(&self) -> Option<String> {
        let mut ids = BTreeSet::new();
        if let Some((id, _)) = self.stored().find(|record| !ids.insert(record.0)) {
            return Some(format!("the order {id} is stored twice"));
        }
        for (number, (row, logs)) in self.partitions.iter().zip(LOGS).enumerate() {
            if !row.orders.is_sorted() {
                return Some(format!("partition {number}: orders lie out of order"));
            }
            let reached = match row.incarnation {
                0 => [row.next_offset, 0],
                _ => [row.left_at, row.next_offset],
            };
            for (incarnation, log) in logs.iter().enumerate() {
                for (offset, (id, content)) in log.iter().enumerate() {
                    let place = (incarnation, offset);
                    let stored = row.orders.contains(&place);
                    let rejected = row.rejected.contains(&place);
                    let duplicate = !stored && !rejected && self.content_of(*id) == Some(*content);
                    let outcomes = [stored, rejected, duplicate];
                    let outcomes = outcomes.iter().filter(|outcome| **outcome).count();
                    if offset < reached[incarnation] {
                        if outcomes != 1 {
                            return Some(format!(
                                "partition {number}: record {place:?} has {outcomes} outcomes"
                            ));
                        }
                    } else if stored || rejected {
                        return Some(format!(
                            "partition {number}: record {place:?} lies behind the position"
                        ));
                    }
                }
            }
        }
        None
    }

    fn is_complete(&self) -> bool {
        let mut rows = self.partitions.iter().zip(LOGS);
        rows.all(|(row, logs)| row.next_offset == logs[row.incarnation].len())
    }
}

fn at(logs: [&[Record]; 2], (incarnation, offset): Place) -> Record {
    logs[incarnation][offset]
}

/// Every state that can be reached, and the states that lead to each; or the shortest way to a
/// fault.
fn search(without: Without) -> Result<(Vec<State>, Vec<Vec<usize>>), String> {
    let mut states = vec![State::start()];
    let mut numbers = HashMap::from([(State::start(), 0)]);
    let mut before: Vec<Vec<usize>> = vec![Vec::new()];
    let mut at = 0;
    while at < states.len() {
        for state in states[at].successors(without) {
            for (old, new) in states[at].partitions.iter().zip(&state.partitions) {
                let position = |row: &Partition| (row.incarnation, row.next_offset);
                if position(new) < position(old) || !new.orders.starts_with(&old.orders) {
                    return Err(format!("something was taken back: {old:?} then {new:?}"));
                }
            }
            let number = match numbers.get(&state) {
                Some(number) => *number,
                None => {
                    if let Some(fault) = state.fault() {
                        let mut way = vec![&states[at]];
                        let mut earlier = at;
                        while earlier > 0 {
                            earlier = before[earlier][0];
                            way.insert(0, &states[earlier]);
                        }
                        return Err(format!("{fault} in {state:?} after {way:#?}"));
                    }
                    numbers.insert(state.clone(), states.len());
                    states.push(state);
                    before.push(Vec::new());
                    states.len() - 1
                }
            };
            if number != at {
                before[number].push(at);
            }
        }
        at += 1;
    }
    Ok((states, before))
}

#[test]
fn in_every_reachable_state_the_guarantees_hold_and_no_record_is_stuck() {
    let (states, before) = search(Without::Nothing).unwrap_or_else(|fault| panic!("{fault}"));
    println!("{} states", states.len());
    // Backwards from the states in which every record has its outcome.
    let mut finishes: Vec<bool> = states.iter().map(State::is_complete).collect();
    let mut ahead: Vec<usize> = (0..states.len()).filter(|state| finishes[*state]).collect();
    assert!(!ahead.is_empty(), "nothing is ever finished");
    while let Some(state) = ahead.pop() {
        for earlier in &before[state] {
            if !std::mem::replace(&mut finishes[*earlier], true) {
                ahead.push(*earlier);
            }
        }
    }
    let stuck = (0..states.len()).find(|state| !finishes[*state]);
    assert!(
        stuck.is_none(),
        "stuck: {:#?}",
        stuck.map(|state| &states[state])
    );

    // What becomes of the id that both partitions have depends on who comes first; both ends occur.
    let ends: BTreeSet<Vec<Place>> = states
        .iter()
        .filter(|state| state.is_complete() && state.partitions[0].incarnation == 0)
        .map(|state| state.partitions[0].orders.clone())
        .collect();
    assert_eq!(ends, BTreeSet::from([vec![(0, 0), (0, 1)], vec![(0, 1)]]));
}

#[test]
fn without_any_one_of_its_protections_the_protocol_fails() {
    for (without, fault) in [
        (Without::EpochCheck, "lies behind the position"),
        (Without::ExpectedOffset, "has 0 outcomes"),
        (Without::OneTransaction, "lies behind the position"),
        (Without::PrimaryKey, "stored twice"),
    ] {
        let found = search(without).err().unwrap_or_else(|| "nothing".into());
        assert!(found.contains(fault), "{without:?}: {found}");
    }
}
