//! Keeps sending to a rate.

use std::time::{Duration, Instant};

/// Says when the next event may go.
pub struct Pace {
    interval: Option<Duration>,
    due: Option<Instant>,
}

/// After a pause (of the input, of the broker) no more than this is made up for.
const CATCH_UP_MAX: Duration = Duration::from_millis(200);

impl Pace {
    /// So many events a second at most; `None` is as fast as it goes.
    pub fn new(rate: Option<u32>) -> Self {
        Self {
            interval: rate.map(|rate| Duration::from_secs(1) / rate),
            due: None,
        }
    }

    /// How long the next event has to wait; `None` when it may go, which counts it.
    pub fn wait(&mut self) -> Option<Duration> {
        let interval = self.interval?;
        let now = Instant::now();
        let due = self
            .due
            .unwrap_or(now)
            .max(now.checked_sub(CATCH_UP_MAX).unwrap_or(now));
        if due > now {
            return Some(due - now);
        }
        self.due = Some(due + interval);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_wait_for_their_turn_and_none_without_a_rate() {
        let mut pace = Pace::new(Some(1));
        assert_eq!(pace.wait(), None);
        let wait = pace.wait().expect("the second has to wait");
        assert!(wait <= Duration::from_secs(1) && wait > Duration::from_millis(500));
        let mut unlimited = Pace::new(None);
        assert!((0..1000).all(|_| unlimited.wait().is_none()));
    }
}
