//! `ordertally-query-api`: parse, build, run, and turn the outcome into an exit status.

use std::process::ExitCode;

use anyhow::Context;
use ordertally_query_api::settings::{Command, CommandLine};
use ordertally_query_api::{Settings, Startup, healthcheck};
use ordertally_settings::stop::StopSignals;
use ordertally_settings::{ExitStatus, cli, logs};
use tikv_jemallocator::Jemalloc;

/// Reading all facts takes and frees more memory than they need in the end. This allocator gives it
/// back (its settings are in `.cargo/config.toml`); with glibc's the service held half as much again.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let CommandLine { command, service } = cli::parse();
    let outcome = match command {
        Some(Command::Healthcheck(settings)) => {
            logs::start(&settings.logs);
            healthcheck::ask(settings.http_addr)
                .await
                .context("the service is not ready")
        }
        Some(Command::Tokens(command)) => command.run().await,
        None => {
            logs::start(&service.logs);
            serve(&service).await
        }
    };
    match outcome {
        Ok(()) => ExitStatus::Done.into(),
        Err(error) => {
            cli::tell(format_args!("error: {error:#}"));
            ExitStatus::Failed.into()
        }
    }
}

async fn serve(settings: &Settings) -> anyhow::Result<()> {
    let mut signals = StopSignals::listen().context("cannot listen for signals")?;
    let service = match Startup::build(settings).await {
        Ok(service) => service,
        Err(error) => cli::usage_error(&format!("{error:#}")),
    };
    tracing::info!(
        http.address = %service.address(),
        database = %settings.database_url()?,
        time_zone = %settings.reporting_time_zone,
        version = env!("CARGO_PKG_VERSION"),
        "serving answers"
    );
    service
        .run(async move {
            let signal = signals.received().await;
            tracing::info!(signal, "stopping: finishing the requests in hand");
        })
        .await;
    tracing::info!("stopped");
    Ok(())
}
