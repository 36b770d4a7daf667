//! What was sold at each place in a month, by currency and product.

use hashbrown::HashMap;

use super::rows::Rows;

/// Which of an order's addresses counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AddressKind {
    /// Where the goods go.
    #[default]
    Shipping,
    /// Where the bill goes.
    Billing,
}

/// Sums by place, currency and product. Additive: two of them merge into one.
#[derive(Clone, Debug, Default)]
pub struct Sales {
    /// By place, then currency.
    groups: Vec<Group>,
    /// By group, then product.
    products: Vec<u32>,
    /// Parallel to the products.
    units: Vec<i64>,
}

/// What was sold at a place in a currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    /// Number of the place.
    pub place: u32,
    /// Number of the currency.
    pub currency: u16,
    /// How many orders.
    pub orders: u32,
    /// Ten-thousandths.
    pub value: i64,
    /// Where its products end; they begin where those of the group before end.
    products_end: u32,
}

/// A place and a currency.
type Key = (u32, u16);

impl Rows {
    /// The places of the orders.
    #[must_use]
    pub fn places(&self, address: AddressKind) -> &[u32] {
        match address {
            AddressKind::Shipping => &self.shipping,
            AddressKind::Billing => &self.billing,
        }
    }
}

impl Sales {
    /// The sums of all orders in `parts`.
    #[must_use]
    pub fn of<'a>(parts: impl Iterator<Item = &'a Rows>, address: AddressKind) -> Self {
        let mut values: HashMap<Key, (u32, i64)> = HashMap::new();
        let mut units: HashMap<(Key, u32), i64> = HashMap::new();
        for rows in parts {
            for (row, place) in rows.places(address).iter().enumerate() {
                let order = rows.order(row);
                let key = (*place, order.kind.currency());
                let (orders, value) = values.entry(key).or_default();
                *orders += 1;
                *value += order.value;
                let (products, quantities) = order.items;
                for (product, quantity) in products.iter().zip(quantities) {
                    *units.entry((key, *product)).or_default() += i64::from(*quantity);
                }
            }
        }
        Self::collect(values.into_iter().collect(), units.into_iter().collect())
    }

    /// Both together.
    #[must_use]
    pub fn merged(&self, other: &Self) -> Self {
        let mut values = Vec::with_capacity(self.groups.len() + other.groups.len());
        let mut units = Vec::with_capacity(self.products.len() + other.products.len());
        for (group, cells) in self.groups().chain(other.groups()) {
            let key = (group.place, group.currency);
            values.push((key, (group.orders, group.value)));
            units.extend(cells.map(|(product, units)| ((key, product), units)));
        }
        Self::collect(values, units)
    }

    /// Every place and currency, with its products and their units.
    pub fn groups(&self) -> impl Iterator<Item = (&Group, impl Iterator<Item = (u32, i64)>)> {
        let mut begin = 0;
        self.groups.iter().map(move |group| {
            let cells = begin..group.products_end as usize;
            begin = cells.end;
            let products = self.products[cells.clone()].iter().copied();
            (group, products.zip(self.units[cells].iter().copied()))
        })
    }

    /// Sorts, and adds up what has the same key.
    fn collect(mut values: Vec<(Key, (u32, i64))>, mut units: Vec<((Key, u32), i64)>) -> Self {
        // Stable, and so quick where two sorted lists follow each other.
        values.sort_by_key(|(key, _)| *key);
        units.sort_by_key(|(key, _)| *key);
        let mut products = Vec::with_capacity(units.len());
        let mut sums = Vec::with_capacity(units.len());
        let mut cells = units.chunk_by(|one, other| one.0 == other.0).peekable();
        let mut groups = Vec::new();
        for of_group in values.chunk_by(|one, other| one.0 == other.0) {
            let key = of_group[0].0;
            while let Some(cell) = cells.next_if(|cell| cell[0].0.0 == key) {
                products.push(cell[0].0.1);
                sums.push(cell.iter().map(|(_, units)| units).sum());
            }
            groups.push(Group {
                place: key.0,
                currency: key.1,
                orders: of_group.iter().map(|(_, (orders, _))| orders).sum(),
                value: of_group.iter().map(|(_, (_, value))| value).sum(),
                products_end: u32::try_from(products.len()).expect("fewer cells than items"),
            });
        }
        products.shrink_to_fit();
        sums.shrink_to_fit();
        Self {
            groups,
            products,
            units: sums,
        }
    }
}
