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

/// `[from_us, until_us)`, microseconds since 1970.
pub type Interval = (i64, i64);

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

    /// What belongs to it, in order of time.
    #[must_use]
    pub fn intervals(&self) -> Vec<Interval> {
        let begin = self.from.map_or(i64::MIN, |from| from.timestamp_micros());
        let end = self
            .until
            .map_or(i64::MAX, |until| until.timestamp_micros());
        let mut cuts = vec![begin];
        cuts.extend(self.holes.iter().map(DateTime::timestamp_micros));
        cuts.push(end);
        let pairs = cuts.chunks_exact(2).map(|pair| (pair[0], pair[1]));
        pairs.filter(|(from, until)| from < until).collect()
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
mod tests;
