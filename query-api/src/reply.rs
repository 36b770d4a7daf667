//! Good answers: their JSON shapes and headers.

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue};
use serde::Serialize;
use warp::reply::Response;

use crate::calendar::DateRange;
use crate::database::Snapshot;
use crate::lists::Page;
use crate::lists::cursor::Place;
use crate::position::Positions;
use crate::requests::PageRequest;

/// For each partition the next offset; everything below it is included in the answer.
pub const POSITION_HEADER: HeaderName = HeaderName::from_static("ordertally-position");

/// `as_of` for the answers whose body has no room for it.
const AS_OF_HEADER: HeaderName = HeaderName::from_static("ordertally-as-of");

#[derive(Serialize)]
struct Analytics<T> {
    start_date: NaiveDate,
    end_date: NaiveDate,
    time_zone: &'static str,
    as_of: Option<String>,
    data: T,
}

#[derive(Serialize)]
struct List<T> {
    start_date: Option<NaiveDate>,
    end_date: Option<NaiveDate>,
    time_zone: &'static str,
    as_of: Option<String>,
    data: Vec<T>,
    has_more: bool,
    next_cursor: Option<String>,
}

/// The answer to one of the three questions.
pub fn analytics<T: Serialize>(range: &DateRange, answer: Snapshot<T>) -> Response {
    let headers = FreshnessHeaders::of(&answer);
    let body = Analytics {
        start_date: range.start,
        end_date: range.end,
        time_zone: range.zone.name(),
        as_of: shown(answer.as_of),
        data: answer.data,
    };
    headers.on(json(&body))
}

/// A page of a list.
pub fn list<T: Serialize, C: Place, Q>(
    request: &PageRequest<Q>,
    answer: Snapshot<Page<T, C>>,
) -> Response {
    let headers = FreshnessHeaders::of(&answer);
    let next_cursor = answer
        .data
        .next
        .map(|place| request.fingerprint.cursor(&place));
    let body = List {
        start_date: request.start,
        end_date: request.end,
        time_zone: request.zone.name(),
        as_of: shown(answer.as_of),
        data: answer.data.data,
        has_more: next_cursor.is_some(),
        next_cursor,
    };
    headers.on(json(&body))
}

/// One record, bare.
pub fn document<T: Serialize>(answer: Snapshot<T>) -> Response {
    let headers = FreshnessHeaders::of(&answer);
    headers.on(json(&answer.data))
}

/// A JSON body with status 200.
pub fn json<T: Serialize>(body: &T) -> Response {
    let bytes = serde_json::to_vec(body).expect("an answer is plain data");
    let mut response = Response::new(bytes.into());
    let _none = response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// Positions as the value of a header.
#[must_use]
pub fn position_value(positions: &Positions) -> HeaderValue {
    HeaderValue::from_str(&positions.to_string()).expect("positions are digits, '=' and ','")
}

struct FreshnessHeaders {
    position: HeaderValue,
    as_of: Option<HeaderValue>,
}

impl FreshnessHeaders {
    fn of<T>(answer: &Snapshot<T>) -> Self {
        let as_of = shown(answer.as_of);
        Self {
            position: position_value(&answer.positions),
            as_of: as_of.map(|time| HeaderValue::from_str(&time).expect("a time is ASCII")),
        }
    }

    fn on(self, mut response: Response) -> Response {
        let headers = response.headers_mut();
        let _none = headers.insert(POSITION_HEADER, self.position);
        if let Some(as_of) = self.as_of {
            let _none = headers.insert(AS_OF_HEADER, as_of);
        }
        response
    }
}

fn shown(time: Option<DateTime<Utc>>) -> Option<String> {
    time.map(|time| time.to_rfc3339_opts(SecondsFormat::Millis, true))
}
