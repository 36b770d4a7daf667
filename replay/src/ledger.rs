//! What was handed to the broker's client and not yet acknowledged, in order: tells how far a run
//! came, to the event.

use std::collections::VecDeque;

/// Failures that are told one by one; more of them are counted.
const FAILURES_TOLD_MAX: usize = 20;

/// Where an event came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Index of its input.
    pub input: usize,
    /// The line it begins on.
    pub line: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting,
    Delivered,
    Failed,
}

/// Bounded by the client's queue.
#[derive(Default)]
pub struct Ledger {
    entries: VecDeque<(Origin, State)>,
    first_number: usize,
    waiting: u64,
    delivered: u64,
    failed: u64,
    failures: Vec<(Origin, String)>,
    done_through: Option<Origin>,
    gap: bool,
    broken: Option<String>,
}

impl Ledger {
    /// The number of the event that is handed over next.
    pub fn next_number(&self) -> usize {
        self.first_number + self.entries.len()
    }

    /// The event with [`Ledger::next_number`] was handed over.
    pub fn handed_over(&mut self, origin: Origin) {
        self.entries.push_back((origin, State::Waiting));
        self.waiting += 1;
    }

    /// The event `number` was acknowledged.
    pub fn delivered(&mut self, number: usize) {
        self.delivered += 1;
        self.settle(number, State::Delivered);
    }

    /// The event `number` was not taken.
    pub fn failed(&mut self, number: usize, reason: String) {
        if let Some((origin, _)) = self.entries.get(number.wrapping_sub(self.first_number)) {
            self.note_failure(*origin, reason);
        }
        self.settle(number, State::Failed);
    }

    /// An event that was refused before it was handed over.
    pub fn refused(&mut self, origin: Origin, reason: String) {
        let number = self.next_number();
        self.handed_over(origin);
        self.failed(number, reason);
    }

    fn note_failure(&mut self, origin: Origin, reason: String) {
        self.failed += 1;
        if self.failures.len() < FAILURES_TOLD_MAX {
            self.failures.push((origin, reason));
        }
    }

    fn settle(&mut self, number: usize, state: State) {
        let index = number.wrapping_sub(self.first_number);
        let Some(entry) = self.entries.get_mut(index) else {
            return;
        };
        entry.1 = state;
        self.waiting -= 1;
        while let Some((origin, state)) = self.entries.front().copied() {
            match state {
                State::Waiting => break,
                State::Delivered if !self.gap => self.done_through = Some(origin),
                State::Delivered => {}
                State::Failed => self.gap = true,
            }
            self.entries.pop_front();
            self.first_number += 1;
        }
    }

    /// No further event can be delivered.
    pub fn broke(&mut self, reason: String) {
        self.broken.get_or_insert(reason);
    }

    /// Why no further event can be delivered.
    pub fn broken(&self) -> Option<&str> {
        self.broken.as_deref()
    }

    /// Events without an answer.
    pub fn waiting(&self) -> u64 {
        self.waiting
    }

    /// Events acknowledged by the broker.
    pub fn delivered_count(&self) -> u64 {
        self.delivered
    }

    /// Events that were not taken.
    pub fn failed_count(&self) -> u64 {
        self.failed
    }

    /// The first events that were not taken, and why.
    pub fn failures(&self) -> &[(Origin, String)] {
        &self.failures
    }

    /// The event up to which all were acknowledged, without a gap.
    pub fn done_through(&self) -> Option<Origin> {
        self.done_through
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(line: u64) -> Origin {
        Origin { input: 0, line }
    }

    #[test]
    fn the_end_without_a_gap_is_known_whatever_the_order_of_answers() {
        let mut ledger = Ledger::default();
        for line in 1..=4 {
            ledger.handed_over(at(line));
        }
        ledger.delivered(1);
        assert_eq!(ledger.done_through(), None);
        ledger.delivered(0);
        assert_eq!(ledger.done_through(), Some(at(2)));
        ledger.failed(2, "no".into());
        ledger.delivered(3);
        assert_eq!(ledger.done_through(), Some(at(2)));
        ledger.refused(at(5), "too large".into());
        assert_eq!((ledger.delivered_count(), ledger.failed_count()), (3, 2));
        assert_eq!(ledger.waiting(), 0);
        assert_eq!(ledger.next_number(), 5);
        assert_eq!(ledger.failures().len(), 2);
    }
}
