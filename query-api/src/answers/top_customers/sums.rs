//! Sums by customer over whole months and single orders.
//!
//! Customers are taken a stripe at a time, so that the sums of a stripe stay in the processor's
//! cache: of a month's block, which is in the order of the customers, the stripe is a run; single
//! orders are dealt out to their stripes first.

use std::iter::Sum;
use std::ops::{AddAssign, Range};

use hashbrown::HashSet;

use super::ranking::{Ranked, Ranking};
use crate::facts::names::Names;
use crate::facts::rows::{Kind, Rows};
use crate::facts::snapshot::Part;
use crate::facts::spending::Purses;

/// Customers of a stripe: half a megabyte of sums, as much as fits next to a core.
const STRIPE: usize = 1 << 16;

/// With fewer sums than this in a stripe it is quicker to sort them than to look at all of it.
const FEW: usize = STRIPE / 32;

/// What is summed up: 64 bits where the total fits, else 128.
pub trait Amount: Copy + Ord + Default + AddAssign + From<i64> + Sum {}
impl Amount for i64 {}
impl Amount for i128 {}

/// Which kinds of orders count, by currency.
pub struct Wanted {
    /// Number of each currency and its kinds that count.
    pub currencies: Vec<(u16, Vec<Kind>)>,
    /// For each kind the place of its currency above; [`Wanted::NOT`] when it does not count.
    places: Vec<usize>,
}

impl Wanted {
    const NOT: usize = usize::MAX;

    /// Of these currencies, of `known` in all, the orders with this wish; any when `None`.
    #[must_use]
    pub fn new(currencies: &[u16], known: usize, accepts_marketing: Option<bool>) -> Self {
        let mut places = vec![Self::NOT; 2 * known];
        let wishes = [false, true].into_iter();
        let wishes = wishes.filter(|wish| accepts_marketing.is_none_or(|asked| asked == *wish));
        let mut wanted = Vec::with_capacity(currencies.len());
        for (place, currency) in currencies.iter().enumerate() {
            let kinds: Vec<_> = wishes
                .clone()
                .map(|wish| Kind::new(*currency, wish))
                .collect();
            for kind in &kinds {
                places[kind.index()] = place;
            }
            wanted.push((*currency, kinds));
        }
        Self {
            currencies: wanted,
            places,
        }
    }

    /// The place of the kind's currency; `None` when it does not count.
    #[must_use]
    pub fn place(&self, kind: Kind) -> Option<usize> {
        let place = self.places[kind.index()];
        (place != Self::NOT).then_some(place)
    }
}

/// Single orders, dealt out by currency and stripe.
struct Dealt {
    /// Where each pile begins; the last is the end.
    begins: Vec<usize>,
    customers: Vec<u32>,
    values: Vec<i64>,
}

impl Dealt {
    fn new(parts: &[Part<'_>], wanted: &Wanted, stripes: usize) -> Self {
        let piles = wanted.currencies.len() * stripes;
        let pile_of = |rows: &Rows, row: usize| {
            let place = wanted.place(rows.kinds[row])?;
            Some(place * stripes + rows.customers[row] as usize / STRIPE)
        };
        let mut begins = vec![0; piles + 1];
        for (rows, range) in single_orders(parts) {
            for pile in range.filter_map(|row| pile_of(rows, row)) {
                begins[pile + 1] += 1;
            }
        }
        for pile in 0..piles {
            begins[pile + 1] += begins[pile];
        }
        let mut next = begins.clone();
        let mut customers = vec![0; begins[piles]];
        let mut values = vec![0; begins[piles]];
        for (rows, range) in single_orders(parts) {
            for row in range {
                if let Some(pile) = pile_of(rows, row) {
                    let place = &mut next[pile];
                    customers[*place] = rows.customers[row];
                    values[*place] = rows.values[row];
                    *place += 1;
                }
            }
        }
        Self {
            begins,
            customers,
            values,
        }
    }

    fn pile(&self, pile: usize) -> Run<'_> {
        let range = self.begins[pile]..self.begins[pile + 1];
        (&self.customers[range.clone()], &self.values[range])
    }
}

/// The single orders among `parts`.
pub fn single_orders<'a>(
    parts: &[Part<'a>],
) -> impl Iterator<Item = (&'a Rows, Range<usize>)> + Clone {
    parts.iter().filter_map(|part| match part {
        Part::Rows(rows, range) => Some((*rows, range.clone())),
        Part::Month(..) => None,
    })
}

