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
    /// Rows a second from a full topic, beside Kafka Connect and Bento
    Sinks(SinksSettings),
    /// Time from sending a record to its row being visible, at a steady rate
    Latency(LatencySettings),
    /// Memory while a backlog waits for Postgres, and how fast it drains
    Backlog(BacklogSettings),
    /// Time to answer the three questions over a year of orders, beside other engines
    Query(QuerySettings),
    /// How far answers are behind the commits while orders and questions keep coming
    Follow(FollowSettings),
    /// Draw the results that lie in the folder
    Plot(PlotSettings),
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
    /// Part of the orders that the topic holds twice, between 0 and 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    pub duplicates: f64,
    /// Orders that lie in the consumer's tables before each run
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=1_000_000_000))]
    pub rows_before: u64,
    /// Whether a commit waits until it is on disk
    #[arg(long, value_name = "on|off", default_value = "on")]
    pub synchronous_commit: SynchronousCommit,
}

/// What Postgres calls by that name. Off, commits of the last moments are lost with the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum SynchronousCommit {
    /// As delivered.
    On,
    /// For a figure to compare with.
    Off,
}

/// The settings of `sinks`.
#[derive(Args, Clone, Debug, Serialize)]
pub struct SinksSettings {
    /// Orders that wait in the topic
    #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(100..=100_000_000))]
    pub orders: u64,
    /// How often each is measured, each time between two runs of COPY
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub runs: u32,
    /// Records sent a second while latency is measured
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub latency_rate: u32,
    /// How long latency is measured, of each; 0 for not at all
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(0..=3_600))]
    pub latency_seconds: u32,
    /// How long records are sent before that
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=600))]
    pub latency_warm_up_seconds: u32,
}

/// The settings of `latency`.
#[derive(Args, Clone, Debug, Serialize)]
pub struct LatencySettings {
    /// Records sent a second
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub rate: u32,
    /// How long the producer lets a record wait for others, milliseconds
    #[arg(long, value_name = "MS", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=1_000))]
    pub linger_ms: u32,
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

/// A database full of orders, as the consumer would have left it.
#[derive(Args, Clone, Debug, Serialize)]
pub struct FillSettings {
    /// Orders in the database
    #[arg(long, value_name = "N", default_value_t = 10_000_000, value_parser = clap::value_parser!(u64).range(1_000..=1_000_000_000))]
    pub orders: u64,
    /// Customers who made them, few of them most; 17 for each 100 orders when nothing is said
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    pub customers: Option<u64>,
    /// Days over which they are spread
    #[arg(long, value_name = "N", default_value_t = 365, value_parser = clap::value_parser!(u32).range(30..=3_650))]
    pub days: u32,
    /// Folder that keeps the database for the next run; without it the database is gone afterwards
    #[arg(long, value_name = "FOLDER")]
    #[serde(skip)]
    pub keep: Option<PathBuf>,
}

impl FillSettings {
    /// How many customers: 1.7 million for 10 million orders, where nothing was said.
    #[must_use]
    pub fn customers(&self) -> u64 {
        self.customers
            .unwrap_or_else(|| (self.orders * 17 / 100).max(1))
    }
}

/// What questions are drawn from.
#[derive(Args, Clone, Debug, Serialize)]
pub struct DrawingSettings {
    /// How many best customers of each currency questions ask for, separated by commas: each as
    /// often as the others
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_value = "1,3,5,10,100", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub counts: Vec<u32>,
}

/// The settings of `query`.
#[derive(Args, Clone, Debug, Serialize)]
pub struct QuerySettings {
    /// What is asked about.
    #[command(flatten)]
    #[serde(flatten)]
    pub fill: FillSettings,
    /// What is asked.
    #[command(flatten)]
    #[serde(flatten)]
    pub drawing: DrawingSettings,
    /// Different questions of each of the three kinds
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub questions: u32,
    /// How many of them the other engines are asked as well
    #[arg(long, value_name = "N", default_value_t = 40, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub peer_questions: u32,
    /// Engines to measure beside, separated by commas; none for none
    #[arg(
        long,
        value_name = "ENGINE,…",
        value_delimiter = ',',
        default_value = "duckdb,clickhouse,datafusion,polars"
    )]
    pub peers: Vec<PeerChoice>,
}

/// An engine to measure beside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum PeerChoice {
    /// No engine.
    None,
    /// DuckDB.
    Duckdb,
    /// ClickHouse, in this machine's process (chdb).
    Clickhouse,
    /// Apache DataFusion.
    Datafusion,
    /// Polars.
    Polars,
}

/// The settings of `follow`.
#[derive(Args, Clone, Debug, Serialize)]
pub struct FollowSettings {
    /// What lies in the database before.
    #[command(flatten)]
    #[serde(flatten)]
    pub fill: FillSettings,
    /// What is asked.
    #[command(flatten)]
    #[serde(flatten)]
    pub drawing: DrawingSettings,
    /// Orders sent a second
    #[arg(long, value_name = "N", default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub rate: u32,
    /// How long the producer lets a record wait for others, milliseconds
    #[arg(long, value_name = "MS", default_value_t = 5, value_parser = clap::value_parser!(u32).range(0..=1_000))]
    pub linger_ms: u32,
    /// Questions asked a second
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub question_rate: u32,
    /// How long both are measured, and the questions alone before that
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=3_600))]
    pub seconds: u32,
}

/// The settings of `plot`.
#[derive(Args, Clone, Debug)]
pub struct PlotSettings {
    /// Folder that the drawings are written to
    #[arg(long, value_name = "FOLDER", default_value = "docs/plots")]
    pub plots: PathBuf,
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

/// What a benchmark does when nothing is said: `all` has no options for those that have some of the
/// same name.
#[must_use]
pub fn defaults<T: Args>() -> T {
    let command = T::augment_args(clap::Command::new("defaults").no_binary_name(true));
    T::from_arg_matches(&command.get_matches_from::<_, &str>([]))
        .expect("every option has a default")
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn nothing_has_to_be_said() {
        let query: QuerySettings = defaults();
        assert_eq!(query.fill.customers(), 1_700_000);
        assert_eq!(query.peers.len(), 4);
        let follow: FollowSettings = defaults();
        assert_eq!(follow.rate, 5_000);
    }

    #[test]
    fn the_command_line_is_consistent() {
        Settings::command().debug_assert();
    }
}
