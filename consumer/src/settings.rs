//! What the consumer is told: read once, checked before anything connects.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use ordertally_settings::DatabaseUrl;
use ordertally_settings::kafka::{Brokers, KafkaOption, KafkaOptions, TopicName};
use ordertally_settings::logs::LogSettings;
use rdkafka::config::ClientConfig;
use thiserror::Error;

use crate::commands::{FactsCommand, PositionsCommand, RejectsCommand};

/// Loads order events from a Kafka topic into Postgres, exactly once.
///
/// Exit status: 0 stopped as asked, or the command is done; 1 a command found something wrong;
/// 2 a wrong setting; 3 a loud stop: an operator has to choose (see docs/operations.md).
#[derive(Parser, Debug)]
#[command(
    name = "ordertally-consumer",
    version,
    args_conflicts_with_subcommands = true
)]
pub struct CommandLine {
    /// What to do; `run` when nothing is said.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The settings of `run`, when no command is named.
    #[command(flatten)]
    pub run: RunSettings,
}

/// What the program can do.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Consume and commit until told to stop (the default)
    Run(Box<RunSettings>),
    /// Bring the database to this release's structure and end
    Migrate(Box<MigrateSettings>),
    /// Ask a running consumer whether it is ready; exit status 0 when it is
    Healthcheck(HealthcheckSettings),
    /// Look at stored positions, or choose where to go on after a loud stop
    #[command(subcommand)]
    Positions(PositionsCommand),
    /// Look at rejected records, or try them again
    #[command(subcommand)]
    Rejects(RejectsCommand),
    /// Hold the facts against the orders, or write them anew
    #[command(subcommand)]
    Facts(FactsCommand),
}

/// The settings of `run`.
#[derive(Args, Clone, Debug)]
pub struct RunSettings {
    /// Which topic, on which brokers.
    #[command(flatten)]
    pub kafka: KafkaSettings,
    /// Which database.
    #[command(flatten)]
    pub database: DatabaseSettings,
    /// Where health and metrics are served
    #[arg(
        long,
        env = "METRICS_ADDR",
        default_value = "127.0.0.1:9101",
        value_name = "HOST:PORT"
    )]
    pub metrics_addr: SocketAddr,
    /// Bring the database to this release's structure first
    #[arg(long, env = "MIGRATE", default_value_t = false, num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    pub migrate: bool,
    /// Group protocol: `classic`, or KIP-848's `consumer` (broker 4.0 or newer)
    #[arg(long, env = "GROUP_PROTOCOL", value_enum, default_value_t = GroupProtocol::Classic)]
    pub group_protocol: GroupProtocol,
    /// How partitions are shared out under the classic protocol
    #[arg(long, env = "ASSIGNOR", value_enum, default_value_t = Assignor::CooperativeSticky)]
    pub assignor: Assignor,
    /// Name under which this process owns partitions; default: host name and process id
    #[arg(long, env = "OWNER_NAME", value_name = "NAME")]
    pub owner_name: Option<String>,
    /// Most records in one transaction
    #[arg(long, env = "BATCH_RECORDS", default_value_t = 5_000, value_name = "N",
          value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub batch_records: u32,
    /// Most payload in one transaction, KiB, with what is wrong with rejected records; one larger
    /// record makes a batch of its own
    #[arg(long, env = "BATCH_KIB", default_value_t = 8_192, value_name = "KIB",
          value_parser = clap::value_parser!(u32).range(64..=65_536))]
    pub batch_kib: u32,
    /// Connections to Postgres: how many partitions commit at the same moment
    #[arg(long, env = "DATABASE_CONNECTIONS", default_value_t = 4, value_name = "N",
          value_parser = clap::value_parser!(u32).range(1..=64))]
    pub database_connections: u32,
    /// What is logged.
    #[command(flatten)]
    pub logs: LogSettings,
}

/// The settings of `migrate`.
#[derive(Args, Clone, Debug)]
pub struct MigrateSettings {
    /// Which database.
    #[command(flatten)]
    pub database: DatabaseSettings,
    /// What is logged.
    #[command(flatten)]
    pub logs: LogSettings,
}

/// The settings of `healthcheck`.
#[derive(Args, Clone, Debug)]
pub struct HealthcheckSettings {
    /// Where the running consumer serves health and metrics
    #[arg(
        long,
        env = "METRICS_ADDR",
        default_value = "127.0.0.1:9101",
        value_name = "HOST:PORT"
    )]
    pub metrics_addr: SocketAddr,
}

