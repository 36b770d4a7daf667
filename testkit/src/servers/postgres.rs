//! Postgres for tests.

use std::os::unix::fs::MetadataExt;

use ordertally_local::exec::DATABASE_URL_VARIABLE;
use ordertally_local::temporary::TemporaryPostgres;
use tokio::sync::OnceCell;
use url::Url;

use super::{must, unique_name};
use crate::stopped;

/// A superuser's address of the shared server's database `postgres`.
async fn shared_url() -> String {
    static OWN: OnceCell<TemporaryPostgres> = OnceCell::const_new();
    match std::env::var(DATABASE_URL_VARIABLE) {
        Ok(url) => url,
        Err(_) => {
            let start = || async { must("start Postgres", TemporaryPostgres::start().await) };
            must("find Postgres", OWN.get_or_init(start).await.url())
        }
    }
}

/// A new empty database on the shared server. It is dropped with this value, whoever is connected.
#[derive(Debug)]
pub struct TestDatabase {
    name: String,
    url: String,
    server_url: String,
}

/// Makes a [`TestDatabase`].
pub async fn database() -> TestDatabase {
    let server_url = shared_url().await;
    let name = unique_name("test");
    let client = connect(&server_url).await;
    let created = client
        .batch_execute(&format!("CREATE DATABASE {name}"))
        .await;
    must(format!("create database {name}"), created);
    let mut url = must("read the server's address", Url::parse(&server_url));
    url.set_path(&name);
    TestDatabase {
        url: url.into(),
        server_url,
        name,
    }
}

impl TestDatabase {
    /// Its address, with user and password.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its name, as `pg_stat_activity.datname` has it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A new connection to it.
    pub async fn connect(&self) -> tokio_postgres::Client {
        connect(&self.url).await
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        // On a thread of its own: the test's runtime may be busy, or on its way out.
        let (server_url, name) = (self.server_url.clone(), self.name.clone());
        let dropping = std::thread::spawn(move || -> anyhow::Result<()> {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(async {
                let client = ordertally_local::postgres::connect(&server_url).await?;
                let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
                Ok(client.batch_execute(&drop).await?)
            })
        });
        match dropping.join() {
            Ok(Ok(())) => {}
            Ok(Err(error)) => eprintln!("database {} stays: {error:#}", self.name),
            Err(_) => eprintln!("database {} stays: dropping it panicked", self.name),
        }
    }
}

/// Connects, and drives the connection on a task.
pub async fn connect(url: &str) -> tokio_postgres::Client {
    must(
        "connect to Postgres",
        ordertally_local::postgres::connect(url).await,
    )
}

/// A server of one test's own, which the test may stop, freeze and start again.
#[derive(Debug)]
pub struct OwnPostgres {
    server: TemporaryPostgres,
    url: String,
}

impl OwnPostgres {
    /// Starts it.
    pub async fn start() -> Self {
        let server = must("start Postgres", TemporaryPostgres::start().await);
        let url = must("find Postgres", server.url());
        Self { server, url }
    }

    /// A superuser's address of the database `postgres`; it stays the same over restarts.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The user and group that it runs as.
    ///
    /// # Errors
    ///
    /// Where there is no `/proc`.
    pub fn user(&mut self) -> std::io::Result<(u32, u32)> {
        let process = std::fs::metadata(format!("/proc/{}", self.process()))?;
        Ok((process.uid(), process.gid()))
    }

    /// Ends it as a crash does: SIGQUIT, clients cut off, nothing more written.
    pub async fn stop(&mut self) {
        if let Some(server) = self.server.take() {
            must("end Postgres", server.crash().await);
        }
    }

    /// Ends it in order: clients cut off, a closing checkpoint.
    pub async fn stop_in_order(&mut self) {
        if let Some(server) = self.server.take() {
            must("stop Postgres", server.stop().await);
        }
    }

    /// Starts it again on the same data and port.
    pub async fn start_again(&mut self) {
        must("start Postgres again", self.server.start_again().await);
    }

    /// Freezes the server and all its backends: connections stay open, and nothing answers.
    pub fn pause(&mut self) {
        self.signal_all(stopped::freeze);
    }

    /// Ends a [`OwnPostgres::pause`].
    pub fn resume(&mut self) {
        self.signal_all(stopped::thaw);
    }

    fn signal_all(&mut self, signal: impl Fn(u32)) {
        stopped::with_children(self.process(), signal);
    }

    fn process(&mut self) -> u32 {
        let server = self.server.running().expect("the server runs");
        server.process().id()
    }
}
