//! Under construction.

use clap::Subcommand;
use ordertally_settings::ExitStatus;

/// Commands on rejects.
#[derive(Subcommand, Debug)]
pub enum RejectsCommand {}

/// Runs a command.
///
/// # Errors
///
/// As each command says.
pub async fn run(command: RejectsCommand) -> anyhow::Result<ExitStatus> {
    match command {}
}
