//! The command line: parsed once, and every fault told in one line with exit status 2.

use std::fmt::Display;
use std::io::{self, Write};
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

/// Writes a line to standard error. Where that is closed or full there is nobody left to tell, and
/// whatever goes on goes on.
pub fn tell(line: impl Display) {
    if writeln!(io::stderr(), "{line}").is_err() {
        tracing::trace!("standard error cannot be written");
    }
}

/// Writes a line that was asked for to standard output. A reader that has had enough (`| head`) is
/// no error.
///
/// # Errors
///
/// When it cannot be written, as on a full disk.
pub fn print(line: impl Display) -> io::Result<()> {
    match writeln!(io::stdout(), "{line}") {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            let message = format!("cannot write to standard output: {error}");
            Err(io::Error::new(error.kind(), message))
        }
        _ => Ok(()),
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
    tell(format_args!("error: {message}; see --help"));
    std::process::exit(ExitStatus::Usage as i32)
}

/// `clap` spreads an error over several lines; this keeps what is wrong and what to do, and names
/// the environment variable beside the flag, since the value may have come from there. The value
/// of a setting that may hold a password is not repeated.
fn one_line(error: &clap::Error, command: &clap::Command) -> String {
    let text = without_secret(&error.render().to_string(), error, command);
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
    match argument_of(error, command).and_then(clap::Arg::get_env) {
        Some(variable) => format!("{message} (or the variable {})", variable.display()),
        None => message,
    }
}

/// An error's text without the value that it is about where that may be a password: `clap` repeats
/// it, even of a setting whose value it hides in its help.
fn without_secret(text: &str, error: &clap::Error, command: &clap::Command) -> String {
    let hidden = argument_of(error, command).is_some_and(clap::Arg::is_hide_env_values_set);
    match error.get(ContextKind::InvalidValue) {
        Some(ContextValue::String(value)) if hidden && !value.is_empty() => {
            text.replace(&format!("'{value}'"), "(not shown)")
        }
        _ => without_passwords(text),
    }
}

/// A text without the passwords of the addresses in it. An address that was given where none was
/// expected is repeated by `clap` as well.
fn without_passwords(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        shown.push_str(before);
        shown.push_str("://");
        let end = after
            .find(|end: char| end.is_whitespace() || end == '\'')
            .unwrap_or(after.len());
        rest = match after[..end].rfind('@') {
            Some(at) => {
                shown.push('…');
                &after[at..]
            }
            None => after,
        };
    }
    shown.push_str(rest);
    shown
}

/// The setting that an error is about.
fn argument_of<'a>(error: &clap::Error, command: &'a clap::Command) -> Option<&'a clap::Arg> {
    let argument = match error.get(ContextKind::InvalidArg)? {
        ContextValue::String(argument) => argument,
        ContextValue::Strings(arguments) => arguments.first()?,
        _ => return None,
    };
    let flag = argument.split([' ', '=']).next()?.strip_prefix("--")?;
    find_argument(command, flag)
}

fn find_argument<'a>(command: &'a clap::Command, flag: &str) -> Option<&'a clap::Arg> {
    command
        .get_arguments()
        .find(|argument| argument.get_long() == Some(flag))
        .or_else(|| {
            command
                .get_subcommands()
                .find_map(|subcommand| find_argument(subcommand, flag))
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
        /// What to open.
        #[arg(long, env = "SAMPLE_URL_OF_A_TEST", hide_env_values = true)]
        url: Option<crate::DatabaseUrl>,
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

    #[test]
    fn a_password_is_not_repeated_wherever_it_was_given() {
        for arguments in [
            ["sample", "--url", "mysql://me:s3cret@host/db"],
            ["sample", "--url", "s3cret with  blanks"],
            ["sample", "--url", "postgres://me:s3 cret'@host"],
            ["sample", "--addr", "postgres://me:s3cret@host/db"],
            ["sample", "--addr", "postgres://me:s3cr@et@host/db"],
            ["sample", "--ulr=postgres://me:s3cret@host/db", "x"],
            ["sample", "postgres://me:s3cret@host/db", "x"],
        ] {
            let error = Sample::try_parse_from(arguments).expect_err("it is wrong");
            let line = one_line(&error, &Sample::command());
            assert!(!line.contains("cret") && !line.contains("cr@et"), "{line}");
            assert!(!line.contains('\n'), "{line}");
        }
    }
}
