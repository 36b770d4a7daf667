//! Calendar days in a zone as stretches of time.
//!
//! An order belongs to the local date of its instant. A day may have 23 or 25 hours, may begin at
//! 01:00 where a clock jumps over midnight, may be missing altogether (Samoa, 2011-12-30), and may
//! come in two pieces where a clock is set back just after midnight (Newfoundland until 2011).
//! All of it follows from the zone's offsets, found here by bisection, so that the answers depend
//! on this program's zone table alone and not on the database's.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Offset, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;

/// The longest range of days that a request may ask for, both ends included.
pub const RANGE_DAYS_MAX: i64 = 3_660;

/// No zone has changed its offset twice within this time.
const STEP: TimeDelta = TimeDelta::hours(6);

/// More than any zone's distance from UTC together with the length of any change of its offset.
const MARGIN: TimeDelta = TimeDelta::days(2);

/// Days from `start` to `end`, both included, in a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateRange {
    /// The first day.
    pub start: NaiveDate,
    /// The last day.
    pub end: NaiveDate,
    /// The zone whose days they are.
    pub zone: Tz,
}

impl DateRange {
    /// The time that the days take.
    #[must_use]
    pub fn span(&self) -> Span {
        Span::new(Some(self.start), Some(self.end), self.zone)
    }

    /// Every day of the range, those without a single instant included.
    pub fn dates(&self) -> impl Iterator<Item = NaiveDate> + use<> {
        let end = self.end;
        self.start.iter_days().take_while(move |date| *date <= end)
    }

    /// The range cut wherever the local date changes, in order of time. The first piece begins
    /// before the range and the last one ends after it, so their dates may lie outside.
    #[must_use]
    pub fn pieces(&self) -> Vec<Piece> {
        pieces(self.start, self.end, self.zone)
    }
}

/// A stretch of time during which the local date stays the same; it ends where the next begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Its first instant.
    pub from: DateTime<Utc>,
    /// The local date throughout.
    pub date: NaiveDate,
}

/// A stretch of time, open at an end that is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// The first instant.
    pub from: Option<DateTime<Utc>>,
    /// The first instant after it.
    pub until: Option<DateTime<Utc>>,
    /// What does not belong to it in between: beginnings and ends in turn. Empty but where a clock
    /// set back over midnight brings a day that had ended back for a while.
    pub holes: Vec<DateTime<Utc>>,
}

impl Span {
    /// The instants whose local date in `zone` is `start` at least and `end` at most.
    #[must_use]
    pub fn new(start: Option<NaiveDate>, end: Option<NaiveDate>, zone: Tz) -> Self {
        let begins =
            start.map_or_else(Vec::new, |start| changes(start, zone, |date| date >= start));
        let ends = end.map_or_else(Vec::new, |end| changes(end, zone, |date| date > end));
        let mut holes = begins.get(1..).unwrap_or_default().to_vec();
        if let Some((_, back)) = ends.split_last() {
            holes.extend(back);
        }
        Self {
            from: begins.first().copied(),
            until: ends.last().copied(),
            holes,
        }
    }
}

/// The instants around `date` at which `holds` becomes true of the local date, false again, true…
fn changes(date: NaiveDate, zone: Tz, holds: impl Fn(NaiveDate) -> bool) -> Vec<DateTime<Utc>> {
    let mut held = false;
    let mut changes = Vec::with_capacity(1);
    for piece in pieces(date, date, zone) {
        if holds(piece.date) != held {
            held = !held;
            changes.push(piece.from);
        }
    }
    changes
}

/// The pieces of a window that begins a margin before `first` and ends a margin after `last`.
fn pieces(first: NaiveDate, last: NaiveDate, zone: Tz) -> Vec<Piece> {
    let begin = first.and_time(NaiveTime::MIN).and_utc() - MARGIN;
    let end = last.and_time(NaiveTime::MIN).and_utc() + MARGIN + TimeDelta::days(1);
    let mut pieces: Vec<Piece> = Vec::new();
    let mut from = begin;
    while from < end {
        let until = next_change(from, end, zone);
        let offset = offset_at(from, zone);
        let mut at = from;
        while at < until {
            let date = (at + offset).date_naive();
            if pieces.last().is_none_or(|piece| piece.date != date) {
                pieces.push(Piece { from: at, date });
            }
            let midnight = (date + Days::new(1)).and_time(NaiveTime::MIN).and_utc();
            at = midnight - offset;
        }
        from = until;
    }
    pieces
}

/// The first instant after `from` at which the zone has another offset, but `end` at most.
fn next_change(from: DateTime<Utc>, end: DateTime<Utc>, zone: Tz) -> DateTime<Utc> {
    let offset = offset_at(from, zone);
    let mut before = from;
    loop {
        if before >= end {
            return end;
        }
        let after = before + STEP;
        if offset_at(after, zone) != offset {
            return bisect(before, after, offset, zone).min(end);
        }
        before = after;
    }
}

/// The second at which the offset stops to be `offset`, as it is at `before` and not at `after`.
fn bisect(
    mut before: DateTime<Utc>,
    mut after: DateTime<Utc>,
    offset: TimeDelta,
    zone: Tz,
) -> DateTime<Utc> {
    while after - before > TimeDelta::seconds(1) {
        let middle = before + TimeDelta::seconds((after - before).num_seconds() / 2);
        if offset_at(middle, zone) == offset {
            before = middle;
        } else {
            after = middle;
        }
    }
    after
}

