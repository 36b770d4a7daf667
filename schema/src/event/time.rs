//! The order's time: the event's own, judged against the record's, or the record's in its place.

use chrono::{DateTime, NaiveDate, Utc};

use super::fields;
use super::slot::Slot;
use super::verdict::{Judged, Path, Verdict};
use crate::Code;
use crate::rules::AHEAD_HOURS_MAX;

/// 2000-01-01T00:00:00Z.
const EARLIEST_SECONDS: i64 = 946_684_800;
/// 10000-01-01T00:00:00Z, after which RFC 3339 has no years.
const LATEST_SECONDS: i64 = 253_402_300_800;

/// The time that one spelling gives, with the violations at its own name.
pub(super) fn given<'a>(
    slot: &Slot<'a, '_>,
    record_timestamp_ms: Option<i64>,
    verdict: &mut Verdict<'a>,
) -> Judged<Option<DateTime<Utc>>> {
    let Some(text) = fields::text(slot, verdict)? else {
        return Ok(None);
    };
    let Some(time) = parse(text) else {
        return Err(verdict.wrong(
            &slot.path,
            Code::InvalidTimestamp,
            "expected RFC 3339 with an offset, such as 2020-09-01T12:30:00Z",
        ));
    };
    if !is_storable(time.timestamp()) {
        return Err(verdict.wrong(
            &slot.path,
            Code::TimestampOutOfRange,
            "expected a time from 2000-01-01T00:00:00Z to the year 9999",
        ));
    }
    let ahead_max_us = AHEAD_HOURS_MAX * 3_600_000_000;
    let is_ahead = record_timestamp_ms.is_some_and(|record_ms| {
        let record_us = record_ms.saturating_mul(1_000);
        time.timestamp_micros() > record_us.saturating_add(ahead_max_us)
    });
    if is_ahead {
        return Err(verdict.wrong(
            &slot.path,
            Code::TimestampOutOfRange,
            "the time is more than 24 hours ahead of the Kafka record's timestamp",
        ));
    }
    Ok(Some(time))
}

/// The record's timestamp in place of a time that the event does not give.
pub(super) fn stand_in(
    path: &Path<'_>,
    record_timestamp_ms: Option<i64>,
    verdict: &mut Verdict<'_>,
) -> Judged<DateTime<Utc>> {
    let Some(record_ms) = record_timestamp_ms else {
        return Err(verdict.wrong(
            path,
            Code::Missing,
            "the event gives no time and its Kafka record has no timestamp to stand in",
        ));
    };
    of_record(record_ms).ok_or_else(|| {
        verdict.wrong(
            path,
            Code::TimestampOutOfRange,
            "the event gives no time, and the Kafka record's timestamp is before 2000 or after 9999",
        )
    })
}

/// A record's timestamp as a time that can be stored.
pub(super) fn of_record(record_timestamp_ms: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_millis(record_timestamp_ms)
        .filter(|time| is_storable(time.timestamp()))
}

fn is_storable(seconds: i64) -> bool {
    (EARLIEST_SECONDS..LATEST_SECONDS).contains(&seconds)
}

