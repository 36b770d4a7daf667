//! Stored positions: seen beside the broker's logs, and moved by an operator's choice.

mod reset;
mod show;

use clap::{Args, Subcommand};
use ordertally_settings::ExitStatus;
use ordertally_settings::logs::LogSettings;

use crate::settings::{DatabaseSettings, KafkaSettings};
use reset::ResetSettings;
use show::ShowSettings;

/// Commands on positions.
#[derive(Subcommand, Debug)]
pub enum PositionsCommand {
    /// Show each partition's stored position beside where its log begins and ends
    Show(Box<ShowSettings>),
    /// Choose where to go on reading; what is passed over is recorded as a range
    Reset(Box<ResetSettings>),
}

/// Which topic on which brokers, and which database.
#[derive(Args, Clone, Debug)]
pub struct Ends {
    /// Which topic, on which brokers.
    #[command(flatten)]
    pub kafka: KafkaSettings,
    /// Which database.
    #[command(flatten)]
    pub database: DatabaseSettings,
    /// What is logged.
    #[command(flatten)]
    pub logs: LogSettings,
}

/// Runs a command.
///
/// # Errors
///
/// The database is out of reach or serves another topic; `reset` needs the broker as well.
pub async fn run(command: PositionsCommand) -> anyhow::Result<ExitStatus> {
    match command {
        PositionsCommand::Show(settings) => show::run(&settings).await,
        PositionsCommand::Reset(settings) => reset::run(&settings).await,
    }
}
