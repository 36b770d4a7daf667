//! Units by group and product.

use hashbrown::HashMap;

/// Sums in a plain table at most, 16 MB of them.
const TABLE_MAX: usize = 1 << 21;

/// Units of every product in every group, while they are added up: a plain table for the groups that
/// it has room for, and keys for the others, which few products meet.
pub struct Units {
    products: usize,
    /// By group, then product.
    table: Vec<i64>,
    keyed: HashMap<(u32, u32), i64>,
}

/// The units of every product in every group.
pub struct Sold {
    products: usize,
    table: Vec<i64>,
    /// Sorted.
    keyed: Vec<((u32, u32), i64)>,
}

impl Units {
    /// Of so many products.
    #[must_use]
    pub fn new(products: usize) -> Self {
        Self {
            products,
            table: Vec::new(),
            keyed: HashMap::new(),
        }
    }

    /// Makes room for the group after the last.
    pub fn open(&mut self) {
        let length = self.table.len() + self.products;
        if length <= TABLE_MAX {
            self.table.resize(length, 0);
        }
    }

    /// Adds units of products.
    pub fn add(&mut self, group: u32, sold: impl Iterator<Item = (u32, i64)>) {
        let begin = group as usize * self.products;
        if let Some(units) = self.table.get_mut(begin..begin + self.products) {
            for (product, quantity) in sold {
                units[product as usize] += quantity;
            }
        } else {
            for (product, quantity) in sold {
                *self.keyed.entry((group, product)).or_default() += quantity;
            }
        }
    }

    /// All of them.
    #[must_use]
    pub fn finish(self) -> Sold {
        let mut keyed: Vec<_> = self.keyed.into_iter().collect();
        keyed.sort_unstable();
        Sold {
            products: self.products,
            table: self.table,
            keyed,
        }
    }
}

impl Sold {
    /// The products of a group with their units, those that were not sold there left out.
    pub fn of_group(&self, group: u32) -> impl Iterator<Item = (u32, i64)> {
        let begin = group as usize * self.products;
        let table = self.table.get(begin..begin + self.products);
        let table = (0..).zip(table.unwrap_or_default().iter().copied());
        let first = self.keyed.partition_point(|((of, _), _)| *of < group);
        let keyed = self.keyed[first..]
            .iter()
            .take_while(move |((of, _), _)| *of == group)
            .map(|((_, product), units)| (*product, *units));
        table.chain(keyed).filter(|(_, units)| *units > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_the_table_is_kept_as_well() {
        for products in [4, TABLE_MAX / 2 + 1, TABLE_MAX + 1] {
            let mut units = Units::new(products);
            for _ in 0..3 {
                units.open();
            }
            for (group, product, quantity) in [
                (2, 3, 7),
                (0, 0, 2),
                (0, 1, 1),
                (0, 1, 1),
                (0, 2, 3),
                (1, 3, 5),
            ] {
                units.add(group, [(product, quantity)].into_iter());
            }
            let sold = units.finish();
            let groups = [0, 1, 2].map(|group| sold.of_group(group).collect::<Vec<_>>());
            let expected = [vec![(0, 2), (1, 2), (2, 3)], vec![(3, 5)], vec![(3, 7)]];
            assert_eq!(groups, expected, "{products} products");
        }
    }
}
