//! Good answers: their shapes in each form, and their headers.

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use headers::{ETag, HeaderMapExt as _};
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, LINK};
use http::{HeaderName, HeaderValue, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;
use warp::reply::Response;

use crate::calendar::DateRange;
use crate::call::Call;
use crate::database::Snapshot;
use crate::lists::cursor::Place;
use crate::lists::{Fields, Page};
use crate::position::Positions;
use crate::representation::Representation;
use crate::requests::PageRequest;
use crate::table::{self, Row};

/// For each partition the next offset; everything below it is included in the answer.
pub const POSITION_HEADER: HeaderName = HeaderName::from_static("ordertally-position");

/// `as_of` for the answers whose body has no room for it.
pub const AS_OF_HEADER: HeaderName = HeaderName::from_static("ordertally-as-of");

/// Answers may be kept by whoever asked, and asked about before they are used again: another
/// commit may have changed them.
pub const PRIVATE: HeaderValue = HeaderValue::from_static("private, no-cache");

/// What is true only now.
pub const MOMENTARY: HeaderValue = HeaderValue::from_static("no-store");

/// What can be done with any resource.
pub const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, OPTIONS");

/// The answer to a question.
#[derive(Serialize, ToSchema)]
pub struct Analytics<'a, T> {
    /// The first day that counts.
    pub start_date: NaiveDate,
    /// The last day that counts.
    pub end_date: NaiveDate,
    /// The IANA zone of the days.
    pub time_zone: &'static str,
    /// When the newest record was committed that the answer includes; null while there is none.
    #[schema(format = DateTime)]
    pub as_of: Option<String>,
    /// The rows.
    pub data: &'a [T],
}

/// A page of a list.
#[derive(Serialize, ToSchema)]
pub struct List<T> {
    /// The first day, if one was asked for.
    pub start_date: Option<NaiveDate>,
    /// The last day, if one was asked for.
    pub end_date: Option<NaiveDate>,
    /// The IANA zone of the days.
    pub time_zone: &'static str,
    /// When the newest record was committed that the answer includes; null while there is none.
    #[schema(format = DateTime)]
    pub as_of: Option<String>,
    /// The rows, newest first.
    pub data: Vec<T>,
    /// Whether there is another page.
    pub has_more: bool,
    /// The cursor of that page; null on the last.
    pub next_cursor: Option<String>,
}

/// The state that an answer was made from, as its headers tell it.
#[derive(Clone, Debug)]
pub struct Freshness {
    position: HeaderValue,
    as_of: Option<String>,
}

impl Freshness {
    /// Of these positions and this newest ingest.
    #[must_use]
    pub fn of(positions: &Positions, as_of: Option<DateTime<Utc>>) -> Self {
        Self {
            position: position_value(positions),
            as_of: as_of.map(|time| time.to_rfc3339_opts(SecondsFormat::Millis, true)),
        }
    }

    /// On a response.
    #[must_use]
    pub fn on(self, mut response: Response) -> Response {
        let headers = response.headers_mut();
        let _none = headers.insert(POSITION_HEADER, self.position);
        if let Some(as_of) = self.as_of {
            let as_of = HeaderValue::from_str(&as_of).expect("a time is ASCII");
            let _none = headers.insert(AS_OF_HEADER, as_of);
        }
        response
    }
}

/// The answer to one of the three questions: `rows`, of the state that `answer` was made from. Its
/// file would be called `name` and its days.
pub fn analytics<T: Serialize + Row, D>(
    representation: Representation,
    name: &str,
    range: &DateRange,
    rows: &[T],
    answer: &Snapshot<D>,
) -> Response {
    let freshness = Freshness::of(&answer.positions, answer.as_of);
    let body = of_days(representation, range, rows, &freshness);
    let name = file_of_days(name, range);
    freshness.on(private(body, representation, &name))
}

/// Rows about days that are counted when they are asked for, in the form of an answer to one of the
/// three questions.
pub fn counts<T: Serialize + Row>(
    call: &Call,
    name: &str,
    range: &DateRange,
    answer: &Snapshot<Vec<T>>,
) -> Response {
    let freshness = Freshness::of(&answer.positions, answer.as_of);
    let body = of_days(call.representation, range, &answer.data, &freshness);
    freshness.on(tagged(call, body, &file_of_days(name, range)))
}

fn of_days<T: Serialize + Row>(
    representation: Representation,
    range: &DateRange,
    rows: &[T],
    freshness: &Freshness,
) -> Vec<u8> {
    match representation {
        Representation::Csv => table::of(rows),
        Representation::NdJson => lines(rows),
        Representation::Json => bytes(&Analytics {
            start_date: range.start,
            end_date: range.end,
            time_zone: range.zone.name(),
            as_of: freshness.as_of.clone(),
            data: rows,
        }),
    }
}

