//! Units by group and product.

use hashbrown::HashMap;

/// Sums in a plain table at most, 16 MB of them.
const TABLE_MAX: usize = 1 << 21;

/// Units of every product in every group.
pub trait Units {
    /// Adds units of a product.
    fn add(&mut self, group: usize, product: u32, quantity: i64);

    /// The products of a group with their units, 0 for some that were not sold there.
    fn of_group(&self, group: usize) -> impl Iterator<Item = (u32, i64)>;
}

/// A sum for each product in each group.
pub struct Table {
    products: usize,
    units: Vec<i64>,
}

impl Table {
    /// Whether so many are few enough.
    #[must_use]
    pub fn fits(groups: usize, products: usize) -> bool {
        groups.saturating_mul(products) <= TABLE_MAX
    }

    /// Of so many groups and products.
    #[must_use]
    pub fn new(groups: usize, products: usize) -> Self {
        Self {
            products,
            units: vec![0; groups * products],
        }
    }
}

impl Units for Table {
    fn add(&mut self, group: usize, product: u32, quantity: i64) {
        self.units[group * self.products + product as usize] += quantity;
    }

    fn of_group(&self, group: usize) -> impl Iterator<Item = (u32, i64)> {
        let begin = group * self.products;
        (0..).zip(self.units[begin..begin + self.products].iter().copied())
    }
}

/// Sums of what occurs, where there are very many groups or products, of which few meet.
pub struct Keyed(Vec<HashMap<u32, i64>>);

impl Keyed {
    /// Of so many groups.
    #[must_use]
    pub fn new(groups: usize) -> Self {
        Self(vec![HashMap::new(); groups])
    }
}

impl Units for Keyed {
    fn add(&mut self, group: usize, product: u32, quantity: i64) {
        *self.0[group].entry(product).or_default() += quantity;
    }

    fn of_group(&self, group: usize) -> impl Iterator<Item = (u32, i64)> {
        let units = self.0[group].iter();
        units.map(|(product, quantity)| (*product, *quantity))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sold(mut units: impl Units) -> [Vec<(u32, i64)>; 2] {
        for (group, product, quantity) in [(0, 0, 2), (0, 1, 1), (0, 1, 1), (0, 2, 3), (1, 3, 7)] {
            units.add(group, product, quantity);
        }
        [0, 1].map(|group| {
            let mut sold: Vec<_> = units
                .of_group(group)
                .filter(|(_, units)| *units > 0)
                .collect();
            sold.sort_unstable();
            sold
        })
    }

    #[test]
    fn a_table_and_keys_give_the_same() {
        let expected = [vec![(0, 2), (1, 2), (2, 3)], vec![(3, 7)]];
        assert_eq!(sold(Table::new(2, 4)), expected);
        assert_eq!(sold(Keyed::new(2)), expected);
    }
}
