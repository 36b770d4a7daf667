//! The server that a full database lies on: in a folder that is kept, or gone after the run.

use std::path::Path;

use anyhow::{Context, Result};
use ordertally_local::folder::WorkFolder;
use ordertally_local::port;
use ordertally_local::postgres::{Cluster, SUPERUSER, Server, connect};
use tokio_postgres::Client;

use crate::machine::postgres_settings;

/// A free port may be taken between the look and the start.
const ATTEMPTS: usize = 3;

/// A running Postgres.
#[derive(Debug)]
pub struct OwnServer {
    server: Server, // ended before its folder is deleted
    _folder: WorkFolder,
}

impl OwnServer {
    /// Starts one, on the data in `keep` where it is given.
    ///
    /// # Errors
    ///
    /// When the folder is in use, or the server does not start.
    pub async fn start(keep: Option<&Path>) -> Result<Self> {
        let folder = match keep {
            Some(folder) => WorkFolder::open(folder)?,
            None => WorkFolder::temporary()?,
        };
        let log = folder.path().join("postgres.log");
        let mut attempt = 1;
        loop {
            let data = folder.path().join("postgres");
            let cluster =
                Cluster::new(data, log.clone(), port::free())?.settings(&postgres_settings());
            match cluster.start().await {
                Ok(server) => {
                    return Ok(Self {
                        server,
                        _folder: folder,
                    });
                }
                Err(error) if attempt == ATTEMPTS => return Err(error.into()),
                Err(error) => {
                    tracing::warn!(%error, "Postgres did not start; another port is tried");
                }
            }
            attempt += 1;
        }
    }

    /// The address of one of its databases, with user and password.
    ///
    /// # Errors
    ///
    /// When the password's file is gone.
    pub fn url(&self, database: &str) -> Result<String> {
        Ok(self.server.url(database)?)
    }

    /// A connection to the superuser's own database.
    ///
    /// # Errors
    ///
    /// When Postgres does not answer.
    pub async fn client(&self) -> Result<Client> {
        Ok(connect(&self.url(SUPERUSER)?).await?)
    }

    /// Whether there is such a database.
    ///
    /// # Errors
    ///
    /// When Postgres does not answer.
    pub async fn has_database(&self, name: &str) -> Result<bool> {
        let known = self
            .client()
            .await?
            .query_opt("SELECT FROM pg_database WHERE datname = $1", &[&name])
            .await?;
        Ok(known.is_some())
    }

    /// Deletes a database where it is there.
    ///
    /// # Errors
    ///
    /// When Postgres refuses.
    pub async fn drop_database(&self, name: &str) -> Result<()> {
        if !self.has_database(name).await? {
            return Ok(());
        }
        self.client()
            .await?
            .batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)"))
            .await
            .with_context(|| format!("cannot drop database {name}"))
    }

    /// Ends every session in a database and waits until they are gone.
    ///
    /// # Errors
    ///
    /// When Postgres refuses, or one stays for 10 s.
    pub async fn disconnect(&self, database: &str) -> Result<()> {
        self.client()
            .await?
            .execute(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = $1",
                &[&database],
            )
            .await
            .with_context(|| format!("cannot end the sessions in {database}"))?;
        Ok(())
    }

    /// Stops it in order.
    ///
    /// # Errors
    ///
    /// When its process does not end.
    pub async fn stop(self) -> Result<()> {
        Ok(self.server.stop().await?)
    }
}
