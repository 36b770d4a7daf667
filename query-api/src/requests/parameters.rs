//! Every parameter of every resource, once: bounds, meaning, an example.

use std::str::FromStr as _;

use chrono_tz::Tz;
use iso_currency::Currency;
use ordertally_schema::rules::FINANCIAL_STATUSES;
use ordertally_schema::{Code, money};
use rust_decimal::Decimal;

use super::days::{DayPart, Period};
use crate::answers::ValueMode;
use crate::calendar::RANGE_DAYS_MAX;
use crate::facts::sales::AddressKind;
use crate::lists::Fields;
use crate::params::{self, Fault, Integer, Text, Word};
use crate::position::Positions;

const _: () = assert!(RANGE_DAYS_MAX == 3_660, "the descriptions below say so");

/// Three capital letters.
const CURRENCY_PATTERN: &str = "^[A-Z]{3}$";

/// An amount of money, as orders have it.
const AMOUNT_PATTERN: &str = "^[0-9]{1,14}([.][0-9]{1,4})?$";

/// A day, a month or a year, from year 1; how many days a month has it cannot say.
const DAYS_PATTERN: &str = "^(000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})\
                            (-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?$";

/// A text without NUL.
const TEXT_PATTERN: &str = r"^[^\u0000]+$";

/// A text without NUL, of which not all is blank.
const NAME_PATTERN: &str = r"^[^\u0000]*[^\s\u0000][^\u0000]*$";

pub(super) const START_DATE: Text<DayPart> = Text {
    name: "start_date",
    read: DayPart::from_str,
    pattern: Some(DAYS_PATTERN),
    chars: (4, 10),
    example: "2020-09-01",
    about: "The first day, as YYYY-MM-DD; of a month (YYYY-MM) or a year (YYYY) its first day",
};

pub(super) const END_DATE: Text<DayPart> = Text {
    name: "end_date",
    read: DayPart::from_str,
    pattern: Some(DAYS_PATTERN),
    chars: (4, 10),
    example: "2020-09-05",
    about: "The last day, which is included, as YYYY-MM-DD; of a month (YYYY-MM) or a year (YYYY) \
            its last day. From first to last there may be 3,660 days",
};

pub(super) const PERIOD: Word<Period> = Word {
    name: "period",
    words: &Period::WORDS,
    default: None,
    about: "The days up to today, instead of start_date and end_date: today, the day before, the \
            seven or thirty days that end today, or from the first of the month or year until \
            today; of last month all days",
};

pub(super) const TZ: Text<Tz> = Text {
    name: "tz",
    read: zone,
    pattern: Some("^[A-Za-z0-9_+/-]+$"),
    chars: (1, 64),
    example: "America/Boise",
    about: "The IANA time zone of the days; the service's own when none is given",
};

pub(super) const COUNT: Integer = Integer {
    name: "count",
    least: 1,
    most: 1_000,
    default: 5,
    about: "How many customers of each currency",
};

pub(super) const CURRENCY: Text<String> = Text {
    name: "currency",
    read: currency,
    pattern: Some(CURRENCY_PATTERN),
    chars: (3, 3),
    example: "USD",
    about: "Only orders in this currency: its ISO 4217 code in capital letters",
};

pub(super) const ACCEPTS_MARKETING: Word<bool> = Word {
    name: "accepts_marketing",
    words: &[("true", true), ("false", false)],
    default: None,
    about: "Only orders whose buyer accepts marketing, or does not",
};

pub(super) const MODE: Word<ValueMode> = Word {
    name: "mode",
    words: &[("DAY", ValueMode::Day), ("TOTAL", ValueMode::Total)],
    default: Some("DAY"),
    about: "A row a day and currency, or one a currency",
};

pub(super) const PROVINCE: Text<String> = Text {
    name: "province",
    read: params::name,
    pattern: Some(NAME_PATTERN),
    chars: (1, 1_000),
    example: "Idaho",
    about: "Only this province, by its name or by a code that orders carry; case and blanks around \
            it do not count",
};

pub(super) const COUNTRY: Text<String> = Text {
    name: "country",
    read: params::name,
    pattern: Some(NAME_PATTERN),
    chars: (1, 1_000),
    example: "United States",
    about: "Only this country, likewise",
};

pub(super) const ADDRESS: Word<AddressKind> = Word {
    name: "address",
    words: &[
        ("shipping", AddressKind::Shipping),
        ("billing", AddressKind::Billing),
    ],
    default: Some("shipping"),
    about: "Which of an order's addresses tells its province",
};

pub(super) const CUSTOMER_ID: Text<String> = Text {
    name: "customer_id",
    read: params::id,
    pattern: Some(TEXT_PATTERN),
    chars: (1, 128),
    example: "66f6",
    about: "Only orders of this customer",
};

