//! One run: what the reader's thread tells is counted, named and sent, until the end or a stop.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use ordertally_schema::{Code, Violation};
use ordertally_settings::{ExitStatus, cli};

use crate::batch::{Batch, Judged, News, Verdict};
use crate::ledger::Origin;
use crate::pace::Pace;
use crate::progress::Progress;
use crate::report;
use crate::sender::{Outgoing, Refusal, Sender};
use crate::stop::Stop;
use crate::tally::{Before, Seen, Tally};

/// How long one wait for the reader lasts at most: a stop is seen after it.
const NEWS_WAIT: Duration = Duration::from_millis(100);

/// What to do with what is read.
pub struct Run {
    /// The inputs' names.
    pub inputs: Vec<String>,
    /// Where events go; `None` in a dry run.
    pub sender: Option<Sender>,
    /// Whether invalid events are sent too.
    pub keep_invalid: bool,
    /// Whether invalid events are named and fail the run; they are asked for in generated ones.
    pub invalid_expected: bool,
    /// End after so many events were sent.
    pub limit: Option<u64>,
    /// Events a second at most.
    pub rate: Option<u32>,
    /// What is shown meanwhile.
    pub progress: Progress,
    /// The wish to stop.
    pub stop: Stop,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// All inputs were looked at.
    Complete,
    /// The limit was reached.
    Limit,
    /// A signal, with the status to end with.
    Stopped(u8),
    /// The broker stayed away.
    Broken,
    /// The reader's thread died, which it never should.
    ReaderDied,
}

/// How far the reading of an input came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// Nothing of it was looked at.
    Not,
    /// Looked at up to this line.
    Through(u64),
    /// Read to its end.
    Whole,
    /// Cannot be read to its end.
    Faulty,
}

/// What a run found and did.
pub struct Outcome {
    /// How it ended.
    pub end: End,
    /// Counts by outcome.
    pub tally: Tally,
    /// How far each input was read.
    pub readings: Vec<Reading>,
}

struct Followed<'a> {
    run: &'a mut Run,
    seen: Option<&'a mut Seen>,
    tally: Tally,
    readings: Vec<Reading>,
    pace: Pace,
}

impl Run {
    /// Follows the reader to the end, waits for every answer of the broker, and prints what came
    /// of it: the table to standard output, troubles to standard error. Gives the exit status.
    pub fn execute(mut self, news: Receiver<News>) -> u8 {
        let mut seen = self.sender.is_none().then(Seen::default);
        let mut followed = Followed {
            pace: Pace::new(self.rate.filter(|_| self.sender.is_some())),
            readings: vec![Reading::Not; self.inputs.len()],
            tally: Tally::default(),
            seen: seen.as_mut(),
            run: &mut self,
        };
        let end = followed.follow(&news);
        // The reader ends with the channel, before the wait for the broker.
        drop(news);
        let outcome = Outcome {
            end,
            tally: followed.tally,
            readings: followed.readings,
        };
        if let Some(sender) = &mut self.sender {
            sender.finish();
        }
        self.progress.end();
        if let Err(error) = report::print(&self, &outcome, seen.as_ref()) {
            cli::tell(format_args!("error: {error}"));
            return ExitStatus::Failed as u8;
        }
        self.status(&outcome)
    }

    fn status(&self, outcome: &Outcome) -> u8 {
        let undelivered = self.sender.as_ref().is_some_and(|sender| {
            let ledger = sender.ledger();
            ledger.failed_count() + ledger.waiting() > 0
        });
        let faulty = outcome.readings.contains(&Reading::Faulty);
        let invalid = !self.invalid_expected && !outcome.tally.all_valid();
        match outcome.end {
            End::Stopped(status) => status,
            End::Complete | End::Limit if !undelivered && !faulty && !invalid => {
                ExitStatus::Done as u8
            }
            _ => ExitStatus::Failed as u8,
        }
    }
}

