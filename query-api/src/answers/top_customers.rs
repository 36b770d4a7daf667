//! The customers with the highest order value.

mod ranking;
mod sums;
mod tally;

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use self::sums::{Amount, best};
use self::tally::tally;
use crate::amount;
use crate::calendar::DateRange;
use crate::facts::Facts;
use crate::facts::rows::Kind;
use crate::facts::snapshot::Part;
use crate::table::{Cells, Row};

/// Who spent most?
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopCustomersQuestion {
    /// The days that count.
    pub range: DateRange,
    /// How many customers of each currency.
    pub count: u16,
    /// Only orders in this currency.
    pub currency: Option<String>,
    /// Only orders whose buyer accepts marketing, or does not.
    pub accepts_marketing: Option<bool>,
}

/// A customer among the best of a currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TopCustomer {
    /// Place among the customers of the currency, from 1.
    #[schema(minimum = 1)]
    pub rank: i64,
    /// The customer.
    pub customer_id: String,
    /// The email on the newest of the orders counted here; null while the database is away.
    pub email: Option<String>,
    /// The first name on that order.
    pub first_name: Option<String>,
    /// The last name on that order.
    pub last_name: Option<String>,
    /// ISO 4217 code.
    #[schema(pattern = "^[A-Z]{3}$")]
    pub currency: String,
    /// How many orders.
    #[schema(minimum = 1)]
    pub orders: i64,
    /// Their value.
    #[schema(pattern = "^[0-9]+([.][0-9]{1,4})?$")]
    pub order_value: String,
    /// When the newest of them was made: by this its name is found.
    #[serde(skip)]
    pub newest: DateTime<Utc>,
}

impl Row for TopCustomer {
    const COLUMNS: &'static [&'static str] = &[
        "rank",
        "customer_id",
        "email",
        "first_name",
        "last_name",
        "currency",
        "orders",
        "order_value",
    ];

    fn write(&self, cells: &mut Cells) {
        cells.value(self.rank);
        cells.text(&self.customer_id);
        for text in [&self.email, &self.first_name, &self.last_name] {
            cells.optional(text.as_deref());
        }
        cells.value(&self.currency);
        cells.value(self.orders);
        cells.value(&self.order_value);
    }
}

impl TopCustomersQuestion {
    /// By currency and rank, without names.
    #[must_use]
    pub fn answer(&self, facts: &Facts) -> Vec<TopCustomer> {
        let parts = facts.parts(&self.range.span().intervals());
        let total: u128 = parts.iter().map(Part::total).sum();
        if i64::try_from(total).is_ok() {
            self.answer_from::<i64>(facts, &parts)
        } else {
            self.answer_from::<i128>(facts, &parts)
        }
    }

    fn answer_from<A: Amount>(&self, facts: &Facts, parts: &[Part<'_>]) -> Vec<TopCustomer> {
        let mut currencies: Vec<(&str, u16)> = facts
            .texts
            .currencies
            .texts()
            .zip(0..)
            .filter(|(code, _)| self.currency.as_ref().is_none_or(|asked| asked == code))
            .collect();
        currencies.sort_unstable();
        let wishes = [false, true].into_iter();
        let wishes =
            wishes.filter(|wish| self.accepts_marketing.is_none_or(|asked| asked == *wish));
        let mut answer = Vec::new();
        for (code, currency) in currencies {
            let kinds: Vec<_> = wishes
                .clone()
                .map(|wish| Kind::new(currency, wish))
                .collect();
            let customers = &facts.texts.customers[usize::from(currency)];
            let best = best::<A>(parts, &kinds, self.count.into(), customers);
            let tallies = tally(parts, &kinds, &best, customers.len());
            let decimals = amount::decimals(code);
            for (rank, (best, tally)) in (1..).zip(best.iter().zip(tallies)) {
                answer.push(TopCustomer {
                    rank,
                    customer_id: best.id.to_owned(),
                    email: None,
                    first_name: None,
                    last_name: None,
                    currency: code.to_owned(),
                    orders: tally.orders,
                    order_value: amount::of_ten_thousandths(best.sum.into(), decimals),
                    newest: DateTime::from_timestamp_micros(tally.newest_us)
                        .expect("a time of the facts"),
                });
            }
        }
        answer
    }
}
