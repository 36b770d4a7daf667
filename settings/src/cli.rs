//! The command line: parsed once, and every fault told in one line with exit status 2.

use std::process::ExitCode;

use clap::Parser;
use clap::error::{ContextKind, ContextValue, ErrorKind};

/// What a program's end means to whoever started it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitStatus {
    /// Everything asked for was done, or the program was asked to stop and did so in order.
    Done = 0,
    /// The work was done, and something is wrong with what was looked at.
    Failed = 1,
    /// A flag, variable or argument is wrong; nothing was connected to.
    Usage = 2,
    /// A loud stop: an operator has to choose what happens to a partition.
    LoudStop = 3,
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(status as u8)
    }
}

/// Reads the command line and the environment, or ends the process: with status 0 after `--help`
/// and `--version`, with [`ExitStatus::Usage`] and one line on standard error after a fault.
#[must_use]
pub fn parse<T: Parser>() -> T {
    match T::try_parse() {
        Ok(settings) => settings,
        Err(error) => fail(&error, &T::command()),
    }
}

fn fail(error: &clap::Error, command: &clap::Command) -> ! {
    match error.kind() {
        ErrorKind::DisplayHelp
        | ErrorKind::DisplayVersion
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => error.exit(),
        _ => usage_error(&one_line(error, command)),
    }
}

/// Ends the process with [`ExitStatus::Usage`] after one line on standard error. For faults that
/// only show when several settings are seen together.
pub fn usage_error(message: &str) -> ! {
    eprintln!("error: {message}; see --help");
    std::process::exit(ExitStatus::Usage as i32)
}

/// `clap` spreads an error over several lines; this keeps what is wrong and what to do, and names
/// the environment variable beside the flag, since the value may have come from there.
fn one_line(error: &clap::Error, command: &clap::Command) -> String {
    let text = error.render().to_string();
    let mut message = text
        .split("\n\nUsage:")
        .next()
        .unwrap_or(&text)
        .split("\n\nFor more information")
        .next()
        .unwrap_or(&text)
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    if let Some(rest) = message.strip_prefix("error: ") {
        message = rest.to_owned();
    }
    match variable_of(error, command) {
        Some(variable) => format!("{message} (or the variable {variable})"),
        None => message,
    }
}

/// The environment variable of the flag that an error is about.
fn variable_of(error: &clap::Error, command: &clap::Command) -> Option<String> {
    let ContextValue::String(argument) = error.get(ContextKind::InvalidArg)? else {
        return None;
    };
    let flag = argument.split_whitespace().next()?.strip_prefix("--")?;
    find_variable(command, flag)
}

fn find_variable(command: &clap::Command, flag: &str) -> Option<String> {
    command
        .get_arguments()
        .find(|argument| argument.get_long() == Some(flag))
        .and_then(|argument| argument.get_env())
        .map(|variable| variable.to_string_lossy().into_owned())
        .or_else(|| {
            command
                .get_subcommands()
                .find_map(|subcommand| find_variable(subcommand, flag))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;
    use std::net::SocketAddr;

    #[derive(Parser, Debug)]
    struct Sample {
        /// Where to listen.
        #[arg(long, env = "SAMPLE_ADDR_OF_A_TEST", default_value = "127.0.0.1:1")]
        addr: SocketAddr,
    }

    #[test]
    fn a_wrong_value_is_one_line_naming_flag_and_variable() {
        let error = Sample::try_parse_from(["sample", "--addr", "nowhere"])
            .expect_err("the address is wrong");
        let line = one_line(&error, &Sample::command());
        assert!(!line.contains('\n'));
        assert!(line.contains("nowhere"), "{line}");
        assert!(line.contains("--addr"), "{line}");
        assert!(line.contains("SAMPLE_ADDR_OF_A_TEST"), "{line}");
    }

    #[test]
    fn an_unknown_flag_is_named() {
        let error = Sample::try_parse_from(["sample", "--adr", "127.0.0.1:2"])
            .expect_err("there is no such flag");
        let line = one_line(&error, &Sample::command());
        assert!(line.contains("--adr"), "{line}");
        assert!(line.contains("--addr"), "it offers the near one: {line}");
    }
}
