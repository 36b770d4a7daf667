//! The servers of a whole run, and each schedule's own topic and database on them.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context;
use ordertally_testkit::proxy::Proxy;
use ordertally_testkit::servers::{OwnKafka, OwnPostgres, connect};
use tokio_postgres::Client;

/// One Kafka and one Postgres, which faults stop and start again.
pub struct Servers {
    /// The broker.
    pub kafka: OwnKafka,
    /// The database server.
    pub postgres: OwnPostgres,
}

impl Servers {
    /// Starts both.
    pub async fn start() -> Self {
        let (kafka, postgres) = tokio::join!(OwnKafka::start(), OwnPostgres::start());
        Self { kafka, postgres }
    }
}

/// A topic, a database, and the way from the programs to it.
pub struct Scene {
    /// What clients of Kafka start from.
    pub brokers: String,
    /// The topic, and the group on it.
    pub topic: String,
    /// The database's name.
    pub database: String,
    /// The way to it for the judge, and for other clients.
    pub url: String,
    /// The way to it for the programs.
    pub proxy: Proxy,
    server_url: String,
}

impl Scene {
    /// Makes the topic and the database.
    ///
    /// # Errors
    ///
    /// When a server refuses.
    pub async fn set(servers: &Servers, seed: u64, partitions: i32) -> anyhow::Result<Self> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
        let name = format!("chaos_{seed:x}_{now:x}");
        servers.kafka.create_topic(&name, partitions).await;
        let server_url = servers.postgres.url().to_owned();
        connect(&server_url)
            .await
            .batch_execute(&format!("CREATE DATABASE {name}"))
            .await?;
        let (server, _) = server_url
            .rsplit_once('/')
            .context("no database in the URL")?;
        let url = format!("{server}/{name}");
        Ok(Self {
            brokers: servers.kafka.brokers(),
            topic: name.clone(),
            database: name,
            proxy: Proxy::start(&url).await?,
            url,
            server_url,
        })
    }

    /// A connection to the schedule's database, past the proxy.
    pub async fn client(&self) -> Client {
        connect(&self.url).await
    }

    /// A superuser's connection to another database of the server.
    pub async fn administrator(&self) -> Client {
        connect(&self.server_url).await
    }

    /// Takes topic and database away.
    ///
    /// # Errors
    ///
    /// When a server refuses.
    pub async fn strike(self, servers: &Servers) -> anyhow::Result<()> {
        drop(self.proxy);
        servers.kafka.delete_topic(&self.topic).await;
        connect(&self.server_url)
            .await
            .batch_execute(&format!("DROP DATABASE {} WITH (FORCE)", self.database))
            .await?;
        Ok(())
    }
}
