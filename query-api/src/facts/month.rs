//! A month's days, with what whole months are answered from.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use chrono::{Datelike, Months, NaiveDate};
use hashbrown::HashMap;

use super::day::{DAY_US, Day, day_of};
use super::rows::{Order, Rows};
use super::sales::{AddressKind, Sales};
use super::spending::Spending;

/// The orders of one UTC month.
#[derive(Debug)]
pub struct Month {
    /// The first day, in days since 1970.
    pub first_day: i64,
    /// The day after the last.
    pub next_day: i64,
    /// Days with orders, in order.
    pub days: Vec<Arc<Day>>,
    /// `None` where the month's amounts together may pass 64 bits: then its rows are counted.
    pub summary: Option<Summary>,
    /// The sum of all amounts in it.
    pub total: u128,
}

/// Sums of the whole month.
#[derive(Debug)]
pub struct Summary {
    /// By customer.
    pub spending: Spending,
    /// By place of the shipping address.
    pub shipping: Sales,
    /// By place of the billing address.
    pub billing: Sales,
}

impl Summary {
    fn of<'a>(parts: impl Iterator<Item = &'a Rows> + Clone) -> Self {
        Self {
            spending: Spending::of(parts.clone()),
            shipping: Sales::of(parts.clone(), AddressKind::Shipping),
            billing: Sales::of(parts, AddressKind::Billing),
        }
    }

    fn merged(&self, other: &Self) -> Self {
        Self {
            spending: self.spending.merged(&other.spending),
            shipping: self.shipping.merged(&other.shipping),
            billing: self.billing.merged(&other.billing),
        }
    }

    /// By place of the address that counts.
    #[must_use]
    pub fn sales(&self, address: AddressKind) -> &Sales {
        match address {
            AddressKind::Shipping => &self.shipping,
            AddressKind::Billing => &self.billing,
        }
    }
}

/// The first day of the month that a day lies in, both in days since 1970.
fn first_day_of(day: i64) -> i64 {
    day - i64::from(date(day).day0())
}

fn next_first_day(first_day: i64) -> i64 {
    (date(first_day) + Months::new(1)).to_epoch_days().into()
}

fn date(day: i64) -> NaiveDate {
    let day = i32::try_from(day).ok().and_then(NaiveDate::from_epoch_days);
    day.expect("times outside the calendar are refused where facts are read")
}

impl Month {
    /// What was there before, with the orders of `parts`, by day, added.
    #[must_use]
    pub fn new(before: Option<&Self>, first_day: i64, parts: BTreeMap<i64, Rows>) -> Self {
        let total: u128 = parts.values().map(Rows::total).sum();
        let total = total + before.map_or(0, |before| before.total);
        let mut days: BTreeMap<i64, Arc<Day>> = before
            .iter()
            .flat_map(|before| &before.days)
            .map(|day| (day.number, Arc::clone(day)))
            .collect();
        let mut added = Vec::with_capacity(parts.len());
        for (number, rows) in parts {
            let rows = Arc::new(Rows::sorted(&[&rows]));
            let day = match days.get(&number) {
                Some(before) => Day::new(number, Arc::new(Rows::sorted(&[&before.rows, &rows]))),
                None => Day::new(number, Arc::clone(&rows)),
            };
            let _before = days.insert(number, Arc::new(day));
            added.push(rows);
        }
        let summary = i64::try_from(total).is_ok().then(|| {
            let added = Summary::of(added.iter().map(AsRef::as_ref));
            match before.and_then(|before| before.summary.as_ref()) {
                Some(summary) => summary.merged(&added),
                None => added,
            }
        });
        Self {
            first_day,
            next_day: next_first_day(first_day),
            days: days.into_values().collect(),
            summary,
            total,
        }
    }

    /// The first microsecond of it.
    #[must_use]
    pub fn from_us(&self) -> i64 {
        self.first_day * DAY_US
    }

    /// The first microsecond after it.
    #[must_use]
    pub fn until_us(&self) -> i64 {
        self.next_day * DAY_US
    }

    /// Its days that `[from_us, until_us)` touches.
    #[must_use]
    pub fn days_between(&self, from_us: i64, until_us: i64) -> &[Arc<Day>] {
        let begin = self.days.partition_point(|day| day.until_us() <= from_us);
        let end = self.days.partition_point(|day| day.from_us() < until_us);
        &self.days[begin..end.max(begin)]
    }
}

/// Orders by day, as they are taken apart to be added.
#[derive(Debug, Default)]
pub struct Calendar(HashMap<i64, Rows>);

impl Calendar {
    /// One more order.
    pub fn push(&mut self, order: &Order<'_>) {
        self.0
            .entry(day_of(order.created_at_us))
            .or_default()
            .push(order);
    }

    /// The days of each month, by the month's first day.
    #[must_use]
    pub fn into_months(self) -> BTreeMap<i64, BTreeMap<i64, Rows>> {
        let mut months: BTreeMap<i64, BTreeMap<i64, Rows>> = BTreeMap::new();
        for (day, rows) in self.0 {
            let month = months.entry(first_day_of(day)).or_default();
            let _none = month.insert(day, rows);
        }
        months
    }
}

/// `before`, with the orders of `calendar` added; the work is dealt out to so many threads.
#[must_use]
pub fn merged(before: &[Arc<Month>], calendar: Calendar, threads: usize) -> Vec<Arc<Month>> {
    let mut months: BTreeMap<i64, Arc<Month>> = before
        .iter()
        .map(|month| (month.first_day, Arc::clone(month)))
        .collect();
    let work = Mutex::new(calendar.into_months());
    let next = || {
        let mut work = work.lock().unwrap_or_else(PoisonError::into_inner);
        work.pop_first()
    };
    let merge = || {
        let mut merged = Vec::new();
        while let Some((first_day, days)) = next() {
            let before = before.iter().find(|month| month.first_day == first_day);
            let month = Month::new(before.map(AsRef::as_ref), first_day, days);
            merged.push(Arc::new(month));
        }
        merged
    };
    let merged = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(merge)).collect();
        let mut merged = merge();
        for other in others {
            merged.extend(other.join().expect("merging does not panic"));
        }
        merged
    });
    for month in merged {
        let _before = months.insert(month.first_day, month);
    }
    months.into_values().collect()
}
