//! Days of every length, against the zones' own clocks.

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
