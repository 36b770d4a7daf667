//! Orders as columns. Sorted by kind, then customer, they are added up a run at a time.

use std::ops::Range;

use super::amounts::Amounts;

/// An order as it goes into the columns: what repeats is a number of
/// [`Dictionary`](super::dictionary::Dictionary).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order<'a> {
    /// Microseconds since 1970.
    pub created_at_us: i64,
    /// Who ordered, by the numbers of the currency.
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
}

/// A run of rows of one kind.
pub type Run = (Kind, Range<usize>);

/// Orders as parallel columns.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    /// Microseconds since 1970.
    pub created_at_us: Vec<i64>,
    /// Who ordered, by the numbers of the currency.
    pub customers: Vec<u32>,
    /// Currency and marketing.
    kinds: Vec<Kind>,
    /// Ten-thousandths.
    pub values: Amounts,
    /// Ten-thousandths.
    pub discounts: Amounts,
    /// Ten-thousandths.
    pub taxes: Amounts,
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
    /// The times of the first and the last order.
    span: Option<(i64, i64)>,
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

    /// The times of the first and the last order; `None` when there is none.
    #[must_use]
    pub fn span(&self) -> Option<(i64, i64)> {
        self.span
    }

    /// Of sorted rows the kinds, each with its rows, which are in the order of the customers.
    pub fn runs(&self) -> impl Iterator<Item = Run> {
        let mut begin = 0;
        let runs = self.kinds.chunk_by(|one, other| one == other);
        runs.map(move |run| {
            let rows = begin..begin + run.len();
            begin = rows.end;
            (run[0], rows)
        })
    }

    /// Of sorted rows those of a kind.
    #[must_use]
    pub fn of_kind(&self, kind: Kind) -> Range<usize> {
        let begin = self.kinds.partition_point(|known| *known < kind);
        let len = self.kinds[begin..].partition_point(|known| *known == kind);
        begin..begin + len
    }

    /// One more order at the end.
    ///
    /// # Panics
    ///
    /// When the orders have more than four billion items.
    pub fn push(&mut self, order: &Order<'_>) {
        let at_us = order.created_at_us;
        let (first, last) = self.span.unwrap_or((at_us, at_us));
        self.span = Some((first.min(at_us), last.max(at_us)));
        self.created_at_us.push(at_us);
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
            value: self.values.get(row),
            discounts: self.discounts.get(row),
            tax: self.taxes.get(row),
            shipping: self.shipping[row],
            billing: self.billing[row],
            items: self.items(row),
        }
    }

    /// All orders of `parts` by kind, customer and time, in columns that take no more room than
    /// they need.
    #[must_use]
    pub fn sorted(parts: &[&Self]) -> Self {
        let mut order: Vec<(Kind, u32, i64, u32, u32)> =
            Vec::with_capacity(count(parts, Self::len));
        for (part, rows) in (0..).zip(parts) {
            order.extend((0..).zip(&rows.created_at_us).map(|(row, at)| {
                let place = row as usize;
                (rows.kinds[place], rows.customers[place], *at, part, row)
            }));
        }
        // Stable, and so quick where the parts are sorted already.
        order.sort_by_key(|(kind, customer, at, _, _)| (*kind, *customer, *at));
        let mut sorted = Self::with_capacity(order.len(), count(parts, |part| part.products.len()));
        for (_, _, _, part, row) in order {
            sorted.push(&parts[part as usize].order(row as usize));
        }
        sorted
    }

    /// The orders in `[from_us, until_us)`, in the order in which they are here.
    #[must_use]
    pub fn between(&self, from_us: i64, until_us: i64) -> Self {
        let mut picked = Self::default();
        for row in 0..self.len() {
            if (from_us..until_us).contains(&self.created_at_us[row]) {
                picked.push(&self.order(row));
            }
        }
        picked
    }

    fn with_capacity(orders: usize, items: usize) -> Self {
        Self {
            created_at_us: Vec::with_capacity(orders),
            customers: Vec::with_capacity(orders),
            kinds: Vec::with_capacity(orders),
            values: Amounts::with_capacity(orders),
            discounts: Amounts::with_capacity(orders),
            taxes: Amounts::with_capacity(orders),
            shipping: Vec::with_capacity(orders),
            billing: Vec::with_capacity(orders),
            item_ends: Vec::with_capacity(orders),
            products: Vec::with_capacity(items),
            quantities: Vec::with_capacity(items),
            total: 0,
            span: None,
        }
    }
}

fn count(parts: &[&Rows], of: impl Fn(&Rows) -> usize) -> usize {
    parts.iter().map(|part| of(part)).sum()
}