/// Which topic, on which brokers, as which group.
#[derive(Args, Clone, Debug)]
pub struct KafkaSettings {
    /// Kafka brokers to start from, separated by commas
    #[arg(
        long,
        env = "KAFKA_BROKERS",
        default_value = "127.0.0.1:9092",
        value_name = "HOST:PORT"
    )]
    pub kafka_brokers: Brokers,
    /// Topic that the order events come from
    #[arg(
        long,
        env = "KAFKA_TOPIC",
        default_value = "orders",
        value_name = "NAME"
    )]
    pub kafka_topic: TopicName,
    /// Consumer group
    #[arg(long, env = "KAFKA_GROUP_ID", default_value = "ordertally", value_name = "NAME", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub kafka_group_id: String,
    /// More of librdkafka's options.
    #[command(flatten)]
    pub options: KafkaOptions,
}

/// Which database.
#[derive(Args, Clone, Debug)]
pub struct DatabaseSettings {
    /// Postgres database that the orders go into
    #[arg(
        long,
        env = "DATABASE_URL",
        value_name = "URL",
        hide_env_values = true,
        default_value = "postgres://ordertally@127.0.0.1:5432/ordertally"
    )]
    pub database_url: DatabaseUrl,
}

/// How members of the group and the broker agree on partitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum GroupProtocol {
    /// Known to every broker; assignments are made by a member.
    Classic,
    /// KIP-848: assignments are made by the broker.
    Consumer,
}

/// How partitions are shared out under the classic protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Assignor {
    /// Moves as few partitions as it can, and the others go on meanwhile.
    CooperativeSticky,
    /// Eager: neighbouring partitions together.
    Range,
    /// Eager: in turn.
    #[value(name = "roundrobin")]
    RoundRobin,
}

impl fmt::Display for Assignor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::CooperativeSticky => "cooperative-sticky",
            Self::Range => "range",
            Self::RoundRobin => "roundrobin",
        })
    }
}

/// Options of librdkafka that correctness relies on, or that have a setting of their own.
const PROTECTED: &[&str] = &[
    "allow.auto.create.topics",
    "auto.commit.enable",
    "auto.offset.reset",
    "bootstrap.servers",
    "enable.auto.commit",
    "enable.auto.offset.store",
    "enable.partition.eof",
    "group.id",
    "group.protocol",
    "isolation.level",
    "metadata.broker.list",
    "partition.assignment.strategy",
];

/// A Kafka option that cannot be used.
#[derive(Debug, Error)]
pub enum KafkaSettingsError {
    /// One that the consumer keeps for itself.
    #[error(transparent)]
    Protected(#[from] ordertally_settings::kafka::KafkaOptionError),
    /// One that librdkafka does not take. Its value may be a secret and is not shown.
    #[error("librdkafka does not take the Kafka option {0}: unknown, or a wrong value")]
    Refused(String),
    /// Static membership where the members share the partitions out. One that ends in the middle of
    /// a handover, or while partitions are added, comes back to what it had, nobody is told, and
    /// partitions stay without an owner.
    #[error(
        "group.instance.id needs GROUP_PROTOCOL=consumer: under classic, a restart may leave partitions without an owner"
    )]
    StaticClassic,
}

impl KafkaSettings {
    /// What a client that only asks (topic ids, watermarks) is configured with.
    ///
    /// # Errors
    ///
    /// An option that is protected or that librdkafka refuses. Nothing connects.
    pub fn probe_config(&self) -> Result<ClientConfig, KafkaSettingsError> {
        let mut config = ClientConfig::new();
        for KafkaOption { key, value } in self.options.checked(PROTECTED)? {
            // Options of group members mean nothing to a client without a group.
            if !key.starts_with("group.") {
                config.set(key, value);
            }
        }
        config.set("bootstrap.servers", self.kafka_brokers.as_str());
        config.set("allow.auto.create.topics", "false");
        checked(config)
    }

    /// What the group's member is configured with.
    ///
    /// # Errors
    ///
    /// An option that is protected or that librdkafka refuses. Nothing connects.
    pub fn consumer_config(
        &self,
        protocol: GroupProtocol,
        assignor: Assignor,
    ) -> Result<ClientConfig, KafkaSettingsError> {
        let mut config = ClientConfig::new();
        // Choices of ours that an operator may change.
        config.set("queued.min.messages", "20000");
        config.set("queued.max.messages.kbytes", "4096"); // memory; more is no faster
        // What one more fetch may bring on top, still compressed: for all partitions of a broker,
        // and for each, so that every partition gets its turn.
        config.set("fetch.max.bytes", "1048576");
        config.set("fetch.message.max.bytes", "262144");
        config.set("fetch.wait.max.ms", "10"); // a lone record is handed over at once
        config.set("fetch.queue.backoff.ms", "10"); // the default of 1 s halves the rate
        config.set("topic.metadata.refresh.interval.ms", "2000"); // new partitions are soon seen
        match protocol {
            GroupProtocol::Classic => {
                config.set("session.timeout.ms", "10000");
                config.set("heartbeat.interval.ms", "1000");
                config.set("partition.assignment.strategy", assignor.to_string());
            }
            GroupProtocol::Consumer => {
                // Its timeouts are the broker's; librdkafka refuses the client's.
                config.set("group.protocol", "consumer");
            }
        }
        for KafkaOption { key, value } in self.options.checked(PROTECTED)? {
            config.set(key, value);
        }
        if protocol == GroupProtocol::Classic && config.get("group.instance.id").is_some() {
            return Err(KafkaSettingsError::StaticClassic);
        }
        config.set("bootstrap.servers", self.kafka_brokers.as_str());
        config.set("group.id", &self.kafka_group_id);
        // Positions live in the database; the broker's are information for lag tools.
        config.set("enable.auto.commit", "false");
        config.set("enable.auto.offset.store", "false");
        // A position that is not in the log is a loud stop, never a jump.
        config.set("auto.offset.reset", "error");
        // A misspelled topic must not come to be.
        config.set("allow.auto.create.topics", "false");
        // Records of aborted transactions are none.
        config.set("isolation.level", "read_committed");
        // At the end of a partition the position may move over control records.
        config.set("enable.partition.eof", "true");
        checked(config)
    }
}

