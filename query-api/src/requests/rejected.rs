//! Rejected records: a page of them, one, or how many.

use super::days::{self, Now};
use super::pages::{PageRequest, page};
use super::parameters::{
    AT_LEAST, CODE, CURSOR, END_DATE, LIMIT, PARTITION, PERIOD, START_DATE, TOPIC, TZ, WAIT_MS,
};
use super::{Checked, at_least};
use crate::lists::{RejectedCountsQuestion, RejectedFilter, RejectedQuestion};
use crate::params::{Parameter, Params};
use crate::position::AtLeast;

/// What `GET /rejected-events` takes.
pub const REJECTED_EVENTS: &[&dyn Parameter] = &[
    &START_DATE,
    &END_DATE,
    &PERIOD,
    &TZ,
    &CODE,
    &TOPIC,
    &PARTITION,
    &LIMIT,
    &CURSOR,
    &AT_LEAST,
    &WAIT_MS,
];

/// What `GET /rejected-events/{id}` takes.
pub const REJECTED_EVENT: &[&dyn Parameter] = &[&AT_LEAST, &WAIT_MS];

/// What `GET /rejected-events/counts` takes.
pub const REJECTED_COUNTS: &[&dyn Parameter] = &[
    &START_DATE,
    &END_DATE,
    &PERIOD,
    &TZ,
    &CODE,
    &TOPIC,
    &PARTITION,
    &AT_LEAST,
    &WAIT_MS,
];

/// `GET /rejected-events`.
///
/// # Errors
///
/// Everything that is wrong with the parameters; so for each function here.
pub fn rejected_events(raw: &str, now: Now) -> Checked<PageRequest<RejectedQuestion>> {
    let mut params = Params::read(raw, REJECTED_EVENTS);
    let filter = filter(&mut params);
    let narrowed_by = filter.parts();
    page(params, "rejected events", narrowed_by, now, |window| {
        RejectedQuestion {
            filter,
            span: window.span,
            after: window.after,
            limit: window.limit,
        }
    })
}

/// `GET /rejected-events/{id}`: only `at_least`.
pub fn rejected_event(raw: &str) -> Checked<AtLeast> {
    let mut params = Params::read(raw, REJECTED_EVENT);
    let at_least = at_least(&mut params);
    params.finish(Some(at_least))
}

/// `GET /rejected-events/counts`.
pub fn rejected_counts(raw: &str, now: Now) -> Checked<(RejectedCountsQuestion, AtLeast)> {
    let mut params = Params::read(raw, REJECTED_COUNTS);
    let range = days::required(&mut params, now);
    let filter = filter(&mut params);
    let at_least = at_least(&mut params);
    params.finish(range.map(|range| (RejectedCountsQuestion { range, filter }, at_least)))
}

fn filter(params: &mut Params) -> RejectedFilter {
    RejectedFilter {
        code: CODE.read(params),
        topic: TOPIC.read(params),
        partition: PARTITION.read(params),
    }
}
