//! Each request's parameters, from text to a checked question.

use std::str::FromStr as _;
use std::time::Duration;

use chrono::NaiveDate;
use chrono_tz::Tz;
use iso_currency::Currency;
use ordertally_schema::Code;

use crate::answers::{
    AddressKind, OrderValueQuestion, PlaceFilter, ProvinceSalesQuestion, TopCustomersQuestion,
    ValueMode,
};
use crate::calendar::{DateRange, RANGE_DAYS_MAX, Span};
use crate::lists::cursor::{Place, QueryFingerprint};
use crate::lists::{OrdersQuestion, RejectedQuestion};
use crate::params::{Fault, InvalidParameter, Params, id, integer, name, word};
use crate::position::{AtLeast, Positions};

/// How long `at_least` waits when the request does not say.
const WAIT_MS: u32 = 2_000;
const WAIT_MS_MAX: u32 = 30_000;

const LIMIT: u8 = 25;

/// A request understood, or everything that is wrong with it.
pub type Checked<T> = Result<T, Vec<InvalidParameter>>;

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

/// `GET /customers/top`.
///
/// # Errors
///
/// Everything that is wrong with the parameters; so for each function here.
pub fn top_customers(raw: &str, zone: Tz) -> Checked<(TopCustomersQuestion, AtLeast)> {
    let mut params = Params::read(
        raw,
        &[
            "start_date",
            "end_date",
            "tz",
            "count",
            "currency",
            "accepts_marketing",
            "at_least",
            "wait_ms",
        ],
    );
    let range = required_range(&mut params, zone);
    let count = params.optional("count", |text| {
        integer(text, 1, 1_000).map(|count| u16::try_from(count).expect("a thousand at most"))
    });
    let currency = params.optional("currency", currency);
    let accepts_marketing = params.optional("accepts_marketing", |text| {
        word(text, &[("true", true), ("false", false)])
    });
    let at_least = at_least(&mut params);
    params.finish(range.map(|range| {
        let question = TopCustomersQuestion {
            range,
            count: count.unwrap_or(5),
            currency,
            accepts_marketing,
        };
        (question, at_least)
    }))
}

/// `GET /orders/value`.
#[allow(clippy::missing_errors_doc)]
pub fn order_value(raw: &str, zone: Tz) -> Checked<(OrderValueQuestion, AtLeast)> {
    let known = [
        "start_date",
        "end_date",
        "tz",
        "mode",
        "at_least",
        "wait_ms",
    ];
    let mut params = Params::read(raw, &known);
    let range = required_range(&mut params, zone);
    let mode = params.optional("mode", |text| {
        word(
            text,
            &[("DAY", ValueMode::Day), ("TOTAL", ValueMode::Total)],
        )
    });
    let at_least = at_least(&mut params);
    params.finish(range.map(|range| {
        let mode = mode.unwrap_or_default();
        (OrderValueQuestion { range, mode }, at_least)
    }))
}

/// `GET /sales/province`.
#[allow(clippy::missing_errors_doc)]
pub fn province_sales(raw: &str, zone: Tz) -> Checked<(ProvinceSalesQuestion, AtLeast)> {
    let mut params = Params::read(
        raw,
        &[
            "start_date",
            "end_date",
            "tz",
            "province",
            "country",
            "currency",
            "address",
            "at_least",
            "wait_ms",
        ],
    );
    let range = required_range(&mut params, zone);
    let province = params.optional("province", name);
    let country = params.optional("country", name);
    let currency = params.optional("currency", currency);
    let address = params.optional("address", |text| {
        word(
            text,
            &[
                ("shipping", AddressKind::Shipping),
                ("billing", AddressKind::Billing),
            ],
        )
    });
    let at_least = at_least(&mut params);
    params.finish(range.map(|range| {
        let question = ProvinceSalesQuestion {
            range,
            places: PlaceFilter::new(province.as_deref(), country.as_deref()),
            currency,
            address: address.unwrap_or_default(),
        };
        (question, at_least)
    }))
}

