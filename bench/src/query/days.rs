//! Calendar days as instants: what a range in a zone means to an engine that knows only time. Pure.

use chrono::{DateTime, NaiveDate, NaiveTime, Offset, TimeDelta, TimeZone};
use chrono_tz::Tz;
use serde::Serialize;

/// Everything that a zone of today does happens on one of these.
const QUARTER_HOUR: TimeDelta = TimeDelta::minutes(15);

/// Days in a zone, both inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Days {
    /// The first.
    pub start: NaiveDate,
    /// The last.
    pub end: NaiveDate,
    /// Whose days they are.
    pub zone: Tz,
}

/// From when on clocks are ahead of UTC by how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Shift {
    /// Microseconds since 1970.
    pub from_us: i64,
    /// Microseconds.
    pub ahead_us: i64,
}

impl Days {
    /// When the first day begins, microseconds since 1970.
    #[must_use]
    pub fn from_us(&self) -> i64 {
        self.begin(self.start).timestamp_micros()
    }

    /// When the day after the last begins.
    #[must_use]
    pub fn until_us(&self) -> i64 {
        self.begin(next(self.end)).timestamp_micros()
    }

    /// How far clocks are ahead of UTC, from the beginning on, with each change on the way.
    #[must_use]
    pub fn shifts(&self) -> Vec<Shift> {
        let mut shifts: Vec<Shift> = Vec::new();
        let mut note = |at: DateTime<Tz>| {
            let ahead_us = i64::from(at.offset().fix().local_minus_utc()) * 1_000_000;
            if shifts.last().is_none_or(|last| last.ahead_us != ahead_us) {
                shifts.push(Shift {
                    from_us: at.timestamp_micros(),
                    ahead_us,
                });
            }
        };
        let mut date = self.start;
        while date <= self.end {
            let (mut at, until) = (self.begin(date), self.begin(next(date)));
            note(at);
            while at.offset().fix() != until.offset().fix() && at < until {
                at += QUARTER_HOUR;
                note(at);
            }
            date = next(date);
        }
        shifts
    }

    fn begin(&self, date: NaiveDate) -> DateTime<Tz> {
        self.zone
            .from_local_datetime(&date.and_time(NaiveTime::MIN))
            .earliest()
            .expect("no clock of the zones asked for skips midnight")
    }
}

fn next(date: NaiveDate) -> NaiveDate {
    date.succ_opt().expect("dates asked for are of our century")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn us(text: &str) -> i64 {
        DateTime::parse_from_rfc3339(text)
            .unwrap()
            .timestamp_micros()
    }

    #[test]
    fn a_range_without_a_change_has_one_shift() {
        let days = Days {
            start: date("2020-09-01"),
            end: date("2020-09-01"),
            zone: Tz::Asia__Kathmandu,
        };
        assert_eq!(days.from_us(), us("2020-08-31T18:15:00Z"));
        assert_eq!(days.until_us(), us("2020-09-01T18:15:00Z"));
        let shift = Shift {
            from_us: days.from_us(),
            ahead_us: 20_700_000_000,
        };
        assert_eq!(days.shifts(), [shift]);
    }

    #[test]
    fn changes_of_the_clocks_are_found_to_the_minute() {
        let days = Days {
            start: date("2020-10-01"),
            end: date("2021-03-31"),
            zone: Tz::America__New_York,
        };
        let found: Vec<(i64, i64)> = days
            .shifts()
            .iter()
            .map(|shift| (shift.from_us, shift.ahead_us / 3_600_000_000))
            .collect();
        let expected = [
            (us("2020-10-01T04:00:00Z"), -4),
            (us("2020-11-01T06:00:00Z"), -5),
            (us("2021-03-14T07:00:00Z"), -4),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_change_on_the_last_day_counts() {
        let days = Days {
            start: date("2020-10-25"),
            end: date("2020-10-25"),
            zone: Tz::Europe__Berlin,
        };
        assert_eq!(days.shifts().len(), 2);
        assert_eq!(days.until_us() - days.from_us(), 25 * 3_600_000_000);
    }
}