/// The customers of these kinds in each month among `parts`.
pub fn month_purses<'a>(parts: &[Part<'a>], kinds: &[Kind]) -> impl Iterator<Item = &'a Purses> {
    let summaries = parts.iter().filter_map(|part| match part {
        Part::Month(_, summary) => Some(*summary),
        Part::Rows(..) => None,
    });
    summaries.flat_map(|summary| {
        kinds
            .iter()
            .filter_map(|kind| summary.spending.of_kind(*kind))
    })
}

/// Customers and what each spent, parallel. A customer may come more than once.
type Run<'a> = (&'a [u32], &'a [i64]);

/// The best customers of each currency that is wanted, in its order.
#[must_use]
pub fn best<'a, A: Amount>(
    parts: &[Part<'_>],
    wanted: &Wanted,
    count: usize,
    customers: &'a Names,
) -> Vec<Vec<Ranked<'a, A>>> {
    let stripes = customers.len().div_ceil(STRIPE);
    let dealt = Dealt::new(parts, wanted, stripes);
    let mut sums = vec![A::default(); STRIPE];
    let mut best = Vec::with_capacity(wanted.currencies.len());
    for (place, (_, kinds)) in wanted.currencies.iter().enumerate() {
        let purses: Vec<&Purses> = month_purses(parts, kinds).collect();
        let mut ranking = Ranking::new(count, customers);
        for stripe in 0..stripes {
            let runs = runs_of(&purses, &dealt, stripe, place * stripes + stripe);
            rank(&runs, stripe, &mut sums, &mut ranking);
        }
        if ranking.has_room() {
            let stripes = place * stripes..(place + 1) * stripes;
            let dealt = stripes.map(|pile| dealt.pile(pile).0);
            add_spendless(
                purses.iter().map(|purses| &*purses.customers).chain(dealt),
                &mut ranking,
            );
        }
        best.push(ranking.finish());
    }
    best
}

/// What there is of a stripe's customers.
fn runs_of<'a>(
    purses: &[&'a Purses],
    dealt: &'a Dealt,
    stripe: usize,
    pile: usize,
) -> Vec<Run<'a>> {
    let from = number(stripe * STRIPE);
    let until = number((stripe + 1) * STRIPE);
    let mut runs: Vec<Run<'a>> = purses
        .iter()
        .map(|purses| {
            let range = purses.begin(from)..purses.begin(until);
            (&purses.customers[range.clone()], &purses.values[range])
        })
        .collect();
    runs.push(dealt.pile(pile));
    runs
}

/// Offers every customer of the runs who spent something. `sums` are zero before and after.
fn rank<A: Amount>(runs: &[Run<'_>], stripe: usize, sums: &mut [A], ranking: &mut Ranking<'_, A>) {
    let zero = A::default();
    let count: usize = runs.iter().map(|(customers, _)| customers.len()).sum();
    if count < FEW {
        let pairs = runs
            .iter()
            .flat_map(|(customers, values)| customers.iter().zip(*values));
        let mut pairs: Vec<(u32, i64)> =
            pairs.map(|(customer, value)| (*customer, *value)).collect();
        pairs.sort_unstable_by_key(|(customer, _)| *customer);
        for of_customer in pairs.chunk_by(|one, other| one.0 == other.0) {
            let sum = of_customer.iter().map(|(_, value)| A::from(*value)).sum();
            if sum > zero {
                ranking.offer(of_customer[0].0, sum);
            }
        }
        return;
    }
    for (customers, values) in runs {
        for (customer, value) in customers.iter().zip(*values) {
            sums[*customer as usize % STRIPE] += A::from(*value);
        }
    }
    let mut floor = ranking.floor().unwrap_or(zero);
    for (place, sum) in sums.iter_mut().enumerate() {
        if *sum >= floor && *sum > zero {
            ranking.offer(number(stripe * STRIPE + place), *sum);
            floor = ranking.floor().unwrap_or(zero);
        }
        *sum = zero;
    }
}

/// Offers the customers whose orders were all for nothing; everybody else is held already.
fn add_spendless<'b, A: Amount>(
    runs: impl Iterator<Item = &'b [u32]>,
    ranking: &mut Ranking<'_, A>,
) {
    let held: HashSet<u32> = ranking.customers().collect();
    let customers: HashSet<u32> = runs.flatten().copied().collect();
    for customer in customers.difference(&held) {
        ranking.offer(*customer, A::default());
    }
}

fn number(customer: usize) -> u32 {
    u32::try_from(customer).unwrap_or(u32::MAX)
}