/// `GET /orders/{event_id}`: only `at_least`.
#[allow(clippy::missing_errors_doc)]
pub fn order(raw: &str) -> Checked<AtLeast> {
    let mut params = Params::read(raw, &["at_least", "wait_ms"]);
    let at_least = at_least(&mut params);
    params.finish(Some(at_least))
}

/// `GET /orders`.
#[allow(clippy::missing_errors_doc)]
pub fn orders(raw: &str, zone: Tz) -> Checked<PageRequest<OrdersQuestion>> {
    let mut known = PAGE_PARAMETERS.to_vec();
    known.push("customer_id");
    let mut params = Params::read(raw, &known);
    let customer_id = params.optional("customer_id", id);
    order_page(params, "orders", customer_id, zone)
}

/// `GET /customers/{id}/orders`.
#[allow(clippy::missing_errors_doc)]
pub fn customer_orders(
    raw: &str,
    customer_id: String,
    zone: Tz,
) -> Checked<PageRequest<OrdersQuestion>> {
    let params = Params::read(raw, &PAGE_PARAMETERS);
    order_page(params, "customer orders", Some(customer_id), zone)
}

/// `GET /rejected-events`.
#[allow(clippy::missing_errors_doc)]
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

fn required_range(params: &mut Params, default_zone: Tz) -> Option<DateRange> {
    let start = params.required("start_date", date);
    let end = params.required("end_date", date);
    let zone = params.optional("tz", zone).unwrap_or(default_zone);
    check_range(params, start, end);
    Some(DateRange {
        start: start?,
        end: end?,
        zone,
    })
}

fn check_range(params: &mut Params, start: Option<NaiveDate>, end: Option<NaiveDate>) {
    let (Some(start), Some(end)) = (start, end) else {
        return;
    };
    let days = (end - start).num_days() + 1;
    if days < 1 {
        params.fault(
            "end_date",
            Fault::new("out_of_range", "must not be before start_date"),
        );
    } else if days > RANGE_DAYS_MAX {
        params.fault(
            "end_date",
            Fault::new(
                "out_of_range",
                format!("must be at most {RANGE_DAYS_MAX} days from start_date, both counted"),
            ),
        );
    }
}

fn at_least(params: &mut Params) -> AtLeast {
    let positions = params.optional("at_least", |text| {
        Positions::from_str(text).map_err(|error| Fault::new("invalid_value", error.to_string()))
    });
    let wait_ms = params
        .optional("wait_ms", |text| integer(text, 0, WAIT_MS_MAX))
        .unwrap_or(WAIT_MS);
    AtLeast {
        positions: positions.unwrap_or_default(),
        patience: Duration::from_millis(wait_ms.into()),
    }
}

/// A day of the calendar as `YYYY-MM-DD` and nothing else, from year 1.
fn date(text: &str) -> Result<NaiveDate, Fault> {
    let fault = || Fault::new("invalid_date", "must be a day that exists, as YYYY-MM-DD");
    let shaped = text.len() == 10
        && text.bytes().enumerate().all(|(place, byte)| match place {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if !shaped || text.starts_with("0000") {
        return Err(fault());
    }
    text.parse().map_err(|_| fault())
}

fn zone(text: &str) -> Result<Tz, Fault> {
    text.parse().map_err(|_| {
        Fault::new(
            "invalid_time_zone",
            "must be an IANA time zone, such as America/Boise or UTC",
        )
    })
}

fn currency(text: &str) -> Result<String, Fault> {
    let shaped = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase());
    if !shaped {
        return Err(Fault::new(
            "invalid_value",
            "must be a currency's ISO 4217 code of three capital letters, such as USD",
        ));
    }
    match Currency::from_code(text) {
        Some(_) => Ok(text.to_owned()),
        None => Err(Fault::new(
            "unknown_currency",
            "must be a code in the table of ISO 4217",
        )),
    }
}
