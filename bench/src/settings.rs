//! What to measure, checked before anything starts.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use ordertally_settings::logs::LogSettings;
use serde::Serialize;

/// Measures Ordertally on servers of its own, each figure beside one that was made in the same run.
///
/// Starts a Kafka and a Postgres that are gone after it, and runs the programs beside this one
/// (build them first: cargo build --release). Prints tables and writes a JSON file for each.
#[derive(Parser, Debug)]
#[command(
    name = "ordertally-bench",
    version,
    args_conflicts_with_subcommands = true
)]
pub struct Settings {
    /// Which benchmark; all of them when nothing is said.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The settings of `all`, when no benchmark is named.
    #[command(flatten)]
    pub all: AllSettings,
    /// What all of them take.
    #[command(flatten)]
    pub common: CommonSettings,
    /// What is logged.
    #[command(flatten)]
    pub logs: LogSettings,
}

/// The benchmarks.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Rows a second from a full topic, beside plain COPY of the same rows
    Ingest(IngestSettings),
    /// Time from sending a record to its row being visible, at a steady rate
    Latency(LatencySettings),
    /// Memory while a backlog waits for Postgres, and how fast it drains
    Backlog(BacklogSettings),
    /// Every benchmark, one after the other (the default)
    All(AllSettings),
}

/// What all benchmarks take.
#[derive(Args, Clone, Debug, Serialize)]
pub struct CommonSettings {
    /// Partitions of the topic
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(i32).range(1..=100), global = true)]
    pub partitions: i32,
    /// Where the generated orders' randomness starts
    #[arg(long, value_name = "S", default_value_t = 1, global = true)]
    pub seed: u64,
    /// Folder that the results are written to
    #[arg(
        long,
        value_name = "FOLDER",
        default_value = "bench/results",
        global = true
    )]
    #[serde(skip)]
    pub results: PathBuf,
}

/// The settings of `ingest`.
#[derive(Args, Clone, Debug, Serialize)]
pub struct IngestSettings {
    /// Orders that wait in the topic
    #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(100..=100_000_000))]
    pub orders: u64,
    /// How often the consumer is measured, each time between two runs of COPY
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub runs: u32,
}

/// The settings of `latency`.
#[derive(Args, Clone, Debug, Serialize)]
pub struct LatencySettings {
    /// Records sent a second
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub rate: u32,
    /// How long they are measured
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=3_600))]
    pub seconds: u32,
    /// How long they are sent before that, not measured
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(0..=600))]
    pub warm_up_seconds: u32,
}

/// The settings of `backlog`.
#[derive(Args, Clone, Debug, Serialize)]
pub struct BacklogSettings {
    /// Records sent while Postgres is away
    #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(100..=100_000_000))]
    pub records: u64,
    /// How long is waited after the last of them before Postgres is back, and again once all are
    /// stored
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(20..=3_600))]
    pub wait_seconds: u32,
}

/// The settings of `all`.
#[derive(Args, Clone, Debug)]
pub struct AllSettings {
    /// Of `ingest`.
    #[command(flatten)]
    pub ingest: IngestSettings,
    /// Of `latency`.
    #[command(flatten)]
    pub latency: LatencySettings,
    /// Of `backlog`.
    #[command(flatten)]
    pub backlog: BacklogSettings,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Settings::command().debug_assert();
    }
}
