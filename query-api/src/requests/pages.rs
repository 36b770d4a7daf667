//! Lists, page by page.

use super::days::{self, Now, OpenRange};
use super::parameters::{
    ACCEPTS_MARKETING, AT_LEAST, COUNTRY, CURRENCY, CURSOR, CUSTOMER_ID, END_DATE, FIELDS,
    FINANCIAL_STATUS, LIMIT, MAX_VALUE, MIN_VALUE, PERIOD, PROVINCE, START_DATE, TZ, WAIT_MS,
};
use super::{Checked, at_least};
use crate::answers::PlaceFilter;
use crate::calendar::Span;
use crate::lists::cursor::{Place, QueryFingerprint};
use crate::lists::{OrderFilter, OrdersQuestion};
use crate::params::{Fault, Parameter, Params};
use crate::position::AtLeast;

/// What `GET /orders` takes.
pub const ORDERS: &[&dyn Parameter] = &[
    &START_DATE,
    &END_DATE,
    &PERIOD,
    &TZ,
    &CUSTOMER_ID,
    &CURRENCY,
    &FINANCIAL_STATUS,
    &PROVINCE,
    &COUNTRY,
    &MIN_VALUE,
    &MAX_VALUE,
    &ACCEPTS_MARKETING,
    &FIELDS,
    &LIMIT,
    &CURSOR,
    &AT_LEAST,
    &WAIT_MS,
];

/// What `GET /customers/{id}/orders` takes.
pub const CUSTOMER_ORDERS: &[&dyn Parameter] = &[
    &START_DATE,
    &END_DATE,
    &PERIOD,
    &TZ,
    &CURRENCY,
    &FINANCIAL_STATUS,
    &PROVINCE,
    &COUNTRY,
    &MIN_VALUE,
    &MAX_VALUE,
    &ACCEPTS_MARKETING,
    &FIELDS,
    &LIMIT,
    &CURSOR,
    &AT_LEAST,
    &WAIT_MS,
];

/// A request for a page: the question, what its answer repeats, and what makes its cursors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest<Q> {
    /// The question.
    pub question: Q,
    /// The days asked for.
    pub days: OpenRange,
    /// What ties cursors to this query.
    pub fingerprint: QueryFingerprint,
    /// What the answer must include.
    pub at_least: AtLeast,
}

/// `GET /orders`.
///
/// # Errors
///
/// Everything that is wrong with the parameters; so for each function here.
pub fn orders(raw: &str, now: Now) -> Checked<PageRequest<OrdersQuestion>> {
    let mut params = Params::read(raw, ORDERS);
    let customer_id = CUSTOMER_ID.read(&mut params);
    order_page(params, "orders", customer_id, now)
}

/// `GET /customers/{id}/orders`.
pub fn customer_orders(
    raw: &str,
    customer_id: String,
    now: Now,
) -> Checked<PageRequest<OrdersQuestion>> {
    let params = Params::read(raw, CUSTOMER_ORDERS);
    order_page(params, "customer orders", Some(customer_id), now)
}

/// Which part of a list is asked for.
pub(super) struct Window<C> {
    pub(super) span: Span,
    pub(super) after: Option<C>,
    pub(super) limit: u8,
}

fn order_page(
    mut params: Params,
    list: &str,
    customer_id: Option<String>,
    now: Now,
) -> Checked<PageRequest<OrdersQuestion>> {
    let filter = order_filter(&mut params, customer_id);
    let fields = FIELDS.read(&mut params).unwrap_or_default();
    page(params, list, filter.parts(), now, |window| OrdersQuestion {
        filter,
        fields,
        span: window.span,
        after: window.after,
        limit: window.limit,
    })
}

fn order_filter(params: &mut Params, customer_id: Option<String>) -> OrderFilter {
    let currency = CURRENCY.read(params);
    let financial_status = FINANCIAL_STATUS.read(params);
    let province = PROVINCE.read(params);
    let country = COUNTRY.read(params);
    let min_value = MIN_VALUE.read(params);
    let max_value = MAX_VALUE.read(params);
    if let (Some(min_value), Some(max_value)) = (min_value, max_value)
        && max_value < min_value
    {
        params.fault(
            MAX_VALUE.name,
            Fault::new("out_of_range", "must not be below min_value"),
        );
    }
    OrderFilter {
        customer_id,
        currency,
        financial_status,
        places: PlaceFilter::new(province.as_deref(), country.as_deref()),
        min_value,
        max_value,
        accepts_marketing: ACCEPTS_MARKETING.read(params),
    }
}

/// Reads what every list takes. `narrowed_by` is what the list's own filters say.
pub(super) fn page<C: Place, Q>(
    mut params: Params,
    list: &str,
    narrowed_by: Vec<Option<String>>,
    now: Now,
    question: impl FnOnce(Window<C>) -> Q,
) -> Checked<PageRequest<Q>> {
    let days = days::optional(&mut params, now);
    let limit = LIMIT.read(&mut params);
    let OpenRange { start, end, zone } = days;
    let mut parts = narrowed_by;
    parts.extend([start, end].map(|date| date.map(|date| date.to_string())));
    parts.push(Some(zone.name().to_owned()));
    let fingerprint = QueryFingerprint::new(list, &parts);
    let after = params.optional(CURSOR.name, |text| {
        fingerprint.place(text).ok_or_else(|| {
            Fault::new(
                "invalid_cursor",
                "must be the next_cursor of a page of this very query",
            )
        })
    });
    let at_least = at_least(&mut params);
    let window = Window {
        span: Span::new(start, end, zone),
        after,
        limit: u8::try_from(limit).expect("a hundred at most"),
    };
    params.finish(Some(PageRequest {
        question: question(window),
        days,
        fingerprint,
        at_least,
    }))
}
