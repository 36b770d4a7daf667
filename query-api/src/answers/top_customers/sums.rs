//! Sums by customer over whole months and single orders.
//!
//! Both come in the order of the customers' numbers, so the customers of a currency are taken a
//! stripe at a time, whose sums stay in the processor's cache: of each month and each day the
//! stripe is a run.

use std::iter::Sum;
use std::ops::AddAssign;

use hashbrown::HashSet;

use super::ranking::{Ranked, Ranking};
use crate::facts::amounts::AmountsSlice;
use crate::facts::names::Names;
use crate::facts::rows::Kind;
use crate::facts::snapshot::Part;

/// Customers of a stripe: half a megabyte of sums, as much as fits next to a core.
const STRIPE: usize = 1 << 16;

/// With fewer sums than this in a stripe it is quicker to sort them than to look at all of it.
const FEW: usize = STRIPE / 32;

/// What is summed up: 64 bits where the total fits, else 128.
pub trait Amount: Copy + Ord + Default + AddAssign + From<i64> + Sum + Into<i128> {}
impl Amount for i64 {}
impl Amount for i128 {}

/// Customers in the order of their numbers and what each spent, parallel. A customer may come more
/// than once.
#[derive(Clone, Copy)]
struct Run<'a> {
    customers: &'a [u32],
    values: AmountsSlice<'a>,
}

impl<'a> Run<'a> {
    /// Cuts off what comes before the customer `until`.
    fn split_before(&mut self, until: usize) -> Self {
        let place = self
            .customers
            .partition_point(|known| (*known as usize) < until);
        let (customers, after) = self.customers.split_at(place);
        let (values, values_after) = self.values.split_at(place);
        (self.customers, self.values) = (after, values_after);
        Self { customers, values }
    }

    fn each(self, mut taker: impl FnMut(u32, i64)) {
        match self.values {
            AmountsSlice::Narrow(values) => {
                for (customer, value) in self.customers.iter().zip(values) {
                    taker(*customer, i64::from(*value));
                }
            }
            AmountsSlice::Wide(values) => {
                for (customer, value) in self.customers.iter().zip(values) {
                    taker(*customer, *value);
                }
            }
        }
    }
}

/// The customers of these kinds in each part.
fn runs_of<'a>(parts: &'a [Part<'_>], kinds: &[Kind]) -> Vec<Run<'a>> {
    let mut runs = Vec::with_capacity(parts.len() * kinds.len());
    for part in parts {
        for kind in kinds {
            match part {
                Part::Month(_, summary) => {
                    runs.extend(summary.spending.of_kind(*kind).map(|purses| Run {
                        customers: &purses.customers,
                        values: AmountsSlice::Wide(&purses.values),
                    }));
                }
                Part::Rows(rows) => {
                    let range = rows.of_kind(*kind);
                    runs.push(Run {
                        customers: &rows.customers[range.clone()],
                        values: rows.values.slice(range),
                    });
                }
            }
        }
    }
    runs.retain(|run| !run.customers.is_empty());
    runs
}

/// The `count` best customers by their orders of these kinds, all of one currency.
#[must_use]
pub fn best<'a, A: Amount>(
    parts: &[Part<'_>],
    kinds: &[Kind],
    count: usize,
    customers: &'a Names,
) -> Vec<Ranked<'a, A>> {
    let runs = runs_of(parts, kinds);
    let mut rest = runs.clone();
    let mut ranking = Ranking::new(count, customers);
    let mut sums = Vec::new();
    for first in (0..customers.len()).step_by(STRIPE) {
        let stripe: Vec<Run<'_>> = rest
            .iter_mut()
            .map(|run| run.split_before(first + STRIPE))
            .collect();
        rank(&stripe, first, &mut sums, &mut ranking);
    }
    if ranking.has_room() {
        add_spendless(&runs, &mut ranking);
    }
    ranking.finish()
}

/// Offers every customer of the stripe who spent something. `sums` are zero before and after.
fn rank<A: Amount>(
    stripe: &[Run<'_>],
    first: usize,
    sums: &mut Vec<A>,
    ranking: &mut Ranking<'_, A>,
) {
    let count: usize = stripe.iter().map(|run| run.customers.len()).sum();
    if count < FEW {
        rank_few(stripe, count, ranking);
        return;
    }
    let zero = A::default();
    sums.resize(STRIPE, zero);
    for run in stripe {
        run.each(|customer, value| sums[customer as usize % STRIPE] += A::from(value));
    }
    let mut floor = ranking.floor().unwrap_or(zero);
    for (customer, sum) in (first..).zip(sums.iter()) {
        if *sum >= floor && *sum > zero {
            ranking.offer(u32::try_from(customer).expect("a customer's number"), *sum);
            floor = ranking.floor().unwrap_or(zero);
        }
    }
    sums.fill(zero);
}

fn rank_few<A: Amount>(stripe: &[Run<'_>], count: usize, ranking: &mut Ranking<'_, A>) {
    let mut pairs: Vec<(u32, i64)> = Vec::with_capacity(count);
    for run in stripe {
        run.each(|customer, value| pairs.push((customer, value)));
    }
    pairs.sort_unstable_by_key(|(customer, _)| *customer);
    for of_customer in pairs.chunk_by(|one, other| one.0 == other.0) {
        let sum: A = of_customer.iter().map(|(_, value)| A::from(*value)).sum();
        if sum > A::default() {
            ranking.offer(of_customer[0].0, sum);
        }
    }
}

/// Offers the customers whose orders were all for nothing; everybody else is held already.
fn add_spendless<A: Amount>(runs: &[Run<'_>], ranking: &mut Ranking<'_, A>) {
    let held: HashSet<u32> = ranking.customers().collect();
    let customers = runs.iter().flat_map(|run| run.customers.iter().copied());
    let customers: HashSet<u32> = customers.collect();
    for customer in customers.difference(&held) {
        ranking.offer(*customer, A::default());
    }
}
