//! How far everything is, for people and programs that watch: what the consumers left beside their
//! positions, what was rejected today, what is in memory.
//!
//! Each part says as of when it is. It answers whatever the database does: what was read last stays
//! known while nothing newer can be read.

mod consumed;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::Serialize;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};
use utoipa::ToSchema;

use crate::calendar::DateRange;
use crate::database::{Database, Question, chain};
use crate::facts::Board;
use crate::lists::{RejectedCountsQuestion, RejectedFilter};
use crate::position::AtLeast;
use consumed::{Consumed, ConsumedQuestion};

pub use consumed::{Outcomes, OutcomesAsOf, Partition, PartitionsAsOf};

/// How long what was read counts: many may watch at once.
const FRESH: Duration = Duration::from_secs(1);

/// How long each of the two readings may take.
const PATIENCE: Duration = Duration::from_secs(1);

/// Tells how far everything is.
pub struct Status {
    database: Arc<Database>,
    board: Arc<Board>,
    started: Instant,
    started_at: DateTime<Utc>,
    known: Mutex<Known>,
}

/// What was last read of the database.
#[derive(Default)]
struct Known {
    looked: Option<Instant>,
    database: Option<DatabaseStatus>,
    consumed: Option<Consumed>,
    rejected: Option<RejectedToday>,
}

/// How far everything is. Each part says as of when.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Status)]
pub struct StatusDocument {
    /// Release of this service.
    pub version: &'static str,
    /// When it started, by its own clock.
    pub started_at: DateTime<Utc>,
    /// How long ago.
    pub uptime_seconds: u64,
    /// When this was answered, by its own clock.
    pub as_of: DateTime<Utc>,
    /// Whether the database answers; null before the first look.
    pub database: Option<DatabaseStatus>,
    /// How far each partition is; null while that was never read.
    pub partitions: Option<PartitionsAsOf>,
    /// What became of today's records; null while that was never read.
    pub today: Option<OutcomesAsOf>,
    /// What they were rejected for; null while that was never read.
    pub rejected_today: Option<RejectedToday>,
    /// What is in memory.
    pub facts: FactsStatus,
}

/// The database when it was last looked at.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct DatabaseStatus {
    /// By this service's clock.
    pub as_of: DateTime<Utc>,
    /// Whether it answered what is asked of it here.
    pub answers: bool,
}

/// Records rejected today that are rejected still, by code. A record counts once for each of its
/// codes.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RejectedToday {
    /// By this service's clock.
    pub as_of: DateTime<Utc>,
    /// The day, in UTC.
    pub date: NaiveDate,
    /// Codes with a record at least, by name.
    pub by_code: Vec<CodeCount>,
}

/// How many records have a code.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CodeCount {
    /// The code.
    #[schema(pattern = "^[a-z0-9_]+$")]
    pub code: String,
    /// How many.
    pub records: i64,
}

/// The orders in memory.
#[derive(Debug, Serialize, ToSchema)]
pub struct FactsStatus {
    /// How far they are read: `read`, once they are.
    pub state: String,
    /// How many there are; null until they are read.
    pub orders: Option<usize>,
    /// The positions that they include, in the form of `Ordertally-Position`; null as well.
    pub positions: Option<String>,
    /// The newest commit that they include; null while there is none.
    pub as_of: Option<DateTime<Utc>>,
    /// Whether what is committed is followed now.
    pub followed: bool,
}

impl Status {
    /// Of the service that starts now.
    #[must_use]
    pub fn new(database: Arc<Database>, board: Arc<Board>) -> Self {
        Self {
            database,
            board,
            started: Instant::now(),
            started_at: Utc::now(),
            known: Mutex::default(),
        }
    }

    /// As it is now.
    pub async fn now(&self) -> StatusDocument {
        let mut known = self.known.lock().await;
        if known.looked.is_none_or(|looked| looked.elapsed() >= FRESH) {
            self.look(&mut known).await;
            known.looked = Some(Instant::now());
        }
        let consumed = known.consumed.as_ref();
        StatusDocument {
            version: env!("CARGO_PKG_VERSION"),
            started_at: self.started_at,
            uptime_seconds: self.started.elapsed().as_secs(),
            as_of: Utc::now(),
            database: known.database,
            partitions: consumed.map(Consumed::partitions),
            today: consumed.map(Consumed::today),
            rejected_today: known.rejected.clone(),
            facts: self.facts(),
        }
    }

    /// Reads what can be read.
    async fn look(&self, known: &mut Known) {
        let consumed = self.read(&ConsumedQuestion).await;
        known.database = Some(DatabaseStatus {
            as_of: Utc::now(),
            answers: consumed.is_some(),
        });
        let Some(consumed) = consumed else {
            return;
        };
        let date = consumed.date();
        known.consumed = Some(consumed);
        let today = RejectedCountsQuestion {
            range: DateRange {
                start: date,
                end: date,
                zone: Tz::UTC,
            },
            filter: RejectedFilter::default(),
        };
        if let Some(counts) = self.read(&today).await {
            let counts = counts.into_iter();
            known.rejected = Some(RejectedToday {
                as_of: Utc::now(),
                date,
                by_code: counts
                    .map(|count| CodeCount {
                        code: count.code,
                        records: count.rejected,
                    })
                    .collect(),
            });
        }
    }

    async fn read<Q: Question>(&self, question: &Q) -> Option<Q::Data> {
        let at_least = AtLeast::default();
        match timeout(PATIENCE, self.database.ask(question, &at_least)).await {
            Ok(Ok(snapshot)) => Some(snapshot.data),
            Ok(Err(error)) => {
                tracing::debug!(
                    cause = chain(&error),
                    "a part of the status is not known now"
                );
                None
            }
            Err(_elapsed) => {
                tracing::debug!("the database takes too long for a part of the status");
                None
            }
        }
    }

    fn facts(&self) -> FactsStatus {
        let facts = self.board.facts();
        FactsStatus {
            state: self.board.progress().to_string(),
            orders: facts.as_ref().map(|facts| facts.orders()),
            positions: facts.as_ref().map(|facts| facts.positions.to_string()),
            as_of: facts.and_then(|facts| facts.as_of),
            followed: self.board.is_followed(),
        }
    }
}
