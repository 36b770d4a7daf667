//! Files, standard input or generated events onto the order topic.

use std::process::ExitCode;

use ordertally_replay::{program, settings::Settings};
use ordertally_settings::{ExitStatus, cli};

fn main() -> ExitCode {
    match program::run(cli::parse::<Settings>()) {
        Ok(code) => code,
        Err(error) => {
            cli::tell(format_args!("error: {error:#}"));
            ExitStatus::Failed.into()
        }
    }
}
