//! Where the newest state of the facts is shown.
//!
//! An atomically swapped pointer: whoever answers takes the newest state and keeps it for as long
//! as the answer takes, and no lock is held by anyone. A state that nobody uses any more is freed
//! by the last who did.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwapOption;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use super::snapshot::Facts;
use crate::database::AskError;
use crate::position::AtLeast;

/// Shows the newest facts.
#[derive(Debug)]
pub struct Board {
    facts: ArcSwapOption<Facts>,
    /// Wakes those who wait for a position.
    changed: watch::Sender<()>,
    read: AtomicU64,
    to_read: AtomicU64,
    /// Why the database cannot be followed now.
    trouble: ArcSwapOption<String>,
}

/// How far the facts are read at start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Not begun: there is no database yet.
    Waiting,
    /// So many orders of so many.
    Reading(u64, u64),
    /// There are facts to answer from.
    Done,
}

impl fmt::Display for Progress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Waiting => formatter.write_str("waiting for the database"),
            Self::Reading(read, to_read) => write!(formatter, "{read} of {to_read} orders read"),
            Self::Done => formatter.write_str("read"),
        }
    }
}

impl Default for Board {
    fn default() -> Self {
        Self {
            facts: ArcSwapOption::empty(),
            changed: watch::Sender::new(()),
            read: AtomicU64::new(0),
            to_read: AtomicU64::new(0),
            trouble: ArcSwapOption::empty(),
        }
    }
}

impl Board {
    /// The newest facts; `None` until they were read.
    #[must_use]
    pub fn facts(&self) -> Option<Arc<Facts>> {
        self.facts.load_full()
    }

    /// The newest facts once they include the positions asked for.
    ///
    /// # Errors
    ///
    /// [`AskError::NotRead`] while the facts are being read, [`AskError::NotReached`] when the
    /// positions are not reached in time.
    pub async fn including(&self, at_least: &AtLeast) -> Result<Arc<Facts>, AskError> {
        let deadline = Instant::now() + at_least.patience;
        let mut changes = self.changed.subscribe();
        loop {
            let facts = self.facts().ok_or(AskError::NotRead(self.progress()))?;
            if at_least.positions.are_included_in(&facts.positions) {
                return Ok(facts);
            }
            let changed = timeout_at(deadline, changes.changed()).await;
            if !matches!(changed, Ok(Ok(()))) {
                return Err(AskError::NotReached(facts.positions.clone()));
            }
        }
    }

    /// Shows `facts` from now on.
    pub fn show(&self, facts: Arc<Facts>) {
        self.facts.store(Some(facts));
        self.changed.send_replace(());
    }

    /// How far the facts are read.
    #[must_use]
    pub fn progress(&self) -> Progress {
        if self.facts.load().is_some() {
            return Progress::Done;
        }
        match self.to_read.load(Ordering::Relaxed) {
            0 => Progress::Waiting,
            to_read => Progress::Reading(self.read.load(Ordering::Relaxed), to_read),
        }
    }

    /// Why the database could not be followed when that was last tried; `None` when it could.
    #[must_use]
    pub fn trouble(&self) -> Option<Arc<String>> {
        self.trouble.load_full()
    }

    /// Whether there are facts, and what is committed is followed now.
    #[must_use]
    pub fn is_followed(&self) -> bool {
        self.facts.load().is_some() && self.trouble.load().is_none()
    }

    /// The database is followed, or not for this reason.
    pub fn note(&self, trouble: Option<String>) {
        self.trouble.store(trouble.map(Arc::new));
    }

    /// A reading of so many orders begins.
    pub fn begin(&self, to_read: u64) {
        self.read.store(0, Ordering::Relaxed);
        self.to_read.store(to_read, Ordering::Relaxed);
    }

    /// So many more were read. Returns how many that makes.
    pub fn advance(&self, orders: u64) -> u64 {
        self.read.fetch_add(orders, Ordering::Relaxed) + orders
    }
}
