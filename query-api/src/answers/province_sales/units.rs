//! Units by group and product.

use hashbrown::HashMap;

use super::ProductUnits;
use crate::facts::names::Names;

/// Sums up to this many in a plain table, 16 MB of them; more are looked up by their key.
const TABLE: usize = 1 << 21;

/// Units of every product in every group.
pub enum Units {
    /// By group, then product.
    Table {
        /// How many products there are.
        products: usize,
        /// Parallel to them, group after group.
        units: Vec<i64>,
    },
    /// Where there are very many groups or products, of which few occur together.
    Keyed(Vec<HashMap<u32, i64>>),
}

impl Units {
    /// None of any product yet.
    #[must_use]
    pub fn new(groups: usize, products: usize) -> Self {
        if groups.saturating_mul(products) <= TABLE {
            Self::Table {
                products,
                units: vec![0; groups * products],
            }
        } else {
            Self::Keyed(vec![HashMap::new(); groups])
        }
    }

    /// Adds units of a product.
    pub fn add(&mut self, group: usize, product: u32, quantity: i64) {
        match self {
            Self::Table { products, units } => {
                units[group * *products + product as usize] += quantity;
            }
            Self::Keyed(groups) => *groups[group].entry(product).or_default() += quantity,
        }
    }

    /// Of each group the products that were sold there: most units first, then by product id.
    #[must_use]
    pub fn by_group(self, products: &Names) -> Vec<Vec<ProductUnits<'_>>> {
        let shown = |cells: &mut dyn Iterator<Item = (u32, i64)>| {
            let sold = cells.filter(|(_, quantity)| *quantity > 0);
            let mut sold: Vec<_> = sold
                .map(|(product, quantity)| ProductUnits {
                    product_id: products.text(product),
                    quantity,
                })
                .collect();
            sold.sort_unstable_by_key(|product| (-product.quantity, product.product_id));
            sold
        };
        match self {
            Self::Table { products: 0, units } => vec![Vec::new(); units.len()],
            Self::Table { products, units } => units
                .chunks_exact(products)
                .map(|group| shown(&mut (0..).zip(group.iter().copied())))
                .collect(),
            Self::Keyed(groups) => groups
                .into_iter()
                .map(|group| shown(&mut group.into_iter()))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::names::Interner;

    #[test]
    fn a_table_and_keys_give_the_same() {
        let mut products = Interner::default();
        for product in ["b", "a", "c", "d"] {
            let _number = products.number(product);
        }
        for mut units in [Units::new(2, 4), Units::Keyed(vec![HashMap::new(); 2])] {
            for (group, product, quantity) in
                [(0, 0, 2), (0, 1, 1), (0, 1, 1), (0, 2, 3), (1, 3, 7)]
            {
                units.add(group, product, quantity);
            }
            let shown: Vec<Vec<_>> = units
                .by_group(products.names())
                .iter()
                .map(|group| {
                    group
                        .iter()
                        .map(|sold| (sold.product_id, sold.quantity))
                        .collect()
                })
                .collect();
            assert_eq!(shown, [vec![("c", 3), ("a", 2), ("b", 2)], vec![("d", 7)]]);
        }
    }
}