impl Followed<'_> {
    fn follow(&mut self, news: &Receiver<News>) -> End {
        loop {
            if let Some(status) = self.run.stop.asked() {
                return End::Stopped(status);
            }
            match news.recv_timeout(NEWS_WAIT) {
                Ok(News::Events(batch)) => {
                    if let Err(end) = self.take(&batch) {
                        return end;
                    }
                    self.run.progress.update(self.tally.events());
                }
                Ok(News::Read { input, shape }) => {
                    self.readings[input] = Reading::Whole;
                    tracing::debug!(shape, "read {} to its end", self.run.inputs[input]);
                }
                Ok(News::Faulty { input, fault }) => {
                    self.readings[input] = Reading::Faulty;
                    let name = &self.run.inputs[input];
                    let line = match fault.line {
                        0 => String::new(),
                        line => format!(":{line}"),
                    };
                    self.run.progress.line(&format!(
                        "error: {name}{line}: {fault}; nothing after it is read"
                    ));
                }
                Err(RecvTimeoutError::Timeout) => {
                    if let Some(sender) = &mut self.run.sender {
                        sender.poll(Duration::ZERO);
                        if sender.ledger().broken().is_some() {
                            return End::Broken;
                        }
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return self.end_of_news(),
            }
        }
    }

    /// The reader has nothing more to say: after the last input, or after a fault.
    fn end_of_news(&self) -> End {
        let faulty = self.readings.contains(&Reading::Faulty);
        if faulty
            || self
                .readings
                .iter()
                .all(|reading| *reading == Reading::Whole)
        {
            End::Complete
        } else {
            End::ReaderDied
        }
    }

    fn take(&mut self, batch: &Batch) -> Result<(), End> {
        for event in &batch.events {
            if let Some(status) = self.run.stop.asked() {
                return Err(End::Stopped(status));
            }
            let wanted = self.count(batch, event);
            self.readings[batch.input] = Reading::Through(event.line);
            if wanted {
                self.send(batch, event)?;
                self.tally.sent += 1;
                if self.run.limit == Some(self.tally.sent) {
                    return Err(End::Limit);
                }
            }
        }
        Ok(())
    }

    /// Counts and names an event; whether it is to be sent.
    fn count(&mut self, batch: &Batch, event: &Judged) -> bool {
        match &event.verdict {
            Verdict::Ignored => {
                self.tally.ignored += 1;
                true
            }
            Verdict::Rejected(violations) => {
                self.tally.reject(violations);
                if !self.run.invalid_expected {
                    self.name(batch.input, event.line, violations);
                }
                event.payload.is_some() && self.run.keep_invalid
            }
            Verdict::Valid {
                content_hash,
                event_id,
                ..
            } => {
                self.tally.valid += 1;
                let before = match &mut self.seen {
                    Some(seen) => seen.note(&batch.bytes[event_id.clone()], *content_hash),
                    None => Before::Never,
                };
                match before {
                    Before::Never => {}
                    Before::Same => self.tally.duplicates += 1,
                    Before::Other => {
                        self.tally.conflicting += 1;
                        let message = "an event before this one has the same id and other content";
                        let code = Code::ConflictingDuplicate;
                        let violation = Violation::new("event_id", code, message);
                        self.name(batch.input, event.line, &[violation]);
                    }
                }
                true
            }
        }
    }

    fn name(&self, input: usize, line: u64, violations: &[Violation]) {
        let name = &self.run.inputs[input];
        for violation in violations {
            let field = match violation.field.as_str() {
                "" => "(event)",
                field => field,
            };
            self.run.progress.line(&format!(
                "{name}:{line}: {field}: {}: {}",
                violation.code.as_str(),
                violation.message
            ));
        }
    }

    fn send(&mut self, batch: &Batch, event: &Judged) -> Result<(), End> {
        let Some(sender) = &mut self.run.sender else {
            return Ok(());
        };
        while let Some(wait) = self.pace.wait() {
            sender.poll(wait.min(NEWS_WAIT));
            if let Some(status) = self.run.stop.asked() {
                return Err(End::Stopped(status));
            }
        }
        let outgoing = Outgoing {
            origin: Origin {
                input: batch.input,
                line: event.line,
            },
            key: event.key.clone().map(|key| &batch.bytes[key]),
            payload: event.payload.clone().map(|payload| &batch.bytes[payload]),
            now_ms: event.now_ms,
            created_at_ms: match event.verdict {
                Verdict::Valid { created_at_ms, .. } => created_at_ms,
                _ => None,
            },
        };
        match sender.send(&outgoing, &self.run.stop) {
            Ok(None) => Ok(()),
            Ok(Some(warning)) => {
                self.run.progress.line(&format!("warning: {warning}"));
                Ok(())
            }
            Err(Refusal::Broken) => Err(End::Broken),
            Err(Refusal::Stopped) => match self.run.stop.asked() {
                Some(status) => Err(End::Stopped(status)),
                None => Err(End::Broken),
            },
        }
    }
}
