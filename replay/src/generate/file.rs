//! Generated events into a file or to standard output, one a line.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use anyhow::Context;
use indicatif::HumanCount;
use ordertally_schema::Code;
use ordertally_settings::{ExitStatus, cli};

use super::{Plan, invalid};
use crate::progress::{Progress, Whole};
use crate::stop::Stop;

/// Events between two looks at the clock and the wish to stop.
const EVENTS_PER_LOOK: u64 = 4096;

/// Writes the plan's events to `output`, where `-` is standard output. An event that is empty has
/// no line of its own, so that kind of fault is left out. Gives the exit status.
///
/// # Errors
///
/// When the output cannot be written.
pub fn write(plan: &Plan, output: &Path, stop: &Stop) -> anyhow::Result<u8> {
    let context = || format!("cannot write {}", output.display());
    let target: Box<dyn Write> = if output.as_os_str() == "-" {
        Box::new(io::stdout().lock())
    } else {
        Box::new(File::create(output).with_context(context)?)
    };
    let mut target = BufWriter::with_capacity(1 << 20, target);
    let codes: Vec<Code> = invalid::codes()
        .into_iter()
        .filter(|code| *code != Code::EmptyPayload)
        .collect();
    let progress = Progress::start(Whole::Events(plan.events()));
    let mut written = 0;
    let mut failure = None;
    let complete = plan.make(&codes, |made| {
        let line = target
            .write_all(&made.payload)
            .and_then(|()| target.write_all(b"\n"));
        if let Err(error) = line {
            failure = Some(error);
            return false;
        }
        written += 1;
        if written % EVENTS_PER_LOOK == 0 {
            progress.update(written);
            return stop.asked().is_none();
        }
        true
    });
    if let Some(error) = failure {
        return Err(error).with_context(context);
    }
    target.flush().with_context(context)?;
    progress.end();
    cli::tell(format_args!(
        "{} events written, {}/s",
        HumanCount(written),
        HumanCount(progress.rate(written))
    ));
    match stop.asked() {
        Some(status) if !complete => {
            cli::tell(format_args!("error: stopped by a signal"));
            Ok(status)
        }
        _ => Ok(ExitStatus::Done as u8),
    }
}
