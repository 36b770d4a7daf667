//! The product's own programs, as they lie beside this one, with settings of the benchmark alone.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use chrono::NaiveDate;
use ordertally_local::child::{Child, Launch, Signal};
use ordertally_local::port;
use ordertally_local::resident::resident;
use tempfile::TempDir;

use crate::memory::Watch;
use crate::scrape::{self, Scrape};
use crate::usage;

/// 1.7 million customers among ten million orders a year.
const ORDERS_PER_CUSTOMER: u64 = 6;

/// A consumer is up in well under a second on idle cores, with a join of its group after it.
const READY_DEADLINE: Duration = Duration::from_secs(60);
/// Work in hand is one batch a partition.
const STOP_GRACE: Duration = Duration::from_secs(60);

/// A command that runs one of the programs. Of this process' environment only what a program needs
/// to run at all is passed on: a person's settings change no figure.
pub(crate) fn command(name: &str) -> Result<Command> {
    Ok(bare(path_of(name)?))
}

/// The same for a program that lies elsewhere.
pub(crate) fn bare(path: PathBuf) -> Command {
    let mut command = Command::new(path);
    command.env_clear();
    for variable in ["PATH", "HOME", "TMPDIR"] {
        if let Some(value) = std::env::var_os(variable) {
            command.env(variable, value);
        }
    }
    command
}

fn path_of(name: &str) -> Result<PathBuf> {
    let own = std::env::current_exe().context("cannot find this program's own folder")?;
    // The programs lie beside this one; a test lies in a folder below them.
    own.ancestors()
        .skip(1)
        .take(2)
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
        .with_context(|| {
            format!(
                "{name} is not beside {}: build the programs first, with cargo build --release \
                 --workspace --bins",
                own.display()
            )
        })
}

/// Runs a program to its end.
pub(crate) async fn run(name: &str, command: Command) -> Result<()> {
    let mut command = tokio::process::Command::from(command);
    let output = command
        .kill_on_drop(true)
        .stdin(std::process::Stdio::null())
        .output()
        .await
        .with_context(|| format!("cannot run {name}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("{name} failed ({}): {}", output.status, said.trim());
    }
    Ok(())
}

/// Brings a database to this release's structure.
///
/// # Errors
///
/// When the consumer's `migrate` fails.
pub async fn migrate(database_url: &str) -> Result<()> {
    let mut command = command("ordertally-consumer")?;
    command.arg("migrate").env("DATABASE_URL", database_url);
    run("ordertally-consumer migrate", command).await
}

/// Lets a database whose orders came from elsewhere go on with a topic, from its beginning.
///
/// # Errors
///
/// When the consumer's `positions reset` fails.
pub async fn read_from_the_beginning(
    group: &str,
    brokers: &str,
    topic: &str,
    database_url: &str,
) -> Result<()> {
    let mut command = command("ordertally-consumer")?;
    command
        .args(["positions", "reset", "--to", "earliest", "--yes"])
        .env("KAFKA_BROKERS", brokers)
        .env("KAFKA_TOPIC", topic)
        .env("KAFKA_GROUP_ID", group)
        .env("DATABASE_URL", database_url);
    run("ordertally-consumer positions reset", command).await
}

/// The first day of all orders that are made here, in UTC.
#[must_use]
pub fn first_day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2020, 9, 1).expect("a day of the calendar")
}

/// Orders that `ordertally-replay generate` is to make, six a customer.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// How many.
    pub orders: u64,
    /// Where randomness starts.
    pub seed: u64,
    /// Part of them that is sent twice.
    pub duplicates: f64,
    /// The first day that they are spread over, in UTC.
    pub start: NaiveDate,
    /// How many days these are.
    pub days: u32,
}

impl Load {
    /// Different orders of a year.
    #[must_use]
    pub fn of_a_year(orders: u64, seed: u64) -> Self {
        Self {
            orders,
            seed,
            duplicates: 0.0,
            start: first_day(),
            days: 365,
        }
    }
}

