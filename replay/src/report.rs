//! What a run found and did, for people: the table on standard output, troubles on standard error.

use indicatif::HumanCount;

use crate::run::{End, Outcome, Reading, Run};
use crate::sender::Sender;
use crate::tally::Seen;

/// Prints the end of a run.
pub fn print(run: &Run, outcome: &Outcome, seen: Option<&Seen>) {
    println!("{}", outcome.tally.table(seen));
    if let Some(sender) = &run.sender {
        print_deliveries(run, sender);
    }
    let end = match outcome.end {
        End::Complete | End::Limit => None,
        End::Stopped(_) => Some("stopped by a signal"),
        End::Broken => Some("sending ended early"),
        End::ReaderDied => Some("reading broke down, which is a defect of this program"),
    };
    if let Some(end) = end {
        eprintln!("error: {end}");
    }
    let whole = outcome
        .readings
        .iter()
        .all(|reading| *reading == Reading::Whole);
    if outcome.end != End::Complete || !whole {
        print_how_far(run, outcome);
    }
}

fn print_deliveries(run: &Run, sender: &Sender) {
    let ledger = sender.ledger();
    println!(
        "{} events acknowledged by the broker, {}/s",
        HumanCount(ledger.delivered_count()),
        HumanCount(run.progress.rate(ledger.delivered_count())),
    );
    if sender.expired() > 0 {
        eprintln!(
            "warning: the topic's retention will delete {} of them",
            HumanCount(sender.expired())
        );
    }
    for (origin, reason) in ledger.failures() {
        let name = &run.inputs[origin.input];
        eprintln!("error: {name}:{}: not delivered: {reason}", origin.line);
    }
    let told = ledger.failures().len() as u64;
    if ledger.failed_count() > told {
        let more = ledger.failed_count() - told;
        eprintln!("error: {} more events were not delivered", HumanCount(more));
    }
    if ledger.waiting() > 0 {
        eprintln!(
            "error: {} events were not acknowledged in time",
            HumanCount(ledger.waiting())
        );
    }
    if let Some(reason) = ledger.broken() {
        eprintln!("error: the broker cannot be reached, or refuses for good: {reason}");
    }
}

/// How far each input came: read, or delivered, to the line.
fn print_how_far(run: &Run, outcome: &Outcome) {
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
        eprintln!("{name}: {read}{delivered}");
    }
}
