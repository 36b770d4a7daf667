//! One Postgres server of the machine's own installation, on the loopback address, reached with
//! a password that only this user can read.
//!
//! Postgres refuses to run as root; as root it is run by another user, who may have no way to the
//! working folder by path (a checkout below `/root`, say). So it inherits its data folder as an open
//! handle, and knows it as `/proc/self/fd/N`.

mod binaries;
mod data;

use std::io;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;
use thiserror::Error;

use crate::child::{Child, ChildError, Launch, User};
use crate::port;
pub use binaries::Binaries;

/// The superuser of every server started here.
pub const SUPERUSER: &str = "postgres";
/// A start takes half a second; recovery after a crash of a large database takes longer.
const START_DEADLINE: Duration = Duration::from_secs(90);
/// The closing checkpoint writes what is dirty.
const STOP_GRACE: Duration = Duration::from_secs(60);

/// Why Postgres does not run.
#[derive(Debug, Error)]
pub enum PostgresError {
    /// No installation was found.
    #[error(
        "no Postgres server is installed: install it (postgresql on Debian and Ubuntu), or point PG_BIN to the folder with initdb and postgres"
    )]
    NoBinaries,
    /// As root, somebody else has to be found to run it.
    #[error(
        "Postgres does not run as root, and there is neither a user postgres nor nobody to run it"
    )]
    NoUser,
    /// A file or folder cannot be used.
    #[error("cannot use {}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The data was written by another major version.
    #[error("the data in {} is of Postgres {found}, and {installed} is installed: start anew with --fresh", path.display())]
    OtherVersion {
        /// The data folder.
        path: PathBuf,
        /// Whose data it is.
        found: String,
        /// What would run.
        installed: String,
    },
    /// The server of an earlier run has not ended.
    #[error("Postgres of an earlier run (process {process}) still works in {}: end it first", path.display())]
    StillRunning {
        /// The data folder.
        path: PathBuf,
        /// The server's process id.
        process: u32,
    },
    /// A tool of the installation failed.
    #[error("{tool} failed: {said}")]
    Tool {
        /// Its name.
        tool: String,
        /// Its last words.
        said: String,
    },
    /// The port was taken.
    #[error(transparent)]
    Port(#[from] port::PortInUse),
    /// The process failed.
    #[error(transparent)]
    Child(#[from] ChildError),
    /// A statement of ours failed on the running server.
    #[error("Postgres runs, and refuses: {0}")]
    Refused(#[from] tokio_postgres::Error),
}

/// Where a server keeps its data, and how it runs.
#[derive(Clone, Debug)]
pub struct Cluster {
    binaries: Binaries,
    user: Option<User>,
    folder: PathBuf,
    log: PathBuf,
    port: u16,
    settings: Vec<(String, String)>,
}

impl Cluster {
    /// A server on 127.0.0.1:`port`, its data in `folder`, which is kept from one start to the
    /// next, and its log in the file `log`. Commits are durable.
    ///
    /// # Errors
    ///
    /// [`PostgresError::NoBinaries`] and [`PostgresError::NoUser`].
    pub fn new(folder: PathBuf, log: PathBuf, port: u16) -> Result<Self, PostgresError> {
        Ok(Self {
            binaries: Binaries::find()?,
            user: binaries::unprivileged_user()?,
            folder,
            log,
            port,
            settings: Vec::new(),
        })
    }

    /// Adds a setting (`max_connections`, `200`), over the defaults of this module.
    #[must_use]
    pub fn setting(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds several.
    #[must_use]
    pub fn settings(self, settings: &[(&str, String)]) -> Self {
        settings
            .iter()
            .fold(self, |cluster, (name, value)| cluster.setting(name, value))
    }

    /// Makes the data folder where there is none, starts the server and waits until it answers.
    ///
    /// # Errors
    ///
    /// [`PostgresError`].
    pub async fn start(&self) -> Result<Server, PostgresError> {
        port::check(self.port, "Postgres", "--postgres-port").await?;
        data::prepare(self).await?;
        let mut command = self.tool("postgres");
        let folder = data::open(&self.folder)?;
        command.arg("-D").arg(data::inherited_path(&folder));
        for (name, value) in self.all_settings() {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        let mut process = Launch::new("Postgres", command, &self.log)
            .user(self.user)
            .inherit(folder)
            // SIGQUIT: ends at once, and takes its own children along.
            .last_signal(Signal::QUIT)
            .start()?;
        let url = self.url(SUPERUSER)?;
        process
            .ready(START_DEADLINE, async || connect(&url).await.is_ok())
            .await?;
        Ok(Server {
            process,
            cluster: self.clone(),
        })
    }

    /// The address of a database of this server, with the password.
    ///
    /// # Errors
    ///
    /// [`PostgresError::Io`] where the password was not made yet.
    pub fn url(&self, database: &str) -> Result<String, PostgresError> {
        let password = data::password(&self.folder)?;
        let port = self.port;
        Ok(format!(
            "postgres://{SUPERUSER}:{password}@127.0.0.1:{port}/{database}"
        ))
    }

    /// The file in libpq's form that lets `psql` in (`PGPASSFILE`).
    #[must_use]
    pub fn password_file(&self) -> PathBuf {
        data::password_file(&self.folder)
    }

    /// The installation's major version: `15`.
    #[must_use]
    pub fn version(&self) -> &str {
        self.binaries.major_version()
    }

    fn tool(&self, name: &str) -> Command {
        let mut command = Command::new(self.binaries.path(name));
        // Neither a person's PGDATA nor their language changes what is done here.
        command.env_remove("PGDATA").env("LC_ALL", "C");
        // It may have no way to where we are, and says so.
        command.current_dir("/");
        command
    }

    fn all_settings(&self) -> Vec<(String, String)> {
        let mut settings: Vec<(String, String)> = [
            ("listen_addresses", "127.0.0.1".to_owned()),
            ("port", self.port.to_string()),
            ("unix_socket_directories", String::new()),
            ("logging_collector", "off".to_owned()),
            ("log_destination", "stderr".to_owned()),
            // Full pages compressed with pglz, the older way, halve the ingest.
            (
                "wal_compression",
                self.binaries.wal_compression(&self.folder).to_owned(),
            ),
            ("max_connections", "100".to_owned()),
            ("shared_buffers", "256MB".to_owned()),
            // Checkpoints by time rather than by volume while a backlog is worked off.
            ("max_wal_size", "4GB".to_owned()),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
        settings.extend(self.settings.iter().cloned());
        settings
    }
}

/// Connects without TLS, which these servers do not offer, and drives the connection on a task.
///
/// # Errors
///
/// What the client says.
pub async fn connect(url: &str) -> Result<tokio_postgres::Client, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection to Postgres ended");
        }
    });
    Ok(client)
}

/// A running server.
#[derive(Debug)]
pub struct Server {
    process: Child,
    cluster: Cluster,
}

impl Server {
    /// The address of one of its databases, with the password.
    ///
    /// # Errors
    ///
    /// [`PostgresError::Io`] where the password's file is gone.
    pub fn url(&self, database: &str) -> Result<String, PostgresError> {
        self.cluster.url(database)
    }

    /// The process, to look after and to signal.
    pub fn process(&mut self) -> &mut Child {
        &mut self.process
    }

    /// Makes a database where it is missing.
    ///
    /// # Errors
    ///
    /// [`PostgresError::Refused`].
    pub async fn create_database(&self, name: &str) -> Result<(), PostgresError> {
        let client = connect(&self.url(SUPERUSER)?).await?;
        let known = client
            .query_opt("SELECT 1 FROM pg_database WHERE datname = $1", &[&name])
            .await?;
        if known.is_none() {
            let quoted = name.replace('"', "\"\"");
            client
                .batch_execute(&format!("CREATE DATABASE \"{quoted}\""))
                .await?;
        }
        Ok(())
    }

    /// Stops in order (a "fast" shutdown: clients are cut off, everything is written).
    ///
    /// # Errors
    ///
    /// [`ChildError::Wait`].
    pub async fn stop(mut self) -> Result<(), ChildError> {
        self.process.stop(Signal::INT, STOP_GRACE).await.map(|_| ())
    }

    /// Stops as a crash does: nothing is written any more, the next start recovers.
    ///
    /// # Errors
    ///
    /// [`ChildError::Wait`].
    pub async fn crash(mut self) -> Result<(), ChildError> {
        self.process
            .stop(Signal::QUIT, STOP_GRACE)
            .await
            .map(|_| ())
    }
}

fn io_at(path: &std::path::Path) -> impl FnOnce(io::Error) -> PostgresError {
    let path = path.to_owned();
    move |source| PostgresError::Io { path, source }
}
