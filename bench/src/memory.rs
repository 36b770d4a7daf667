//! The resident memory of a process over time: sampled on the side, then read phase by phase.

use std::ops::Range;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use ordertally_local::resident::{Resident, resident};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Between two looks, each of which takes some 20 µs. What rises and falls in between is still
/// seen where it is higher than everything before.
const INTERVAL: Duration = Duration::from_millis(100);

/// A process that is being watched.
#[derive(Debug)]
pub struct Watch {
    task: JoinHandle<Result<Samples>>,
    finish: oneshot::Sender<()>,
}

impl Watch {
    /// Starts to watch.
    #[must_use]
    pub fn start(process: u32) -> Self {
        let (finish, mut finished) = oneshot::channel();
        let task = tokio::spawn(async move {
            let mut samples = Samples::default();
            loop {
                samples.note(Instant::now(), resident(process)?);
                if tokio::time::timeout(INTERVAL, &mut finished).await.is_ok() {
                    return Ok(samples);
                }
            }
        });
        Self { task, finish }
    }

    /// Stops watching.
    ///
    /// # Errors
    ///
    /// When the process ended while it was watched.
    pub async fn samples(self) -> Result<Samples> {
        drop(self.finish);
        self.task.await.context("watching was cut off")?
    }
}

/// What was seen, in the order of time.
#[derive(Debug, Default)]
pub struct Samples(Vec<(Instant, Resident)>);

impl Samples {
    fn note(&mut self, at: Instant, resident: Resident) {
        self.0.push((at, resident));
    }

    /// The most that was resident in a phase; nothing where nobody looked. Where the process rose
    /// above all that was before, that is the kernel's own figure and exact, else the highest sample.
    #[must_use]
    pub fn highest(&self, phase: &Range<Instant>) -> Option<u64> {
        let seen = self.within(phase);
        let sampled = seen.iter().map(|(_, resident)| resident.now_bytes).max()?;
        let (first, last) = (seen.first()?.1.peak_bytes, seen.last()?.1.peak_bytes);
        Some(if last > first { last } else { sampled })
    }

    /// How much more was resident at the end of a phase than at its beginning, bytes.
    #[must_use]
    pub fn growth(&self, phase: &Range<Instant>) -> Option<i64> {
        let seen = self.within(phase);
        let (first, last) = (seen.first()?.1.now_bytes, seen.last()?.1.now_bytes);
        Some(last.cast_signed() - first.cast_signed())
    }

    /// What was resident at the end of a phase.
    #[must_use]
    pub fn last(&self, phase: &Range<Instant>) -> Option<u64> {
        self.within(phase)
            .last()
            .map(|(_, resident)| resident.now_bytes)
    }

    fn within(&self, phase: &Range<Instant>) -> &[(Instant, Resident)] {
        let place = |at| self.0.partition_point(|(seen_at, _)| *seen_at < at);
        let (from, to) = (place(phase.start), place(phase.end));
        &self.0[from..to.max(from)]
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Samples a second apart, of what was resident and of the most so far.
    fn samples(zero: Instant, seen: &[(u64, u64)]) -> Samples {
        let mut samples = Samples::default();
        for (second, &(now_bytes, peak_bytes)) in (0..).zip(seen) {
            let at = zero + Duration::from_secs(second);
            samples.note(
                at,
                Resident {
                    now_bytes,
                    peak_bytes,
                },
            );
        }
        samples
    }

    #[test]
    fn a_peak_between_two_looks_counts_in_the_phase_in_which_it_was() {
        let zero = Instant::now();
        let samples = samples(zero, &[(5, 5), (6, 9), (4, 9), (3, 9), (7, 9)]);
        let phase = |from, to| zero + Duration::from_secs(from)..zero + Duration::from_secs(to);
        assert_eq!(samples.highest(&phase(0, 2)), Some(9));
        assert_eq!(samples.highest(&phase(2, 4)), Some(4), "9 was before");
        assert_eq!(samples.highest(&phase(3, 5)), Some(7));
        assert_eq!(samples.highest(&phase(5, 9)), None);
        assert_eq!(samples.highest(&phase(4, 2)), None);
    }

    #[test]
    fn growth_is_from_the_first_look_to_the_last() {
        let zero = Instant::now();
        let samples = samples(zero, &[(5, 5), (9, 9), (7, 9), (2, 9)]);
        let phase = |from, to| zero + Duration::from_secs(from)..zero + Duration::from_secs(to);
        assert_eq!(samples.growth(&phase(0, 3)), Some(2));
        assert_eq!(samples.growth(&phase(1, 4)), Some(-7));
        assert_eq!(samples.growth(&phase(8, 9)), None);
    }

    #[tokio::test]
    async fn a_process_is_watched_until_it_is_enough() {
        let before = Instant::now();
        let watch = Watch::start(std::process::id());
        tokio::task::yield_now().await; // the first look
        let samples = watch.samples().await.unwrap();
        assert!(samples.highest(&(before..Instant::now())).unwrap() > 1 << 20);
    }
}
