//! One state of all the facts, as a request sees it. Never changed once it is shared.
//!
//! Most orders lie in [months](Month), which carry sums. Those that came last lie beside them in
//! the `fresh` rows, a few tens of thousands at most, and are counted one by one until they are
//! merged into their months.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::dictionary::Texts;
use super::head::Version;
use super::month::{self, Calendar, Month, Summary};
use super::rows::Rows;
use crate::calendar::Interval;
use crate::position::Positions;

/// Fresh rows are put into larger pieces up to this many orders, so that readers meet few.
const PIECE: usize = 8_192;

/// All facts up to some commit.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Which writing of the facts.
    pub generation: i64,
    /// Every record below is included.
    pub positions: Positions,
    /// The newest ingest that is included.
    pub as_of: Option<DateTime<Utc>>,
    /// Tells this state from every other.
    pub version: Version,
    /// The texts behind the numbers.
    pub texts: Texts,
    months: Vec<Arc<Month>>,
    fresh: Vec<Arc<Rows>>,
}

/// Orders that a question is answered from: a whole month, or some rows, sorted.
#[derive(Clone, Debug)]
pub enum Part<'a> {
    /// All orders of a month.
    Month(&'a Month, &'a Summary),
    /// Some orders.
    Rows(Arc<Rows>),
}

impl Part<'_> {
    /// As much as all amounts of the part may be together.
    #[must_use]
    pub fn total(&self) -> u128 {
        match self {
            Self::Month(month, _) => month.total,
            Self::Rows(rows) => rows.total(),
        }
    }
}

impl Facts {
    /// Those of `months`, in their order.
    #[must_use]
    pub fn of(months: Vec<Arc<Month>>) -> Self {
        Self {
            months,
            ..Self::default()
        }
    }

    /// How many orders.
    #[must_use]
    pub fn orders(&self) -> usize {
        let days = self.months.iter().flat_map(|month| &month.days);
        let merged: usize = days.map(|day| day.rows.len()).sum();
        merged + self.fresh_orders()
    }

    /// How many of them are not in their months yet.
    #[must_use]
    pub fn fresh_orders(&self) -> usize {
        self.fresh.iter().map(|rows| rows.len()).sum()
    }

    /// Every month with orders in it that `interval` touches.
    pub fn months(&self, (from_us, until_us): Interval) -> impl Iterator<Item = &Month> {
        let begin = self
            .months
            .partition_point(|month| month.until_us() <= from_us);
        let end = self
            .months
            .partition_point(|month| month.from_us() < until_us);
        self.months[begin..end.max(begin)].iter().map(AsRef::as_ref)
    }

    /// The orders that are not in their months yet, in pieces.
    pub fn fresh(&self) -> impl Iterator<Item = &Rows> {
        self.fresh.iter().map(AsRef::as_ref)
    }

    /// Everything in `intervals`: whole months as such, the rest as rows.
    #[must_use]
    pub fn parts(&self, intervals: &[Interval]) -> Vec<Part<'_>> {
        let mut parts = Vec::new();
        for interval in intervals {
            for month in self.months(*interval) {
                add_month(&mut parts, month, *interval);
            }
            for rows in &self.fresh {
                add_rows(&mut parts, rows, *interval);
            }
        }
        parts
    }

    /// Adds orders. `kept` of the fresh rows are left as they are, since they are being merged.
    pub fn add(&mut self, rows: &Rows, kept: usize) {
        if rows.is_empty() {
            return;
        }
        let last = self.fresh.get(kept..).and_then(<[_]>::last).cloned();
        match last {
            Some(last) if last.len() + rows.len() <= PIECE => {
                let _last = self.fresh.pop();
                self.fresh.push(Arc::new(Rows::sorted(&[&last, rows])));
            }
            _ => self.fresh.push(Arc::new(Rows::sorted(&[rows]))),
        }
    }

    /// How many fresh rows there are: what [`Facts::merged`] takes.
    #[must_use]
    pub fn fresh_pieces(&self) -> usize {
        self.fresh.len()
    }

    /// Orders of the days that the fresh ones lie among: about what has to be sorted to merge them.
    #[must_use]
    pub fn touched_orders(&self) -> usize {
        let mut touched = BTreeMap::new();
        for (first_us, last_us) in self.fresh().filter_map(Rows::span) {
            for month in self.months((first_us, last_us + 1)) {
                let days = month.days_between(first_us, last_us + 1);
                touched.extend(days.iter().map(|day| (day.number, day.rows.len())));
            }
        }
        touched.values().sum()
    }

    /// The months with all fresh rows merged into them.
    #[must_use]
    pub fn merged(&self) -> Vec<Arc<Month>> {
        let mut calendar = Calendar::default();
        for rows in &self.fresh {
            for row in 0..rows.len() {
                calendar.push(&rows.order(row));
            }
        }
        // One thread: there are questions to answer meanwhile.
        month::merged(&self.months, calendar, 1)
    }

    /// Takes what [`Facts::merged`] made of the first `pieces` fresh rows in their stead.
    pub fn replace(&mut self, months: Vec<Arc<Month>>, pieces: usize) {
        self.months = months;
        let _merged = self.fresh.drain(..pieces);
    }
}

/// The part of a month that lies in the interval.
fn add_month<'a>(parts: &mut Vec<Part<'a>>, month: &'a Month, (from_us, until_us): Interval) {
    let whole = from_us <= month.from_us() && month.until_us() <= until_us;
    if let (true, Some(summary)) = (whole, &month.summary) {
        parts.push(Part::Month(month, summary));
        return;
    }
    for day in month.days_between(from_us, until_us) {
        add_rows(parts, &day.rows, (from_us, until_us));
    }
}

/// The rows that lie in the interval.
fn add_rows(parts: &mut Vec<Part<'_>>, rows: &Arc<Rows>, (from_us, until_us): Interval) {
    let Some((first_us, last_us)) = rows.span() else {
        return;
    };
    if from_us <= first_us && last_us < until_us {
        parts.push(Part::Rows(Arc::clone(rows)));
    } else if first_us < until_us && from_us <= last_us {
        parts.push(Part::Rows(Arc::new(rows.between(from_us, until_us))));
    }
}
