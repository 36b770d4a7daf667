//! When records were sent, and when each could be seen: pure reckoning over what was noted.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// A record that the broker acknowledged.
#[derive(Clone, Copy, Debug)]
pub struct Sent {
    /// Its partition.
    pub partition: i32,
    /// Its offset.
    pub offset: i64,
    /// When it was handed to the producer.
    pub sent_at: Instant,
    /// When the broker's answer was there.
    pub acknowledged_at: Instant,
}

/// Which positions could be read, and when first.
#[derive(Debug, Default)]
pub struct Sightings(BTreeMap<i32, Vec<(i64, Instant)>>);

impl Sightings {
    /// Notes that at `seen_at` everything of `partition` below `next_offset` could be read.
    /// Sightings come in the order of time.
    pub fn note(&mut self, partition: i32, next_offset: i64, seen_at: Instant) {
        let seen = self.0.entry(partition).or_default();
        if seen.last().is_none_or(|(last, _)| *last < next_offset) {
            seen.push((next_offset, seen_at));
        }
    }

    /// Whether everything below these positions has been seen.
    #[must_use]
    pub fn reach(&self, positions: &BTreeMap<i32, i64>) -> bool {
        positions.iter().all(|(partition, position)| {
            let last = self.0.get(partition).and_then(|seen| seen.last());
            last.is_some_and(|(next_offset, _)| next_offset >= position)
        })
    }

    /// How much later than here each position was seen there, in the order of partitions and
    /// positions; the first of each partition, which nobody saw coming, is left out. Nothing where
    /// one was not seen there.
    #[must_use]
    pub fn lags(&self, there: &Self) -> Option<Vec<Duration>> {
        let mut lags = Vec::new();
        for (partition, seen) in &self.0 {
            for (next_offset, seen_at) in seen.iter().skip(1) {
                let seen_there = there.0.get(partition)?;
                let place = seen_there.partition_point(|(reached, _)| reached < next_offset);
                let (_, there_at) = seen_there.get(place)?;
                lags.push(there_at.saturating_duration_since(*seen_at));
            }
        }
        Some(lags)
    }

    /// How long after its sending a record was first seen; nothing where it was not.
    #[must_use]
    pub fn delay(&self, record: &Sent) -> Option<Duration> {
        let seen = self.0.get(&record.partition)?;
        let place = seen.partition_point(|(next_offset, _)| *next_offset <= record.offset);
        let (_, seen_at) = seen.get(place)?;
        Some(seen_at.saturating_duration_since(record.sent_at))
    }
}

/// One past the last of these records, by partition.
#[must_use]
pub fn ends(records: &[Sent]) -> BTreeMap<i32, i64> {
    let mut ends = BTreeMap::new();
    for record in records {
        let end = ends.entry(record.partition).or_insert(0);
        *end = record.offset.saturating_add(1).max(*end);
    }
    ends
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(partition: i32, offset: i64, sent_at: Instant) -> Sent {
        Sent {
            partition,
            offset,
            sent_at,
            acknowledged_at: sent_at,
        }
    }

    #[test]
    fn a_record_is_seen_with_the_first_position_past_it() {
        let zero = Instant::now();
        let at = |ms| zero + Duration::from_millis(ms);
        let mut sightings = Sightings::default();
        sightings.note(0, 0, at(0));
        sightings.note(0, 5, at(10));
        sightings.note(0, 5, at(11)); // the same again is no news
        sightings.note(1, 9, at(12));
        sightings.note(0, 8, at(20));

        let delay = |offset, ms| sightings.delay(&sent(0, offset, at(ms)));
        assert_eq!(delay(4, 3), Some(Duration::from_millis(7)));
        assert_eq!(delay(5, 3), Some(Duration::from_millis(17)));
        assert_eq!(delay(7, 19), Some(Duration::from_millis(1)));
        assert_eq!(delay(8, 3), None, "position 8 is one past offset 7");
        assert_eq!(sightings.delay(&sent(2, 0, zero)), None);
    }

    #[test]
    fn a_position_lags_by_when_one_at_least_as_high_was_seen_there() {
        let zero = Instant::now();
        let at = |ms| zero + Duration::from_millis(ms);
        let mut here = Sightings::default();
        let mut there = Sightings::default();
        for (next_offset, ms) in [(3, 0), (5, 10), (8, 20), (9, 30)] {
            here.note(0, next_offset, at(ms));
        }
        there.note(0, 3, at(1));
        there.note(0, 8, at(27));
        assert_eq!(here.lags(&there), None, "9 is not there yet");
        there.note(0, 9, at(29)); // seen there first: the looks here are some time apart
        let lags = [17, 7, 0].map(Duration::from_millis);
        assert_eq!(here.lags(&there), Some(lags.into()));
    }

    #[test]
    fn the_end_is_reached_when_every_partition_is_there() {
        let now = Instant::now();
        let records = [sent(0, 4, now), sent(1, 0, now), sent(0, 3, now)];
        let ends = ends(&records);
        assert_eq!(ends, BTreeMap::from([(0, 5), (1, 1)]));

        let mut sightings = Sightings::default();
        sightings.note(0, 5, now);
        assert!(!sightings.reach(&ends));
        sightings.note(1, 0, now);
        assert!(!sightings.reach(&ends));
        sightings.note(1, 1, now);
        assert!(sightings.reach(&ends));
    }
}
