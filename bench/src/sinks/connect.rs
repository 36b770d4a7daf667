//! Kafka Connect with Debezium's JDBC sink, in a process of its own.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use ordertally_local::child::Launch;
use ordertally_local::{kafka, port};
use tokio::process::Command;
use tokio_postgres::Config;

use super::build::Build;
use super::{Running, flat_topic};
use crate::programs;

const SETTINGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/connect");
const GOAL: &str = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies";
const NO_MAVEN: &str =
    "Maven is needed to fetch Kafka Connect: install it (maven on Debian and Ubuntu)";
/// Connect's own start script has the same heap.
const JVM_OPTIONS: [&str; 6] = [
    // A tenth faster than the default collector on two cores.
    "-XX:+UseParallelGC",
    "-Xms256M",
    "-Xmx2G",
    "-Duser.timezone=UTC",
    "-Dlog4j2.level=WARN",
    "-Djava.awt.headless=true",
];

/// Fetches the pinned jars by Maven, where they are not there. Returns their folder.
///
/// # Errors
///
/// When there is no Maven, or it fails.
pub(super) async fn install() -> Result<PathBuf> {
    let pom = Path::new(SETTINGS).join("pom.xml");
    let build = Build::of("connect", std::slice::from_ref(&pom))?;
    let jars = build.folder.join("jars");
    if build.is_made() {
        return Ok(jars);
    }
    eprintln!("fetching Kafka Connect and Debezium's JDBC sink from Maven Central");
    let mut maven = Command::new("mvn");
    maven
        .args(["--batch-mode", "--quiet", "--file"])
        .arg(pom)
        .args([GOAL, "-DincludeScope=runtime"])
        .arg(format!("-DoutputDirectory={}", jars.display()));
    build.make(maven, NO_MAVEN).await?;
    Ok(jars)
}

/// Starts a worker with one connector; it reads the topic from its beginning.
///
/// # Errors
///
/// When it cannot be started.
pub(super) fn start(
    jars: &Path,
    brokers: &str,
    topic: &str,
    partitions: usize,
    database_url: &str,
) -> Result<Running> {
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let worker = folder.path().join("worker.properties");
    let sink = folder.path().join("sink.properties");
    let listener = format!("http://127.0.0.1:{}", port::free());
    write(
        &worker,
        "worker.properties",
        &[
            ("bootstrap.servers", brokers),
            ("listeners", &listener),
            (
                "offset.storage.file.filename",
                &folder.path().join("offsets").display().to_string(),
            ),
            (
                "value.converter.schema.content",
                &flat_topic::connect_schema().to_string(),
            ),
        ],
    )?;
    let database: Config = database_url.parse().context("the database's address")?;
    let password = database.get_password().unwrap_or_default();
    write(
        &sink,
        "sink.properties",
        &[
            ("name", &format!("bench-{}", port::free())),
            ("topics", topic),
            ("tasks.max", &partitions.to_string()),
            ("connection.url", &jdbc_url(&database)?),
            (
                "connection.username",
                database.get_user().unwrap_or_default(),
            ),
            ("connection.password", str::from_utf8(password)?),
        ],
    )?;
    let mut command = programs::bare(kafka::java());
    command
        .args(JVM_OPTIONS)
        .arg("-cp")
        .arg(jars.join("*"))
        .arg("org.apache.kafka.connect.cli.ConnectStandalone")
        .args([&worker, &sink]);
    let log = folder.path().join("connect.log");
    Ok(Running {
        child: Launch::new("Kafka Connect", command, log).start()?,
        _folder: folder,
    })
}

/// A file of settings, with those added that are known only now.
fn write(path: &Path, settings: &str, added: &[(&str, &str)]) -> Result<()> {
    let mut text = fs::read_to_string(Path::new(SETTINGS).join(settings))?;
    for (name, value) in added {
        // A backslash starts an escape in this format.
        let value = value.replace('\\', "\\\\");
        text.push_str(&format!("{name}={value}\n"));
    }
    Ok(fs::write(path, text)?)
}

fn jdbc_url(database: &Config) -> Result<String> {
    let port = database.get_ports().first().context("no port")?;
    let name = database.get_dbname().context("no database")?;
    Ok(format!(
        "jdbc:postgresql://127.0.0.1:{port}/{name}?reWriteBatchedInserts=true"
    ))
}
