//! Rejected records: listed, shown whole, and tried again.

mod list;
mod retry;
mod show;

use clap::Subcommand;
use ordertally_schema::Code;
use ordertally_settings::ExitStatus;

use list::ListSettings;
use retry::RetrySettings;
use show::ShowSettings;

/// Commands on rejects.
#[derive(Subcommand, Debug)]
pub enum RejectsCommand {
    /// List rejected records, newest first
    List(Box<ListSettings>),
    /// Show one rejected record whole: payload, key, headers and every violation
    Show(Box<ShowSettings>),
    /// Read kept records through the current rules; what is accepted now is stored and leaves the
    /// list with a trace. Exit status 1 while any of those asked for stays rejected
    Retry(Box<RetrySettings>),
}

/// Runs a command.
///
/// # Errors
///
/// The database is out of reach or serves another topic, or there is no such record.
pub async fn run(command: RejectsCommand) -> anyhow::Result<ExitStatus> {
    match command {
        RejectsCommand::List(settings) => list::run(&settings).await,
        RejectsCommand::Show(settings) => show::run(&settings).await,
        RejectsCommand::Retry(settings) => retry::run(&settings).await,
    }
}

/// Reads a violation's code from the command line.
fn code(text: &str) -> Result<&'static str, String> {
    let known = Code::ALL.iter().map(|code| code.as_str());
    known.clone().find(|known| *known == text).ok_or_else(|| {
        format!(
            "there is no such code; use one of {}",
            known.collect::<Vec<_>>().join(", ")
        )
    })
}
