//! One Apache Kafka node (KRaft, broker and controller in one), as tests, benchmarks and the demo
//! want it: on the loopback address, with the settings that Ordertally relies on.

pub mod jars;
mod settings;

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rustix::process::Signal;
use thiserror::Error;

use crate::child::{Child, ChildError, Launch};
use crate::port;
use jars::{Jars, JarsError};
pub use settings::{Detour, RELIED_ON};

/// A start takes 3 s on two idle cores; the rest is for machines that do much else.
const START_DEADLINE: Duration = Duration::from_secs(90);
/// How long a node whose parent was killed may take to end: it is killed as well.
const LEFTOVER_DEADLINE: Duration = Duration::from_secs(5);
const POLL_INTERVAL: Duration = Duration::from_millis(50);
const FORMAT_DEADLINE: Duration = Duration::from_secs(60);
/// An orderly stop takes about 1 s.
const STOP_GRACE: Duration = Duration::from_secs(20);
/// The C1 compiler alone starts faster than both; the heap is ample for one node.
const JVM_OPTIONS: [&str; 3] = ["-XX:TieredStopAtLevel=1", "-Xmx512m", "-Xms256m"];
/// Any valid id: a base64url UUID. Data of two nodes never meets.
const CLUSTER_ID: &str = "T3JkZXJ0YWxseUxvY2FsMA";

/// Why the broker does not run.
#[derive(Debug, Error)]
pub enum KafkaError {
    /// Its jars could not be had.
    #[error(transparent)]
    Jars(#[from] JarsError),
    /// A file of its configuration could not be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The node of an earlier run has not ended.
    #[error("Kafka of an earlier run still works in {}: end it first", .0.display())]
    StillRunning(PathBuf),
    /// Its port was taken.
    #[error(transparent)]
    Port(#[from] port::PortInUse),
    /// No Java of a version that Kafka 4 runs on.
    #[error(
        "Kafka needs Java 17 or newer: install it (openjdk-17-jre-headless on Debian and Ubuntu), or point JAVA_HOME to one"
    )]
    Java(#[source] ChildError),
    /// The process failed.
    #[error(transparent)]
    Child(ChildError),
    /// Its data folder could not be formatted.
    #[error("Kafka's data folder could not be formatted within {} s", FORMAT_DEADLINE.as_secs())]
    Format,
}

impl From<ChildError> for KafkaError {
    fn from(error: ChildError) -> Self {
        match &error {
            ChildError::Spawn { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
                Self::Java(error)
            }
            ChildError::Died { last_lines, .. }
                if last_lines.contains("UnsupportedClassVersionError") =>
            {
                Self::Java(error)
            }
            _ => Self::Child(error),
        }
    }
}

/// Where a node keeps its data, and on which port it listens.
#[derive(Clone, Debug)]
pub struct Node {
    folder: PathBuf,
    log: PathBuf,
    port: u16,
    detour: Option<Detour>,
    jars: Jars,
}

impl Node {
    /// A node on 127.0.0.1:`port` with its data and configuration in `folder`, which is kept from
    /// one start to the next, and its log in the file `log`.
    #[must_use]
    pub fn new(jars: Jars, folder: PathBuf, log: PathBuf, port: u16) -> Self {
        Self {
            folder,
            log,
            port,
            detour: None,
            jars,
        }
    }

    /// The same with a second way in.
    #[must_use]
    pub fn with_detour(mut self, detour: Option<Detour>) -> Self {
        self.detour = detour;
        self
    }

