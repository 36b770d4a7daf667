//! What happens in a run: drawn from a seed, printed as JSON, and read back from it.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use serde::{Deserialize, Serialize};

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

/// One thing that goes wrong, or that somebody does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum Fault {
    /// SIGKILL; it is started again at once.
    KillConsumer {
        /// Which one.
        consumer: usize,
    },
    /// SIGTERM; it must end with 0, and is started again.
    StopConsumer {
        /// Which one.
        consumer: usize,
        /// How long it is away.
        ms: u64,
    },
    /// SIGSTOP, then SIGCONT.
    FreezeConsumer {
        /// Which one.
        consumer: usize,
        /// How long.
        ms: u64,
    },
    /// One more consumer comes and goes.
    VisitingConsumer {
        /// How long it stays.
        ms: u64,
    },
    /// SIGQUIT of the postmaster: clients cut off, nothing more written.
    CrashPostgres {
        /// How long it is away.
        ms: u64,
    },
    /// Stopped in order.
    RestartPostgres {
        /// How long it is away.
        ms: u64,
    },
    /// The server and all its backends hang.
    FreezePostgres {
        /// How long.
        ms: u64,
    },
    /// An administrator ends every session.
    EndSessions,
    /// The next COMMIT is done, and nobody hears of it.
    LoseCommitAnswer,
    /// Every connection to Postgres is cut.
    CutConnections,
    /// Nothing passes to Postgres and back; every connection stays open.
    HangConnections {
        /// How long.
        ms: u64,
    },
    /// Everything to Postgres and back takes longer.
    SlowConnections {
        /// How long.
        ms: u64,
    },
    /// `default_transaction_read_only`, as on a standby after a failover.
    ReadOnly {
        /// How long.
        ms: u64,
    },
    /// The database takes no connections, and ends those it has.
    RefuseConnections {
        /// How long.
        ms: u64,
    },
    /// Another client locks table `orders`.
    LockOrders {
        /// How long.
        ms: u64,
    },
    /// Another client locks the positions in the opposite order, so that somebody is the victim of
    /// a deadlock or waits.
    LockPositions {
        /// How long.
        ms: u64,
    },
    /// SIGKILL of the broker.
    KillKafka {
        /// How long it is away.
        ms: u64,
    },
    /// The broker is stopped in order.
    RestartKafka {
        /// How long it is away.
        ms: u64,
    },
    /// The broker hangs.
    FreezeKafka {
        /// How long.
        ms: u64,
    },
    /// The topic gets one more partition.
    AddPartition,
    /// Another tool moves the group's offsets on the broker, which are for information alone.
    MoveGroupOffsets {
        /// Where to.
        offset: i64,
    },
}

/// A fault and the time before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// After the step before.
    pub after_ms: u64,
    /// What happens.
    #[serde(flatten)]
    pub fault: Fault,
}

/// A whole run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// Where it was drawn from; the load is drawn from it too.
    pub seed: u64,
    /// Of the group.
    pub assignment: Assignment,
    /// Of the topic, at first.
    pub partitions: i32,
    /// How many, always.
    pub consumers: usize,
    /// Most records in a transaction.
    pub batch_records: u32,
    /// What happens, one after the other.
    pub steps: Vec<Step>,
}

const STEPS: std::ops::RangeInclusive<usize> = 3..=7;

impl Schedule {
    /// The schedule of a seed: always the same.
    #[must_use]
    pub fn draw(seed: u64) -> Self {
        let random = &mut ChaCha8Rng::seed_from_u64(seed);
        let consumers = random.random_range(2..=4);
        let steps = random.random_range(STEPS);
        Self {
            seed,
            assignment: [
                Assignment::Range,
                Assignment::CooperativeSticky,
                Assignment::Consumer,
            ][random.random_range(0..3)],
            partitions: random.random_range(1..=6),
            consumers,
            batch_records: [5, 50, 500, 5_000][random.random_range(0..4)],
            steps: (0..steps)
                .map(|_| Step {
                    after_ms: random.random_range(0..1_500),
                    fault: Fault::draw(random, consumers),
                })
                .collect(),
        }
    }
}

impl Fault {
    fn draw(random: &mut ChaCha8Rng, consumers: usize) -> Self {
        let consumer = random.random_range(0..consumers);
        let short = random.random_range(50..1_500);
        // Every other time past the session's end (10 s, or 6 under KIP-848) and a new owner's commits.
        let frozen = [short, random.random_range(11_000..14_000)][random.random_range(0..2)];
        match random.random_range(0..21) {
            0 | 1 => Self::KillConsumer { consumer },
            2 => Self::StopConsumer {
                consumer,
                ms: short,
            },
            3 => Self::FreezeConsumer {
                consumer,
                ms: frozen,
            },
            4 => Self::VisitingConsumer { ms: 2 * short },
            5 => Self::CrashPostgres { ms: short },
            6 => Self::RestartPostgres { ms: short },
            7 => Self::FreezePostgres { ms: short },
            8 => Self::EndSessions,
            9 | 10 => Self::LoseCommitAnswer,
            11 => Self::CutConnections,
            12 => Self::HangConnections { ms: frozen },
            13 => Self::SlowConnections { ms: 2 * short },
            14 => Self::ReadOnly { ms: short },
            15 => Self::RefuseConnections { ms: short },
            16 => Self::LockOrders { ms: frozen },
            17 => Self::LockPositions { ms: short },
            18 => match random.random_range(0..3) {
                0 => Self::KillKafka { ms: short },
                1 => Self::RestartKafka { ms: short },
                _ => Self::FreezeKafka { ms: frozen },
            },
            19 => Self::AddPartition,
            _ => Self::MoveGroupOffsets {
                offset: random.random_range(0..2_000),
            },
        }
    }

    /// Its name in reports.
    #[must_use]
    pub fn name(&self) -> String {
        match serde_json::to_value(self) {
            Ok(value) => value["fault"].as_str().unwrap_or_default().to_owned(),
            Err(_) => String::new(),
        }
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
        let kinds: BTreeSet<String> = (0..400)
            .flat_map(|seed| Schedule::draw(seed).steps)
            .map(|step| step.fault.name())
            .collect();
        assert_eq!(kinds.len(), 21, "{kinds:?}");
    }
}