fn offset_at(instant: DateTime<Utc>, zone: Tz) -> TimeDelta {
    let offset = zone.offset_from_utc_datetime(&instant.naive_utc()).fix();
    TimeDelta::seconds(offset.local_minus_utc().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    fn instant(text: &str) -> DateTime<Utc> {
        text.parse().expect("an instant")
    }

    fn span(start: &str, end: &str, zone: Tz) -> Span {
        DateRange {
            start: date(start),
            end: date(end),
            zone,
        }
        .span()
    }

    fn plain(from: &str, until: &str) -> Span {
        Span {
            from: Some(instant(from)),
            until: Some(instant(until)),
            holes: Vec::new(),
        }
    }

    #[test]
    fn days_have_the_hours_that_the_zone_gives_them() {
        for (day, zone, from, until) in [
            (
                "2020-09-01",
                Tz::UTC,
                "2020-09-01T00:00:00Z",
                "2020-09-02T00:00:00Z",
            ),
            // 23 hours
            (
                "2020-03-08",
                Tz::America__Boise,
                "2020-03-08T07:00:00Z",
                "2020-03-09T06:00:00Z",
            ),
            // 25 hours
            (
                "2020-11-01",
                Tz::America__Boise,
                "2020-11-01T06:00:00Z",
                "2020-11-02T07:00:00Z",
            ),
            // the clock jumps from 00:00 to 01:00
            (
                "2018-11-04",
                Tz::America__Sao_Paulo,
                "2018-11-04T03:00:00Z",
                "2018-11-05T02:00:00Z",
            ),
            (
                "2023-04-28",
                Tz::Africa__Cairo,
                "2023-04-27T22:00:00Z",
                "2023-04-28T21:00:00Z",
            ),
            // the clock goes back from 00:00 to 23:00: the day before has 25 hours
            (
                "2018-02-17",
                Tz::America__Sao_Paulo,
                "2018-02-17T02:00:00Z",
                "2018-02-18T03:00:00Z",
            ),
            // the clock goes back from 01:00 to 00:00: midnight comes twice, the day begins once
            (
                "2020-11-01",
                Tz::America__Havana,
                "2020-11-01T04:00:00Z",
                "2020-11-02T05:00:00Z",
            ),
            (
                "2020-06-01",
                Tz::Asia__Kathmandu,
                "2020-05-31T18:15:00Z",
                "2020-06-01T18:15:00Z",
            ),
        ] {
            assert_eq!(span(day, day, zone), plain(from, until), "{day} {zone}");
        }
    }

    #[test]
    fn a_day_that_a_zone_skipped_has_no_instant_but_is_a_day() {
        let zone = Tz::Pacific__Apia;
        let skipped = span("2011-12-30", "2011-12-30", zone);
        assert_eq!(skipped.from, skipped.until);
        assert!(skipped.holes.is_empty());
        let around = DateRange {
            start: date("2011-12-29"),
            end: date("2011-12-31"),
            zone,
        };
        assert_eq!(around.dates().count(), 3);
        assert_eq!(
            around.span(),
            plain("2011-12-29T10:00:00Z", "2011-12-31T10:00:00Z")
        );
    }

    #[test]
    fn a_day_in_two_pieces_is_told_from_the_one_that_comes_back_in_between() {
        // On 2006-10-29 at 00:01 the clock in St. John's went back to 23:01 of the 28th.
        let zone = Tz::America__St_Johns;
        let midnight = instant("2006-10-29T02:30:00Z");
        let back = instant("2006-10-29T02:31:00Z");
        let again = instant("2006-10-29T03:30:00Z");
        let the_29th = span("2006-10-29", "2006-10-29", zone);
        assert_eq!(the_29th.from, Some(midnight));
        assert_eq!(the_29th.until, Some(instant("2006-10-30T03:30:00Z")));
        assert_eq!(the_29th.holes, [back, again]);
        let the_28th = span("2006-10-28", "2006-10-28", zone);
        assert_eq!(the_28th.until, Some(again));
        assert_eq!(the_28th.holes, [midnight, back]);
    }

    #[test]
    fn every_instant_lies_in_the_piece_of_its_local_date_in_every_zone() {
        for zone in chrono_tz::TZ_VARIANTS {
            let range = DateRange {
                start: date("2011-03-10"),
                end: date("2011-12-31"),
                zone,
            };
            let pieces = range.pieces();
            for pair in pieces.windows(2) {
                let last = pair[1].from - TimeDelta::microseconds(1);
                for (at, expected) in [(pair[0].from, pair[0].date), (last, pair[0].date)] {
                    assert_eq!(
                        at.with_timezone(&zone).date_naive(),
                        expected,
                        "{zone} {at}"
                    );
                }
            }
        }
    }

    #[test]
    fn an_open_end_has_no_instant() {
        let open = Span::new(Some(date("2020-09-01")), None, Tz::UTC);
        assert_eq!(open.from, Some(instant("2020-09-01T00:00:00Z")));
        assert_eq!(open.until, None);
        assert_eq!(Span::new(None, None, Tz::UTC), Span::default());
    }

    #[test]
    fn the_ends_of_the_calendar_are_within_reach() {
        let ends = span("0001-01-01", "9999-12-31", Tz::Pacific__Kiritimati);
        assert!(ends.from < ends.until);
    }
}