    /// What a client starts from.
    #[must_use]
    pub fn brokers(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Formats the data folder where that was not done yet, starts the node and waits until it
    /// answers.
    ///
    /// # Errors
    ///
    /// [`KafkaError`].
    pub async fn start(&self) -> Result<Broker, KafkaError> {
        port::check(self.port, "Kafka", "--kafka-port").await?;
        let properties = self.configure()?;
        let lock = self.lock().await?;
        if !self.folder.join("data/meta.properties").exists() {
            self.format(&properties).await?;
        }
        let mut command = self.java();
        command.arg("kafka.Kafka").arg(&properties);
        let mut process = Launch::new("Kafka", command, &self.log)
            .inherit(lock.into())
            .start()?;
        let brokers = self.brokers();
        process
            .ready(START_DEADLINE, async || answers(brokers.clone()).await)
            .await?;
        Ok(Broker { process, brokers })
    }

    fn configure(&self) -> Result<PathBuf, KafkaError> {
        let logging = self.folder.join("log4j2.properties");
        write(&logging, include_str!("../kafka/log4j2.properties"))?;
        let properties = self.folder.join("server.properties");
        // The controller is spoken to by the broker in the same process alone, and its port is
        // part of no stored state.
        let text = settings::properties(
            &self.folder.join("data"),
            self.port,
            port::free(),
            self.detour,
        );
        write(&properties, &text)?;
        Ok(properties)
    }

    /// Locks the folder by a file that the node inherits, so that the lock ends with the node and
    /// not with us. Kafka's own lock comes too late: a second node on the same data has read its
    /// metadata by then, and cut off what it took for the torn end of a write.
    async fn lock(&self) -> Result<File, KafkaError> {
        let path = self.folder.join("lock");
        let failed = |source| KafkaError::Write {
            path: path.clone(),
            source,
        };
        let lock = File::create(&path).map_err(failed)?;
        let started = Instant::now();
        loop {
            match lock.try_lock() {
                Ok(()) => return Ok(lock),
                Err(TryLockError::Error(error)) => return Err(failed(error)),
                Err(TryLockError::WouldBlock) if started.elapsed() > LEFTOVER_DEADLINE => {
                    return Err(KafkaError::StillRunning(self.folder.clone()));
                }
                Err(TryLockError::WouldBlock) => tokio::time::sleep(POLL_INTERVAL).await,
            }
        }
    }

    async fn format(&self, properties: &Path) -> Result<(), KafkaError> {
        let mut command = self.java();
        command
            .args(["kafka.tools.StorageTool", "format", "--ignore-formatted"])
            .args(["--cluster-id", CLUSTER_ID, "--config"])
            .arg(properties);
        let mut process = Launch::new("Kafka's formatting", command, &self.log).start()?;
        match process.end_within(FORMAT_DEADLINE).await? {
            Some(status) if status.success() => Ok(()),
            Some(_) => Ok(process.alive()?),
            None => Err(KafkaError::Format),
        }
    }

    fn java(&self) -> Command {
        let mut command = Command::new(java());
        let logging = self.folder.join("log4j2.properties");
        command
            .args(JVM_OPTIONS)
            .arg(format!("-Dlog4j2.configurationFile={}", logging.display()))
            .arg("-cp")
            .arg(self.jars.class_path());
        command
    }
}

/// The Java of `JAVA_HOME`, else that of `PATH`.
#[must_use]
pub fn java() -> PathBuf {
    std::env::var_os("JAVA_HOME")
        .map(|home| Path::new(&home).join("bin/java"))
        .filter(|java| java.is_file())
        .unwrap_or_else(|| "java".into())
}

fn write(path: &Path, text: &str) -> Result<(), KafkaError> {
    path.parent()
        .map_or(Ok(()), std::fs::create_dir_all)
        .and_then(|()| std::fs::write(path, text))
        .map_err(|source| KafkaError::Write {
            path: path.to_owned(),
            source,
        })
}

/// Whether a client gets the cluster's description.
async fn answers(brokers: String) -> bool {
    if tokio::net::TcpStream::connect(&brokers).await.is_err() {
        return false; // asked first, so that librdkafka has no refusals to report
    }
    let asked = tokio::task::spawn_blocking(move || {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", &brokers)
            .create()
            .ok()?;
        let metadata = consumer.fetch_metadata(None, Duration::from_secs(2)).ok()?;
        (!metadata.brokers().is_empty()).then_some(())
    });
    matches!(asked.await, Ok(Some(())))
}

/// A running node.
#[derive(Debug)]
pub struct Broker {
    process: Child,
    brokers: String,
}

impl Broker {
    /// What a client starts from.
    #[must_use]
    pub fn brokers(&self) -> &str {
        &self.brokers
    }

    /// The process, to look after and to signal.
    pub fn process(&mut self) -> &mut Child {
        &mut self.process
    }

    /// Stops in order.
    ///
    /// # Errors
    ///
    /// [`ChildError::Wait`].
    pub async fn stop(mut self) -> Result<(), ChildError> {
        self.process
            .stop(Signal::TERM, STOP_GRACE)
            .await
            .map(|_| ())
    }
}
