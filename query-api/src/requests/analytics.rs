//! The three questions.

use chrono_tz::Tz;
use iso_currency::Currency;

use super::{Checked, at_least, check_range, date, zone};
use crate::answers::{
    OrderValueQuestion, PlaceFilter, ProvinceSalesQuestion, TopCustomersQuestion, ValueMode,
};
use crate::calendar::DateRange;
use crate::facts::sales::AddressKind;
use crate::params::{Fault, Params, integer, name, word};
use crate::position::AtLeast;

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
