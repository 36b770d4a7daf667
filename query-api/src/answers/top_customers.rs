//! The customers with the highest order value.

mod ranking;
mod sums;

use chrono::{DateTime, Utc};
use hashbrown::HashMap;
use serde::Serialize;

use self::ranking::Ranked;
use self::sums::{Amount, Wanted, best, month_purses, single_orders};
use crate::amount;
use crate::calendar::DateRange;
use crate::facts::Facts;
use crate::facts::snapshot::Part;

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
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TopCustomer {
    /// Place among the customers of the currency, from 1.
    pub rank: i64,
    /// The customer.
    pub customer_id: String,
    /// The email on the newest of the orders counted here; `None` while the database is away.
    pub email: Option<String>,
    /// The first name on that order.
    pub first_name: Option<String>,
    /// The last name on that order.
    pub last_name: Option<String>,
    /// ISO 4217 code.
    pub currency: String,
    /// How many orders.
    pub orders: i64,
    /// Their value.
    pub order_value: String,
    /// When the newest of them was made: by this its name is found.
    #[serde(skip)]
    pub newest: DateTime<Utc>,
}

/// Orders of one of the best, and the newest of them.
#[derive(Clone, Copy, Debug)]
struct Tally {
    orders: i64,
    newest_us: i64,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            orders: 0,
            newest_us: i64::MIN,
        }
    }
}

impl Tally {
    fn add(&mut self, orders: u32, newest_us: i64) {
        self.orders += i64::from(orders);
        self.newest_us = self.newest_us.max(newest_us);
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

    fn answer_from<A: Amount + Into<i128>>(
        &self,
        facts: &Facts,
        parts: &[Part<'_>],
    ) -> Vec<TopCustomer> {
        let currencies = &facts.texts.currencies;
        let mut asked: Vec<(&str, u16)> = currencies
            .texts()
            .zip(0..)
            .filter(|(code, _)| self.currency.as_ref().is_none_or(|asked| asked == code))
            .collect();
        asked.sort_unstable();
        let numbers: Vec<u16> = asked.iter().map(|(_, number)| *number).collect();
        let wanted = Wanted::new(&numbers, currencies.len(), self.accepts_marketing);
        let best = best::<A>(parts, &wanted, self.count.into(), &facts.texts.customers);
        let mut tallies = tally(parts, &wanted, &best, facts.texts.customers.len()).into_iter();
        let mut answer = Vec::with_capacity(tallies.len());
        for ((code, _), best) in asked.iter().zip(&best) {
            let decimals = amount::decimals(code);
            for (rank, ranked) in (1..).zip(best) {
                let tally = tallies.next().expect("a tally for each of the best");
                answer.push(TopCustomer {
                    rank,
                    customer_id: ranked.id.to_owned(),
                    email: None,
                    first_name: None,
                    last_name: None,
                    currency: (*code).to_owned(),
                    orders: tally.orders,
                    order_value: amount::of_ten_thousandths(ranked.sum.into(), decimals),
                    newest: DateTime::from_timestamp_micros(tally.newest_us)
                        .expect("a time of the facts"),
                });
            }
        }
        answer
    }
}

/// Counts the orders of the best, in their order, and finds the newest of each.
fn tally<A>(
    parts: &[Part<'_>],
    wanted: &Wanted,
    best: &[Vec<Ranked<'_, A>>],
    customers: usize,
) -> Vec<Tally> {
    let mut tallies = Vec::new();
    let mut places: HashMap<(usize, u32), usize> = HashMap::new();
    // One bit a customer, to pass over most orders without looking further.
    let mut among_best = vec![0_u64; customers.div_ceil(64)];
    for (currency, (ranked, (_, kinds))) in best.iter().zip(&wanted.currencies).enumerate() {
        let first = tallies.len();
        for (place, ranked) in (first..).zip(ranked) {
            let _new = places.insert((currency, ranked.customer), place);
            among_best[ranked.customer as usize / 64] |= 1 << (ranked.customer % 64);
        }
        tallies.resize(first + ranked.len(), Tally::default());
        for purses in month_purses(parts, kinds) {
            for (tally, ranked) in tallies[first..].iter_mut().zip(ranked) {
                if let Some(purse) = purses.of(ranked.customer) {
                    tally.add(purse.orders, purse.newest_us);
                }
            }
        }
    }
    for (rows, range) in single_orders(parts) {
        for row in range {
            let customer = rows.customers[row];
            if among_best[customer as usize / 64] & (1 << (customer % 64)) == 0 {
                continue;
            }
            let place = wanted.place(rows.kinds[row]);
            let place = place.and_then(|currency| places.get(&(currency, customer)));
            if let Some(place) = place {
                tallies[*place].add(1, rows.created_at_us[row]);
            }
        }
    }
    tallies
}
