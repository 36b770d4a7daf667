//! Lists, page by page.

use chrono::NaiveDate;
use chrono_tz::Tz;
use ordertally_schema::Code;

use super::{Checked, at_least, check_range, date, zone};
use crate::calendar::Span;
use crate::lists::cursor::{Place, QueryFingerprint};
use crate::lists::{OrdersQuestion, RejectedQuestion};
use crate::params::{Fault, Params, id, integer, word};
use crate::position::AtLeast;

/// Rows of a page when the request does not say.
const LIMIT: u8 = 25;

/// A request for a page: the question, what its answer repeats, and what makes its cursors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest<Q> {
    /// The question.
    pub question: Q,
    /// The first day, if one was given.
    pub start: Option<NaiveDate>,
    /// The last day, if one was given.
    pub end: Option<NaiveDate>,
    /// The zone of the days.
    pub zone: Tz,
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
pub fn orders(raw: &str, zone: Tz) -> Checked<PageRequest<OrdersQuestion>> {
    let mut known = PAGE_PARAMETERS.to_vec();
    known.push("customer_id");
    let mut params = Params::read(raw, &known);
    let customer_id = params.optional("customer_id", id);
    order_page(params, "orders", customer_id, zone)
}

/// `GET /customers/{id}/orders`.
pub fn customer_orders(
    raw: &str,
    customer_id: String,
    zone: Tz,
) -> Checked<PageRequest<OrdersQuestion>> {
    let params = Params::read(raw, &PAGE_PARAMETERS);
    order_page(params, "customer orders", Some(customer_id), zone)
}

/// `GET /rejected-events`.
pub fn rejected_events(raw: &str, zone: Tz) -> Checked<PageRequest<RejectedQuestion>> {
    let mut known = PAGE_PARAMETERS.to_vec();
    known.push("code");
    let mut params = Params::read(raw, &known);
    let codes = Code::ALL.map(|code| (code.as_str(), code.as_str()));
    let code = params.optional("code", |text| word(text, &codes));
    page(params, "rejected events", code, zone, |window| {
        RejectedQuestion {
            code,
            span: window.span,
            after: window.after,
            limit: window.limit,
        }
    })
}

/// What every list takes.
const PAGE_PARAMETERS: [&str; 7] = [
    "start_date",
    "end_date",
    "tz",
    "limit",
    "cursor",
    "at_least",
    "wait_ms",
];

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
    zone: Tz,
) -> Checked<PageRequest<OrdersQuestion>> {
    let narrowed_by = customer_id.clone();
    page(params, list, narrowed_by.as_deref(), zone, |window| {
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
    default_zone: Tz,
    question: impl FnOnce(Window<C>) -> Q,
) -> Checked<PageRequest<Q>> {
    let zone = params.optional("tz", zone).unwrap_or(default_zone);
    let start = params.optional("start_date", date);
    let end = params.optional("end_date", date);
    check_range(&mut params, start, end);
    let limit = params.optional("limit", |text| {
        integer(text, 1, 100).map(|limit| u8::try_from(limit).expect("a hundred at most"))
    });
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
    let after = params.optional("cursor", |text| {
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
        limit: limit.unwrap_or(LIMIT),
    };
    params.finish(Some(PageRequest {
        question: question(window),
        start,
        end,
        zone,
        fingerprint,
        at_least,
    }))
}
