//! The three answers by plain counting over the orders, in the shape that the service gives them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate};
use chrono_tz::Tz;
use iso_currency::Currency;
use serde_json::{Value, json};

use super::number::money;
use super::order::{Address, Order};
use super::question::{Days, OrderValue, ProvinceSales, TopCustomers};

/// The orders that answers are counted from.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    orders: Vec<Order>,
}

impl Answers {
    /// Answers from these orders.
    pub fn from_orders(orders: impl IntoIterator<Item = Order>) -> Self {
        Self {
            orders: orders.into_iter().collect(),
        }
    }

    /// `/customers/top`.
    #[must_use]
    pub fn top_customers(&self, question: &TopCustomers) -> Value {
        let mut of_customer: BTreeMap<(&str, &str), Vec<&Order>> = BTreeMap::new();
        for order in self.within(question.days, question.currency.as_deref()) {
            if question
                .accepts_marketing
                .is_none_or(|it| it == order.buyer_accepts_marketing)
            {
                let key = (order.currency.as_str(), order.customer_id.as_str());
                of_customer.entry(key).or_default().push(order);
            }
        }
        let mut ranked: Vec<_> = of_customer.into_iter().collect();
        ranked.sort_by_key(|((currency, customer), orders)| {
            (
                *currency,
                Reverse(sum(orders, |order| order.order_value)),
                *customer,
            )
        });
        let mut data = Vec::new();
        let mut rank = 0;
        let mut ranked_currency = None;
        for ((currency, customer), orders) in &ranked {
            if ranked_currency.replace(*currency) != Some(*currency) {
                rank = 0;
            }
            rank += 1;
            if rank > question.count {
                continue;
            }
            let newest = orders
                .iter()
                .max_by_key(|order| (order.created_at_us, &order.event_id));
            data.push(json!({
                "rank": rank,
                "customer_id": customer,
                "email": newest.map(|order| &order.email),
                "first_name": newest.map(|order| &order.first_name),
                "last_name": newest.map(|order| &order.last_name),
                "currency": currency,
                "orders": orders.len(),
                "order_value": money_of(orders, |order| order.order_value, currency),
            }));
        }
        answer(question.days, data)
    }

    /// `/orders/value`.
    #[must_use]
    pub fn order_value(&self, question: &OrderValue) -> Value {
        let days = question.days;
        let orders: Vec<&Order> = self.within(days, None).collect();
        let currencies: BTreeSet<&str> =
            orders.iter().map(|order| order.currency.as_str()).collect();
        let row = |date: Option<NaiveDate>, currency: &str| {
            let counted: Vec<&Order> = orders
                .iter()
                .copied()
                .filter(|order| order.currency == currency)
                .filter(|order| date.is_none_or(|date| date == local_date(order, days.zone)))
                .collect();
            let mut row = json!({
                "currency": currency,
                "orders": counted.len(),
                "order_value": money_of(&counted, |order| order.order_value, currency),
                "total_discounts": money_of(&counted, |order| order.total_discounts, currency),
                "total_tax": money_of(&counted, |order| order.total_tax, currency),
            });
            if let Some(date) = date {
                row["date"] = date.to_string().into();
            }
            row
        };
        let dates: Vec<Option<NaiveDate>> = if question.by_day {
            days.start
                .iter_days()
                .take_while(|date| *date <= days.end)
                .map(Some)
                .collect()
        } else {
            vec![None]
        };
        let data = dates
            .into_iter()
            .flat_map(|date| currencies.iter().map(move |currency| (date, *currency)))
            .map(|(date, currency)| row(date, currency))
            .collect();
        answer(days, data)
    }

    /// `/sales/province`.
    #[must_use]
    pub fn province_sales(&self, question: &ProvinceSales) -> Value {
        let mut groups: BTreeMap<PlaceKey, Vec<&Order>> = BTreeMap::new();
        for order in self.within(question.days, question.currency.as_deref()) {
            let address = if question.by_billing {
                &order.billing_address
            } else {
                &order.shipping_address
            };
            if is_asked_for(address, question) {
                let name = |field| Name(address.get(field).map(|name| name.trim().to_owned()));
                let key = (order.currency.clone(), name("country"), name("province"));
                groups.entry(key).or_default().push(order);
            }
        }
        let mut rows: Vec<_> = groups.into_iter().collect();
        rows.sort_by_key(|((currency, country, province), orders)| {
            let value = Reverse(sum(orders, |order| order.order_value));
            (currency.clone(), value, country.clone(), province.clone())
        });
        let data = rows
            .iter()
            .map(|((currency, country, province), orders)| {
                let products = products(orders);
                json!({
                    "country": country.0,
                    "province": province.0,
                    "currency": currency,
                    "orders": orders.len(),
                    "order_value": money_of(orders, |order| order.order_value, currency),
                    "units": products.iter().map(|(_, units)| units).sum::<i64>(),
                    "products": products
                        .iter()
                        .map(|(product, units)| json!({"product_id": product, "quantity": units}))
                        .collect::<Vec<_>>(),
                })
            })
            .collect();
        answer(question.days, data)
    }

