//! Order value per currency, by day or in total.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Numeric, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use rust_decimal::Decimal;
use serde::Serialize;

use crate::amount;
use crate::calendar::{DateRange, Piece};
use crate::database::Question;

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

/// `$4` cuts the time into pieces of one local date each; without it everything is piece 0.
const SQL: &str = r#"
SELECT
    width_bucket(created_at, $4) AS piece,
    currency,
    count(*) AS orders,
    sum(order_value) AS order_value,
    sum(total_discounts) AS total_discounts,
    sum(total_tax) AS total_tax
FROM orders
WHERE created_at >= $1 AND created_at < $2
  AND width_bucket(created_at, $3) % 2 = 0
GROUP BY 1, 2
"#;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Integer)]
    piece: i32,
    #[diesel(sql_type = Text)]
    currency: String,
    #[diesel(sql_type = BigInt)]
    orders: i64,
    #[diesel(sql_type = Numeric)]
    order_value: Decimal,
    #[diesel(sql_type = Numeric)]
    total_discounts: Decimal,
    #[diesel(sql_type = Numeric)]
    total_tax: Decimal,
}

/// Sums of one day, or of all, in one currency.
#[derive(Clone, Copy, Default)]
struct Sums {
    orders: i64,
    order_value: Decimal,
    total_discounts: Decimal,
    total_tax: Decimal,
}

impl Sums {
    fn add(&mut self, row: &Row) {
        self.orders += row.orders;
        self.order_value += row.order_value;
        self.total_discounts += row.total_discounts;
        self.total_tax += row.total_tax;
    }

    fn shown(&self, currency: &str) -> TotalValue {
        TotalValue {
            currency: currency.to_owned(),
            orders: self.orders,
            order_value: amount::text(self.order_value, currency),
            total_discounts: amount::text(self.total_discounts, currency),
            total_tax: amount::text(self.total_tax, currency),
        }
    }
}

impl Question for OrderValueQuestion {
    type Data = ValueRows;

    async fn ask(&self, connection: &mut AsyncPgConnection) -> QueryResult<Self::Data> {
        let span = self.range.span();
        let pieces = match self.mode {
            ValueMode::Day => self.range.pieces(),
            ValueMode::Total => Vec::new(),
        };
        let cuts: Vec<_> = pieces.iter().map(|piece| piece.from).collect();
        let rows: Vec<Row> = diesel::sql_query(SQL)
            .bind::<Nullable<Timestamptz>, _>(span.from)
            .bind::<Nullable<Timestamptz>, _>(span.until)
            .bind::<Array<Timestamptz>, _>(span.holes)
            .bind::<Array<Timestamptz>, _>(cuts)
            .load(connection)
            .await?;
        Ok(match self.mode {
            ValueMode::Day => ValueRows::Day(by_day(&rows, &pieces, &self.range)),
            ValueMode::Total => ValueRows::Total(in_total(&rows)),
        })
    }
}

fn in_total(rows: &[Row]) -> Vec<TotalValue> {
    let mut totals: BTreeMap<&str, Sums> = BTreeMap::new();
    for row in rows {
        totals.entry(&row.currency).or_default().add(row);
    }
    totals
        .iter()
        .map(|(currency, sums)| sums.shown(currency))
        .collect()
}

/// Every day of the range with every currency that occurs in it, those without orders too.
fn by_day(rows: &[Row], pieces: &[Piece], range: &DateRange) -> Vec<DailyValue> {
    let mut days: BTreeMap<(NaiveDate, &str), Sums> = BTreeMap::new();
    let mut currencies: BTreeSet<&str> = BTreeSet::new();
    for row in rows {
        // Pieces count from 1; the first begins well before the range, so there is no piece 0.
        let piece = usize::try_from(row.piece - 1)
            .ok()
            .and_then(|place| pieces.get(place))
            .expect("the pieces cover the whole range");
        currencies.insert(&row.currency);
        days.entry((piece.date, &row.currency))
            .or_default()
            .add(row);
    }
    let mut daily = Vec::new();
    for date in range.dates() {
        for currency in &currencies {
            let sums = days.get(&(date, currency)).copied().unwrap_or_default();
            daily.push(DailyValue {
                date,
                value: sums.shown(currency),
            });
        }
    }
    daily
}
