//! `ordertally-local`: the demo, the servers behind tests, and nothing that a cluster needs.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use ordertally_local::demo::{self, DemoSettings};
use ordertally_local::exec;
use ordertally_local::kafka::jars::{self, Jars};
use ordertally_local::stack::StackSettings;
use ordertally_settings::stop::StopSignals;
use ordertally_settings::{ExitStatus, cli, logs};

/// Kafka and Postgres on this machine without Docker, with both services
#[derive(Parser, Debug)]
#[command(version, args_conflicts_with_subcommands = true)]
struct Settings {
    /// What to run; without a command the demo
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    demo: DemoSettings,
    #[command(flatten)]
    logs: logs::LogSettings,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Start everything, send the sample and some thousand generated orders, ask the three
    /// questions and show the answers. In a terminal everything then stays until Ctrl-C
    Demo(DemoSettings),
    /// Start everything without any data, until Ctrl-C
    Run(StackSettings),
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

fn main() -> ExitCode {
    let settings: Settings = cli::parse();
    logs::start(&settings.logs);
    let command = settings.command.unwrap_or(Command::Demo(settings.demo));
    let ended = tokio::runtime::Runtime::new()
        .map_err(Into::into)
        .and_then(|runtime| {
            let ended = runtime.block_on(run(command));
            // A fetch that was cut off by a signal is not waited for; Maven dies with us.
            runtime.shutdown_background();
            ended
        });
    ended.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitStatus::Failed.into()
    })
}

async fn run(command: Command) -> anyhow::Result<ExitCode> {
    let mut stop = StopSignals::listen()?;
    match command {
        Command::Demo(settings) => {
            settings
                .stack
                .check()
                .unwrap_or_else(|fault| cli::usage_error(&fault));
            demo::demo(&settings, &mut stop).await?;
            Ok(ExitStatus::Done.into())
        }
        Command::Run(settings) => {
            settings
                .check()
                .unwrap_or_else(|fault| cli::usage_error(&fault));
            demo::run(&settings, &mut stop).await?;
            Ok(ExitStatus::Done.into())
        }
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
