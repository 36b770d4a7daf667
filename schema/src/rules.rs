//! The limits and closed lists of `order.created`, and the rules on single texts.
//!
//! Each public name here appears in `docs/events.md`. Nothing in this file reads JSON.

use iso_currency::Currency;
use validator::ValidateEmail;

/// The one event type that is read; every other one is ignored.
pub const EVENT_TYPE: &str = "order.created";

/// Largest payload in bytes: Kafka's own default limit on a message.
pub const PAYLOAD_BYTES_MAX: usize = 1024 * 1024;
/// Longest id in characters.
pub const ID_CHARS_MAX: usize = 128;
/// Longest text of any other kind, in characters.
pub const TEXT_CHARS_MAX: usize = 1_000;
/// Most line items of an order.
pub const LINE_ITEMS_MAX: usize = 1_000;
/// Most discount codes of an order: an array of them is one column of its row.
pub const DISCOUNT_CODES_MAX: usize = 1_000;
/// Most units of one line item.
pub const QUANTITY_MAX: u64 = 1_000_000;
/// How far `created_at` may be ahead of the record's timestamp: a producer's clock or zone may be
/// wrong by hours, not by more than a day.
pub const AHEAD_HOURS_MAX: i64 = 24;
/// Most violations listed for one event. Beyond it they are only counted, so that a small payload
/// cannot become a report of many megabytes.
pub const VIOLATIONS_MAX: usize = 1_000;

/// The spellings of the customer's id, the documented one first.
pub const CUSTOMER_ID_SPELLINGS: [&str; 3] = ["lovevery_user_id", "customer_id", "user_id"];
/// The spellings of the order's time, the documented one first.
pub const CREATED_AT_SPELLINGS: [&str; 2] = ["created_at", "occurred_at"];

/// Every field of the event that is known, each spelling by itself.
pub const EVENT_FIELDS: [&str; 21] = [
    "event_type",
    "event_id",
    "event_version",
    CREATED_AT_SPELLINGS[0],
    CREATED_AT_SPELLINGS[1],
    CUSTOMER_ID_SPELLINGS[0],
    CUSTOMER_ID_SPELLINGS[1],
    CUSTOMER_ID_SPELLINGS[2],
    "email",
    "first_name",
    "last_name",
    "billing_address",
    "shipping_address",
    "currency",
    "financial_status",
    "order_value",
    "total_discounts",
    "total_tax",
    "discount_codes",
    "buyer_accepts_marketing",
    "line_items",
];
/// Every known field of an address.
pub const ADDRESS_FIELDS: [&str; 11] = [
    "first_name",
    "last_name",
    "address1",
    "address2",
    "city",
    "province",
    "province_code",
    "country",
    "country_code",
    "zip",
    "phone",
];
/// Every known field of a line item.
pub const LINE_ITEM_FIELDS: [&str; 2] = ["id", "quantity"];
/// The known field of a discount code that is an object.
pub const DISCOUNT_CODE_FIELDS: [&str; 1] = ["code"];
/// Fields whose object or list may also arrive as a string that holds it as JSON.
pub const DOUBLE_ENCODED_FIELDS: [&str; 3] = ["billing_address", "shipping_address", "line_items"];

/// The known statuses of payment.
pub const FINANCIAL_STATUSES: [&str; 8] = [
    "pending",
    "authorized",
    "partially_paid",
    "paid",
    "partially_refunded",
    "refunded",
    "voided",
    "expired",
];

/// Whether a text is a code of ISO 4217, in upper case.
#[must_use]
pub fn is_currency(text: &str) -> bool {
    Currency::from_code(text).is_some()
}

/// Whether a text is a known status of payment.
#[must_use]
pub fn is_financial_status(text: &str) -> bool {
    FINANCIAL_STATUSES.contains(&text)
}

/// Whether a text is a plausible email address: HTML's rule, and a domain in other scripts.
#[must_use]
pub fn is_email(text: &str) -> bool {
    if is_plain_email(text) {
        return true;
    }
    // The validator looks for an address in brackets at the end of a domain only, and would take
    // `a@b[127.0.0.1]` and `a@[b[127.0.0.1]`.
    let literal_whole = text
        .rsplit_once('@')
        .is_some_and(|(_, domain)| domain.rfind('[').is_none_or(|place| place == 0));
    literal_whole && text.validate_email()
}

