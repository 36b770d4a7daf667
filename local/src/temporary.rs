//! Servers for one run of tests or one command: free ports, a folder that is deleted with them.

use thiserror::Error;

use crate::folder::{FolderError, WorkFolder};
use crate::kafka::jars::{Jars, JarsError};
use crate::kafka::{Broker, Detour, KafkaError, Node};
use crate::port;
use crate::postgres::{Cluster, PostgresError, SUPERUSER, Server};

/// Several test programs with pools of their own share one server.
const MAX_CONNECTIONS: &str = "300";
/// A free port may be taken between the look and the start.
const ATTEMPTS: usize = 3;

/// Why a temporary server does not run.
#[derive(Debug, Error)]
pub enum TemporaryError {
    /// No folder for it.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// No jars for Kafka.
    #[error(transparent)]
    Jars(#[from] JarsError),
    /// Kafka.
    #[error(transparent)]
    Kafka(#[from] KafkaError),
    /// Postgres.
    #[error(transparent)]
    Postgres(#[from] PostgresError),
}

/// A Kafka node that can be stopped and started again on the same data and port.
#[derive(Debug)]
pub struct TemporaryKafka {
    running: Option<Broker>,
    node: Node,
    _folder: WorkFolder,
}

impl TemporaryKafka {
    /// Starts it.
    ///
    /// # Errors
    ///
    /// [`TemporaryError`].
    pub async fn start() -> Result<Self, TemporaryError> {
        Self::start_with(None).await
    }

    /// Starts it with a second way in.
    ///
    /// # Errors
    ///
    /// [`TemporaryError`].
    pub async fn start_with(detour: Option<Detour>) -> Result<Self, TemporaryError> {
        let folder = WorkFolder::temporary()?;
        let jars = tokio::task::spawn_blocking(|| Jars::get(|what| tracing::info!("{what}")))
            .await
            .expect("getting the jars does not panic")?;
        let log = folder.path().join("kafka.log");
        let mut attempt = 1;
        loop {
            let data = folder.path().join("kafka");
            let node = Node::new(jars.clone(), data, log.clone(), port::free()).with_detour(detour);
            match node.start().await {
                Ok(broker) => {
                    return Ok(Self {
                        running: Some(broker),
                        node,
                        _folder: folder,
                    });
                }
                Err(error) if attempt == ATTEMPTS => return Err(error.into()),
                Err(error) => tracing::warn!(%error, "Kafka did not start; another port is tried"),
            }
            attempt += 1;
        }
    }

    /// What a client starts from, also while it is stopped.
    #[must_use]
    pub fn brokers(&self) -> String {
        self.node.brokers()
    }

    /// The running node, where it runs.
    pub fn running(&mut self) -> Option<&mut Broker> {
        self.running.as_mut()
    }

    /// Takes the running node out, to end it one way or another.
    pub fn take(&mut self) -> Option<Broker> {
        self.running.take()
    }

    /// Starts it again on the same data and port; nothing where it runs.
    ///
    /// # Errors
    ///
    /// [`KafkaError`].
    pub async fn start_again(&mut self) -> Result<(), KafkaError> {
        if self.running.is_none() {
            self.running = Some(self.node.start().await?);
        }
        Ok(())
    }
}

/// A Postgres server that can be stopped and started again on the same data and port.
#[derive(Debug)]
pub struct TemporaryPostgres {
    running: Option<Server>,
    cluster: Cluster,
    _folder: WorkFolder,
}

impl TemporaryPostgres {
    /// Starts it.
    ///
    /// # Errors
    ///
    /// [`TemporaryError`].
    pub async fn start() -> Result<Self, TemporaryError> {
        Self::start_with(&[]).await
    }

    /// Starts it with settings of `postgresql.conf` on top of ours.
    ///
    /// # Errors
    ///
    /// [`TemporaryError`].
    pub async fn start_with(settings: &[(&str, String)]) -> Result<Self, TemporaryError> {
        let folder = WorkFolder::temporary()?;
        let log = folder.path().join("postgres.log");
        let mut attempt = 1;
        loop {
            let data = folder.path().join("postgres");
            let cluster = Cluster::new(data, log.clone(), port::free())?
                .setting("max_connections", MAX_CONNECTIONS)
                .settings(settings);
            match cluster.start().await {
                Ok(server) => {
                    return Ok(Self {
                        running: Some(server),
                        cluster,
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

    /// A superuser's address of the database `postgres`, also while the server is stopped.
    ///
    /// # Errors
    ///
    /// [`PostgresError::Io`] where the password's file is gone.
    pub fn url(&self) -> Result<String, PostgresError> {
        self.cluster.url(SUPERUSER)
    }

    /// The running server, where it runs.
    pub fn running(&mut self) -> Option<&mut Server> {
        self.running.as_mut()
    }

    /// Takes the running server out, to end it one way or another.
    pub fn take(&mut self) -> Option<Server> {
        self.running.take()
    }

    /// Starts it again on the same data and port; nothing where it runs.
    ///
    /// # Errors
    ///
    /// [`PostgresError`].
    pub async fn start_again(&mut self) -> Result<(), PostgresError> {
        if self.running.is_none() {
            self.running = Some(self.cluster.start().await?);
        }
        Ok(())
    }
}
