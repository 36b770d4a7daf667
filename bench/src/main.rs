//! `ordertally-bench`: benchmarks of ingest and answers, each beside something measured in the same
//! run.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use ordertally_bench::settings::{
    AllSettings, Command, CommonSettings, FollowSettings, QuerySettings, Settings, defaults,
};
use ordertally_bench::{backlog, follow, ingest, latency, plot, query, sinks};
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
            signal = stop.received() => anyhow::bail!("stopped by {signal}; this benchmark wrote no result"),
        }
    });
    runtime.shutdown_timeout(STOP_GRACE);
    done
}

async fn run(command: Command, common: &CommonSettings) -> anyhow::Result<()> {
    match command {
        Command::Ingest(settings) => ingest::run(&settings, common).await,
        Command::Sinks(settings) => sinks::run(&settings, common).await,
        Command::Latency(settings) => latency::run(&settings, common).await,
        Command::Backlog(settings) => backlog::run(&settings, common).await,
        Command::Query(settings) => query::run(&settings, common).await,
        Command::Follow(settings) => follow::run(&settings, common).await,
        Command::Plot(settings) => plot::run(&settings, common),
        Command::All(settings) => run_all(settings, common).await,
    }
}

async fn run_all(settings: AllSettings, common: &CommonSettings) -> anyhow::Result<()> {
    ingest::run(&settings.ingest, common).await?;
    latency::run(&settings.latency, common).await?;
    backlog::run(&settings.backlog, common).await?;
    // Both ask about the same orders, which take minutes to make.
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let mut query: QuerySettings = defaults();
    let mut follow: FollowSettings = defaults();
    for fill in [&mut query.fill, &mut follow.fill] {
        fill.keep = Some(folder.path().to_owned());
    }
    query::run(&query, common).await?;
    follow::run(&follow, common).await?;
    drop(folder);
    // Last: it alone needs Go.
    sinks::run(&defaults(), common).await
}
