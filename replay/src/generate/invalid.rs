//! Events that are wrong on purpose: each of the codes that an event alone can earn, and the
//! conflict.

use super::Made;
use super::order::Order;
use super::spelling::{Change, Spelling};
use ordertally_schema::Code;

/// The codes that an event can be made to earn.
#[must_use]
pub fn codes() -> Vec<Code> {
    Code::ALL
        .into_iter()
        .filter(|code| change(*code).is_some())
        .collect()
}

/// Writes `order` so that it earns `code`, which is one of [`codes`].
pub fn write(order: &Order, code: Code, made: &mut Made) {
    order.write(
        made,
        &Spelling::default(),
        &change(code).unwrap_or_default(),
    );
    match code {
        Code::NotJson => made.payload.truncate(made.payload.len() / 2),
        Code::EmptyPayload => made.payload.clear(),
        _ => {}
    }
}

/// What of a right order is made otherwise; `None` for a code that no event earns by itself.
fn change(code: Code) -> Option<Change> {
    let replaced = |name, value: &'static [u8]| Change {
        replaced: Some((name, value)),
        ..Change::default()
    };
    let added = |members| Change {
        added: Some(members),
        ..Change::default()
    };
    Some(match code {
        Code::NotJson | Code::EmptyPayload => Change::default(),
        Code::NotUtf8 => replaced("first_name", b"\"\xff\""),
        Code::Missing => Change {
            left_out: Some("email"),
            ..Change::default()
        },
        Code::WrongType => replaced("buyer_accepts_marketing", b"1"),
        Code::InvalidDecimal => replaced("order_value", b"\"12,50\""),
        Code::OutOfRange => replaced("order_value", b"-1.00"),
        Code::UnknownCurrency => replaced("currency", b"\"usd\""),
        Code::UnknownStatus => replaced("financial_status", b"\"settled\""),
        Code::InvalidEmail => replaced("email", b"\"dan.example.com\""),
        Code::NulCharacter => replaced("last_name", b"\"dy\\u0000er\""),
        Code::TooLong => replaced("last_name", LONG_NAME),
        Code::UnsupportedVersion => replaced("event_version", b"\"2.0.0\""),
        Code::InvalidTimestamp => replaced("created_at", b"\"2020-09-01T12:00:00\""),
        Code::TimestampOutOfRange => replaced("created_at", b"\"1999-12-31T23:59:59Z\""),
        Code::DuplicateField => added("\"email\":\"other@example.com\""),
        Code::ConflictingFields => added("\"user_id\":\"somebody else\""),
        // More than any made-up order comes to.
        Code::ConflictingDuplicate => replaced("order_value", b"99999999.99"),
        Code::RefusedByDatabase | Code::MoreViolations => return None,
    })
}

const LONG_NAME: &[u8] = &{
    let mut name = [b'x'; 1003];
    name[0] = b'"';
    name[1002] = b'"';
    name
};
