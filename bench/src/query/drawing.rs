//! The questions that are asked: drawn from a seed, and a few that are always the same. Pure.

use chrono::{Days as DayCount, NaiveDate};
use chrono_tz::Tz;
use rand::prelude::*;
use rand_chacha::ChaCha8Rng;

use super::days::Days;
use super::questions::{Asked, Kind, Question, Span};

/// Whole hours, half and quarter ones, north and south.
const ZONES: [Tz; 9] = [
    Tz::America__Los_Angeles,
    Tz::America__New_York,
    Tz::America__St_Johns,
    Tz::Europe__Berlin,
    Tz::Asia__Kolkata,
    Tz::Asia__Kathmandu,
    Tz::Asia__Tokyo,
    Tz::Australia__Adelaide,
    Tz::Pacific__Honolulu,
];
/// Those of the generated orders, from the one that most of them have to the rarest.
const CURRENCIES: [&str; 6] = ["USD", "CAD", "GBP", "EUR", "AUD", "JPY"];
/// Some of the generated orders' provinces, likewise, in various cases: a request need not care.
const PROVINCES: [&str; 10] = [
    "California",
    "texas",
    "Florida",
    "NEW YORK",
    "England",
    "Ontario",
    "Québec",
    "Idaho",
    "bayern",
    "東京都",
];

/// The questions that are always the same, about orders of `days` days from `start` on: each kind
/// and span once.
#[must_use]
pub fn fixed(start: NaiveDate, days: u32) -> Vec<Question> {
    let middle = days / 2;
    let mut questions = Vec::new();
    for kind in Kind::ALL {
        for span in Span::FIXED {
            let (first, count) = match span {
                Span::ThirtyDays => (middle.min(days - 30), 30),
                Span::Day => (middle, 1),
                Span::Year | Span::Drawn => (0, days),
            };
            questions.push(Question {
                span,
                days: Days {
                    start: start + DayCount::new(first.into()),
                    end: start + DayCount::new((first + count - 1).into()),
                    zone: Tz::UTC,
                },
                asked: plain(kind),
            });
        }
    }
    questions
}

fn plain(kind: Kind) -> Asked {
    match kind {
        Kind::Customers => Asked::Customers {
            count: 5,
            currency: None,
            accepts_marketing: None,
        },
        Kind::Value => Asked::Value { by_day: true },
        Kind::Provinces => Asked::Provinces {
            province: None,
            billing: false,
        },
    }
}

/// What questions are drawn from.
#[derive(Clone, Copy, Debug)]
pub struct Drawing<'a> {
    /// Where randomness starts.
    pub seed: u64,
    /// The first day of the orders.
    pub start: NaiveDate,
    /// Over how many days they are spread.
    pub days: u32,
    /// How many best customers are asked for.
    pub counts: &'a [u32],
}

impl Drawing<'_> {
    /// `number` questions of a kind: every range of days is as likely as every other, half of them
    /// are in UTC, and each filter is there in half of them.
    #[must_use]
    pub fn questions(&self, kind: Kind, number: u32) -> Vec<Question> {
        let mut random = ChaCha8Rng::seed_from_u64(self.seed);
        random.set_stream(kind as u64);
        (0..number)
            .map(|_| {
                let (one, other) = (
                    random.random_range(0..self.days),
                    random.random_range(0..self.days),
                );
                let day = |number: u32| self.start + DayCount::new(number.into());
                let zone = maybe(&mut random, &ZONES).unwrap_or(Tz::UTC);
                Question {
                    span: Span::Drawn,
                    days: Days {
                        start: day(one.min(other)),
                        end: day(one.max(other)),
                        zone,
                    },
                    asked: self.asked(kind, &mut random),
                }
            })
            .collect()
    }

    fn asked(&self, kind: Kind, random: &mut ChaCha8Rng) -> Asked {
        match kind {
            Kind::Customers => Asked::Customers {
                count: *self.counts.choose(random).expect("there are counts"),
                currency: maybe(random, &CURRENCIES),
                accepts_marketing: maybe(random, &[true, false]),
            },
            Kind::Value => Asked::Value {
                by_day: random.random(),
            },
            Kind::Provinces => Asked::Provinces {
                province: maybe(random, &PROVINCES),
                billing: random.random(),
            },
        }
    }
}

fn maybe<T: Copy>(random: &mut ChaCha8Rng, from: &[T]) -> Option<T> {
    random
        .random_bool(0.5)
        .then(|| *from.choose(random).expect("there is something to choose"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn drawn(kind: Kind, seed: u64, number: u32) -> Vec<Question> {
        let drawing = Drawing {
            seed,
            start: start(),
            days: 365,
            counts: &[5, 1_000],
        };
        drawing.questions(kind, number)
    }

    fn start() -> NaiveDate {
        "2020-09-01".parse().unwrap()
    }

    #[test]
    fn equal_seeds_draw_equal_questions_and_kinds_do_not_repeat_each_other() {
        let draw = |kind, seed| drawn(kind, seed, 200);
        assert_eq!(draw(Kind::Customers, 1), draw(Kind::Customers, 1));
        assert_ne!(draw(Kind::Customers, 1), draw(Kind::Customers, 2));
        let days = |kind| -> Vec<Days> { draw(kind, 1).iter().map(|one| one.days).collect() };
        assert_ne!(days(Kind::Customers), days(Kind::Value));
        // The first of many are the many's first: engines that are asked fewer are asked the same.
        assert_eq!(drawn(Kind::Value, 1, 40), draw(Kind::Value, 1)[..40]);
    }

    #[test]
    fn every_filter_zone_and_length_is_drawn_within_the_year() {
        let mut zones = BTreeSet::new();
        let mut targets = String::new();
        for kind in Kind::ALL {
            for question in drawn(kind, 1, 200) {
                let Days {
                    start: first,
                    end,
                    zone,
                } = question.days;
                assert!(start() <= first && first <= end);
                assert!(end < start() + DayCount::new(365));
                assert_eq!(question.kind(), kind);
                zones.insert(zone.name());
                targets.push_str(&question.target());
            }
        }
        assert_eq!(zones.len(), ZONES.len() + 1);
        for part in [
            "&currency=JPY",
            "&accepts_marketing=false",
            "&accepts_marketing=true",
            "&count=1000",
            "&mode=DAY",
            "&mode=TOTAL",
            "&address=billing",
            "&province=NEW+YORK",
        ] {
            assert!(targets.contains(part), "{part}");
        }
    }

    #[test]
    fn the_fixed_ones_lie_within_the_days() {
        for days in [30, 365] {
            let questions = fixed(start(), days);
            assert_eq!(questions.len(), 9);
            for question in questions {
                assert!(question.days.end < start() + DayCount::new(days.into()));
            }
        }
    }
}
