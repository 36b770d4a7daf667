//! Under construction.

use clap::Subcommand;
use ordertally_settings::ExitStatus;

/// Commands on facts.
#[derive(Subcommand, Debug)]
pub enum FactsCommand {}

/// Runs a command.
///
/// # Errors
///
/// As each command says.
pub async fn run(command: FactsCommand) -> anyhow::Result<ExitStatus> {
    match command {}
}
