//! What a text must be: email addresses, versions, and the closed lists.

use std::net::IpAddr;

use iso_currency::Currency;

/// The statuses of payment that are known.
const STATUSES: &str =
    "pending authorized partially_paid paid partially_refunded refunded voided expired";

/// Whether ISO 4217 has the code, in upper case.
pub fn is_currency(text: &str) -> bool {
    Currency::from_code(text).is_some()
}

/// Whether it is a status of payment.
pub fn is_status(text: &str) -> bool {
    STATUSES.split(' ').any(|status| status == text)
}

/// Whether it is a version of Semantic Versioning 2.0.0 with major 1.
pub fn is_supported_version(text: &str) -> bool {
    let (text, build) = split_off(text, '+');
    let (core, pre_release) = split_off(text, '-');
    let core: Vec<&str> = core.split('.').collect();
    core.len() == 3
        && core[0] == "1"
        && core.iter().all(|number| is_version_number(number))
        && build.is_none_or(|build| build.split('.').all(is_identifier))
        && pre_release.is_none_or(|identifiers| {
            identifiers.split('.').all(|identifier| {
                let numeric = identifier.bytes().all(|byte| byte.is_ascii_digit());
                is_identifier(identifier) && (!numeric || is_version_number(identifier))
            })
        })
}

fn split_off(text: &str, separator: char) -> (&str, Option<&str>) {
    match text.split_once(separator) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

fn is_version_number(text: &str) -> bool {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits && (text == "0" || !text.starts_with('0'))
}

fn is_identifier(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Whether it is an email address by HTML's rule, with a domain of labels in any script or an IP
/// address in brackets, and RFC 5321's lengths.
pub fn is_email(text: &str) -> bool {
    let Some((mailbox, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let is_mailbox_byte =
        |byte: u8| byte.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&byte);
    (1..=64).contains(&mailbox.len())
        && mailbox.bytes().all(is_mailbox_byte)
        && domain.chars().count() <= 255
        && is_domain(domain)
}

fn is_domain(domain: &str) -> bool {
    if let Some(address) = domain.strip_prefix('[') {
        return address
            .strip_suffix(']')
            .is_some_and(|address| address.parse::<IpAddr>().is_ok());
    }
    if domain.is_ascii() {
        return domain.split('.').all(is_label);
    }
    idna::domain_to_ascii(domain).is_ok_and(|ascii| ascii.split('.').all(is_label))
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plausible_addresses_pass_and_others_do_not() {
        let long_label = format!("a@{}.example", "b".repeat(63));
        for good in [
            "dan@example.com",
            "a@localhost",
            "a@[::1]",
            "i@bücher.example",
            "a@１.2",
            &long_label,
        ] {
            assert!(is_email(good), "{good}");
        }
        let long_mailbox = format!("{}@example.com", "a".repeat(65));
        for wrong in [
            "dan",
            "@example.com",
            "dan@",
            "a b@example.com",
            "a@b@example.com",
            "a@-b.com",
            "a@b..com",
            "a@b[127.0.0.1]",
            "a@[1.2.3]",
            "dán@example.com",
            "a@b_c.com",
            &long_mailbox,
        ] {
            assert!(!is_email(wrong), "{wrong}");
        }
    }

    #[test]
    fn versions_of_major_one_pass() {
        for good in [
            "1.0.0",
            "1.2.3-rc.1+build.05",
            "1.99999999999999999999999.0",
        ] {
            assert!(is_supported_version(good), "{good}");
        }
        for wrong in [
            "1", "1.0", "2.0.0", "01.0.0", "1.0.01", "1.0.0-01", "1.0.0-", "1.0.0+", "v1.0.0",
        ] {
            assert!(!is_supported_version(wrong), "{wrong}");
        }
    }
}
