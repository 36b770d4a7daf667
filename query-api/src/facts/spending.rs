//! What each customer spent in a month: the blocks that the best customers are found from.

use super::rows::{Kind, Rows};

/// Sums by kind and customer. Additive: two of them merge into one.
#[derive(Clone, Debug, Default)]
pub struct Spending {
    /// By kind.
    purses: Vec<(Kind, Purses)>,
}

/// Customers of one kind with their sums, parallel and in the order of the customers' numbers.
#[derive(Clone, Debug, Default)]
pub struct Purses {
    /// Who.
    pub customers: Vec<u32>,
    /// Ten-thousandths.
    pub values: Vec<i64>,
    /// How many orders.
    pub orders: Vec<u32>,
    /// Time of the newest of them.
    pub newest_us: Vec<i64>,
}

/// One customer's sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purse {
    /// Ten-thousandths.
    pub value: i64,
    /// How many orders.
    pub orders: u32,
    /// Time of the newest of them.
    pub newest_us: i64,
}

impl Purse {
    fn add(&mut self, other: Self) {
        self.value += other.value;
        self.orders += other.orders;
        self.newest_us = self.newest_us.max(other.newest_us);
    }
}

impl Purses {
    fn purse(&self, place: usize) -> Purse {
        Purse {
            value: self.values[place],
            orders: self.orders[place],
            newest_us: self.newest_us[place],
        }
    }

    /// Adds to the last customer, or begins the next.
    fn push(&mut self, customer: u32, purse: Purse) {
        if self.customers.last() == Some(&customer) {
            let last = self.customers.len() - 1;
            let mut sum = self.purse(last);
            sum.add(purse);
            self.values[last] = sum.value;
            self.orders[last] = sum.orders;
            self.newest_us[last] = sum.newest_us;
        } else {
            self.customers.push(customer);
            self.values.push(purse.value);
            self.orders.push(purse.orders);
            self.newest_us.push(purse.newest_us);
        }
    }

    fn with_capacity(customers: usize) -> Self {
        Self {
            customers: Vec::with_capacity(customers),
            values: Vec::with_capacity(customers),
            orders: Vec::with_capacity(customers),
            newest_us: Vec::with_capacity(customers),
        }
    }

    fn shrink_to_fit(&mut self) {
        self.customers.shrink_to_fit();
        self.values.shrink_to_fit();
        self.orders.shrink_to_fit();
        self.newest_us.shrink_to_fit();
    }

    fn merged(one: &Self, other: &Self) -> Self {
        let mut merged = Self::with_capacity(one.customers.len() + other.customers.len());
        let (mut left, mut right) = (0, 0);
        loop {
            let next = match (one.customers.get(left), other.customers.get(right)) {
                (Some(one), Some(other)) => one.min(other),
                (Some(one), None) => one,
                (None, Some(other)) => other,
                (None, None) => break,
            };
            if one.customers.get(left) == Some(next) {
                merged.push(*next, one.purse(left));
                left += 1;
            } else {
                merged.push(*next, other.purse(right));
                right += 1;
            }
        }
        merged.shrink_to_fit();
        merged
    }
}

impl Spending {
    /// The sums of all orders in `parts`.
    #[must_use]
    pub fn of<'a>(parts: impl Iterator<Item = &'a Rows>) -> Self {
        let mut orders: Vec<(Kind, u32, i64, i64)> = Vec::new();
        for rows in parts {
            orders.extend((0..rows.len()).map(|row| {
                let order = rows.order(row);
                (order.kind, order.customer, order.value, order.created_at_us)
            }));
        }
        // Stable, and so quick: each of the parts is sorted already.
        orders.sort_by_key(|(kind, customer, _, _)| (*kind, *customer));
        let purses = orders
            .chunk_by(|one, other| one.0 == other.0)
            .map(|of_kind| {
                let mut purses = Purses::default();
                for (_, customer, value, at_us) in of_kind {
                    let purse = Purse {
                        value: *value,
                        orders: 1,
                        newest_us: *at_us,
                    };
                    purses.push(*customer, purse);
                }
                purses.shrink_to_fit();
                (of_kind[0].0, purses)
            });
        Self {
            purses: purses.collect(),
        }
    }

    /// Both together.
    #[must_use]
    pub fn merged(&self, other: &Self) -> Self {
        let mut purses = Vec::with_capacity(self.purses.len().max(other.purses.len()));
        for (kind, of_kind) in &self.purses {
            purses.push(match other.of_kind(*kind) {
                Some(more) => (*kind, Purses::merged(of_kind, more)),
                None => (*kind, of_kind.clone()),
            });
        }
        for (kind, of_kind) in &other.purses {
            if self.of_kind(*kind).is_none() {
                purses.push((*kind, of_kind.clone()));
            }
        }
        purses.sort_unstable_by_key(|(kind, _)| *kind);
        Self { purses }
    }

    /// The customers of a kind.
    #[must_use]
    pub fn of_kind(&self, kind: Kind) -> Option<&Purses> {
        let place = self.purses.binary_search_by_key(&kind, |(kind, _)| *kind);
        place.ok().map(|place| &self.purses[place].1)
    }
}
