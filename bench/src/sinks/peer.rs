//! What was measured of a program beside the consumer.

use serde::Serialize;

use super::watch::Watched;
use crate::report::count;
use crate::statistics::Spread;

/// A run of another program.
#[derive(Clone, Debug, Serialize)]
pub struct PeerRun {
    /// From the first rows that could be read to the last.
    seconds: f64,
    pub(super) rows_per_second: f64,
    /// `rows_per_second` over the mean of the two COPY runs around it.
    pub(super) share_of_copy: f64,
    /// CPU in that time.
    peer_cpu_seconds: f64,
    pub(super) peer_cpu_us_per_row: f64,
    postgres_cpu_seconds: f64,
    pub(super) postgres_cpu_us_per_row: f64,
    pub(super) peak_resident_bytes: u64,
}

/// All runs of one other program.
#[derive(Debug, Serialize)]
pub struct Peer {
    pub(super) name: &'static str,
    pub(super) runs: Vec<PeerRun>,
    pub(super) rows_per_second: Spread,
    pub(super) share_of_copy: Spread,
    /// The consumer's median share of COPY over its own.
    consumer_over_it: f64,
}

impl Peer {
    pub(super) fn of(name: &'static str, runs: Vec<PeerRun>, consumers_share: f64) -> Self {
        let spread = |figure: fn(&PeerRun) -> f64| Spread::of(runs.iter().map(figure));
        let share_of_copy = spread(|run| run.share_of_copy);
        Self {
            name,
            rows_per_second: spread(|run| run.rows_per_second),
            share_of_copy,
            consumer_over_it: consumers_share / share_of_copy.median,
            runs,
        }
    }
}

impl PeerRun {
    /// Its share of COPY is not known yet.
    pub(super) fn of(watched: &Watched, orders: u64) -> Self {
        let rows = count(orders);
        Self {
            seconds: watched.seconds,
            rows_per_second: rows / watched.seconds,
            share_of_copy: f64::NAN,
            peer_cpu_seconds: watched.peer_cpu_seconds,
            peer_cpu_us_per_row: watched.peer_cpu_seconds * 1e6 / rows,
            postgres_cpu_seconds: watched.postgres_cpu_seconds,
            postgres_cpu_us_per_row: watched.postgres_cpu_seconds * 1e6 / rows,
            peak_resident_bytes: watched.peak_resident_bytes,
        }
    }
}
