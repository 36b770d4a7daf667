//! How often the best ordered, and when last.

use super::ranking::Ranked;
use crate::facts::rows::Kind;
use crate::facts::snapshot::Part;

/// Where a run has more customers than this for each of the best, they are looked up in it; else
/// all of it is looked at.
const SPARSE: usize = 32;

/// Orders of one of the best, and the newest of them.
#[derive(Clone, Copy, Debug)]
pub struct Tally {
    /// How many.
    pub orders: i64,
    /// Time of the newest.
    pub newest_us: i64,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            orders: 0,
            newest_us: i64::MIN,
        }
    }
}

impl Tally {
    fn add(&mut self, orders: u32, newest_us: i64) {
        self.orders += i64::from(orders);
        self.newest_us = self.newest_us.max(newest_us);
    }
}

/// The best by the order of their numbers.
struct Wanted {
    /// Number of a customer, and the place among the best.
    customers: Vec<(u32, usize)>,
    /// One bit for each customer.
    bits: Vec<u64>,
}

impl Wanted {
    fn new<A>(best: &[Ranked<'_, A>], known: usize) -> Self {
        let mut customers: Vec<(u32, usize)> =
            best.iter().map(|best| best.customer).zip(0..).collect();
        customers.sort_unstable();
        let mut bits = vec![0; known.div_ceil(64)];
        for (customer, _) in &customers {
            bits[*customer as usize / 64] |= 1 << (customer % 64);
        }
        Self { customers, bits }
    }

    /// Gives `taker` the place in the run, which is in the order of the customers, and the place
    /// among the best of each of the best that is found there.
    fn find(&self, run: &[u32], mut taker: impl FnMut(usize, usize)) {
        if run.len() > self.customers.len() * SPARSE {
            let mut begin = 0;
            for (customer, place) in &self.customers {
                begin += run[begin..].partition_point(|known| known < customer);
                while run.get(begin) == Some(customer) {
                    taker(begin, *place);
                    begin += 1;
                }
            }
            return;
        }
        let mut next = 0;
        for (at, customer) in run.iter().enumerate() {
            if self.bits[*customer as usize / 64] & (1 << (customer % 64)) != 0 {
                while self.customers[next].0 < *customer {
                    next += 1;
                }
                taker(at, self.customers[next].1);
            }
        }
    }
}

/// Of each of the best, all of one currency with `known` customers, in their order.
#[must_use]
pub fn tally<A>(
    parts: &[Part<'_>],
    kinds: &[Kind],
    best: &[Ranked<'_, A>],
    known: usize,
) -> Vec<Tally> {
    let mut tallies = vec![Tally::default(); best.len()];
    let wanted = Wanted::new(best, known);
    for part in parts {
        for kind in kinds {
            match part {
                Part::Month(_, summary) => {
                    let Some(purses) = summary.spending.of_kind(*kind) else {
                        continue;
                    };
                    wanted.find(&purses.customers, |at, place| {
                        tallies[place].add(purses.orders[at], purses.newest_us[at]);
                    });
                }
                Part::Rows(rows) => {
                    let run = rows.of_kind(*kind);
                    wanted.find(&rows.customers[run.clone()], |at, place| {
                        tallies[place].add(1, rows.created_at_us[run.start + at]);
                    });
                }
            }
        }
    }
    tallies
}