/// Sends orders to a topic as fast as it can.
///
/// # Errors
///
/// When `ordertally-replay` fails.
pub async fn generate(brokers: &str, topic: &str, load: &Load) -> Result<()> {
    let mut command = command("ordertally-replay")?;
    command
        .arg("generate")
        .args(["--kafka-brokers", brokers])
        .args(["--kafka-topic", topic])
        .args(["--orders", &load.orders.to_string()])
        .args([
            "--customers",
            &load.orders.div_ceil(ORDERS_PER_CUSTOMER).to_string(),
        ])
        .args(["--days", &load.days.to_string()])
        .args(["--start", &load.start.to_string()])
        .args(["--seed", &load.seed.to_string()])
        .args(["--duplicates", &load.duplicates.to_string()]);
    run("ordertally-replay generate", command).await
}

/// A running consumer.
#[derive(Debug)]
pub struct Consumer {
    child: Child,
    metrics: SocketAddr,
    _folder: TempDir,
}

impl Consumer {
    /// Starts it with its defaults, as the only member of a group of its own.
    ///
    /// # Errors
    ///
    /// When it cannot be started.
    pub fn start(brokers: &str, topic: &str, database_url: &str) -> Result<Self> {
        let group = format!("bench-{}", port::free());
        Self::start_in(&group, brokers, topic, database_url)
    }

    /// Starts it with its defaults as a member of `group`.
    ///
    /// # Errors
    ///
    /// When it cannot be started.
    pub fn start_in(group: &str, brokers: &str, topic: &str, database_url: &str) -> Result<Self> {
        let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
        let metrics = SocketAddr::from((Ipv4Addr::LOCALHOST, port::free()));
        let name = "ordertally-consumer";
        let mut command = command(name)?;
        command
            .env("KAFKA_BROKERS", brokers)
            .env("KAFKA_TOPIC", topic)
            .env("KAFKA_GROUP_ID", group)
            .env("DATABASE_URL", database_url)
            .env("METRICS_ADDR", metrics.to_string());
        let log = folder.path().join("consumer.log");
        Ok(Self {
            child: Launch::new(name, command, log).start()?,
            metrics,
            _folder: folder,
        })
    }

    /// Waits until it owns at least one partition and works on all that it owns.
    ///
    /// # Errors
    ///
    /// When it ends, or is not ready in time; with the end of its log.
    pub async fn ready(&mut self, partitions: i32) -> Result<()> {
        let metrics = self.metrics;
        let works = async || {
            let Ok(scrape) = scrape::scrape(metrics).await else {
                return false;
            };
            let owned = scrape
                .value("ordertally_assigned_partitions")
                .unwrap_or(0.0);
            let ready = reqwest::get(format!("http://{metrics}/readyz")).await;
            owned >= f64::from(partitions) && ready.is_ok_and(|answer| answer.status().is_success())
        };
        Ok(self.child.ready(READY_DEADLINE, works).await?)
    }

    /// Nothing where it is at work.
    ///
    /// # Errors
    ///
    /// When it has ended; with the end of its log.
    pub fn alive(&mut self) -> Result<()> {
        Ok(self.child.alive()?)
    }

    /// CPU seconds since its start.
    ///
    /// # Errors
    ///
    /// When it has ended.
    pub fn cpu_seconds(&self) -> Result<f64> {
        usage::cpu_seconds(self.child.id())
    }

    /// The most memory that it has held resident.
    ///
    /// # Errors
    ///
    /// When it has ended.
    pub fn peak_resident_bytes(&self) -> Result<u64> {
        Ok(resident(self.child.id())?.peak_bytes)
    }

    /// Starts to watch its memory.
    #[must_use]
    pub fn watch(&self) -> Watch {
        Watch::start(self.child.id())
    }

    /// What it tells of itself.
    ///
    /// # Errors
    ///
    /// When it does not answer.
    pub async fn scrape(&self) -> Result<Scrape> {
        scrape::scrape(self.metrics).await
    }

    /// Stops it as its supervisor would.
    ///
    /// # Errors
    ///
    /// When it does not end in order.
    pub async fn stop(mut self) -> Result<()> {
        let status = self.child.stop(Signal::TERM, STOP_GRACE).await?;
        if !status.success() {
            bail!("the consumer did not end in order: {status}");
        }
        Ok(())
    }
}
