//! Under construction.

use clap::Subcommand;
use ordertally_settings::ExitStatus;

/// Commands on positions.
#[derive(Subcommand, Debug)]
pub enum PositionsCommand {}

/// Runs a command.
///
/// # Errors
///
/// As each command says.
pub async fn run(command: PositionsCommand) -> anyhow::Result<ExitStatus> {
    match command {}
}