pub(super) const FINANCIAL_STATUS: Word<&str> = Word {
    name: "financial_status",
    words: &meaning_themselves(FINANCIAL_STATUSES),
    default: None,
    about: "Only orders of this status of payment",
};

pub(super) const MIN_VALUE: Text<Decimal> = Text {
    name: "min_value",
    read: amount,
    pattern: Some(AMOUNT_PATTERN),
    chars: (1, 19),
    example: "19.99",
    about: "Only orders worth so much at least, each in its own currency",
};

pub(super) const MAX_VALUE: Text<Decimal> = Text {
    name: "max_value",
    read: amount,
    pattern: Some(AMOUNT_PATTERN),
    chars: (1, 19),
    example: "250",
    about: "Only orders worth so much at most, each in its own currency; not below min_value",
};

pub(super) const FIELDS: Text<Fields> = Text {
    name: "fields",
    read: Fields::read,
    pattern: Some("^[a-z0-9_]+(,[a-z0-9_]+)*$"),
    chars: (5, 300),
    example: "event_id,created_at,order_value,currency",
    about: "The members of an order that are shown, each named once, separated by commas; all of \
            them when none is given",
};

pub(super) const CODE: Word<&str> = Word {
    name: "code",
    words: &meaning_themselves(code_names()),
    default: None,
    about: "Only records with a violation of this code",
};

pub(super) const TOPIC: Text<String> = Text {
    name: "topic",
    read: topic,
    pattern: Some("^[A-Za-z0-9._-]+$"),
    chars: (1, 249),
    example: "orders",
    about: "Only records of this Kafka topic",
};

pub(super) const PARTITION: Text<i32> = Text {
    name: "partition",
    read: partition,
    pattern: Some("^[0-9]{1,10}$"),
    chars: (1, 10),
    example: "0",
    about: "Only records of this partition",
};

pub(super) const LIMIT: Integer = Integer {
    name: "limit",
    least: 1,
    most: 100,
    default: 25,
    about: "Rows of a page",
};

/// The name of the parameter that goes on where a page ended.
pub(super) const CURSOR: Text<String> = Text {
    name: "cursor",
    read: params::text,
    pattern: Some("^[A-Za-z0-9_-]+$"),
    chars: (1, 1_024),
    example: "AZUppw2w2NhxAAWukiSJ",
    about: "next_cursor of the page before, of a query that is the same but for limit",
};

pub(super) const AT_LEAST: Text<Positions> = Text {
    name: "at_least",
    read: positions,
    pattern: Some("^[0-9]+=[0-9]+(,[0-9]+=[0-9]+)*$"),
    chars: (3, 7_000),
    example: "0=1",
    about: "Positions that the answer must include, in the form of Ordertally-Position, of any of \
            the partitions",
};

pub(super) const WAIT_MS: Integer = Integer {
    name: "wait_ms",
    least: 0,
    most: 30_000,
    default: 2_000,
    about: "How long to wait for them, in milliseconds",
};

/// Words that mean what they say.
const fn meaning_themselves<const N: usize>(
    names: [&'static str; N],
) -> [(&'static str, &'static str); N] {
    let mut words = [("", ""); N];
    let mut place = 0;
    while place < N {
        words[place] = (names[place], names[place]);
        place += 1;
    }
    words
}

const fn code_names() -> [&'static str; Code::ALL.len()] {
    let mut names = [""; Code::ALL.len()];
    let mut place = 0;
    while place < names.len() {
        names[place] = Code::ALL[place].as_str();
        place += 1;
    }
    names
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

fn amount(text: &str) -> Result<Decimal, Fault> {
    let (units, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(units) || !digits(fraction) {
        return Err(Fault::new(
            "invalid_value",
            "must be a decimal number without sign or exponent, such as 19.99",
        ));
    }
    let fits = |part: &str, most: i64| i64::try_from(part.len()).is_ok_and(|len| len <= most);
    let fits = fits(units, money::INTEGER_DIGITS_MAX) && fits(fraction, money::FRACTION_DIGITS_MAX);
    text.parse().ok().filter(|_| fits).ok_or_else(|| {
        Fault::new(
            "out_of_range",
            "must have at most 14 digits before the point and 4 after it",
        )
    })
}

fn topic(text: &str) -> Result<String, Fault> {
    let named = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if (1..=249).contains(&text.len()) && text.bytes().all(named) {
        return Ok(text.to_owned());
    }
    Err(Fault::new(
        "invalid_value",
        "must be a name that Kafka takes: 1 to 249 letters, digits, points, underscores and hyphens",
    ))
}

fn partition(text: &str) -> Result<i32, Fault> {
    let partition = params::integer(text, 0, i32::MAX.unsigned_abs())?;
    Ok(i32::try_from(partition).expect("the greatest partition at most"))
}

fn positions(text: &str) -> Result<Positions, Fault> {
    Positions::from_str(text).map_err(|error| Fault::new("invalid_value", error.to_string()))
}
