//! The servers that a benchmark runs against: new ones, on free ports, gone after it.

use anyhow::{Context, Result, ensure};
use ordertally_local::postgres::{Server, connect};
use ordertally_local::temporary::{TemporaryKafka, TemporaryPostgres};
use ordertally_local::topics::Topics;
use tokio_postgres::Client;

use crate::machine::postgres_settings;
use crate::programs;
use crate::usage;

/// A Kafka and a Postgres with nothing in them.
#[derive(Debug)]
pub struct Stage {
    kafka: TemporaryKafka,
    postgres: TemporaryPostgres,
}

/// CPU seconds that the servers have used so far.
#[derive(Clone, Copy, Debug)]
pub struct ServersCpu {
    /// All processes of Postgres.
    pub postgres_seconds: f64,
    /// Kafka's process.
    pub kafka_seconds: f64,
}

impl ServersCpu {
    /// What was used between `earlier` and this.
    #[must_use]
    pub fn since(self, earlier: Self) -> Self {
        Self {
            postgres_seconds: self.postgres_seconds - earlier.postgres_seconds,
            kafka_seconds: self.kafka_seconds - earlier.kafka_seconds,
        }
    }
}

impl Stage {
    /// Starts both.
    ///
    /// # Errors
    ///
    /// When one of them does not start.
    pub async fn set() -> Result<Self> {
        eprintln!("starting Kafka and Postgres");
        let settings = postgres_settings();
        let (kafka, postgres) = tokio::try_join!(
            TemporaryKafka::start(),
            TemporaryPostgres::start_with(&settings)
        )?;
        Ok(Self { kafka, postgres })
    }

    /// What a client of Kafka starts from.
    #[must_use]
    pub fn brokers(&self) -> String {
        self.kafka.brokers()
    }

    /// Makes a topic.
    ///
    /// # Errors
    ///
    /// When the broker refuses.
    pub async fn create_topic(&self, topic: &str, partitions: i32) -> Result<()> {
        Topics::of(&self.brokers())
            .create(topic, partitions, &[])
            .await?;
        Ok(())
    }

    /// How many records lie in a topic that nothing was ever deleted from.
    ///
    /// # Errors
    ///
    /// When the broker does not answer.
    pub fn records_in(&self, topic: &str) -> Result<i64> {
        Ok(Topics::of(&self.brokers()).end_offsets(topic)?.iter().sum())
    }

    /// Makes a database with the product's tables in it and nothing else, and writes out what
    /// earlier work left to write, so that each measurement starts from the same state.
    ///
    /// # Errors
    ///
    /// When Postgres or the migration refuses.
    pub async fn new_database(&mut self, name: &str) -> Result<Database> {
        let server = self.server()?;
        server.create_database(name).await?;
        let url = server.url(name)?;
        programs::migrate(&url).await?;
        let client = connect(&url).await?;
        client.batch_execute("CHECKPOINT").await?;
        Ok(Database {
            name: name.to_owned(),
            url,
            client,
        })
    }

    /// Deletes a database.
    ///
    /// # Errors
    ///
    /// When Postgres refuses.
    pub async fn drop_database(&mut self, database: Database) -> Result<()> {
        let Database { name, client, .. } = database;
        drop(client);
        let client = connect(&self.postgres.url()?).await?;
        client
            .batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)"))
            .await
            .with_context(|| format!("cannot drop database {name}"))
    }

    /// Stops Postgres in order. Returns when its process has ended.
    ///
    /// # Errors
    ///
    /// When it has ended before, or does not end.
    pub async fn stop_postgres(&mut self) -> Result<()> {
        let server = self.postgres.take().context("Postgres has ended")?;
        Ok(server.stop().await?)
    }

    /// Starts the Postgres that was stopped, on the same data and port. Returns when it answers.
    ///
    /// # Errors
    ///
    /// When it does not start.
    pub async fn start_postgres(&mut self) -> Result<()> {
        Ok(self.postgres.start_again().await?)
    }

    /// Reads what both servers have used.
    ///
    /// # Errors
    ///
    /// When one of them has ended.
    pub fn cpu(&mut self) -> Result<ServersCpu> {
        let postgres = self.server()?.process().id();
        let kafka = self.kafka.running().context("Kafka has ended")?;
        Ok(ServersCpu {
            postgres_seconds: usage::cpu_seconds_with_children(postgres)?,
            kafka_seconds: usage::cpu_seconds(kafka.process().id())?,
        })
    }

    /// The version of the Postgres that runs.
    ///
    /// # Errors
    ///
    /// When Postgres does not answer.
    pub async fn postgres_version(&self) -> Result<String> {
        let client = connect(&self.postgres.url()?).await?;
        let row = client
            .query_one("SELECT current_setting('server_version')", &[])
            .await?;
        Ok(row.try_get(0)?)
    }

    fn server(&mut self) -> Result<&mut Server> {
        self.postgres.running().context("Postgres has ended")
    }
}

/// A database with the product's tables.
pub struct Database {
    name: String,
    url: String,
    /// A connection to it.
    pub client: Client,
}

impl Database {
    /// Its address, with user and password.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A run counts only if all of its work was done: each order stored, and in the facts.
    ///
    /// # Errors
    ///
    /// When it was not.
    pub async fn check(&self, orders: u64) -> Result<()> {
        let row = self
            .client
            .query_one(
                "SELECT (SELECT count(*) FROM orders),
                        (SELECT coalesce(sum(next_ordinal - first_ordinal), 0)::bigint
                         FROM order_facts)",
                &[],
            )
            .await?;
        let (stored, facts): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
        let orders = i64::try_from(orders).context("too many orders")?;
        ensure!(
            (stored, facts) == (orders, orders),
            "of {orders} orders {stored} were stored and {facts} are in the facts"
        );
        Ok(())
    }

    /// How far the server's log goes.
    ///
    /// # Errors
    ///
    /// When Postgres refuses.
    pub async fn wal_bytes(&self) -> Result<f64> {
        let row = self
            .client
            .query_one(
                "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8",
                &[],
            )
            .await?;
        Ok(row.try_get(0)?)
    }

    /// Lets the sessions to come commit without waiting for the disk.
    ///
    /// # Errors
    ///
    /// When Postgres refuses.
    pub async fn let_commits_return_early(&self) -> Result<()> {
        let alter = format!("ALTER DATABASE {} SET synchronous_commit = off", self.name);
        Ok(self.client.batch_execute(&alter).await?)
    }

    /// Connects again, after the server was away.
    ///
    /// # Errors
    ///
    /// When Postgres does not answer.
    pub async fn reconnect(&mut self) -> Result<()> {
        self.client = connect(&self.url).await?;
        Ok(())
    }
}
