//! RFC 3339 by its grammar, in microseconds since 1970.

use chrono::NaiveDate;

const DAY_S: i64 = 86_400;

/// 2000-01-01T00:00:00Z.
pub const EARLIEST_US: i64 = 946_684_800_000_000;
/// 10000-01-01T00:00:00Z: RFC 3339 has no years of five digits.
pub const LATEST_US: i64 = 253_402_300_800_000_000;
/// How far an event may be ahead of its record: 24 hours.
pub const AHEAD_US_MAX: i64 = DAY_S * 1_000_000;

/// The time that `text` names; digits after the microsecond are dropped, and the leap second at
/// the end of a day of UTC counts as the second after it.
pub fn read(text: &str) -> Option<i64> {
    if !text.is_ascii() {
        return None;
    }
    let (date, rest) = text.split_at_checked(10)?;
    let rest = rest.strip_prefix(['T', 't'])?;
    let (clock, rest) = rest.split_at_checked(8)?;
    let (fraction, zone) = match rest.strip_prefix('.') {
        None => ("0", rest),
        Some(rest) => rest.split_at(rest.find(|c: char| !c.is_ascii_digit())?),
    };
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let [hour, minute, second] = numbers(clock, ':', [2, 2, 2])?;
    let date = NaiveDate::from_ymd_opt(
        i32::try_from(year).ok()?,
        u32::try_from(month).ok()?,
        u32::try_from(day).ok()?,
    )?;
    if hour > 23 || minute > 59 || second > 60 || fraction.is_empty() {
        return None;
    }
    let days = date.signed_duration_since(NaiveDate::default()).num_days();
    let seconds = days * DAY_S + hour * 3_600 + minute * 60 + second - ahead_of_utc(zone)?;
    if second == 60 && seconds % DAY_S != 0 {
        return None;
    }
    let micros: i64 = format!("{fraction:0<6}")[..6].parse().ok()?;
    Some(seconds * 1_000_000 + micros)
}

/// The offset in seconds.
fn ahead_of_utc(zone: &str) -> Option<i64> {
    if zone.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let (sign, clock) = match zone.strip_prefix('+') {
        Some(clock) => (1, clock),
        None => (-1, zone.strip_prefix('-')?),
    };
    let [hours, minutes] = numbers(clock, ':', [2, 2])?;
    (hours <= 23 && minutes <= 59).then_some(sign * (hours * 3_600 + minutes * 60))
}

/// Numbers of the given widths with a separator between them.
fn numbers<const N: usize>(text: &str, separator: char, widths: [usize; N]) -> Option<[i64; N]> {
    let parts: [&str; N] = text.split(separator).collect::<Vec<_>>().try_into().ok()?;
    let mut values = [0; N];
    for ((part, width), value) in parts.iter().zip(widths).zip(&mut values) {
        if part.len() != width || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *value = part.parse().ok()?;
    }
    Some(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_by_the_grammar_alone() {
        for (text, expected) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("1970-01-01t01:00:00.5+01:00", Some(500_000)),
            ("2000-01-01T00:00:00z", Some(EARLIEST_US)),
            (
                "2020-09-01T00:00:00.1234569-06:00",
                Some(1_598_940_000_123_456),
            ),
            ("2016-12-31T23:59:60Z", Some(1_483_228_800_000_000)),
            ("2016-12-31T15:59:60.5-08:00", Some(1_483_228_800_500_000)),
            ("2016-12-31T12:59:60Z", None),
            ("2020-09-01 00:00:00Z", None),
            ("2020-09-01T00:00:00", None),
            ("2020-09-01T00:00:00.Z", None),
            ("2020-09-01T00:00:00.", None),
            ("2020-09-01T24:00:00Z", None),
            ("2020-02-30T00:00:00Z", None),
            ("2020-9-01T00:00:00Z", None),
            ("2020-09-01T00:00:00+0600", None),
            ("2020-09-01T00:00:00+24:00", None),
            ("2020-09-01T00:00:00\u{2212}06:00", None),
            ("+020-09-01T00:00:00Z", None),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }
}