fn checked(config: ClientConfig) -> Result<ClientConfig, KafkaSettingsError> {
    use rdkafka::error::KafkaError;
    match config.create_native_config() {
        Ok(_) => Ok(config),
        Err(KafkaError::ClientConfig(_, _, key, _)) => Err(KafkaSettingsError::Refused(key)),
        Err(error) => Err(KafkaSettingsError::Refused(error.to_string())),
    }
}

impl RunSettings {
    /// The name under which this process owns partitions.
    #[must_use]
    pub fn owner(&self) -> String {
        self.owner_name.clone().unwrap_or_else(|| {
            let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
            format!("{}-{}", host.trim(), std::process::id())
        })
    }

    /// Most payload in one transaction, bytes.
    #[must_use]
    pub fn batch_bytes(&self) -> usize {
        self.batch_kib as usize * 1024
    }
}

/// How long one answer of the broker may take before the question is asked again.
pub const BROKER_TIMEOUT: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn kafka(options: &[&str]) -> KafkaSettings {
        let mut line = vec!["ordertally-consumer".to_owned()];
        line.extend(
            options
                .iter()
                .map(|option| format!("--kafka-config={option}")),
        );
        CommandLine::parse_from(line).run.kafka
    }

    #[test]
    fn the_command_line_is_consistent() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn options_that_correctness_relies_on_are_refused_by_name() {
        for key in PROTECTED {
            let settings = kafka(&[&format!("{key}=x")]);
            for result in [
                settings.probe_config(),
                settings.consumer_config(GroupProtocol::Classic, Assignor::Range),
            ] {
                let message = result.expect_err(key).to_string();
                assert!(message.contains(key), "{message}");
            }
        }
    }

    #[test]
    fn an_option_that_librdkafka_does_not_know_is_named_without_its_value() {
        let message = kafka(&["sasl.pasword=s3cret"])
            .consumer_config(GroupProtocol::Classic, Assignor::Range)
            .expect_err("the option is misspelled")
            .to_string();
        assert!(message.contains("sasl.pasword"), "{message}");
        assert!(!message.contains("s3cret"), "{message}");
    }

    #[test]
    fn static_members_need_a_broker_that_assigns() {
        let settings = kafka(&["group.instance.id=consumer-1"]);
        for assignor in [Assignor::CooperativeSticky, Assignor::Range] {
            let refused = settings.consumer_config(GroupProtocol::Classic, assignor);
            let message = refused.expect_err("it may orphan partitions").to_string();
            assert!(message.contains("GROUP_PROTOCOL=consumer"), "{message}");
        }
        let config = settings.consumer_config(GroupProtocol::Consumer, Assignor::Range);
        let config = config.expect("the broker sees every change");
        assert_eq!(config.get("group.instance.id"), Some("consumer-1"));
    }

    #[test]
    fn what_the_client_fetches_ahead_is_bounded_and_may_be_changed() {
        let config = |options: &[&str]| {
            kafka(options)
                .consumer_config(GroupProtocol::Classic, Assignor::Range)
                .expect("librdkafka knows the options")
        };
        let bounds = [
            ("queued.max.messages.kbytes", "4096"),
            ("fetch.max.bytes", "1048576"),
            ("fetch.message.max.bytes", "262144"),
        ];
        for (key, bytes) in bounds {
            assert_eq!(config(&[]).get(key), Some(bytes));
            let changed = config(&[&format!("{key}=2000000")]);
            assert_eq!(changed.get(key), Some("2000000"));
        }
    }

    #[test]
    fn tls_and_sasl_options_pass_through() {
        let config = kafka(&["security.protocol=SASL_SSL", "sasl.mechanism=PLAIN"])
            .consumer_config(GroupProtocol::Consumer, Assignor::Range)
            .expect("librdkafka is built with TLS and SASL");
        assert_eq!(config.get("security.protocol"), Some("SASL_SSL"));
        assert_eq!(config.get("session.timeout.ms"), None);
    }
}
