//! Everything on this machine: Kafka, Postgres and both services, started and stopped in order.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::builder::BoolishValueParser;

use crate::folder::WorkFolder;
use crate::kafka::jars::{self, Jars};
use crate::kafka::{Broker, Node};
use crate::port;
use crate::postgres::{Cluster, Server};
use crate::services::{Addresses, Services};
use crate::topics::Topics;

/// The topic of the consumer's and replay's defaults.
pub const TOPIC: &str = "orders";
const PARTITIONS: i32 = 3;
const DATABASE: &str = "ordertally";
const KAFKA: &str = "kafka";
const POSTGRES: &str = "postgres";
const LOGS: &str = "logs";
/// All that a run leaves in its folder.
const ENTRIES: [&str; 6] = [
    KAFKA,
    POSTGRES,
    "postgres.draft",
    "postgres.password",
    "postgres.pgpass",
    LOGS,
];
/// How often the children are looked after once everything runs.
const LOOK_INTERVAL: Duration = Duration::from_millis(200);

/// Where everything lives and listens.
#[derive(clap::Args, Clone, Debug)]
pub struct StackSettings {
    /// The folder for data and logs, kept from one run to the next
    #[arg(
        long,
        env = "ORDERTALLY_DIR",
        default_value = ".ordertally",
        value_name = "FOLDER"
    )]
    pub dir: PathBuf,
    /// Delete what earlier runs left in the folder, and start anew
    #[arg(long, env = "FRESH", value_parser = BoolishValueParser::new())]
    pub fresh: bool,
    /// Kafka's port on 127.0.0.1
    #[arg(long, env = "KAFKA_PORT", default_value_t = 19092, value_parser = clap::value_parser!(u16).range(1..))]
    pub kafka_port: u16,
    /// Postgres' port on 127.0.0.1
    #[arg(long, env = "POSTGRES_PORT", default_value_t = 15432, value_parser = clap::value_parser!(u16).range(1..))]
    pub postgres_port: u16,
    /// The query service's port on 127.0.0.1
    #[arg(long, env = "HTTP_PORT", default_value_t = 8080, value_parser = clap::value_parser!(u16).range(1..))]
    pub http_port: u16,
    /// The port of the consumer's metrics and health on 127.0.0.1
    #[arg(long, env = "METRICS_PORT", default_value_t = 9101, value_parser = clap::value_parser!(u16).range(1..))]
    pub metrics_port: u16,
}

impl StackSettings {
    fn ports(&self) -> [(u16, &'static str, &'static str); 4] {
        [
            (self.kafka_port, "Kafka", "--kafka-port"),
            (self.postgres_port, "Postgres", "--postgres-port"),
            (self.http_port, "the query service", "--http-port"),
            (
                self.metrics_port,
                "the consumer's metrics",
                "--metrics-port",
            ),
        ]
    }

    /// A port that is wanted twice, in one line.
    ///
    /// # Errors
    ///
    /// The line.
    pub fn check(&self) -> Result<(), String> {
        let ports = self.ports();
        for (index, (port, _, flag)) in ports.iter().enumerate() {
            if let Some((_, _, other)) = ports[..index].iter().find(|(before, ..)| before == port) {
                return Err(format!(
                    "{other} and {flag} are both {port}: choose two ports"
                ));
            }
        }
        Ok(())
    }
}

/// Everything at work. Dropped, it ends at once; [`Stack::stop`] ends it in order.
#[derive(Debug)]
pub struct Stack {
    services: Services,
    broker: Broker,
    postgres: Server,
    addresses: Addresses,
    password_file: PathBuf,
    folder: WorkFolder,
}

impl Stack {
    /// Starts everything in the folder, on the data of earlier runs. `progress` is told each step.
    ///
    /// # Errors
    ///
    /// The first thing that does not start, in a message that says what to do.
    pub async fn start(settings: &StackSettings, progress: fn(&str)) -> anyhow::Result<Self> {
        let folder = WorkFolder::open(&settings.dir)?;
        for (port, wanted_by, flag) in settings.ports() {
            port::check(port, wanted_by, flag).await?;
        }
        if settings.fresh {
            folder.delete(&ENTRIES)?;
        }
        // Maven may take its time; a signal is heeded meanwhile.
        let jars = tokio::task::spawn_blocking(move || Jars::get(progress)).await??;
        let logs = folder.subfolder(LOGS)?;
        let cluster = Cluster::new(
            folder.path().join(POSTGRES),
            logs.join("postgres.log"),
            settings.postgres_port,
        )?;
        let node = Node::new(
            jars,
            folder.path().join(KAFKA),
            logs.join("kafka.log"),
            settings.kafka_port,
        );
        progress(&format!(
            "Starting Apache Kafka {} and Postgres {}",
            jars::VERSION,
            cluster.version()
        ));
        let (broker, postgres) =
            tokio::try_join!(async { anyhow::Ok(node.start().await?) }, async {
                anyhow::Ok(cluster.start().await?)
            })?;
        postgres.create_database(DATABASE).await?;
        Topics::of(broker.brokers())
            .create(TOPIC, PARTITIONS, &[])
            .await?;
        let addresses = Addresses {
            brokers: broker.brokers().to_owned(),
            database_url: postgres.url(DATABASE)?,
            metrics: format!("127.0.0.1:{}", settings.metrics_port),
            http: format!("127.0.0.1:{}", settings.http_port),
        };
        progress("Starting the consumer and the query service");
        let services = Services::start(&addresses, &logs).await?;
        Ok(Self {
            services,
            broker,
            postgres,
            addresses,
            password_file: cluster.password_file(),
            folder,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// The folder with the log of each program.
    #[must_use]
    pub fn logs(&self) -> PathBuf {
        self.folder.path().join(LOGS)
    }

    /// The addresses as lines for a person, each one to copy.
    #[must_use]
    pub fn described(&self) -> String {
        let (host, port) = database_place(&self.addresses.database_url);
        format!(
            "  query service  http://{http}\n\
             \x20 metrics        http://{metrics}/metrics\n\
             \x20 Kafka          {brokers}, topic {TOPIC}\n\
             \x20 Postgres       PGPASSFILE={pass} psql -h {host} -p {port} -U {user} {DATABASE}\n\
             \x20 logs           {logs}",
            http = self.addresses.http,
            metrics = self.addresses.metrics,
            brokers = self.addresses.brokers,
            pass = self.password_file.display(),
            user = crate::postgres::SUPERUSER,
            logs = self.logs().display(),
        )
    }

    /// Ends only when a child does, with what it said last.
    pub async fn failure(&mut self) -> anyhow::Error {
        loop {
            let looked = self
                .broker
                .process()
                .alive()
                .and_then(|()| self.postgres.process().alive())
                .and_then(|()| self.services.alive());
            if let Err(error) = looked {
                return error.into();
            }
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
    }

    /// Stops everything, those first that use the others. What fails to stop in order is ended
    /// all the same, and the first of it told.
    ///
    /// # Errors
    ///
    /// The first failure.
    pub async fn stop(self) -> anyhow::Result<()> {
        let services = self.services.stop().await;
        let kafka = self.broker.stop().await;
        let postgres = self.postgres.stop().await;
        services.context("the services did not stop in order")?;
        kafka.context("Kafka did not stop in order")?;
        postgres.context("Postgres did not stop in order")
    }
}

fn database_place(url: &str) -> (String, u16) {
    url::Url::parse(url)
        .ok()
        .and_then(|url| Some((url.host_str()?.to_owned(), url.port()?)))
        .expect("we made the address, with host and port")
}
