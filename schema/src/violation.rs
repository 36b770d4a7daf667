//! What is wrong with a record, in stable codes.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// A stable code of a violation. Clients filter by its [`Code::as_str`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The payload is no JSON text.
    NotJson,
    /// The payload, or a text in it, is not valid Unicode.
    NotUtf8,
    /// A required field is absent, null or empty.
    Missing,
    /// A value of another JSON type than the field's.
    WrongType,
    /// An amount that is no decimal number.
    InvalidDecimal,
    /// A number beyond its bounds.
    OutOfRange,
    /// Not in the table of ISO 4217.
    UnknownCurrency,
    /// Not one of the known statuses of payment.
    UnknownStatus,
    /// Not a plausible address.
    InvalidEmail,
    /// A NUL character in a text that would be stored.
    NulCharacter,
    /// A payload, text or list over its limit.
    TooLong,
    /// An event version of another major number, or none at all.
    UnsupportedVersion,
    /// A time that is not RFC 3339 with an offset.
    InvalidTimestamp,
    /// A time before 2000 or more than a day ahead of its record.
    TimestampOutOfRange,
    /// A tombstone or an empty record value.
    EmptyPayload,
    /// A known field given twice in one object.
    DuplicateField,
    /// Several spellings of one field that do not agree.
    ConflictingFields,
    /// The event id is stored already with other content.
    ConflictingDuplicate,
    /// The database refused the order; the message gives its reason.
    RefusedByDatabase,
    /// Not a fault of its own: tells how many violations are not listed, because there were more
    /// than [`VIOLATIONS_MAX`](crate::rules::VIOLATIONS_MAX).
    MoreViolations,
}

impl Code {
    /// Every code, in the order of the documentation.
    pub const ALL: [Self; 20] = [
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
        Self::RefusedByDatabase,
        Self::MoreViolations,
    ];

    /// The code as it is stored, answered and documented.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotJson => "not_json",
            Self::NotUtf8 => "not_utf8",
            Self::Missing => "missing",
            Self::WrongType => "wrong_type",
            Self::InvalidDecimal => "invalid_decimal",
            Self::OutOfRange => "out_of_range",
            Self::UnknownCurrency => "unknown_currency",
            Self::UnknownStatus => "unknown_status",
            Self::InvalidEmail => "invalid_email",
            Self::NulCharacter => "nul_character",
            Self::TooLong => "too_long",
            Self::UnsupportedVersion => "unsupported_version",
            Self::InvalidTimestamp => "invalid_timestamp",
            Self::TimestampOutOfRange => "timestamp_out_of_range",
            Self::EmptyPayload => "empty_payload",
            Self::DuplicateField => "duplicate_field",
            Self::ConflictingFields => "conflicting_fields",
            Self::ConflictingDuplicate => "conflicting_duplicate",
            Self::RefusedByDatabase => "refused_by_database",
            Self::MoreViolations => "more_violations",
        }
    }
}

/// One thing that is wrong with a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// Path of the field, such as `line_items[2].quantity`; empty for the payload as a whole.
    pub field: String,
    /// Stable code.
    pub code: Code,
    /// What is wrong and what is expected; never the raw input.
    pub message: Cow<'static, str>,
}

impl Violation {
    /// A violation at `field`.
    pub fn new(
        field: impl Into<String>,
        code: Code,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            field: field.into(),
            code,
            message: message.into(),
        }
    }
}
