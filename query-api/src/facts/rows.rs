//! Orders as columns, in the order of their time.

use std::ops::Range;

/// An order as it goes into the columns: what repeats is a number of
/// [`Dictionary`](super::dictionary::Dictionary).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order<'a> {
    /// Microseconds since 1970.
    pub created_at_us: i64,
    /// Who ordered.
    pub customer: u32,
    /// In which currency, and whether the buyer accepts marketing.
    pub kind: Kind,
    /// Ten-thousandths.
    pub value: i64,
    /// Ten-thousandths.
    pub discounts: i64,
    /// Ten-thousandths.
    pub tax: i64,
    /// The place of the shipping address.
    pub shipping: u32,
    /// The place of the billing address.
    pub billing: u32,
    /// Products, and units of each.
    pub items: (&'a [u32], &'a [u32]),
}

/// A currency and whether the buyer accepts marketing, in one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kind(u16);

impl Kind {
    /// Of the currency with this number.
    #[must_use]
    pub fn new(currency: u16, accepts_marketing: bool) -> Self {
        Self(currency * 2 + u16::from(accepts_marketing))
    }

    /// The number of the currency.
    #[must_use]
    pub fn currency(self) -> u16 {
        self.0 / 2
    }

    /// Whether the buyer accepts marketing.
    #[must_use]
    pub fn accepts_marketing(self) -> bool {
        self.0 % 2 == 1
    }

    /// A place for it in a list of two a currency.
    #[must_use]
    pub fn index(self) -> usize {
        self.0.into()
    }
}

/// Orders as parallel columns.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    /// Microseconds since 1970; never falls once [sorted](Rows::sorted).
    pub created_at_us: Vec<i64>,
    /// Who ordered.
    pub customers: Vec<u32>,
    /// Currency and marketing.
    pub kinds: Vec<Kind>,
    /// Ten-thousandths.
    pub values: Vec<i64>,
    /// Ten-thousandths.
    pub discounts: Vec<i64>,
    /// Ten-thousandths.
    pub taxes: Vec<i64>,
    /// Places of the shipping addresses.
    pub shipping: Vec<u32>,
    /// Places of the billing addresses.
    pub billing: Vec<u32>,
    /// Where the items of each order end; they begin where those before end.
    item_ends: Vec<u32>,
    products: Vec<u32>,
    quantities: Vec<u32>,
    /// The sum of all values, discounts and taxes, none of which is negative: where it fits in 64
    /// bits, so does every sum of a part.
    total: u128,
}

impl Rows {
    /// How many orders.
    #[must_use]
    pub fn len(&self) -> usize {
        self.created_at_us.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.created_at_us.is_empty()
    }

    /// The sum of all values, discounts and taxes.
    #[must_use]
    pub fn total(&self) -> u128 {
        self.total
    }

    /// Products and units of an order.
    #[must_use]
    pub fn items(&self, row: usize) -> (&[u32], &[u32]) {
        let begin = match row.checked_sub(1) {
            Some(before) => self.item_ends[before] as usize,
            None => 0,
        };
        let items = begin..self.item_ends[row] as usize;
        (&self.products[items.clone()], &self.quantities[items])
    }

    /// Of sorted rows those in `[from_us, until_us)`.
    #[must_use]
    pub fn between(&self, from_us: i64, until_us: i64) -> Range<usize> {
        let begin = self.created_at_us.partition_point(|at| *at < from_us);
        let end = self.created_at_us.partition_point(|at| *at < until_us);
        begin..end.max(begin)
    }

    /// One more order at the end.
    ///
    /// # Panics
    ///
    /// When the orders have more than four billion items.
    pub fn push(&mut self, order: &Order<'_>) {
        self.created_at_us.push(order.created_at_us);
        self.customers.push(order.customer);
        self.kinds.push(order.kind);
        self.values.push(order.value);
        self.discounts.push(order.discounts);
        self.taxes.push(order.tax);
        self.shipping.push(order.shipping);
        self.billing.push(order.billing);
        let (products, quantities) = order.items;
        self.products.extend_from_slice(products);
        self.quantities.extend_from_slice(quantities);
        let end = u32::try_from(self.products.len()).expect("fewer than four billion items");
        self.item_ends.push(end);
        self.total += [order.value, order.discounts, order.tax]
            .map(|amount| u128::from(amount.unsigned_abs()))
            .iter()
            .sum::<u128>();
    }

    /// The order in `row`.
    #[must_use]
    pub fn order(&self, row: usize) -> Order<'_> {
        Order {
            created_at_us: self.created_at_us[row],
            customer: self.customers[row],
            kind: self.kinds[row],
            value: self.values[row],
            discounts: self.discounts[row],
            tax: self.taxes[row],
            shipping: self.shipping[row],
            billing: self.billing[row],
            items: self.items(row),
        }
    }

    /// All orders of `parts` by time, in columns that take no more room than they need.
    #[must_use]
    pub fn sorted(parts: &[&Self]) -> Self {
        let mut order: Vec<(i64, u32, u32)> = Vec::with_capacity(count(parts, Self::len));
        for (part, rows) in (0..).zip(parts) {
            let times = (0..).zip(&rows.created_at_us);
            order.extend(times.map(|(row, at)| (*at, part, row)));
        }
        // Stable, and so quick where the parts are sorted already.
        order.sort_by_key(|(at, _, _)| *at);
        let mut sorted = Self::with_capacity(order.len(), count(parts, |part| part.products.len()));
        for (_, part, row) in order {
            sorted.push(&parts[part as usize].order(row as usize));
        }
        sorted
    }

    fn with_capacity(orders: usize, items: usize) -> Self {
        Self {
            created_at_us: Vec::with_capacity(orders),
            customers: Vec::with_capacity(orders),
            kinds: Vec::with_capacity(orders),
            values: Vec::with_capacity(orders),
            discounts: Vec::with_capacity(orders),
            taxes: Vec::with_capacity(orders),
            shipping: Vec::with_capacity(orders),
            billing: Vec::with_capacity(orders),
            item_ends: Vec::with_capacity(orders),
            products: Vec::with_capacity(items),
            quantities: Vec::with_capacity(items),
            total: 0,
        }
    }
}

fn count(parts: &[&Rows], of: impl Fn(&Rows) -> usize) -> usize {
    parts.iter().map(|part| of(part)).sum()
}
