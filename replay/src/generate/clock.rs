//! When orders come: more by day than by night, more on a Sunday than on a Friday.

use chrono::{Datelike, NaiveDate};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// Orders by hour of the day in UTC, of a shop whose customers live mostly in America.
const HOURS: [f64; 24] = [
    62., 66., 64., 55., 42., 28., 17., 10., 7., 6., 7., 11., 20., 33., 45., 54., 60., 63., 62.,
    61., 60., 60., 60., 61.,
];

/// Orders by day of the week, from Monday.
const WEEKDAYS: [f64; 7] = [1.10, 1.02, 0.98, 0.95, 0.88, 0.97, 1.12];

/// Spreads orders over days and hours.
#[derive(Clone, Debug)]
pub struct Clock {
    start_ms: i64,
    /// Up to each hour, the share of orders that came before its end.
    shares: Vec<f64>,
}

impl Clock {
    /// A clock over `days` days from `start` on.
    pub fn new(start: NaiveDate, days: u32) -> Self {
        let mut shares = Vec::new();
        let mut sum = 0.0;
        for day in start.iter_days().take(days as usize) {
            let weekday = WEEKDAYS[day.weekday().num_days_from_monday() as usize];
            for hour in HOURS {
                sum += hour * weekday;
                shares.push(sum);
            }
        }
        for share in &mut shares {
            *share /= sum;
        }
        Self {
            start_ms: i64::from(start.to_epoch_days()) * DAY_MS,
            shares,
        }
    }

    /// When order `number` of `orders` comes, in milliseconds since 1970; `jitter` is from 0 to 1.
    /// A later order never comes before an earlier one of the same plan.
    #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)]
    pub fn time_ms(&self, number: u64, orders: u64, jitter: f64) -> i64 {
        let share = ((number as f64 + jitter) / orders as f64).fract();
        let hour = self
            .shares
            .partition_point(|end| *end <= share)
            .min(self.shares.len() - 1);
        let before = hour
            .checked_sub(1)
            .map_or(0.0, |before| self.shares[before]);
        let within = (share - before) / (self.shares[hour] - before);
        self.start_ms + hour as i64 * HOUR_MS + ((within * HOUR_MS as f64) as i64).min(HOUR_MS - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_come_in_order_within_their_days() {
        let start = NaiveDate::from_ymd_opt(2020, 9, 1).expect("a day");
        let clock = Clock::new(start, 3);
        let times: Vec<i64> = (0..1000)
            .map(|number| clock.time_ms(number, 1000, 0.5))
            .collect();
        assert!(times.is_sorted());
        let first = 1_598_918_400_000;
        assert!(
            times
                .iter()
                .all(|time| (first..first + 3 * DAY_MS).contains(time))
        );
        assert!(times[999] >= first + 2 * DAY_MS);
    }
}
