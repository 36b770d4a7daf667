//! Our own programs as children: the consumer, the query service, and replay for one errand.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;
use thiserror::Error;

use crate::child::{Child, ChildError, Launch};

/// A first start migrates and joins the group: a few seconds.
const READY_DEADLINE: Duration = Duration::from_secs(90);
/// How long one look at a service may take.
const PROBE_TIMEOUT: Duration = Duration::from_secs(2);
/// Work in hand is finished within seconds.
const STOP_GRACE: Duration = Duration::from_secs(30);
const ERRAND_DEADLINE: Duration = Duration::from_secs(300);
/// What of a person's environment our programs get. Nothing else: a `KAFKA_CONFIG` meant for a
/// real cluster must not reach the one here.
const PASSED_ON: [&str; 5] = [
    "PATH",
    "HOME",
    "LOG_FORMAT",
    "LOG_LEVEL",
    "REPORTING_TIME_ZONE",
];

/// Why one of our programs does not work.
#[derive(Debug, Error)]
pub enum ServiceError {
    /// It is not where we are.
    #[error("{} is missing: build it with cargo build --workspace", .0.display())]
    NotBuilt(PathBuf),
    /// Our own place is unknown.
    #[error("cannot tell where this program lies")]
    OwnPlace(#[source] std::io::Error),
    /// The process failed.
    #[error(transparent)]
    Child(#[from] ChildError),
    /// An errand took too long.
    #[error("{name} did not end within {} s", ERRAND_DEADLINE.as_secs())]
    TooLong {
        /// The program.
        name: &'static str,
    },
    /// The client that looks whether a service is ready.
    #[error("cannot make an HTTP client")]
    Http(#[from] reqwest::Error),
}

/// Where both services find the servers, and where they listen themselves.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// Kafka.
    pub brokers: String,
    /// Postgres, with the password.
    pub database_url: String,
    /// The consumer's metrics and health: `127.0.0.1:9101`.
    pub metrics: String,
    /// The query service: `127.0.0.1:8080`.
    pub http: String,
}

/// Both services at work.
#[derive(Debug)]
pub struct Services {
    query_api: Child,
    consumer: Child,
}

impl Services {
    /// Starts the consumer, which migrates the database, then the query service; waits until each
    /// says that it is ready. Their logs go into the folder `logs`.
    ///
    /// # Errors
    ///
    /// [`ServiceError`].
    pub async fn start(addresses: &Addresses, logs: &Path) -> Result<Self, ServiceError> {
        let mut command = program("ordertally-consumer")?;
        command
            .args(["run", "--migrate"])
            .env("KAFKA_BROKERS", &addresses.brokers)
            .env("DATABASE_URL", &addresses.database_url)
            .env("METRICS_ADDR", &addresses.metrics);
        let mut consumer =
            Launch::new("the consumer", command, logs.join("consumer.log")).start()?;
        ready(&mut consumer, &addresses.metrics).await?;

        let mut command = program("ordertally-query-api")?;
        command
            .env("DATABASE_URL", &addresses.database_url)
            .env("HTTP_ADDR", &addresses.http);
        let mut query_api =
            Launch::new("the query service", command, logs.join("query-api.log")).start()?;
        ready(&mut query_api, &addresses.http).await?;
        Ok(Self {
            query_api,
            consumer,
        })
    }

    /// Nothing while both are at work.
    ///
    /// # Errors
    ///
    /// [`ChildError::Died`] with the end of its log.
    pub fn alive(&mut self) -> Result<(), ChildError> {
        self.consumer.alive()?;
        self.query_api.alive()
    }

    /// Stops both in order, the one that answers first.
    ///
    /// # Errors
    ///
    /// [`ChildError::Wait`].
    pub async fn stop(mut self) -> Result<(), ChildError> {
        self.query_api.stop(Signal::TERM, STOP_GRACE).await?;
        self.consumer.stop(Signal::TERM, STOP_GRACE).await?;
        Ok(())
    }
}

/// Runs `ordertally-replay` to its end; its log goes to the file `log`.
///
/// # Errors
///
/// [`ServiceError`]; an exit code other than 0 is one, with the end of its log.
pub async fn replay<A: AsRef<OsStr>>(
    arguments: impl IntoIterator<Item = A>,
    brokers: &str,
    log: &Path,
) -> Result<(), ServiceError> {
    let name = "ordertally-replay";
    let mut command = program(name)?;
    command.args(arguments).env("KAFKA_BROKERS", brokers);
    let mut child = Launch::new(name, command, log).start()?;
    match child.end_within(ERRAND_DEADLINE).await? {
        Some(status) if status.success() => Ok(()),
        Some(_) => Ok(child.alive()?),
        None => Err(ServiceError::TooLong { name }),
    }
}

/// The binary beside our own, with a clean environment.
fn program(name: &str) -> Result<Command, ServiceError> {
    let own = std::env::current_exe().map_err(ServiceError::OwnPlace)?;
    let path = own.with_file_name(name);
    if !path.is_file() {
        return Err(ServiceError::NotBuilt(path));
    }
    let mut command = Command::new(path);
    command.env_clear();
    for name in PASSED_ON {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    Ok(command)
}

/// Waits until `/readyz` says so.
async fn ready(child: &mut Child, address: &str) -> Result<(), ServiceError> {
    let client = http_client(PROBE_TIMEOUT)?;
    let url = format!("http://{address}/readyz");
    child
        .ready(READY_DEADLINE, async || {
            let answer = client.get(&url).send().await;
            answer.is_ok_and(|answer| answer.status().is_success())
        })
        .await?;
    Ok(())
}

/// A client for addresses on this machine: no proxy of the person's lies between.
pub(crate) fn http_client(timeout: Duration) -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .no_proxy()
        .timeout(timeout)
        .build()
}
