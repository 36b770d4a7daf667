//! Medians and percentiles, by nearest rank: every figure is one that was measured.

use std::time::Duration;

use serde::Serialize;

/// Of several runs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// The middle one; of an even number the lower of the two.
    pub median: f64,
    /// The least.
    pub min: f64,
    /// The most.
    pub max: f64,
}

impl Spread {
    /// Of `values`, in any order.
    ///
    /// # Panics
    ///
    /// When there are none.
    #[must_use]
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let values = sorted(values);
        Self {
            median: percentile(&values, 50.0),
            min: values[0],
            max: values[values.len() - 1],
        }
    }
}

/// Of many measurements.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Percentiles {
    /// Half of them are at most this.
    pub p50: f64,
    /// 90 of 100.
    pub p90: f64,
    /// 99 of 100.
    pub p99: f64,
    /// 999 of 1,000.
    pub p999: f64,
    /// All of them.
    pub max: f64,
}

impl Percentiles {
    /// Of `values`, in any order.
    ///
    /// # Panics
    ///
    /// When there are none.
    #[must_use]
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let values = sorted(values);
        Self {
            p50: percentile(&values, 50.0),
            p90: percentile(&values, 90.0),
            p99: percentile(&values, 99.0),
            p999: percentile(&values, 99.9),
            max: percentile(&values, 100.0),
        }
    }
}

/// Milliseconds.
#[must_use]
pub fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

fn sorted(values: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.into_iter().collect();
    assert!(!values.is_empty(), "nothing was measured");
    values.sort_by(f64::total_cmp);
    values
}

/// The least of the sorted values that at least `percent` of them do not pass.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss
)] // a rank lies within the list
fn percentile(sorted: &[f64], percent: f64) -> f64 {
    let rank = (sorted.len() as f64 * percent / 100.0).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_the_nearest_rank() {
        let hundred = Percentiles::of((1..=100).rev().map(f64::from));
        let expected = Percentiles {
            p50: 50.0,
            p90: 90.0,
            p99: 99.0,
            p999: 100.0,
            max: 100.0,
        };
        assert_eq!(hundred, expected);
    }

    #[test]
    fn one_measurement_is_all_of_its_figures() {
        let one = Percentiles::of([7.0]);
        assert_eq!((one.p50, one.p99, one.max), (7.0, 7.0, 7.0));
    }

    #[test]
    fn a_median_is_one_of_the_runs() {
        let spread = Spread::of([3.0, 1.0, 9.0, 2.0]);
        let expected = Spread {
            median: 2.0,
            min: 1.0,
            max: 9.0,
        };
        assert_eq!(spread, expected);
    }
}
