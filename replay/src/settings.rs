//! The command line and the environment, checked as a whole before anything connects.

use std::path::PathBuf;

use chrono::{NaiveDate, Utc};
use clap::builder::BoolishValueParser;
use clap::{Parser, Subcommand, ValueEnum};
use ordertally_settings::kafka::{Brokers, KafkaOptions, TopicName};
use ordertally_settings::logs::LogSettings;

/// Sends order events from files, standard input or a generator to Kafka.
///
/// Reads a JSON array, one JSON object a line, objects one after the other, and CSV with JSON in
/// its cells, each also compressed by gzip or zstd; tells them apart by content. Ends with 0 when
/// every file was read to its end and every event was valid, with 1 when not, with 2 when a
/// setting is wrong, with 130 or 143 when it was stopped by SIGINT or SIGTERM.
#[derive(Parser, Debug)]
#[command(
    name = "ordertally-replay",
    version,
    subcommand_negates_reqs = true,
    disable_help_subcommand = true
)]
pub struct Settings {
    /// Which files.
    #[command(flatten)]
    pub files: FileSettings,
    /// Where they go.
    #[command(flatten)]
    pub kafka: KafkaSettings,
    /// What is logged.
    #[command(flatten)]
    pub log: LogSettings,
    /// What else to do than reading files.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What else than reading files the program does.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Make orders instead of reading them: the same for the same settings
    Generate(GenerateSettings),
}

/// Which files, and what of them.
#[derive(clap::Args, Debug)]
pub struct FileSettings {
    /// Files to send, in this order; - is standard input
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Judge every event and send nothing; needs no broker
    #[arg(long, env = "DRY_RUN", value_parser = BoolishValueParser::new())]
    pub dry_run: bool,
    /// Send invalid events too, for the consumer to reject and keep
    #[arg(long, env = "KEEP_INVALID", value_parser = BoolishValueParser::new())]
    pub keep_invalid: bool,
    /// End after so many events were sent
    #[arg(long, env = "LIMIT", value_name = "EVENTS", value_parser = clap::value_parser!(u64).range(1..))]
    pub limit: Option<u64>,
}

/// Where events go, and how.
#[derive(clap::Args, Debug)]
pub struct KafkaSettings {
    /// Kafka's brokers, as HOST:PORT, several separated by commas; required for sending
    #[arg(long, env = "KAFKA_BROKERS", value_name = "HOST:PORT,…", global = true)]
    pub kafka_brokers: Option<Brokers>,
    /// The topic, which must exist
    #[arg(
        long,
        env = "KAFKA_TOPIC",
        value_name = "TOPIC",
        default_value = "orders",
        global = true
    )]
    pub kafka_topic: TopicName,
    /// Options of the broker's client.
    #[command(flatten)]
    pub options: KafkaOptions,
    /// Send no more than so many events a second
    #[arg(long, env = "RATE", value_name = "EVENTS", value_parser = clap::value_parser!(u32).range(1..), global = true)]
    pub rate: Option<u32>,
    /// The records' timestamps: the time of sending, or each event's own created_at
    #[arg(long, env = "TIMESTAMPS", value_enum, default_value_t, global = true)]
    pub timestamps: Timestamps,
    /// How long a broker may leave an event unacknowledged, in seconds, before sending ends
    #[arg(
        long,
        env = "DELIVERY_TIMEOUT_S",
        value_name = "SECONDS",
        default_value_t = 60,
        value_parser = clap::value_parser!(u32).range(1..=86_400),
        global = true
    )]
    pub delivery_timeout_s: u32,
}

/// What a record's timestamp is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Timestamps {
    /// The time of sending.
    #[default]
    Now,
    /// The event's own time, where it gives one.
    Event,
}

/// What to make up.
#[derive(clap::Args, Clone, Debug)]
pub struct GenerateSettings {
    /// How many different valid orders
    #[arg(long, env = "ORDERS", value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000_000_000))]
    pub orders: u64,
    /// Where randomness starts: equal settings give equal bytes
    #[arg(long, env = "SEED", value_name = "S", default_value_t = 1)]
    pub seed: u64,
    /// Over how many days the orders are spread
    #[arg(long, env = "DAYS", value_name = "D", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=36_600))]
    pub days: u32,
    /// How many customers there are; few of them order much, most of them little
    #[arg(long, env = "CUSTOMERS", value_name = "C", default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    pub customers: u64,
    /// The first day, in UTC
    #[arg(
        long,
        env = "START",
        value_name = "YYYY-MM-DD",
        default_value = "2020-09-01"
    )]
    pub start: NaiveDate,
    /// Further events that repeat an earlier order, as a share of --orders; some spell it otherwise
    #[arg(long, env = "DUPLICATES", value_name = "SHARE", default_value_t = 0.0, value_parser = share)]
    pub duplicates: f64,
    /// Further events that are invalid, in every way there is, as a share of --orders
    #[arg(long, env = "INVALID", value_name = "SHARE", default_value_t = 0.0, value_parser = share)]
    pub invalid: f64,
    /// Write the events to a file (- is standard output), one JSON object a line, and send nothing
    #[arg(long, env = "OUTPUT", value_name = "FILE")]
    pub output: Option<PathBuf>,
}

fn share(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|share| (0.0..=1.0).contains(share))
        .ok_or_else(|| "use a share from 0 to 1, such as 0.01".to_owned())
}

/// The first day that an order may lie in.
const FIRST_DAY: (i32, u32, u32) = (2000, 1, 1);

impl Settings {
    /// Faults that only show when several settings are seen together.
    ///
    /// # Errors
    ///
    /// One line that says what is wrong and what to do.
    pub fn check(&self) -> Result<(), String> {
        let sends = match &self.command {
            Some(Command::Generate(generate)) => {
                generate.check()?;
                self.check_no_file_settings()?;
                generate.output.is_none()
            }
            None => {
                let stdins = self
                    .files
                    .files
                    .iter()
                    .filter(|file| file.as_os_str() == "-");
                if stdins.count() > 1 {
                    return Err("'-' is there twice: standard input can be read once".into());
                }
                !self.files.dry_run
            }
        };
        if sends && self.kafka.kafka_brokers.is_none() {
            return Err(
                "no brokers are given: use --kafka-brokers HOST:PORT or the variable KAFKA_BROKERS"
                    .into(),
            );
        }
        Ok(())
    }

    fn check_no_file_settings(&self) -> Result<(), String> {
        let files = &self.files;
        for (given, name) in [
            (!files.files.is_empty(), "FILE"),
            (files.dry_run, "--dry-run"),
            (files.keep_invalid, "--keep-invalid"),
            (files.limit.is_some(), "--limit"),
        ] {
            if given {
                return Err(format!(
                    "{name} is for files and cannot be used with generate"
                ));
            }
        }
        Ok(())
    }
}

impl GenerateSettings {
    fn check(&self) -> Result<(), String> {
        let (year, month, day) = FIRST_DAY;
        let first = NaiveDate::from_ymd_opt(year, month, day).expect("a day of the calendar");
        if self.start < first {
            return Err(format!(
                "--start {} is before {first}, where orders begin",
                self.start
            ));
        }
        let tomorrow = Utc::now().date_naive().succ_opt();
        let end = self
            .start
            .checked_add_days(chrono::Days::new(self.days.into()));
        if end.is_none() || end > tomorrow {
            return Err(format!(
                "--start {} and --days {} reach into the future, where orders are rejected",
                self.start, self.days
            ));
        }
        Ok(())
    }
}
