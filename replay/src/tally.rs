//! What was found, counted by outcome, and the table of it.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, RandomState};

use comfy_table::{CellAlignment, Table, presets};
use ordertally_schema::{Code, Violation};

/// Event ids that a dry run remembers, to tell repeated events: some 150 MB at most.
const IDS_MAX: usize = 4_000_000;

/// Counts by outcome.
#[derive(Debug, Default)]
pub struct Tally {
    /// Valid orders, those below among them.
    pub valid: u64,
    /// Valid orders that repeat an earlier one of the same input.
    pub duplicates: u64,
    /// Valid orders that use the id of an earlier one and say something else.
    pub conflicting: u64,
    /// Events of another type.
    pub ignored: u64,
    /// Invalid events.
    pub rejected: u64,
    /// Events by the codes of their violations; an event may have several.
    pub by_code: BTreeMap<Code, u64>,
    /// Events handed to the topic.
    pub sent: u64,
}

impl Tally {
    /// Counts an invalid event, once for each of its codes.
    pub fn reject(&mut self, violations: &[Violation]) {
        self.rejected += 1;
        let mut codes: Vec<Code> = violations.iter().map(|violation| violation.code).collect();
        codes.sort_unstable();
        codes.dedup();
        for code in codes {
            *self.by_code.entry(code).or_default() += 1;
        }
    }

    /// Events of any outcome.
    pub fn events(&self) -> u64 {
        self.valid + self.ignored + self.rejected
    }

    /// Whether every event was valid.
    pub fn all_valid(&self) -> bool {
        self.rejected == 0 && self.conflicting == 0
    }

    /// The table by outcome.
    pub fn table(&self, seen: Option<&Seen>) -> Table {
        let mut table = Table::new();
        table
            .load_style(presets::UTF8_FULL_CONDENSED)
            .set_header(["outcome", "events"]);
        let mut row = |name: &str, count: u64| {
            table.add_row([name.to_owned(), count.to_string()]);
        };
        row("valid", self.valid);
        if let Some(seen) = seen {
            let within = if seen.is_full() { "at least, " } else { "" };
            row(
                &format!("  {within}repeating an earlier one"),
                self.duplicates,
            );
            row(
                &format!("  {within}{}", Code::ConflictingDuplicate.as_str()),
                self.conflicting,
            );
        }
        row("ignored", self.ignored);
        row("rejected", self.rejected);
        for (code, count) in &self.by_code {
            row(&format!("  {}", code.as_str()), *count);
        }
        row("all", self.events());
        if seen.is_none() {
            row("sent", self.sent);
        }
        if let Some(column) = table.column_mut(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        table
    }
}

/// What an event id was seen with before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    /// It is new.
    Never,
    /// The same content.
    Same,
    /// Other content.
    Other,
}

/// Event ids with their content, by hashes of 64 bits: among four million ids two are taken for
/// one with a probability of one in two million.
pub struct Seen {
    contents: HashMap<u64, u64>,
    hashes: RandomState,
}

impl Default for Seen {
    fn default() -> Self {
        Self {
            contents: HashMap::new(),
            hashes: RandomState::new(),
        }
    }
}

impl Seen {
    /// Remembers an event. The first content of an id stays, as it does in the database.
    pub fn note(&mut self, event_id: &[u8], content_hash: [u8; 16]) -> Before {
        let id = self.hashes.hash_one(event_id);
        let content = self.hashes.hash_one(content_hash);
        match self.contents.get(&id) {
            Some(first) if *first == content => Before::Same,
            Some(_) => Before::Other,
            None => {
                if !self.is_full() {
                    let _ = self.contents.insert(id, content);
                }
                Before::Never
            }
        }
    }

    /// Whether further ids are no longer remembered.
    pub fn is_full(&self) -> bool {
        self.contents.len() >= IDS_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_counts_once_for_each_of_its_codes() {
        let mut tally = Tally::default();
        let violation = |code| Violation::new("x", code, "x");
        tally.reject(&[
            violation(Code::Missing),
            violation(Code::TooLong),
            violation(Code::Missing),
        ]);
        assert_eq!(tally.rejected, 1);
        assert_eq!(tally.by_code[&Code::Missing], 1);
        assert!(!tally.all_valid());
        assert!(tally.table(None).to_string().contains("too_long"));
    }

    #[test]
    fn the_first_content_of_an_id_stays() {
        let mut seen = Seen::default();
        assert_eq!(seen.note(b"a", [1; 16]), Before::Never);
        assert_eq!(seen.note(b"a", [2; 16]), Before::Other);
        assert_eq!(seen.note(b"a", [1; 16]), Before::Same);
        assert_eq!(seen.note(b"b", [2; 16]), Before::Never);
    }
}
