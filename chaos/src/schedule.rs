//! What happens in a run: drawn from a seed, printed as JSON, and read back from it.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use serde::{Deserialize, Serialize};

use crate::lane::{broker, connections, consumers, database, operator};

/// How the consumers share the partitions out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Assignment {
    /// Everybody stops at each rebalance.
    Range,
    /// Partitions that stay keep working.
    CooperativeSticky,
    /// KIP-848: the broker assigns.
    Consumer,
}

/// A fault and the time before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step<F> {
    /// After the lane's step before.
    pub after_ms: u64,
    /// What happens.
    #[serde(flatten)]
    pub fault: F,
}

/// A whole run. The lanes go on side by side; within a lane one step ends before the next begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// Where it was drawn from; the load is drawn from it too.
    pub seed: u64,
    /// Of the group.
    pub assignment: Assignment,
    /// Whether the members are static: one that comes back in time finds its partitions.
    pub static_members: bool,
    /// Whether all consumers claim under one name.
    pub same_name: bool,
    /// Of the topic, at first.
    pub partitions: i32,
    /// How many, always.
    pub consumers: usize,
    /// Most records in a transaction.
    pub batch_records: u32,
    /// What befalls the consumers.
    pub consumer_faults: Vec<Step<consumers::Fault>>,
    /// What befalls Postgres.
    pub database_faults: Vec<Step<database::Fault>>,
    /// What befalls the connections.
    pub connection_faults: Vec<Step<connections::Fault>>,
    /// What befalls the broker.
    pub broker_faults: Vec<Step<broker::Fault>>,
    /// What an operator does, or another tool.
    pub acts: Vec<Step<operator::Act>>,
}

/// Longest wait before a step.
const PAUSE_MS: u64 = 2_000;

/// An act finds something to act on after so long.
const ACT_AFTER_MS: u64 = 2_000;

impl Schedule {
    /// The schedule of a seed: always the same.
    #[must_use]
    pub fn draw(seed: u64) -> Self {
        let random = &mut ChaCha8Rng::seed_from_u64(seed);
        let consumers = random.random_range(2..=4);
        let assignment = [
            Assignment::Range,
            Assignment::CooperativeSticky,
            Assignment::Consumer,
        ][random.random_range(0..3)];
        // The consumer refuses static members under the classic protocol.
        let may_be_static = assignment == Assignment::Consumer;
        Self {
            seed,
            assignment,
            static_members: random.random_bool(0.4) && may_be_static,
            same_name: random.random_bool(0.25),
            partitions: random.random_range(1..=6),
            consumers,
            batch_records: [5, 50, 500, 5_000][random.random_range(0..4)],
            consumer_faults: steps(random, 3, |random| consumers::draw(random, consumers)),
            database_faults: steps(random, 3, database::draw),
            connection_faults: steps(random, 2, |random| connections::draw(random, consumers)),
            broker_faults: steps(random, 1, broker::draw),
            acts: steps(random, 1, operator::draw)
                .into_iter()
                .map(|step| Step {
                    after_ms: step.after_ms + ACT_AFTER_MS,
                    ..step
                })
                .collect(),
        }
    }

    /// What happens in it, by names, in no order.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        [
            names("consumer", &self.consumer_faults),
            names("database", &self.database_faults),
            names("connection", &self.connection_faults),
            names("broker", &self.broker_faults),
            names("operator", &self.acts),
        ]
        .concat()
    }
}

fn steps<F>(
    random: &mut ChaCha8Rng,
    most: usize,
    draw: impl Fn(&mut ChaCha8Rng) -> F,
) -> Vec<Step<F>> {
    (0..random.random_range(0..=most))
        .map(|_| Step {
            after_ms: random.random_range(0..PAUSE_MS),
            fault: draw(random),
        })
        .collect()
}

fn names<F: Serialize>(lane: &str, steps: &[Step<F>]) -> Vec<String> {
    steps
        .iter()
        .map(|step| format!("{lane} {}", name(&step.fault)))
        .collect()
}

/// A fault's name in reports.
pub fn name(fault: &impl Serialize) -> String {
    match serde_json::to_value(fault) {
        Ok(value) => value["fault"].as_str().unwrap_or_default().to_owned(),
        Err(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_seed_gives_one_schedule_which_reads_back_as_it_was_printed() {
        for seed in 0..50 {
            let schedule = Schedule::draw(seed);
            assert_eq!(schedule, Schedule::draw(seed));
            let printed = serde_json::to_string(&schedule).unwrap();
            let read: Schedule = serde_json::from_str(&printed).unwrap();
            assert_eq!(read, schedule, "{printed}");
        }
    }

    #[test]
    fn every_kind_of_fault_is_drawn() {
        let kinds: BTreeSet<String> = (0..1_000)
            .flat_map(|seed| Schedule::draw(seed).names())
            .collect();
        assert_eq!(kinds.len(), 36, "{kinds:#?}");
    }
}