/// Whether a text is surely an email address: the part of the validator's rule that nearly every
/// address falls under, without its regular expressions, which cost 0.6 µs of the 4 for an event.
fn is_plain_email(text: &str) -> bool {
    let Some((user, domain)) = text.split_once('@') else {
        return false;
    };
    (1..=64).contains(&user.len())
        && user
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&byte))
        && domain.len() <= 255
        && domain.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        })
}

/// Whether a text is a version that is read: Semantic Versioning 2.0.0 with major 1. Minor and
/// patch may have any number of digits, which the `semver` crate does not allow.
#[must_use]
pub fn is_supported_version(text: &str) -> bool {
    let (rest, build_valid) = match text.split_once('+') {
        Some((rest, build)) => (rest, build.split('.').all(is_version_identifier)),
        None => (text, true),
    };
    let (core, pre_release_valid) = match rest.split_once('-') {
        Some((core, pre_release)) => (
            core,
            pre_release.split('.').all(|identifier| {
                is_version_identifier(identifier)
                    && (identifier.bytes().any(|byte| !byte.is_ascii_digit())
                        || is_version_number(identifier))
            }),
        ),
        None => (rest, true),
    };
    let mut numbers = core.split('.');
    build_valid
        && pre_release_valid
        && numbers.next() == Some("1")
        && numbers.next().is_some_and(is_version_number)
        && numbers.next().is_some_and(is_version_number)
        && numbers.next().is_none()
}

fn is_version_number(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && (text == "0" || !text.starts_with('0'))
}

fn is_version_identifier(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn plausible_addresses_are_taken_and_others_are_not() {
        for good in [
            "dan@example.com",
            "d.o'neil+tag@mail.example.co.uk",
            "a@localhost",
            "a@[127.0.0.1]",
            "info@bücher.example",
        ] {
            assert!(is_email(good), "{good}");
        }
        for wrong in [
            "",
            "dan",
            "@example.com",
            "dan@",
            "dan@@example.com",
            "dan example@example.com",
            "dan@exa mple.com",
            "dan@-example.com",
            "dan@example..com",
            "a@b[127.0.0.1]",
            "a@[b[127.0.0.1]", // found by fuzzing against the reckoning
            "Dan <dan@example.com>",
        ] {
            assert!(!is_email(wrong), "{wrong}");
        }
    }

    #[test]
    fn currencies_are_upper_case() {
        assert!(is_currency("USD") && is_currency("JPY"));
        assert!(!is_currency("usd") && !is_currency("US") && !is_currency("ZZZ"));
    }

    #[test]
    fn versions_have_three_numbers_of_any_length() {
        for good in [
            "1.0.0",
            "1.99999999999999999999999.0",
            "1.2.3-rc.1+build.05",
        ] {
            assert!(is_supported_version(good), "{good}");
        }
        for wrong in [
            "1", "1.0", "v1.0.0", "2.0.0", "01.0.0", "1.00.0", "1.0.0-01", "1.0.0+",
        ] {
            assert!(!is_supported_version(wrong), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn plain_addresses_are_the_ascii_ones_of_the_validator(
            text in "[a-c.@!-]{0,12}|[a-z+]{1,66}@([a-z0-9-]{0,65}\\.){0,3}[a-z0-9-]{0,65}"
        ) {
            prop_assert_eq!(is_plain_email(&text), text.validate_email());
        }

        #[test]
        fn versions_are_judged_as_the_semver_crate_judges_them(
            text in "1\\.[0-9]{1,2}\\.[0-9]{1,2}([-+.][0-9a-z.+-]{0,6})?|[0-9.+a-]{0,8}"
        ) {
            let expected = semver::Version::parse(&text).is_ok_and(|version| version.major == 1);
            prop_assert_eq!(is_supported_version(&text), expected);
        }
    }
}