    fn within<'a>(
        &'a self,
        days: Days,
        currency: Option<&'a str>,
    ) -> impl Iterator<Item = &'a Order> {
        self.orders.iter().filter(move |order| {
            (days.start..=days.end).contains(&local_date(order, days.zone))
                && currency.is_none_or(|currency| currency == order.currency)
        })
    }
}

/// What tells two answers apart, `as_of` aside, which only the service knows.
#[must_use]
pub fn differences(expected: &Value, actual: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for member in ["start_date", "end_date", "time_zone"] {
        if expected[member] != actual[member] {
            found.push(format!(
                "{member} is {}, expected {}",
                actual[member], expected[member]
            ));
        }
    }
    if actual.get("as_of").is_none() {
        found.push("as_of is missing".to_owned());
    }
    let (Some(expected), Some(actual)) = (expected["data"].as_array(), actual["data"].as_array())
    else {
        found.push("there is no data".to_owned());
        return found;
    };
    if expected.len() != actual.len() {
        found.push(format!(
            "{} rows, expected {}",
            actual.len(),
            expected.len()
        ));
    }
    for (at, (expected, actual)) in expected.iter().zip(actual).enumerate() {
        if expected != actual {
            found.push(format!("row {at} is {actual}, expected {expected}"));
        }
    }
    found
}

/// A name as it is sorted: by bytes, and places without one last.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Name(Option<String>);

type PlaceKey = (String, Name, Name);

impl Ord for Name {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.0.is_none(), &self.0).cmp(&(other.0.is_none(), &other.0))
    }
}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

fn is_asked_for(address: &Address, question: &ProvinceSales) -> bool {
    let folded = |text: &String| text.trim().to_lowercase();
    let field = |name| address.get(name).map(folded).unwrap_or_default();
    let named = |asked: &Option<String>, names: &[String]| match asked {
        None => true,
        Some(asked) => {
            let asked = folded(asked);
            names.iter().any(|name| !name.is_empty() && *name == asked)
        }
    };
    let (country_code, code) = (field("country_code"), field("province_code"));
    let whole_code = match (country_code.as_str(), code.as_str()) {
        ("", _) | (_, "") => String::new(),
        (country, code) => format!("{country}-{code}"),
    };
    named(&question.province, &[field("province"), code, whole_code])
        && named(&question.country, &[field("country"), country_code])
}

/// Units of each product: most first, then by id.
fn products(orders: &[&Order]) -> Vec<(String, i64)> {
    let mut units: BTreeMap<String, i64> = BTreeMap::new();
    for (product, quantity) in orders.iter().flat_map(|order| &order.line_items) {
        *units.entry(product.clone()).or_default() += i64::from(*quantity);
    }
    let mut products: Vec<_> = units.into_iter().collect();
    products.sort_by_key(|(_, units)| Reverse(*units)); // stable: ids stay in order
    products
}

fn local_date(order: &Order, zone: Tz) -> NaiveDate {
    DateTime::from_timestamp_micros(order.created_at_us)
        .expect("a valid order's time is before the year 10000")
        .with_timezone(&zone)
        .date_naive()
}

fn sum(orders: &[&Order], amount: impl Fn(&Order) -> i64) -> i128 {
    orders.iter().map(|order| i128::from(amount(order))).sum()
}

fn money_of(orders: &[&Order], amount: impl Fn(&Order) -> i64, currency: &str) -> String {
    let places = Currency::from_code(currency)
        .and_then(Currency::exponent)
        .unwrap_or(0);
    money(sum(orders, amount), usize::from(places))
}

fn answer(days: Days, data: Vec<Value>) -> Value {
    json!({
        "start_date": days.start.to_string(),
        "end_date": days.end.to_string(),
        "time_zone": days.zone.name(),
        "data": data,
    })
}
