//! Order value per currency, by day or in total.

use std::ops::Range;

use chrono::NaiveDate;
use serde::Serialize;

use crate::amount;
use crate::calendar::DateRange;
use crate::facts::Facts;
use crate::facts::day::Quarter;
use crate::facts::rows::Rows;
use crate::facts::snapshot::Interval;

/// How much was ordered?
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderValueQuestion {
    /// The days that count.
    pub range: DateRange,
    /// By day or in total.
    pub mode: ValueMode,
}

/// One row a day and currency, or one a currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ValueMode {
    /// By day.
    #[default]
    Day,
    /// In total.
    Total,
}

/// The rows of either mode.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum ValueRows {
    /// By date, then currency.
    Day(Vec<DailyValue>),
    /// By currency.
    Total(Vec<TotalValue>),
}

/// What was ordered on a day in a currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DailyValue {
    /// The day in the range's zone.
    pub date: NaiveDate,
    /// The figures.
    #[serde(flatten)]
    pub value: TotalValue,
}

/// What was ordered in a currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TotalValue {
    /// ISO 4217 code.
    pub currency: String,
    /// How many orders.
    pub orders: i64,
    /// Their value.
    pub order_value: String,
    /// Their discounts.
    pub total_discounts: String,
    /// Their taxes.
    pub total_tax: String,
}

/// Sums of one day, or of all, in one currency; amounts in ten-thousandths.
#[derive(Clone, Copy, Default)]
struct Sums {
    orders: i64,
    value: i128,
    discounts: i128,
    tax: i128,
}

/// Sums by currency, in the order of the currencies' numbers.
type ByCurrency = Vec<Sums>;

impl Sums {
    fn add_quarter(&mut self, quarter: &Quarter) {
        self.orders += i64::from(quarter.orders);
        self.value += i128::from(quarter.value);
        self.discounts += i128::from(quarter.discounts);
        self.tax += i128::from(quarter.tax);
    }

    fn add_order(&mut self, rows: &Rows, row: usize) {
        self.orders += 1;
        self.value += i128::from(rows.values[row]);
        self.discounts += i128::from(rows.discounts[row]);
        self.tax += i128::from(rows.taxes[row]);
    }

    fn shown(&self, currency: &str, decimals: u32) -> TotalValue {
        TotalValue {
            currency: currency.to_owned(),
            orders: self.orders,
            order_value: amount::of_ten_thousandths(self.value, decimals),
            total_discounts: amount::of_ten_thousandths(self.discounts, decimals),
            total_tax: amount::of_ten_thousandths(self.tax, decimals),
        }
    }
}

impl OrderValueQuestion {
    /// What the facts say.
    #[must_use]
    pub fn answer(&self, facts: &Facts) -> ValueRows {
        match self.mode {
            ValueMode::Day => ValueRows::Day(self.by_day(facts)),
            ValueMode::Total => ValueRows::Total(self.in_total(facts)),
        }
    }

    fn in_total(&self, facts: &Facts) -> Vec<TotalValue> {
        let mut sums = vec![Sums::default(); facts.texts.currencies.len()];
        for interval in self.range.span().intervals() {
            add(facts, interval, &mut sums);
        }
        occurring(facts, &[&sums])
            .into_iter()
            .map(|currency| sums[currency.number].shown(currency.code, currency.decimals))
            .collect()
    }

    /// Every day of the range with every currency that occurs in it, those without orders too.
    fn by_day(&self, facts: &Facts) -> Vec<DailyValue> {
        let dates: Vec<NaiveDate> = self.range.dates().collect();
        let mut days: Vec<ByCurrency> =
            vec![vec![Sums::default(); facts.texts.currencies.len()]; dates.len()];
        for piece in self.range.pieces().windows(2) {
            // A day may come in several pieces, and in none.
            let day = (piece[0].date - self.range.start).num_days();
            let day = usize::try_from(day).ok().and_then(|day| days.get_mut(day));
            if let Some(sums) = day {
                let [from_us, until_us] =
                    [0, 1].map(|place: usize| piece[place].from.timestamp_micros());
                add(facts, (from_us, until_us), sums);
            }
        }
        let all: Vec<&ByCurrency> = days.iter().collect();
        let currencies = occurring(facts, &all);
        let mut daily = Vec::with_capacity(days.len() * currencies.len());
        for (date, sums) in dates.iter().zip(&days) {
            daily.extend(currencies.iter().map(|currency| DailyValue {
                date: *date,
                value: sums[currency.number].shown(currency.code, currency.decimals),
            }));
        }
        daily
    }
}

/// Adds what was ordered in the interval.
fn add(facts: &Facts, (from_us, until_us): Interval, sums: &mut ByCurrency) {
    let mut add_rows = |rows: &Rows, range: Range<usize>| {
        for row in range {
            sums[usize::from(rows.kinds[row].currency())].add_order(rows, row);
        }
    };
    for (rows, range) in facts.fresh((from_us, until_us)) {
        add_rows(rows, range);
    }
    let mut whole = Vec::new();
    for month in facts.months((from_us, until_us)) {
        for day in month.days_between(from_us, until_us) {
            match day.quarters(from_us, until_us) {
                Some(quarters) => whole.push(quarters),
                None => add_rows(&day.rows, day.rows.between(from_us, until_us)),
            }
        }
    }
    for quarter in whole.into_iter().flatten() {
        sums[usize::from(quarter.currency)].add_quarter(quarter);
    }
}

/// A currency as answers show it.
struct Shown<'a> {
    number: usize,
    code: &'a str,
    decimals: u32,
}

/// The currencies that occur in any of `sums`, by code.
fn occurring<'a>(facts: &'a Facts, sums: &[&ByCurrency]) -> Vec<Shown<'a>> {
    let mut currencies: Vec<_> = facts
        .texts
        .currencies
        .texts()
        .enumerate()
        .filter(|(number, _)| sums.iter().any(|sums| sums[*number].orders > 0))
        .map(|(number, code)| Shown {
            number,
            code,
            decimals: amount::decimals(code),
        })
        .collect();
    currencies.sort_unstable_by_key(|currency| currency.code);
    currencies
}
