//! Each request's parameters, from text to a checked question.

mod analytics;
mod pages;

use std::str::FromStr as _;
use std::time::Duration;

use chrono::NaiveDate;
use chrono_tz::Tz;

use crate::calendar::RANGE_DAYS_MAX;
use crate::params::{Fault, InvalidParameter, Params, integer};
use crate::position::{AtLeast, Positions};

pub use analytics::{order_value, province_sales, top_customers};
pub use pages::{PageRequest, customer_orders, orders, rejected_events};

/// How long `at_least` waits when the request does not say.
const WAIT_MS: u32 = 2_000;
const WAIT_MS_MAX: u32 = 30_000;

/// A request understood, or everything that is wrong with it.
pub type Checked<T> = Result<T, Vec<InvalidParameter>>;

/// `GET /orders/{event_id}`: only `at_least`.
///
/// # Errors
///
/// Everything that is wrong with the parameters.
pub fn order(raw: &str) -> Checked<AtLeast> {
    let mut params = Params::read(raw, &["at_least", "wait_ms"]);
    let at_least = at_least(&mut params);
    params.finish(Some(at_least))
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
