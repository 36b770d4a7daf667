//! Runs one command with a Kafka and a Postgres of its own, and passes on how it ended.

use std::ffi::OsString;
use std::io::IsTerminal;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use anyhow::Context;
use ordertally_settings::stop::StopSignals;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::child;
use crate::temporary::{TemporaryKafka, TemporaryPostgres};

/// Where the command finds the broker.
pub const KAFKA_BROKERS_VARIABLE: &str = "ORDERTALLY_TEST_KAFKA_BROKERS";
/// Where the command finds Postgres: a superuser's address of the database `postgres`.
pub const DATABASE_URL_VARIABLE: &str = "ORDERTALLY_TEST_DATABASE_URL";
/// How long a command that was told to stop may take.
const STOP_GRACE: Duration = Duration::from_secs(30);

/// Starts the servers, runs the command, and stops them again: also when we are told to stop,
/// which is passed on to the command. Returns the exit code of the command, or 128 and its signal.
///
/// # Errors
///
/// When a server or the command does not start.
pub async fn run(command: &[OsString], stop: &mut StopSignals) -> anyhow::Result<u8> {
    let started = tokio::select! {
        started = async { tokio::try_join!(TemporaryKafka::start(), TemporaryPostgres::start()) } => started,
        signal = stop.received() => anyhow::bail!("{signal} while the servers started"),
    };
    let (mut kafka, mut postgres) = started?;
    let status = run_with(command, &kafka.brokers(), &postgres.url()?, stop).await;
    // Their data goes with them, so there is nothing to write in order.
    drop(kafka.take());
    drop(postgres.take());
    let status = status?;
    Ok(status
        .code()
        .or_else(|| status.signal().map(|signal| 128 + signal))
        .and_then(|code| u8::try_from(code).ok())
        .unwrap_or(1))
}

async fn run_with(
    command: &[OsString],
    brokers: &str,
    database_url: &str,
    stop: &mut StopSignals,
) -> anyhow::Result<ExitStatus> {
    let [program, arguments @ ..] = command else {
        anyhow::bail!("no command was given");
    };
    let mut process = tokio::process::Command::new(program);
    process
        .args(arguments)
        .env(KAFKA_BROKERS_VARIABLE, brokers)
        .env(DATABASE_URL_VARIABLE, database_url);
    // At a terminal the command stays in our group: it may read, and Ctrl-C reaches it by itself.
    // Elsewhere it gets a group, so that all that it started can be told to stop.
    let own_group = !std::io::stdin().is_terminal();
    if own_group {
        process.process_group(0);
    }
    child::bind_to_this_process(process.as_std_mut(), Signal::TERM, None);
    let mut process = process
        .spawn()
        .with_context(|| format!("cannot run {}", program.to_string_lossy()))?;
    let id = process.id().and_then(|id| Pid::from_raw(id.cast_signed()));
    let id = id.context("the command ended at once")?;
    let status = tokio::select! {
        status = process.wait() => status?,
        signal = stop.received() => {
            tell(id, own_group, if signal == "SIGINT" { Signal::INT } else { Signal::TERM });
            match tokio::time::timeout(STOP_GRACE, process.wait()).await {
                Ok(status) => status?,
                Err(_) => {
                    tell(id, own_group, Signal::KILL);
                    process.wait().await?
                }
            }
        }
    };
    if own_group {
        tell(id, own_group, Signal::KILL); // what the command left behind
    }
    Ok(status)
}

fn tell(id: Pid, group: bool, signal: Signal) {
    let told = if group {
        kill_process_group(id, signal)
    } else {
        kill_process(id, signal)
    };
    if let Err(error) = told {
        tracing::debug!(%error, "nobody is left to tell");
    }
}
