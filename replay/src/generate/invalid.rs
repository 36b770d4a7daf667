//! Events that are wrong on purpose: each of the codes that an event alone can earn, and the
//! conflict.

use super::Made;
use super::order::Order;
use super::spelling::{Change, Spelling};
use ordertally_schema::Code;

/// What is wrong with an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Cut off.
    NotJson,
    /// A byte that is no UTF-8.
    NotUtf8,
    /// No email.
    Missing,
    /// A number where a boolean stands.
    WrongType,
    /// A comma in an amount.
    InvalidDecimal,
    /// A negative amount.
    OutOfRange,
    /// A currency in small letters.
    UnknownCurrency,
    /// A status nobody knows.
    UnknownStatus,
    /// An email without a host.
    InvalidEmail,
    /// A NUL in a name.
    NulCharacter,
    /// A name of 1,001 characters.
    TooLong,
    /// Version 2.
    UnsupportedVersion,
    /// A time without an offset.
    InvalidTimestamp,
    /// The last millennium.
    TimestampOutOfRange,
    /// Nothing at all.
    EmptyPayload,
    /// The email twice.
    DuplicateField,
    /// Two customers.
    ConflictingFields,
    /// The id of an earlier order.
    ConflictingDuplicate,
}

impl Fault {
    /// Every kind.
    pub const ALL: [Self; 18] = [
        Self::NotJson,
        Self::NotUtf8,
        Self::Missing,
        Self::WrongType,
        Self::InvalidDecimal,
        Self::OutOfRange,
        Self::UnknownCurrency,
        Self::UnknownStatus,
        Self::InvalidEmail,
        Self::NulCharacter,
        Self::TooLong,
        Self::UnsupportedVersion,
        Self::InvalidTimestamp,
        Self::TimestampOutOfRange,
        Self::EmptyPayload,
        Self::DuplicateField,
        Self::ConflictingFields,
        Self::ConflictingDuplicate,
    ];

    /// The code that the consumer gives it.
    #[must_use]
    pub fn code(self) -> Code {
        match self {
            Self::NotJson => Code::NotJson,
            Self::NotUtf8 => Code::NotUtf8,
            Self::Missing => Code::Missing,
            Self::WrongType => Code::WrongType,
            Self::InvalidDecimal => Code::InvalidDecimal,
            Self::OutOfRange => Code::OutOfRange,
            Self::UnknownCurrency => Code::UnknownCurrency,
            Self::UnknownStatus => Code::UnknownStatus,
            Self::InvalidEmail => Code::InvalidEmail,
            Self::NulCharacter => Code::NulCharacter,
            Self::TooLong => Code::TooLong,
            Self::UnsupportedVersion => Code::UnsupportedVersion,
            Self::InvalidTimestamp => Code::InvalidTimestamp,
            Self::TimestampOutOfRange => Code::TimestampOutOfRange,
            Self::EmptyPayload => Code::EmptyPayload,
            Self::DuplicateField => Code::DuplicateField,
            Self::ConflictingFields => Code::ConflictingFields,
            Self::ConflictingDuplicate => Code::ConflictingDuplicate,
        }
    }

    /// Writes `order` with this fault.
    pub fn write(self, order: &Order, made: &mut Made) {
        order.write(made, &Spelling::default(), &self.change());
        match self {
            Self::NotJson => made.payload.truncate(made.payload.len() / 2),
            Self::EmptyPayload => made.payload.clear(),
            _ => {}
        }
    }

    fn change(self) -> Change {
        let replaced = |name, value: &'static [u8]| Change {
            replaced: Some((name, value)),
            ..Change::default()
        };
        let added = |members| Change {
            added: Some(members),
            ..Change::default()
        };
        match self {
            Self::NotJson | Self::EmptyPayload => Change::default(),
            Self::NotUtf8 => replaced("first_name", b"\"\xff\""),
            Self::Missing => Change {
                left_out: Some("email"),
                ..Change::default()
            },
            Self::WrongType => replaced("buyer_accepts_marketing", b"1"),
            Self::InvalidDecimal => replaced("order_value", b"\"12,50\""),
            Self::OutOfRange => replaced("order_value", b"-1.00"),
            Self::UnknownCurrency => replaced("currency", b"\"usd\""),
            Self::UnknownStatus => replaced("financial_status", b"\"settled\""),
            Self::InvalidEmail => replaced("email", b"\"dan.example.com\""),
            Self::NulCharacter => replaced("last_name", b"\"dy\\u0000er\""),
            Self::TooLong => replaced("last_name", LONG_NAME),
            Self::UnsupportedVersion => replaced("event_version", b"\"2.0.0\""),
            Self::InvalidTimestamp => replaced("created_at", b"\"2020-09-01T12:00:00\""),
            Self::TimestampOutOfRange => replaced("created_at", b"\"1999-12-31T23:59:59Z\""),
            Self::DuplicateField => added("\"email\":\"other@example.com\""),
            Self::ConflictingFields => added("\"user_id\":\"somebody else\""),
            // More than any made-up order comes to.
            Self::ConflictingDuplicate => replaced("order_value", b"99999999.99"),
        }
    }
}

const LONG_NAME: &[u8] = &{
    let mut name = [b'x'; 1003];
    name[0] = b'"';
    name[1002] = b'"';
    name
};
