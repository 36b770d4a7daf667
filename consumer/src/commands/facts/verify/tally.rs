//! Two multisets compared in little memory: sums of hashes, a few per partition. Pure.

use std::collections::HashMap;

/// Sums per partition: enough that a difference is found among few rows, and 16 KiB in memory.
const SUMS: usize = 1_024;
/// Most rows that a search for differences keeps.
const KEPT: usize = 100_000;
/// Most differences that are told one by one.
const EXAMPLES: usize = 5;

/// Sums of hashes in which equal rows of both sides cancel out.
#[derive(Clone, Debug)]
pub struct Tally(Vec<u128>);

impl Default for Tally {
    fn default() -> Self {
        Self(vec![0; SUMS])
    }
}

impl Tally {
    /// A row of the one side.
    pub fn add(&mut self, hash: u128) {
        let sum = &mut self.0[place(hash)];
        *sum = sum.wrapping_add(hash);
    }

    /// A row of the other.
    pub fn remove(&mut self, hash: u128) {
        let sum = &mut self.0[place(hash)];
        *sum = sum.wrapping_sub(hash);
    }

    /// Whether nothing is left over.
    pub fn is_settled(&self) -> bool {
        self.0.iter().all(|sum| *sum == 0)
    }
}

fn place(hash: u128) -> usize {
    usize::try_from(hash % (SUMS as u128)).expect("less than the number of sums")
}

/// A search for the rows that are left over.
#[derive(Debug)]
pub struct Differing {
    /// The places that are looked at.
    looked_at: Vec<bool>,
    /// Whether others are left over as well.
    more: bool,
    /// Per hash: orders less facts, and one of them by name.
    found: HashMap<u128, (i64, String)>,
}

impl Differing {
    /// A search where `tally` is not settled, in a partition of `rows` rows a side.
    pub fn of(tally: &Tally, rows: i64) -> Self {
        let rows = usize::try_from(rows).unwrap_or(usize::MAX);
        let places = (KEPT / (rows / SUMS + 1)).max(1);
        let mut left = places;
        let mut more = false;
        let looked_at = tally
            .0
            .iter()
            .map(|sum| {
                let look = *sum != 0 && left > 0;
                more |= *sum != 0 && !look;
                left -= usize::from(look);
                look
            })
            .collect();
        Self {
            looked_at,
            more,
            found: HashMap::new(),
        }
    }

    /// An order.
    pub fn order(&mut self, hash: u128, event_id: &str) {
        if self.looked_at[place(hash)] {
            self.count(hash, 1, || {
                format!("no fact equals the order {}", event_id.escape_debug())
            });
        }
    }

    /// A fact.
    pub fn fact(&mut self, hash: u128, ordinal: i64) {
        if self.looked_at[place(hash)] {
            self.count(hash, -1, || {
                format!("no order equals the fact with ordinal {ordinal}")
            });
        }
    }

    fn count(&mut self, hash: u128, by: i64, name: impl FnOnce() -> String) {
        let entry = self.found.entry(hash).or_default();
        if entry.0 * by >= 0 {
            entry.1 = name(); // of the side that is ahead
        }
        entry.0 += by;
    }

    /// What differs: how much, and a few by name.
    pub fn faults(self) -> Vec<String> {
        let mut left_over: Vec<(i64, String)> = self
            .found
            .into_values()
            .filter(|(count, _)| *count != 0)
            .collect();
        left_over.sort();
        let sum = |side: i64| -> i64 {
            let counts = left_over.iter().map(|(count, _)| count * side);
            counts.filter(|count| *count > 0).sum()
        };
        let at_least = if self.more { "at least " } else { "" };
        let mut faults = vec![format!(
            "{at_least}{} order(s) without an equal fact, {at_least}{} fact(s) without an equal order",
            sum(1),
            sum(-1)
        )];
        faults.extend(left_over.into_iter().take(EXAMPLES).map(|(_, name)| name));
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn difference(orders: &[u128], facts: &[u128]) -> Option<Vec<String>> {
        let mut tally = Tally::default();
        for hash in orders {
            tally.add(*hash);
        }
        for hash in facts {
            tally.remove(*hash);
        }
        if tally.is_settled() {
            return None;
        }
        let mut differing = Differing::of(&tally, 10);
        for hash in orders {
            differing.order(*hash, &format!("order-{hash}"));
        }
        for (ordinal, hash) in (0..).zip(facts) {
            differing.fact(*hash, ordinal);
        }
        Some(differing.faults())
    }

    #[test]
    fn equal_multisets_cancel_out_whatever_their_order() {
        assert_eq!(difference(&[], &[]), None);
        assert_eq!(difference(&[1, 5, 5, 1_025], &[5, 1_025, 1, 5]), None);
    }

    #[test]
    fn what_is_left_over_is_counted_and_named_on_either_side() {
        let faults = difference(&[1, 2, 2, 3], &[2, 1, 9]).expect("they differ");
        assert_eq!(
            faults[0],
            "2 order(s) without an equal fact, 1 fact(s) without an equal order"
        );
        assert!(faults.iter().any(|fault| fault.contains("ordinal 2")));
        assert!(faults.iter().any(|fault| fault.contains("order-3")));
        assert!(!faults.iter().any(|fault| fault.contains("order-1")));
    }

    #[test]
    fn a_flood_of_differences_is_cut_off_and_said_to_be() {
        let mut tally = Tally::default();
        for hash in 0..5_000 {
            tally.add(hash);
        }
        let mut differing = Differing::of(&tally, 1_000_000_000);
        for hash in 0..5_000 {
            differing.order(hash, "order");
        }
        let faults = differing.faults();
        assert!(faults[0].starts_with("at least "), "{faults:?}");
        assert!(faults.len() <= 1 + EXAMPLES);
    }
}