fn file_of_days(name: &str, range: &DateRange) -> String {
    format!("{name}_{}_{}", range.start, range.end)
}

/// A page of a list, of whose rows a table has the columns of `fields`.
pub fn list<T: Serialize + Row, C: Place, Q>(
    call: &Call,
    name: &str,
    request: &PageRequest<Q>,
    fields: Fields,
    answer: Snapshot<Page<T, C>>,
) -> Response {
    let freshness = Freshness::of(&answer.positions, answer.as_of);
    let Page { data, next } = answer.data;
    let next_cursor = next.map(|place| request.fingerprint.cursor(&place));
    let link = next_cursor.as_ref().map(|cursor| call.next_page(cursor));
    let body = match call.representation {
        Representation::Csv => table::of_columns(&data, |column| fields.has_column(column)),
        Representation::NdJson => lines(&data),
        Representation::Json => bytes(&List {
            start_date: request.days.start,
            end_date: request.days.end,
            time_zone: request.days.zone.name(),
            as_of: freshness.as_of.clone(),
            data,
            has_more: next_cursor.is_some(),
            next_cursor,
        }),
    };
    let mut response = tagged(call, body, name);
    if let Some(link) = link {
        let _none = response.headers_mut().insert(LINK, link);
    }
    freshness.on(response)
}

/// One record, bare, of which a table has the columns of `fields`.
pub fn document<T: Serialize + Row>(
    call: &Call,
    name: &str,
    fields: Fields,
    answer: Snapshot<T>,
) -> Response {
    let freshness = Freshness::of(&answer.positions, answer.as_of);
    let rows = [answer.data];
    let body = match call.representation {
        Representation::Csv => table::of_columns(&rows, |column| fields.has_column(column)),
        Representation::NdJson => lines(&rows),
        Representation::Json => bytes(&rows[0]),
    };
    freshness.on(tagged(call, body, name))
}

/// Says how the process is; nothing that is worth keeping.
pub fn momentary<T: Serialize>(body: &T) -> Response {
    let mut response = Response::new(bytes(body).into());
    let headers = response.headers_mut();
    let json = Representation::Json.content_type();
    let _none = headers.insert(CONTENT_TYPE, json);
    let _none = headers.insert(CACHE_CONTROL, MOMENTARY);
    response
}

/// `304`: the client has the answer with this tag.
#[must_use]
pub fn not_modified(tag: ETag) -> Response {
    let mut response = Response::new(Vec::new().into());
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    let _none = response.headers_mut().insert(CACHE_CONTROL, PRIVATE);
    with_tag(response, tag)
}

/// `204`: what can be done with a resource.
#[must_use]
pub fn options() -> Response {
    let mut response = Response::new(Vec::new().into());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let _none = response.headers_mut().insert(ALLOW, METHODS);
    response
}

/// Puts the tag on an answer.
#[must_use]
pub fn with_tag(mut response: Response, tag: ETag) -> Response {
    response.headers_mut().typed_insert(tag);
    response
}

/// Positions as the value of a header.
#[must_use]
pub fn position_value(positions: &Positions) -> HeaderValue {
    HeaderValue::from_str(&positions.to_string()).expect("positions are digits, '=' and ','")
}

/// An answer whose tag is made of its bytes, or the word that the client has it.
fn tagged(call: &Call, body: Vec<u8>, name: &str) -> Response {
    let tag = call.tag(&[&body]);
    if call.knows(&tag) {
        return not_modified(tag);
    }
    with_tag(private(body, call.representation, name), tag)
}

fn private(body: Vec<u8>, representation: Representation, name: &str) -> Response {
    let mut response = Response::new(body.into());
    let headers = response.headers_mut();
    let _none = headers.insert(CONTENT_TYPE, representation.content_type());
    let _none = headers.insert(CACHE_CONTROL, PRIVATE);
    if representation != Representation::Json {
        let file = format!(
            "attachment; filename=\"{name}.{}\"",
            representation.suffix()
        );
        let file = HeaderValue::from_str(&file).expect("names of files are ours, and ASCII");
        let _none = headers.insert(CONTENT_DISPOSITION, file);
    }
    response
}

fn bytes<T: Serialize>(body: &T) -> Vec<u8> {
    serde_json::to_vec(body).expect("an answer is plain data")
}

/// A JSON document a row and line.
///
/// # Panics
///
/// Never: an answer is plain data.
pub fn lines<T: Serialize>(rows: &[T]) -> Vec<u8> {
    let mut lines = Vec::new();
    for row in rows {
        serde_json::to_writer(&mut lines, row).expect("an answer is plain data");
        lines.push(b'\n');
    }
    lines
}
