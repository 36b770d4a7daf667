//! What each code of a violation means and how it is mended: the one source of the table in
//! `docs/events.md` and of the page that the query service shows.

use crate::violation::Code;

/// A code explained to whoever must mend the record. Words in backticks are literal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// What is wrong.
    pub meaning: &'static str,
    /// What to do.
    pub cure: &'static str,
}

impl Code {
    /// What it means, and what to do.
    #[must_use]
    pub const fn explanation(self) -> Explanation {
        let (meaning, cure) = match self {
            Self::NotJson => (
                "The payload is no JSON text. A byte order mark, `NaN` and a second object \
                 make it none.",
                "Send one JSON object.",
            ),
            Self::NotUtf8 => (
                "The payload is not UTF-8; or a text holds half of a surrogate pair \
                 (`\"\\ud800\"`), which is no character.",
                "Encode as UTF-8; do not cut texts inside a character.",
            ),
            Self::Missing => (
                "A required field is absent, `null` or `\"\"`; or there is no `created_at` \
                 and the Kafka record has no timestamp.",
                "Give it.",
            ),
            Self::WrongType => (
                "A value of another JSON type than the field's; a string that holds no \
                 JSON object or list where one is expected; the payload is no object.",
                "Send the field in the form that its table gives.",
            ),
            Self::InvalidDecimal => (
                "An amount is a string that is no number in JSON's grammar.",
                "Write `\"1234.50\"`.",
            ),
            Self::OutOfRange => (
                "An amount is negative or has too many digits; a quantity is not from 1 to \
                 1,000,000.",
                "Check unit and scale.",
            ),
            Self::UnknownCurrency => (
                "Not a code of ISO 4217 in upper case.",
                "Send the code, such as `USD`.",
            ),
            Self::UnknownStatus => (
                "Not one of the statuses of payment.",
                "Map it to `pending`, `authorized`, `partially_paid`, `paid`, `partially_refunded`, \
                 `refunded`, `voided` or `expired`.",
            ),
            Self::InvalidEmail => (
                "Not a plausible address.",
                "Send the bare address, without a name or blanks.",
            ),
            Self::NulCharacter => (
                "A text holds U+0000, which Postgres cannot store.",
                "Remove it.",
            ),
            Self::TooLong => (
                "A payload over 1 MiB, a text over its limit, or a list of more than 1,000 \
                 entries.",
                "Shorten it, or split the order.",
            ),
            Self::UnsupportedVersion => (
                "`event_version` is no semantic version, or its major is not 1.",
                "Send `1.x.y`; another major needs a newer Ordertally.",
            ),
            Self::InvalidTimestamp => (
                "A time that is not RFC 3339 with an offset.",
                "Write `2020-09-01T12:30:00Z`.",
            ),
            Self::TimestampOutOfRange => (
                "A time before 2000 or after 9999, or more than 24 hours ahead of the \
                 record's timestamp; also of a record whose timestamp stands in.",
                "Check the producer's clock and zone.",
            ),
            Self::EmptyPayload => (
                "The record's value is null (a tombstone) or has no bytes.",
                "Do not send it to this topic.",
            ),
            Self::DuplicateField => (
                "A known field is given more than once in one object, equal or not. Its \
                 values are not judged further.",
                "Give it once.",
            ),
            Self::ConflictingFields => (
                "Several spellings of one field do not agree. Told at the first of them in \
                 the table of fields that is given.",
                "Give one.",
            ),
            Self::ConflictingDuplicate => (
                "The `event_id` is stored already with other content.",
                "Give a changed order an `event_id` of its own.",
            ),
            Self::RefusedByDatabase => (
                "The database refused the order for a reason of its own, which the message \
                 gives.",
                "Report it: a rule of the event should have caught it.",
            ),
            Self::MoreViolations => (
                "Not a fault of its own: more than 1,000 violations were found, and the \
                 message says how many are not listed.",
                "Mend those that are listed.",
            ),
        };
        Explanation { meaning, cure }
    }
}
