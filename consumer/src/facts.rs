//! Facts: a commit's orders as columns, and when small rows of them are merged. Pure.

use crate::row::OrderRow;

/// The columns of one row of `order_facts`, parallel but for the items.
#[derive(Debug, Default)]
pub struct FactColumns<'a> {
    /// Microseconds since 1970.
    pub created_at_us: Vec<i64>,
    /// Customers.
    pub customer_ids: Vec<&'a str>,
    /// Currencies.
    pub currencies: Vec<&'a str>,
    /// Ten-thousandths.
    pub order_values: Vec<i64>,
    /// Ten-thousandths.
    pub total_discounts: Vec<i64>,
    /// Ten-thousandths.
    pub total_taxes: Vec<i64>,
    /// Whether the buyer accepts marketing.
    pub accepts_marketing: Vec<bool>,
    /// Provinces, codes of provinces, countries, codes of countries.
    pub shipping: [Vec<Option<&'a str>>; 4],
    /// As `shipping`.
    pub billing: [Vec<Option<&'a str>>; 4],
    /// How many of the items below belong to each order.
    pub item_counts: Vec<i32>,
    /// Products of all items.
    pub product_ids: Vec<&'a str>,
    /// Units of all items.
    pub quantities: Vec<i32>,
}

impl<'a> FactColumns<'a> {
    /// The columns of `orders`, in their order.
    pub fn of(orders: impl IntoIterator<Item = &'a OrderRow>) -> Self {
        let mut columns = Self::default();
        for order in orders {
            columns.push(order);
        }
        columns
    }

    fn push(&mut self, order: &'a OrderRow) {
        let facts = order.facts();
        self.created_at_us.push(facts.created_at_us);
        self.customer_ids.push(facts.customer_id);
        self.currencies.push(facts.currency);
        let [value, discounts, tax] = facts.amounts;
        self.order_values.push(value);
        self.total_discounts.push(discounts);
        self.total_taxes.push(tax);
        self.accepts_marketing.push(facts.accepts_marketing);
        for (columns, values) in [
            (&mut self.shipping, facts.shipping),
            (&mut self.billing, facts.billing),
        ] {
            for (column, value) in columns.iter_mut().zip(values) {
                column.push(value);
            }
        }
        let items_before = self.quantities.len();
        for (product_id, quantity) in facts.items() {
            self.product_ids.push(product_id);
            self.quantities.push(quantity);
        }
        let items = i32::try_from(self.quantities.len() - items_before);
        self.item_counts
            .push(items.expect("an order has at most 1,000 items"));
    }

    /// How many orders.
    #[must_use]
    pub fn len(&self) -> i64 {
        i64::try_from(self.created_at_us.len()).expect("a batch has far fewer orders")
    }

    /// Whether there is no order.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.created_at_us.is_empty()
    }
}

/// Rows of one size class that are merged into one of the next: fewer make start-up read smaller
/// rows, more make readers of a fresh row wait less often for a merge.
pub const FAN_IN: usize = 16;

/// Orders past which a row is large enough to be read at full speed, and is left alone.
pub const LARGE: i64 = 65_536;

/// Orders below which a row costs its readers more than its orders do. Only such rows make a merge
/// due, so that none delays the batches of a backlog, which are larger: to merge a million orders
/// takes Postgres as long as to store half of them.
pub const SMALL: i64 = 1_000;

/// Which rows at a partition's end to merge, given their sizes in orders, oldest first: how many
/// of the newest, as an LSM tree does it. 0 when there is nothing to do.
///
/// A row's class is the power of [`FAN_IN`] that its size has reached. [`FAN_IN`] rows of one class,
/// with the smaller ones after them, become a row of a higher class, so that each order is moved
/// about once a class.
#[must_use]
pub fn merge_run(sizes: &[i64]) -> usize {
    let (mut highest, mut of_highest) = (0, 0);
    let mut total = 0;
    let mut best = 0;
    for (run, &size) in (1..).zip(sizes.iter().rev()) {
        total += size;
        if size >= LARGE || total > 2 * LARGE {
            break;
        }
        let class = class(size);
        if class > highest {
            (highest, of_highest) = (class, 0);
        }
        of_highest += usize::from(class == highest);
        if of_highest >= FAN_IN {
            best = run;
        }
    }
    best
}

fn class(size: i64) -> u32 {
    let fan_in = i64::try_from(FAN_IN).expect("a small constant");
    size.max(1).ilog(fan_in)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_rows_are_left_alone() {
        assert_eq!(merge_run(&[]), 0);
        assert_eq!(merge_run(&[1; FAN_IN - 1]), 0);
        assert_eq!(merge_run(&[5_000; FAN_IN - 1]), 0);
    }

    #[test]
    fn a_full_class_is_merged() {
        assert_eq!(merge_run(&[1; FAN_IN]), FAN_IN);
        let mut sizes = vec![5_000; 3];
        sizes.extend([1; FAN_IN]);
        assert_eq!(merge_run(&sizes), FAN_IN);
    }

    #[test]
    fn large_rows_are_never_merged_again() {
        assert_eq!(merge_run(&[LARGE; 100]), 0);
        let mut sizes = vec![LARGE; 3];
        sizes.extend([20; FAN_IN]);
        assert_eq!(merge_run(&sizes), FAN_IN);
    }

    #[test]
    #[allow(clippy::same_item_push)] // what is pushed is merged in between
    fn many_commits_end_in_few_rows_and_each_order_is_merged_a_few_times() {
        let mut sizes: Vec<i64> = Vec::new();
        let mut moved = 0;
        for _ in 0..100_000 {
            sizes.push(5);
            let run = merge_run(&sizes);
            if run > 0 {
                let merged: i64 = sizes.drain(sizes.len() - run..).sum();
                moved += merged;
                sizes.push(merged);
            }
        }
        assert!(sizes.len() < 100, "{} rows", sizes.len());
        assert!(moved < 6 * 500_000, "{moved} orders moved");
    }
}
