//! Order value per currency, by day or in total.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use crate::amount;
use crate::calendar::{DateRange, Interval};
use crate::facts::Facts;
use crate::facts::day::Quarter;
use crate::facts::rows::Rows;
use crate::table::{Cells, Row};

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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct DailyValue {
    /// The day in the range's zone.
    pub date: NaiveDate,
    /// The figures.
    #[serde(flatten)]
    pub value: TotalValue,
}

/// What was ordered in a currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TotalValue {
    /// ISO 4217 code.
    #[schema(pattern = "^[A-Z]{3}$")]
    pub currency: String,
    /// How many orders.
    #[schema(minimum = 0)]
    pub orders: i64,
    /// Their value.
    #[schema(pattern = "^[0-9]+([.][0-9]{1,4})?$")]
    pub order_value: String,
    /// Their discounts.
    #[schema(pattern = "^[0-9]+([.][0-9]{1,4})?$")]
    pub total_discounts: String,
    /// Their taxes.
    #[schema(pattern = "^[0-9]+([.][0-9]{1,4})?$")]
    pub total_tax: String,
}

impl Row for DailyValue {
    const COLUMNS: &'static [&'static str] = &[
        "date",
        "currency",
        "orders",
        "order_value",
        "total_discounts",
        "total_tax",
    ];

    fn write(&self, cells: &mut Cells) {
        cells.value(self.date);
        self.value.write(cells);
    }
}

impl Row for TotalValue {
    const COLUMNS: &'static [&'static str] = DailyValue::COLUMNS.split_at(1).1;

    fn write(&self, cells: &mut Cells) {
        cells.value(&self.currency);
        cells.value(self.orders);
        for amount in [&self.order_value, &self.total_discounts, &self.total_tax] {
            cells.value(amount);
        }
    }
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
        self.value += i128::from(rows.values.get(row));
        self.discounts += i128::from(rows.discounts.get(row));
        self.tax += i128::from(rows.taxes.get(row));
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
        let intervals = self.range.span().intervals();
        let pieces: Vec<Piece> = intervals
            .into_iter()
            .map(|interval| (interval, 0))
            .collect();
        let [sums] = &sums(facts, &pieces, 1)[..] else {
            unreachable!("one sum was asked for")
        };
        occurring(facts, std::slice::from_ref(sums))
            .into_iter()
            .map(|currency| sums[currency.number].shown(currency.code, currency.decimals))
            .collect()
    }

    /// Every day of the range with every currency that occurs in it, those without orders too.
    fn by_day(&self, facts: &Facts) -> Vec<DailyValue> {
        let dates: Vec<NaiveDate> = self.range.dates().collect();
        // A day may come in several pieces, and in none.
        let pieces = self.range.pieces();
        let pieces = pieces.windows(2).filter_map(|piece| {
            let day = usize::try_from((piece[0].date - self.range.start).num_days()).ok()?;
            let [from_us, until_us] =
                [&piece[0], &piece[1]].map(|piece| piece.from.timestamp_micros());
            (day < dates.len()).then_some(((from_us, until_us), day))
        });
        let days = sums(facts, &pieces.collect::<Vec<_>>(), dates.len());
        let currencies = occurring(facts, &days);
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

/// A stretch of time, and the place of the sum that it belongs to.
type Piece = (Interval, usize);

/// Sums, `count` of them, over pieces in the order of time.
fn sums(facts: &Facts, pieces: &[Piece], count: usize) -> Vec<ByCurrency> {
    let mut sums = vec![vec![Sums::default(); facts.texts.currencies.len()]; count];
    for (interval, place) in pieces {
        add_days(facts, *interval, &mut sums[*place]);
    }
    for rows in facts.fresh() {
        for (kind, run) in rows.runs() {
            for row in run {
                let at_us = rows.created_at_us[row];
                let after = pieces.partition_point(|((from_us, _), _)| *from_us <= at_us);
                let piece = after.checked_sub(1).map(|piece| pieces[piece]);
                if let Some(((_, until_us), place)) = piece
                    && at_us < until_us
                {
                    sums[place][usize::from(kind.currency())].add_order(rows, row);
                }
            }
        }
    }
    sums
}

/// Adds what is in its month: by quarters of an hour where the interval keeps to them.
fn add_days(facts: &Facts, (from_us, until_us): Interval, sums: &mut ByCurrency) {
    for month in facts.months((from_us, until_us)) {
        for day in month.days_between(from_us, until_us) {
            if let Some(quarters) = day.quarters(from_us, until_us) {
                for quarter in quarters {
                    sums[usize::from(quarter.currency)].add_quarter(quarter);
                }
                continue;
            }
            for (kind, run) in day.rows.runs() {
                let sums = &mut sums[usize::from(kind.currency())];
                for row in run {
                    if (from_us..until_us).contains(&day.rows.created_at_us[row]) {
                        sums.add_order(&day.rows, row);
                    }
                }
            }
        }
    }
}

/// A currency as answers show it.
struct Shown<'a> {
    number: usize,
    code: &'a str,
    decimals: u32,
}

/// The currencies that occur in any of `sums`, by code.
fn occurring<'a>(facts: &'a Facts, sums: &[ByCurrency]) -> Vec<Shown<'a>> {
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
