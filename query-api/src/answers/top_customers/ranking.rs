//! The best of many customers, of which only as many are kept as are asked for.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::facts::names::Names;

/// The best so far. Ties go to the customer whose id comes first in byte order.
pub struct Ranking<'a, A> {
    count: usize,
    names: &'a Names,
    /// The worst on top.
    kept: BinaryHeap<Ranked<'a, A>>,
}

/// A customer with a sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ranked<'a, A> {
    /// Number of the customer.
    pub customer: u32,
    /// Ten-thousandths.
    pub sum: A,
    /// Id of the customer.
    pub id: &'a str,
}

impl<A: Ord> Ord for Ranked<'_, A> {
    /// Better is less.
    fn cmp(&self, other: &Self) -> Ordering {
        let by_sum = other.sum.cmp(&self.sum);
        by_sum.then_with(|| self.id.cmp(other.id))
    }
}

impl<A: Ord> PartialOrd for Ranked<'_, A> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<'a, A: Ord + Copy> Ranking<'a, A> {
    /// Keeps `count` customers, which `names` names.
    #[must_use]
    pub fn new(count: usize, names: &'a Names) -> Self {
        Self {
            count,
            names,
            kept: BinaryHeap::with_capacity(count + 1),
        }
    }

    /// What a sum must reach to be looked at; `None` while there is room for any.
    #[must_use]
    pub fn floor(&self) -> Option<A> {
        let full = self.kept.len() >= self.count;
        full.then(|| self.kept.peek().map(|worst| worst.sum))?
    }

    /// Takes a customer in if it is among the best.
    pub fn offer(&mut self, customer: u32, sum: A) {
        if self.floor().is_some_and(|floor| sum < floor) {
            return;
        }
        let id = self.names.text(customer);
        self.kept.push(Ranked { customer, sum, id });
        if self.kept.len() > self.count {
            let _worst = self.kept.pop();
        }
    }

    /// Whether fewer customers were offered than are asked for.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.kept.len() < self.count
    }

    /// The customers who are among the best.
    pub fn customers(&self) -> impl Iterator<Item = u32> {
        self.kept.iter().map(|kept| kept.customer)
    }

    /// Best first.
    #[must_use]
    pub fn finish(self) -> Vec<Ranked<'a, A>> {
        self.kept.into_sorted_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::names::Interner;

    #[test]
    fn the_best_are_kept_and_ties_go_to_the_first_id_whatever_the_order() {
        let mut customers = Interner::default();
        let offers: Vec<(u32, i64)> = [("d", 5), ("b", 7), ("a", 5), ("c", 5), ("e", 1)]
            .map(|(id, sum)| (customers.number(id), sum))
            .to_vec();
        for start in 0..offers.len() {
            let mut ranking = Ranking::new(3, customers.names());
            let rotated = offers[start..].iter().chain(&offers[..start]);
            for (customer, sum) in rotated {
                ranking.offer(*customer, *sum);
            }
            let best: Vec<_> = ranking
                .finish()
                .iter()
                .map(|kept| (kept.id, kept.sum))
                .collect();
            assert_eq!(best, [("b", 7), ("a", 5), ("c", 5)]);
        }
    }
}
