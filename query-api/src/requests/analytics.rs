//! The three questions.

use super::days::{self, Now};
use super::parameters::{
    ACCEPTS_MARKETING, ADDRESS, AT_LEAST, COUNT, COUNTRY, CURRENCY, END_DATE, MODE, PERIOD,
    PROVINCE, START_DATE, TZ, WAIT_MS,
};
use super::{Checked, at_least};
use crate::answers::{
    OrderValueQuestion, PlaceFilter, ProvinceSalesQuestion, TopCustomersQuestion,
};
use crate::params::{Parameter, Params};
use crate::position::AtLeast;

/// What `GET /customers/top` takes.
pub const TOP_CUSTOMERS: &[&dyn Parameter] = &[
    &START_DATE,
    &END_DATE,
    &PERIOD,
    &TZ,
    &COUNT,
    &CURRENCY,
    &ACCEPTS_MARKETING,
    &AT_LEAST,
    &WAIT_MS,
];

/// What `GET /orders/value` takes.
pub const ORDER_VALUE: &[&dyn Parameter] = &[
    &START_DATE,
    &END_DATE,
    &PERIOD,
    &TZ,
    &MODE,
    &AT_LEAST,
    &WAIT_MS,
];

/// What `GET /sales/province` takes.
pub const PROVINCE_SALES: &[&dyn Parameter] = &[
    &START_DATE,
    &END_DATE,
    &PERIOD,
    &TZ,
    &PROVINCE,
    &COUNTRY,
    &CURRENCY,
    &ADDRESS,
    &AT_LEAST,
    &WAIT_MS,
];

/// `GET /customers/top`.
///
/// # Errors
///
/// Everything that is wrong with the parameters; so for each function here.
pub fn top_customers(raw: &str, now: Now) -> Checked<(TopCustomersQuestion, AtLeast)> {
    let mut params = Params::read(raw, TOP_CUSTOMERS);
    let range = days::required(&mut params, now);
    let count = COUNT.read(&mut params);
    let currency = CURRENCY.read(&mut params);
    let accepts_marketing = ACCEPTS_MARKETING.read(&mut params);
    let at_least = at_least(&mut params);
    params.finish(range.map(|range| {
        let question = TopCustomersQuestion {
            range,
            count: u16::try_from(count).expect("a thousand at most"),
            currency,
            accepts_marketing,
        };
        (question, at_least)
    }))
}

/// `GET /orders/value`.
pub fn order_value(raw: &str, now: Now) -> Checked<(OrderValueQuestion, AtLeast)> {
    let mut params = Params::read(raw, ORDER_VALUE);
    let range = days::required(&mut params, now);
    let mode = MODE.read(&mut params).unwrap_or_default();
    let at_least = at_least(&mut params);
    params.finish(range.map(|range| (OrderValueQuestion { range, mode }, at_least)))
}

/// `GET /sales/province`.
pub fn province_sales(raw: &str, now: Now) -> Checked<(ProvinceSalesQuestion, AtLeast)> {
    let mut params = Params::read(raw, PROVINCE_SALES);
    let range = days::required(&mut params, now);
    let province = PROVINCE.read(&mut params);
    let country = COUNTRY.read(&mut params);
    let currency = CURRENCY.read(&mut params);
    let address = ADDRESS.read(&mut params).unwrap_or_default();
    let at_least = at_least(&mut params);
    params.finish(range.map(|range| {
        let question = ProvinceSalesQuestion {
            range,
            places: PlaceFilter::new(province.as_deref(), country.as_deref()),
            currency,
            address,
        };
        (question, at_least)
    }))
}
