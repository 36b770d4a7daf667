//! Which days a request asks for: from one to another, or a period up to today.

use std::str::FromStr;

use chrono::{DateTime, Datelike as _, Days, Months, NaiveDate, Utc};
use chrono_tz::Tz;

use super::parameters::{END_DATE, PERIOD, START_DATE, TZ};
use crate::calendar::{DateRange, RANGE_DAYS_MAX};
use crate::params::{Fault, Params};

/// A part of the calendar that a date may name: a day, a month or a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayPart {
    first: NaiveDate,
    last: NaiveDate,
}

impl FromStr for DayPart {
    type Err = Fault;

    /// `YYYY-MM-DD`, `YYYY-MM` or `YYYY` and nothing else, from year 1.
    fn from_str(text: &str) -> Result<Self, Fault> {
        let fault = || {
            Fault::new(
                "invalid_date",
                "must be a day that exists, as YYYY-MM-DD, or a month or year, as YYYY-MM or YYYY",
            )
        };
        let shaped = matches!(text.len(), 4 | 7 | 10)
            && text.bytes().enumerate().all(|(place, byte)| match place {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        if !shaped || text.starts_with("0000") {
            return Err(fault());
        }
        let (first, length) = match text.len() {
            4 => (format!("{text}-01-01"), Some(Months::new(12))),
            7 => (format!("{text}-01"), Some(Months::new(1))),
            _ => (text.to_owned(), None),
        };
        let first: NaiveDate = first.parse().map_err(|_| fault())?;
        let last = length.map_or(first, |length| first + length - Days::new(1));
        Ok(Self { first, last })
    }
}

/// Days up to today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// Today alone.
    Today,
    /// The day before.
    Yesterday,
    /// Seven days, of which today is the last.
    Last7Days,
    /// Thirty days, of which today is the last.
    Last30Days,
    /// From the first of the month until today.
    ThisMonth,
    /// All of the month before.
    LastMonth,
    /// From the first of January until today.
    ThisYear,
}

impl Period {
    /// The words for them.
    pub const WORDS: [(&'static str, Self); 7] = [
        ("today", Self::Today),
        ("yesterday", Self::Yesterday),
        ("last_7_days", Self::Last7Days),
        ("last_30_days", Self::Last30Days),
        ("this_month", Self::ThisMonth),
        ("last_month", Self::LastMonth),
        ("this_year", Self::ThisYear),
    ];

    /// Its first and its last day.
    #[must_use]
    pub fn days(self, today: NaiveDate) -> (NaiveDate, NaiveDate) {
        let yesterday = today - Days::new(1);
        let month = today - Days::new(u64::from(today.day0()));
        match self {
            Self::Today => (today, today),
            Self::Yesterday => (yesterday, yesterday),
            Self::Last7Days => (today - Days::new(6), today),
            Self::Last30Days => (today - Days::new(29), today),
            Self::ThisMonth => (month, today),
            Self::LastMonth => (month - Months::new(1), month - Days::new(1)),
            Self::ThisYear => (today - Days::new(u64::from(today.ordinal0())), today),
        }
    }
}

/// The days of a list, open at an end that is `None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenRange {
    /// The first day.
    pub start: Option<NaiveDate>,
    /// The last day.
    pub end: Option<NaiveDate>,
    /// The zone whose days they are.
    pub zone: Tz,
}

/// What days are when a request does not say it all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// When the request came.
    pub at: DateTime<Utc>,
    /// The zone of days when it names none.
    pub zone: Tz,
}

/// Days that must be given. `None` leaves a fault.
pub(super) fn required(params: &mut Params, now: Now) -> Option<DateRange> {
    let dates_required = !params.has(PERIOD.name);
    let OpenRange { start, end, zone } = read(params, now, dates_required);
    Some(DateRange {
        start: start?,
        end: end?,
        zone,
    })
}

/// Days that may be given.
pub(super) fn optional(params: &mut Params, now: Now) -> OpenRange {
    read(params, now, false)
}

fn read(params: &mut Params, now: Now, dates_required: bool) -> OpenRange {
    let dates_given = params.has(START_DATE.name) || params.has(END_DATE.name);
    let [start, end] = [START_DATE, END_DATE].map(|date| {
        if dates_required {
            date.required(params)
        } else {
            date.read(params)
        }
    });
    let period = PERIOD.read(params);
    let zone = TZ.read(params).unwrap_or(now.zone);
    let Some(period) = period else {
        let (start, end) = (start.map(|part| part.first), end.map(|part| part.last));
        check(params, start, end);
        return OpenRange { start, end, zone };
    };
    if dates_given {
        params.fault(
            PERIOD.name,
            Fault::new(
                "conflicting",
                "must not be given beside start_date or end_date",
            ),
        );
    }
    let (first, last) = period.days(now.at.with_timezone(&zone).date_naive());
    OpenRange {
        start: Some(first),
        end: Some(last),
        zone,
    }
}

fn check(params: &mut Params, start: Option<NaiveDate>, end: Option<NaiveDate>) {
    let (Some(start), Some(end)) = (start, end) else {
        return;
    };
    let days = (end - start).num_days() + 1;
    if days < 1 {
        params.fault(
            END_DATE.name,
            Fault::new("out_of_range", "must not be before start_date"),
        );
    } else if days > RANGE_DAYS_MAX {
        params.fault(
            END_DATE.name,
            Fault::new(
                "out_of_range",
                format!("must be at most {RANGE_DAYS_MAX} days from start_date, both counted"),
            ),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect(text)
    }

    #[test]
    fn a_month_and_a_year_are_their_first_and_last_day() {
        for (text, first, last) in [
            ("2020-09-05", "2020-09-05", "2020-09-05"),
            ("2020-02", "2020-02-01", "2020-02-29"),
            ("2021-12", "2021-12-01", "2021-12-31"),
            ("2020", "2020-01-01", "2020-12-31"),
            ("0001", "0001-01-01", "0001-12-31"),
            ("9999", "9999-01-01", "9999-12-31"),
        ] {
            let part = DayPart::from_str(text).expect(text);
            assert_eq!((part.first, part.last), (day(first), day(last)), "{text}");
        }
        for text in [
            "",
            "202",
            "2020-",
            "2020-9",
            "2020-00",
            "2020-13",
            "0000",
            "2020-02-30",
        ] {
            assert!(DayPart::from_str(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_period_ends_today_or_with_what_is_over() {
        let cases = [
            (Period::Today, "2024-03-31", "2024-03-31"),
            (Period::Yesterday, "2024-03-30", "2024-03-30"),
            (Period::Last7Days, "2024-03-25", "2024-03-31"),
            (Period::Last30Days, "2024-03-02", "2024-03-31"),
            (Period::ThisMonth, "2024-03-01", "2024-03-31"),
            (Period::LastMonth, "2024-02-01", "2024-02-29"),
            (Period::ThisYear, "2024-01-01", "2024-03-31"),
        ];
        for (period, first, last) in cases {
            let days = period.days(day("2024-03-31"));
            assert_eq!(days, (day(first), day(last)), "{period:?}");
        }
    }
}
