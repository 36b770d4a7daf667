//! `ordertally-local`: the demo, the servers behind tests, and nothing that a cluster needs.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use ordertally_local::exec;
use ordertally_local::kafka::jars::{self, Jars};
use ordertally_settings::stop::StopSignals;
use ordertally_settings::{ExitStatus, cli, logs};

/// Kafka and Postgres on this machine without Docker, with both services
#[derive(Parser, Debug)]
#[command(version)]
struct Settings {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    logs: logs::LogSettings,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Run a command with a new Kafka and a new Postgres, both gone after it. It finds them in
    /// ORDERTALLY_TEST_KAFKA_BROKERS and ORDERTALLY_TEST_DATABASE_URL; its exit code is ours
    Exec {
        /// The command and its arguments
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<OsString>,
    },
    /// Fetch Kafka's jars into the cache, for a machine that goes offline
    Fetch,
}

#[tokio::main]
async fn main() -> ExitCode {
    let settings: Settings = cli::parse();
    logs::start(&settings.logs);
    match run(settings.command).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitStatus::Failed.into()
        }
    }
}

async fn run(command: Command) -> anyhow::Result<ExitCode> {
    let mut stop = StopSignals::listen()?;
    match command {
        Command::Exec { command } => exec::run(&command, &mut stop).await.map(ExitCode::from),
        Command::Fetch => {
            let jars = Jars::get(|what| println!("{what}"))?;
            println!(
                "Apache Kafka {} is in {}",
                jars::VERSION,
                jars.folder().display()
            );
            Ok(ExitStatus::Done.into())
        }
    }
}
