//! Lists, page by page.

use super::days::{self, Now, OpenRange};
use super::parameters::{
    AT_LEAST, CODE, CURSOR, CUSTOMER_ID, END_DATE, LIMIT, PERIOD, START_DATE, TZ, WAIT_MS,
};
use super::{Checked, at_least};
use crate::calendar::Span;
use crate::lists::cursor::{Place, QueryFingerprint};
use crate::lists::{OrdersQuestion, RejectedQuestion};
use crate::params::{Fault, Parameter, Params};
use crate::position::AtLeast;

/// What `GET /orders` takes.
pub const ORDERS: &[&dyn Parameter] = &[
    &START_DATE,
    &END_DATE,
    &PERIOD,
    &TZ,
    &CUSTOMER_ID,
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
    &LIMIT,
    &CURSOR,
    &AT_LEAST,
    &WAIT_MS,
];

/// What `GET /rejected-events` takes.
pub const REJECTED_EVENTS: &[&dyn Parameter] = &[
    &START_DATE,
    &END_DATE,
    &PERIOD,
    &TZ,
    &CODE,
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

/// `GET /rejected-events`.
pub fn rejected_events(raw: &str, now: Now) -> Checked<PageRequest<RejectedQuestion>> {
    let mut params = Params::read(raw, REJECTED_EVENTS);
    let code = CODE.read(&mut params);
    page(params, "rejected events", code, now, |window| {
        RejectedQuestion {
            code,
            span: window.span,
            after: window.after,
            limit: window.limit,
        }
    })
}

/// Which part of a list is asked for.
struct Window<C> {
    span: Span,
    after: Option<C>,
    limit: u8,
}

fn order_page(
    params: Params,
    list: &str,
    customer_id: Option<String>,
    now: Now,
) -> Checked<PageRequest<OrdersQuestion>> {
    let narrowed_by = customer_id.clone();
    page(params, list, narrowed_by.as_deref(), now, |window| {
        OrdersQuestion {
            customer_id,
            span: window.span,
            after: window.after,
            limit: window.limit,
        }
    })
}

/// Reads what every list takes. `narrowed_by` is what the list's own filter says.
fn page<C: Place, Q>(
    mut params: Params,
    list: &str,
    narrowed_by: Option<&str>,
    now: Now,
    question: impl FnOnce(Window<C>) -> Q,
) -> Checked<PageRequest<Q>> {
    let days = days::optional(&mut params, now);
    let limit = LIMIT.read(&mut params);
    let OpenRange { start, end, zone } = days;
    let shown = [start, end].map(|date| date.map(|date| date.to_string()));
    let fingerprint = QueryFingerprint::new(
        list,
        &[
            narrowed_by,
            shown[0].as_deref(),
            shown[1].as_deref(),
            Some(zone.name()),
        ],
    );
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
