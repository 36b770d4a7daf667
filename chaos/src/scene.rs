//! The servers of a whole run, and each schedule's own topic and database on them.

use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, ensure};
use ordertally_local::kafka::Detour;
use ordertally_local::postgres::connect;
use ordertally_testkit::proxy::Proxy;
use ordertally_testkit::servers::{OwnKafka, OwnPostgres, Topics, free_port};
use tokio_postgres::Client;

use crate::disk::SmallDisk;
use crate::patience::{elsewhere, until_it_works};
use crate::schedule::Schedule;

/// The name that the small disk has in Postgres.
const TABLESPACE: &str = "small_disk";

/// One Kafka and one Postgres, which faults stop and start again.
pub struct Servers {
    /// The broker.
    pub kafka: OwnKafka,
    /// The consumers' way to it.
    pub broker_way: Proxy,
    /// The database server.
    pub postgres: OwnPostgres,
    /// Where the tables lie, if it can be filled; goes after the server.
    pub disk: Option<SmallDisk>,
}

impl Servers {
    /// Starts them.
    ///
    /// # Errors
    ///
    /// When there is no port or no folder.
    pub async fn start() -> anyhow::Result<Self> {
        let port = free_port();
        let broker_way = Proxy::start(format!("127.0.0.1:{port}")).await?;
        let advertised = broker_way.address().port();
        let (kafka, mut postgres) = tokio::join!(
            OwnKafka::start_with(Detour { port, advertised }),
            OwnPostgres::start()
        );
        let disk = SmallDisk::mount(postgres.user()?)?;
        if let Some(disk) = &disk {
            let folder = disk.path().display();
            connect(postgres.url())
                .await?
                .batch_execute(&format!(
                    "CREATE TABLESPACE {TABLESPACE} LOCATION '{folder}'"
                ))
                .await?;
        }
        Ok(Self {
            kafka,
            broker_way,
            postgres,
            disk,
        })
    }
}

/// A way to the database.
pub struct Way {
    /// What stands in it.
    pub proxy: Proxy,
    /// Where it leads.
    pub url: String,
}

/// A topic, a database, and the programs' ways to them.
pub struct Scene {
    /// What clients of Kafka start from, past every proxy.
    pub brokers: String,
    /// What the consumers start from.
    pub detour: String,
    /// The topic, and the group on it.
    pub topic: String,
    /// The database's name.
    pub database: String,
    /// The way to it, past every proxy.
    pub url: String,
    /// Each consumer's way to it, and the query service's.
    pub ways: Vec<Way>,
    server_url: String,
    not_reached: Mutex<Vec<String>>,
}

impl Scene {
    /// Makes the topic and the database.
    ///
    /// # Errors
    ///
    /// When a server refuses.
    pub async fn set(servers: &Servers, schedule: &Schedule) -> anyhow::Result<Self> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
        let name = format!("chaos_{:x}_{now:x}", schedule.seed);
        servers.kafka.create_topic(&name, schedule.partitions).await;
        let server_url = servers.postgres.url().to_owned();
        let place = match servers.disk {
            Some(_) => format!("TABLESPACE {TABLESPACE}"),
            None => String::new(),
        };
        connect(&server_url)
            .await?
            .batch_execute(&format!("CREATE DATABASE {name} {place}"))
            .await?;
        let (server, _) = server_url
            .rsplit_once('/')
            .context("no database in the URL")?;
        let url = format!("{server}/{name}");
        let mut ways = Vec::new();
        for _ in 0..=schedule.consumers {
            let (proxy, url) = Proxy::before_postgres(&url).await?;
            ways.push(Way { proxy, url });
        }
        Ok(Self {
            brokers: servers.kafka.brokers(),
            detour: servers.broker_way.address().to_string(),
            topic: name.clone(),
            database: name,
            ways,
            url,
            server_url,
            not_reached: Mutex::default(),
        })
    }

    /// A superuser's address of another database of the server.
    #[must_use]
    pub fn server_url(&self) -> &str {
        &self.server_url
    }

    /// A connection to the schedule's database, past the proxies.
    ///
    /// # Errors
    ///
    /// While it is out of reach.
    pub async fn client(&self) -> anyhow::Result<Client> {
        Ok(connect(&self.url).await?)
    }

    /// A superuser's connection to another database of the server.
    ///
    /// # Errors
    ///
    /// While it is out of reach.
    pub async fn administrator(&self) -> anyhow::Result<Client> {
        Ok(connect(&self.server_url).await?)
    }

    /// The next offset that each partition would give, in their order.
    ///
    /// # Errors
    ///
    /// While the broker is out of reach.
    pub async fn ends(&self) -> anyhow::Result<Vec<i64>> {
        let (topics, topic) = (Topics::of(&self.brokers), self.topic.clone());
        elsewhere(move || async move { topics.end_offsets(&topic) }).await
    }

    /// The stored position of each partition, in their order.
    ///
    /// # Errors
    ///
    /// While the database is out of reach.
    pub async fn positions(&self) -> anyhow::Result<Vec<i64>> {
        let sql = "SELECT next_offset FROM partition_positions ORDER BY partition";
        let rows = self.client().await?.query(sql, &[]).await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// Waits until every partition is read to its end, whatever stands in the way meanwhile.
    ///
    /// # Errors
    ///
    /// When that takes too long.
    pub async fn caught_up(&self) -> anyhow::Result<()> {
        until_it_works("everything is read", async || {
            let (positions, ends) = (self.positions().await?, self.ends().await?);
            ensure!(positions == ends, "positions {positions:?}, ends {ends:?}");
            Ok(())
        })
        .await
    }

    /// Notes a fault that was played and found nothing to strike.
    pub fn not_reached(&self, what: String) {
        self.misses().push(what);
    }

    /// What was noted.
    #[must_use]
    pub fn missed(&self) -> Vec<String> {
        self.misses().clone()
    }

    fn misses(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.not_reached
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes topic and database away.
    ///
    /// # Errors
    ///
    /// When a server refuses.
    pub async fn strike(self, servers: &Servers) -> anyhow::Result<()> {
        servers.kafka.delete_topic(&self.topic).await;
        self.administrator()
            .await?
            .batch_execute(&format!("DROP DATABASE {} WITH (FORCE)", self.database))
            .await?;
        Ok(())
    }
}
