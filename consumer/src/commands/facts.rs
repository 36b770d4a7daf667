//! Facts held against the orders, and written anew from them.

mod fact;
mod rebuild;
mod scan;
mod verify;

use clap::{Args, Subcommand};
use ordertally_settings::ExitStatus;

use crate::commands::stream::StreamSettings;

/// Commands on facts.
#[derive(Subcommand, Debug)]
pub enum FactsCommand {
    /// Compare the facts with a recomputation from the orders; exit status 1 when they differ
    Verify(Box<VerifySettings>),
    /// Write the facts anew from the orders, beside a running consumer
    Rebuild(Box<RebuildSettings>),
}

/// The settings of `facts verify`.
#[derive(Args, Clone, Debug)]
pub struct VerifySettings {
    /// Where.
    #[command(flatten)]
    pub stream: StreamSettings,
}

/// The settings of `facts rebuild`.
#[derive(Args, Clone, Debug)]
pub struct RebuildSettings {
    /// Where.
    #[command(flatten)]
    pub stream: StreamSettings,
    /// This partition alone; all of them when it is not given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(0..))]
    pub partition: Option<i32>,
}

/// Runs a command.
///
/// # Errors
///
/// The database is out of reach or serves another topic.
pub async fn run(command: FactsCommand) -> anyhow::Result<ExitStatus> {
    match command {
        FactsCommand::Verify(settings) => verify::run(&settings).await,
        FactsCommand::Rebuild(settings) => rebuild::run(&settings).await,
    }
}