/// Reads RFC 3339 by its grammar, without what `chrono` takes beyond it (a blank for the `T`, a
/// minus sign from elsewhere in Unicode, a 60th second at any minute). Digits after the
/// microsecond are dropped: Postgres stores no more.
///
/// A leap second, which is at 23:59:60 UTC or nowhere, counts as the second after it.
fn parse(text: &str) -> Option<DateTime<Utc>> {
    let bytes = text.as_bytes();
    let (head, rest) = bytes.split_at_checked(19)?;
    let separated = [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')]
        .iter()
        .all(|&(place, separator)| head[place] == separator);
    if !separated || !matches!(head[10], b'T' | b't') {
        return None;
    }
    let date = NaiveDate::from_ymd_opt(
        i32::try_from(digits(&head[..4])?).ok()?,
        u32::try_from(digits(&head[5..7])?).ok()?,
        u32::try_from(digits(&head[8..10])?).ok()?,
    )?;
    let hour = digits(&head[11..13]).filter(|hour| *hour <= 23)?;
    let minute = digits(&head[14..16]).filter(|minute| *minute <= 59)?;
    let second = digits(&head[17..19]).filter(|second| *second <= 60)?;
    let (microseconds, offset) = fraction(rest)?;
    let local =
        date.and_hms_opt(0, 0, 0)?.and_utc().timestamp() + hour * 3_600 + minute * 60 + second;
    let seconds = local - offset_seconds(offset)?;
    if second == 60 && seconds.rem_euclid(86_400) != 0 {
        return None;
    }
    DateTime::from_timestamp_micros(seconds * 1_000_000 + microseconds)
}

/// The value of ASCII digits; few enough to fit.
fn digits(bytes: &[u8]) -> Option<i64> {
    bytes.iter().try_fold(0, |value, byte| {
        byte.is_ascii_digit()
            .then(|| value * 10 + i64::from(byte - b'0'))
    })
}

/// The microseconds of a fraction, if there is one, and what follows it.
fn fraction(rest: &[u8]) -> Option<(i64, &[u8])> {
    let Some((b'.', rest)) = rest.split_first() else {
        return Some((0, rest));
    };
    let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if count == 0 {
        return None;
    }
    let mut microseconds = digits(&rest[..count.min(6)])?;
    for _ in count..6 {
        microseconds *= 10;
    }
    Some((microseconds, &rest[count..]))
}

/// `Z`, or hours and minutes ahead of UTC.
fn offset_seconds(offset: &[u8]) -> Option<i64> {
    let (sign, hours, minutes) = match offset {
        [b'Z' | b'z'] => return Some(0),
        [b'+', h1, h2, b':', m1, m2] => (1, [*h1, *h2], [*m1, *m2]),
        [b'-', h1, h2, b':', m1, m2] => (-1, [*h1, *h2], [*m1, *m2]),
        _ => return None,
    };
    let hours = digits(&hours).filter(|hours| *hours <= 23)?;
    let minutes = digits(&minutes).filter(|minutes| *minutes <= 59)?;
    Some(sign * (hours * 3_600 + minutes * 60))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{FixedOffset, SecondsFormat, TimeZone};
    use proptest::prelude::*;

    fn shown(text: &str) -> Option<String> {
        parse(text).map(|time| time.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }

    #[test]
    fn rfc_3339_is_read_with_its_offset() {
        for (text, expected) in [
            ("2020-09-01T12:30:00Z", "2020-09-01T12:30:00Z"),
            ("2020-09-01t12:30:00z", "2020-09-01T12:30:00Z"),
            ("2020-09-01T12:30:00-06:00", "2020-09-01T18:30:00Z"),
            ("2020-09-01T12:30:00-00:00", "2020-09-01T12:30:00Z"),
            ("2020-09-01T12:30:00.1Z", "2020-09-01T12:30:00.100Z"),
            (
                "2020-09-01T12:30:00.1234569Z",
                "2020-09-01T12:30:00.123456Z",
            ),
            ("2020-02-29T00:00:00+23:59", "2020-02-28T00:01:00Z"),
            ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"),
            ("2016-12-31T15:59:60.5-08:00", "2017-01-01T00:00:00.500Z"),
        ] {
            assert_eq!(shown(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn whatever_else_is_no_time() {
        for text in [
            "",
            "2020-09-01",
            "2020-09-01T12:30:00",
            "2020-09-01 12:30:00Z",
            "2020-09-01T12:30Z",
            "2020-9-1T12:30:00Z",
            "2020-09-31T12:30:00Z",
            "2021-02-29T12:30:00Z",
            "2020-09-01T24:00:00Z",
            "2020-09-01T12:60:00Z",
            "2020-09-01T12:30:60Z",
            "2020-09-01T12:30:61Z",
            "2020-09-01T12:30:00.Z",
            "2020-09-01T12:30:00,5Z",
            "2020-09-01T12:30:00+0600",
            "2020-09-01T12:30:00+24:00",
            "2020-09-01T12:30:00+06:60",
            "2020-09-01T12:30:00\u{2212}06:00",
            "2020-09-01T12:30:00Z ",
            "+2020-09-01T12:30:00Z",
            "12020-09-01T12:30:00Z",
            "1598963400",
            "２０２０-09-01T12:30:00Z",
        ] {
            assert_eq!(shown(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn chrono_reads_what_we_read(
            seconds in 0_i64..253_402_300_800, micros in 0_u32..1_000_000, offset_minutes in -1439_i32..1440
        ) {
            let offset = FixedOffset::east_opt(offset_minutes * 60).expect("less than a day");
            let time = offset.timestamp_opt(seconds, micros * 1_000).single().expect("a time");
            let text = time.to_rfc3339();
            prop_assume!(!text.starts_with(['+', '-']));
            prop_assert_eq!(parse(&text), Some(time.to_utc()));
        }

        #[test]
        fn what_we_read_chrono_reads(
            text in "[0-9]{4}-[01][0-9]-[0-3][0-9][Tt ][0-2][0-9]:[0-5][0-9]:[0-5][0-9](\\.[0-9]{0,10})?(Z|z|[+-][0-2][0-9]:[0-5][0-9])"
        ) {
            if let Some(time) = parse(&text) {
                let expected = DateTime::parse_from_rfc3339(&text).expect("chrono is the laxer");
                prop_assert_eq!(time.timestamp_micros(), expected.timestamp_micros());
            }
        }
    }
}
