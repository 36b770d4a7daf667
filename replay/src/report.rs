//! What a run found and did, for people: the table on standard output, troubles on standard error.

use std::io;

use indicatif::HumanCount;
use ordertally_settings::cli::{print as print_line, tell};

use crate::run::{End, Outcome, Reading, Run};
use crate::sender::Sender;
use crate::tally::Seen;

/// Prints the end of a run.
///
/// # Errors
///
/// When standard output cannot be written; the rest was told then.
pub fn print(run: &Run, outcome: &Outcome, seen: Option<&Seen>) -> io::Result<()> {
    let delivered = run
        .sender
        .as_ref()
        .map(|sender| sender.ledger().delivered_count());
    let printed = print_line(outcome.tally.table(seen)).and_then(|()| match delivered {
        Some(delivered) => print_line(format_args!(
            "{} acknowledged by the broker, {}/s",
            events(delivered),
            HumanCount(run.progress.rate(delivered)),
        )),
        None => Ok(()),
    });
    if let Some(sender) = &run.sender {
        tell_troubles(run, sender);
    }
    let end = match outcome.end {
        End::Complete | End::Limit => None,
        End::Stopped(_) => Some("stopped by a signal"),
        End::Broken => Some("sending ended early"),
        End::ReaderDied => Some("reading broke down, which is a defect of this program"),
    };
    if let Some(end) = end {
        tell(format_args!("error: {end}"));
    }
    let whole = outcome
        .readings
        .iter()
        .all(|reading| *reading == Reading::Whole);
    if outcome.end != End::Complete || !whole {
        tell_how_far(run, outcome);
    }
    printed
}

fn events(count: u64) -> String {
    match count {
        1 => "1 event".to_owned(),
        _ => format!("{} events", HumanCount(count)),
    }
}

fn tell_troubles(run: &Run, sender: &Sender) {
    let ledger = sender.ledger();
    if sender.expired() > 0 {
        tell(format_args!(
            "warning: the topic's retention will delete {} of them",
            HumanCount(sender.expired())
        ));
    }
    for (origin, reason) in ledger.failures() {
        let name = &run.inputs[origin.input];
        tell(format_args!(
            "error: {name}:{}: not delivered: {reason}",
            origin.line
        ));
    }
    let told = ledger.failures().len() as u64;
    if ledger.failed_count() > told {
        let more = ledger.failed_count() - told;
        tell(format_args!(
            "error: {} more events were not delivered",
            HumanCount(more)
        ));
    }
    if ledger.waiting() > 0 {
        tell(format_args!(
            "error: {} events were not acknowledged in time",
            HumanCount(ledger.waiting())
        ));
    }
    if let Some(reason) = ledger.broken() {
        tell(format_args!(
            "error: the broker cannot be reached, or refuses for good: {reason}"
        ));
    }
}

/// How far each input came: read, or delivered, to the line.
fn tell_how_far(run: &Run, outcome: &Outcome) {
    let done = run
        .sender
        .as_ref()
        .map(|sender| sender.ledger().done_through());
    for (index, (name, reading)) in run.inputs.iter().zip(&outcome.readings).enumerate() {
        let read = match reading {
            Reading::Not => "not read".to_owned(),
            Reading::Through(line) => format!("read up to line {line}"),
            Reading::Whole => "read to its end".to_owned(),
            Reading::Faulty => "cannot be read to its end".to_owned(),
        };
        let delivered = match done {
            None => String::new(),
            Some(Some(origin)) if origin.input == index => {
                format!(
                    ", every event that was sent up to line {} delivered",
                    origin.line
                )
            }
            Some(Some(origin)) if origin.input > index => ", delivered".to_owned(),
            Some(_) if *reading == Reading::Not => String::new(),
            Some(_) => ", nothing of it known to be delivered".to_owned(),
        };
        tell(format_args!("{name}: {read}{delivered}"));
    }
}
