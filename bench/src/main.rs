//! `ordertally-bench`: benchmarks of ingest and answers, each beside something measured in the same
//! run.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use ordertally_bench::settings::{AllSettings, Command, CommonSettings, Settings};
use ordertally_bench::{backlog, ingest, latency, query};
use ordertally_settings::stop::StopSignals;
use ordertally_settings::{ExitStatus, cli, logs};
use tokio::runtime::Runtime;

/// A thread that is still sending or polling when we are told to stop is not waited for longer.
const STOP_GRACE: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    let settings: Settings = cli::parse();
    logs::start(&settings.logs);
    match start(settings) {
        Ok(()) => ExitStatus::Done.into(),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitStatus::Failed.into()
        }
    }
}

fn start(settings: Settings) -> anyhow::Result<()> {
    if cfg!(debug_assertions) {
        eprintln!("warning: built without optimization: these figures mean nothing");
    }
    let command = settings.command.unwrap_or(Command::All(settings.all));
    let runtime = Runtime::new().context("cannot start the runtime")?;
    let done = runtime.block_on(async {
        let mut stop = StopSignals::listen()?;
        // The servers and programs are ended by being dropped.
        tokio::select! {
            done = run(command, &settings.common) => done,
            signal = stop.received() => anyhow::bail!("stopped by {signal}; nothing was written"),
        }
    });
    runtime.shutdown_timeout(STOP_GRACE);
    done
}

async fn run(command: Command, common: &CommonSettings) -> anyhow::Result<()> {
    match command {
        Command::Ingest(settings) => ingest::run(&settings, common).await,
        Command::Latency(settings) => latency::run(&settings, common).await,
        Command::Backlog(settings) => backlog::run(&settings, common).await,
        Command::Query(settings) => query::run(&settings, common).await,
        Command::All(AllSettings {
            ingest,
            latency,
            backlog,
        }) => {
            ingest::run(&ingest, common).await?;
            latency::run(&latency, common).await?;
            backlog::run(&backlog, common).await
        }
    }
}
