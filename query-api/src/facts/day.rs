//! The orders of one UTC day, and their sums by quarter of an hour.
//!
//! Every zone's clock has been a whole number of quarter-hours from UTC since long before the
//! first order, so quarters make up the days of any zone; what is not on a quarter is counted row
//! by row.

use super::rows::Rows;

/// Microseconds of a day.
pub const DAY_US: i64 = 86_400_000_000;

/// Microseconds of a quarter of an hour.
pub const QUARTER_US: i64 = DAY_US / 96;

/// Orders of a day in the order of their time.
#[derive(Debug)]
pub struct Day {
    /// Days since 1970.
    pub number: i64,
    /// The orders.
    pub rows: Rows,
    /// `None` where the day's amounts together may pass 64 bits: then the rows are counted.
    quarters: Option<Vec<Quarter>>,
}

/// What was ordered within a quarter of an hour in a currency; amounts in ten-thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quarter {
    /// Which quarter of the day, from 0.
    pub place: u8,
    /// Number of the currency.
    pub currency: u16,
    /// How many orders.
    pub orders: u32,
    /// Sum of their values.
    pub value: i64,
    /// Sum of their discounts.
    pub discounts: i64,
    /// Sum of their taxes.
    pub tax: i64,
}

/// The UTC day of an instant.
#[must_use]
pub fn day_of(at_us: i64) -> i64 {
    at_us.div_euclid(DAY_US)
}

impl Day {
    /// Of all the orders in `parts`, which must belong to it.
    #[must_use]
    pub fn new(number: i64, parts: &[&Rows]) -> Self {
        let rows = Rows::sorted(parts);
        let quarters = i64::try_from(rows.total()).is_ok().then(|| quarters(&rows));
        Self {
            number,
            rows,
            quarters,
        }
    }

    /// The first microsecond of it.
    #[must_use]
    pub fn from_us(&self) -> i64 {
        self.number * DAY_US
    }

    /// The first microsecond after it.
    #[must_use]
    pub fn until_us(&self) -> i64 {
        self.from_us() + DAY_US
    }

    /// The sums of `[from_us, until_us)`; `None` where that begins or ends within a quarter, or
    /// the rows have to be counted anyway.
    #[must_use]
    pub fn quarters(&self, from_us: i64, until_us: i64) -> Option<&[Quarter]> {
        let quarters = self.quarters.as_deref()?;
        let begin = self.place(from_us.max(self.from_us()))?;
        let end = self.place(until_us.min(self.until_us()))?;
        let begin = quarters.partition_point(|quarter| i64::from(quarter.place) < begin);
        let end = quarters.partition_point(|quarter| i64::from(quarter.place) < end);
        Some(&quarters[begin..end.max(begin)])
    }

    fn place(&self, at_us: i64) -> Option<i64> {
        let within_us = at_us - self.from_us();
        (within_us % QUARTER_US == 0).then_some(within_us / QUARTER_US)
    }
}

/// By place, then currency.
fn quarters(rows: &Rows) -> Vec<Quarter> {
    let mut quarters: Vec<Quarter> = Vec::new();
    // Where the present quarter begins in the list: its currencies are few.
    let mut begin = 0;
    for row in 0..rows.len() {
        let within_us = rows.created_at_us[row].rem_euclid(DAY_US);
        let place = u8::try_from(within_us / QUARTER_US).expect("a day has 96 quarters");
        if quarters.last().is_some_and(|last| last.place != place) {
            begin = quarters.len();
        }
        let currency = rows.kinds[row].currency();
        let known = quarters[begin..]
            .iter_mut()
            .find(|quarter| quarter.currency == currency);
        let quarter = match known {
            Some(quarter) => quarter,
            None => quarters.push_mut(Quarter {
                place,
                currency,
                orders: 0,
                value: 0,
                discounts: 0,
                tax: 0,
            }),
        };
        quarter.orders += 1;
        quarter.value += rows.values[row];
        quarter.discounts += rows.discounts[row];
        quarter.tax += rows.taxes[row];
    }
    quarters.shrink_to_fit();
    quarters
}
