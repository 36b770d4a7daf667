//! Each request's parameters, from text to a checked question.

mod analytics;
pub mod days;
mod pages;
mod parameters;
mod rejected;

use std::time::Duration;

use crate::lists::Fields;
use crate::params::{InvalidParameter, Parameter, Params};
use crate::position::AtLeast;
use parameters::{AT_LEAST, FIELDS, WAIT_MS};

pub use analytics::{
    ORDER_VALUE, PROVINCE_SALES, TOP_CUSTOMERS, order_value, province_sales, top_customers,
};
pub use days::Now;
pub use pages::{CUSTOMER_ORDERS, ORDERS, PageRequest, customer_orders, orders};
pub use rejected::{
    REJECTED_COUNTS, REJECTED_EVENT, REJECTED_EVENTS, rejected_counts, rejected_event,
    rejected_events,
};

/// A request understood, or everything that is wrong with it.
pub type Checked<T> = Result<T, Vec<InvalidParameter>>;

/// What `GET /orders/{event_id}` takes.
pub const ORDER: &[&dyn Parameter] = &[&FIELDS, &AT_LEAST, &WAIT_MS];

/// `GET /orders/{event_id}`: what is shown, and `at_least`.
///
/// # Errors
///
/// Everything that is wrong with the parameters.
pub fn order(raw: &str) -> Checked<(Fields, AtLeast)> {
    let mut params = Params::read(raw, ORDER);
    let fields = FIELDS.read(&mut params).unwrap_or_default();
    let at_least = at_least(&mut params);
    params.finish(Some((fields, at_least)))
}

fn at_least(params: &mut Params) -> AtLeast {
    let positions = AT_LEAST.read(params);
    let wait_ms = WAIT_MS.read(params);
    AtLeast {
        positions: positions.unwrap_or_default(),
        patience: Duration::from_millis(wait_ms.into()),
    }
}
