//! The orders of one UTC day, and their sums by quarter of an hour.
//!
//! Every zone's clock has been a whole number of quarter-hours from UTC since long before the
//! first order, so quarters make up the days of any zone; what is not on a quarter is counted row
//! by row.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::rows::Rows;

/// Microseconds of a day.
pub const DAY_US: i64 = 86_400_000_000;

/// Quarters of an hour in a day.
const QUARTERS: u8 = 96;

/// Microseconds of a quarter of an hour.
const QUARTER_US: i64 = DAY_US / QUARTERS as i64;

/// Orders of a day.
#[derive(Debug)]
pub struct Day {
    /// Days since 1970.
    pub number: i64,
    /// The orders.
    pub rows: Arc<Rows>,
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

impl Quarter {
    fn new(place: u8, currency: u16) -> Self {
        Self {
            place,
            currency,
            orders: 0,
            value: 0,
            discounts: 0,
            tax: 0,
        }
    }
}

/// The UTC day of an instant.
#[must_use]
pub fn day_of(at_us: i64) -> i64 {
    at_us.div_euclid(DAY_US)
}

impl Day {
    /// Of these orders, sorted, all of which belong to it.
    #[must_use]
    pub fn new(number: i64, rows: Arc<Rows>) -> Self {
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
    let currencies: BTreeSet<u16> = rows.runs().map(|(kind, _)| kind.currency()).collect();
    let mut quarters: Vec<Quarter> = (0..QUARTERS)
        .flat_map(|place| {
            currencies
                .iter()
                .map(move |currency| Quarter::new(place, *currency))
        })
        .collect();
    for (kind, run) in rows.runs() {
        let column = currencies.range(..kind.currency()).count();
        for row in run {
            let within_us = rows.created_at_us[row].rem_euclid(DAY_US);
            let place = usize::try_from(within_us / QUARTER_US).expect("a day has 96 quarters");
            let quarter = &mut quarters[place * currencies.len() + column];
            quarter.orders += 1;
            quarter.value += rows.values.get(row);
            quarter.discounts += rows.discounts.get(row);
            quarter.tax += rows.taxes.get(row);
        }
    }
    quarters.retain(|quarter| quarter.orders > 0);
    quarters.shrink_to_fit();
    quarters
}
