//! Where a partition's log ended when the broker was last asked. It goes into the database with what
//! is committed, so that others can tell how far behind the partition is. Nothing relies on it.

use chrono::{DateTime, Utc};

/// The end of a partition's log, and when it was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogEnd {
    /// The offset after the last record.
    pub offset: i64,
    /// When the broker said so.
    pub seen_at: DateTime<Utc>,
}

impl LogEnd {
    /// As the broker says now.
    #[must_use]
    pub fn seen_now(offset: i64) -> Self {
        Self {
            offset,
            seen_at: Utc::now(),
        }
    }
}
