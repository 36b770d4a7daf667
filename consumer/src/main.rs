//! The consumer's program: reads its settings, builds, runs, and says how it ended.

use std::process::ExitCode;

use ordertally_consumer::commands::{facts, positions, rejects};
use ordertally_consumer::service::{self, Ended, Service};
use ordertally_consumer::settings::{Command, CommandLine, MigrateSettings, RunSettings};
use ordertally_consumer::start;
use ordertally_consumer::{health, signals};
use ordertally_settings::stop::StopSignals;
use ordertally_settings::{ExitStatus, cli, logs};

fn main() -> ExitCode {
    let line: CommandLine = cli::parse();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            cli::tell(format_args!("error: cannot start the runtime: {error}"));
            return ExitStatus::Failed.into();
        }
    };
    let done = runtime.block_on(obey(line));
    // A question to a broker that is away may still block a thread; nothing waits for its answer.
    runtime.shutdown_background();
    match done {
        Ok(status) => status.into(),
        Err(error) => {
            cli::tell(format_args!("error: {error:#}"));
            ExitStatus::Failed.into()
        }
    }
}

async fn obey(line: CommandLine) -> anyhow::Result<ExitStatus> {
    match line.command {
        None => run(line.run).await,
        Some(Command::Run(settings)) => run(*settings).await,
        Some(Command::Migrate(settings)) => migrate(*settings).await,
        Some(Command::Healthcheck(settings)) => {
            health::ask(settings.metrics_addr).await?;
            Ok(ExitStatus::Done)
        }
        Some(Command::Positions(command)) => positions::run(command).await,
        Some(Command::Rejects(command)) => rejects::run(command).await,
        Some(Command::Facts(command)) => facts::run(command).await,
    }
}

async fn run(settings: RunSettings) -> anyhow::Result<ExitStatus> {
    logs::start(&settings.logs);
    if let Err(error) = service::configs(&settings) {
        cli::usage_error(&error.to_string());
    }
    let mut signals = StopSignals::listen()?;
    let service = match Service::build(settings, signals::install()?).await {
        Ok(service) => service,
        Err(error) => cli::usage_error(&format!("{error:#}")),
    };
    let ended = service
        .run(async move {
            let name = signals.received().await;
            tracing::info!("{name} received");
        })
        .await?;
    Ok(match ended {
        Ended::AsAsked => ExitStatus::Done,
        Ended::Loudly(_) => ExitStatus::LoudStop,
    })
}

async fn migrate(settings: MigrateSettings) -> anyhow::Result<ExitStatus> {
    logs::start(&settings.logs);
    let applied = start::migrate(&settings.database).await?;
    if applied.is_empty() {
        cli::print("the database has this release's structure already")?;
    } else {
        cli::print(format_args!("applied {}", applied.join(", ")))?;
    }
    Ok(ExitStatus::Done)
}
