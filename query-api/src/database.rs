//! Connections to Postgres, and the one snapshot that an answer is made from.
//!
//! Each question is asked in one `REPEATABLE READ READ ONLY` transaction that also reads the
//! partitions' positions, so that an answer, its positions and its `as_of` belong together.
//! Connections are made when they are needed: the service starts and lives without a database.

mod error;
pub(crate) mod session;

use std::future::Future;
use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::pooled_connection::deadpool::{BuildError, Object, Pool};
use diesel_async::{AnsiTransactionManager, AsyncPgConnection, RunQueryDsl, TransactionManager};
use ordertally_schema::tables::partition_positions;
use ordertally_settings::DatabaseUrl;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until, timeout};

use crate::position::{AtLeast, Positions};
use crate::settings::Settings;

pub use error::{AskError, chain};

/// How often requests that wait for a position look, all of them together: half of the 50 ms that
/// a waiting request may lose at most.
const LOOK_EVERY: Duration = Duration::from_millis(25);

/// Something to ask the database within one snapshot.
pub trait Question: Sync {
    /// What it answers.
    type Data: Send;

    /// Asks. May use several statements: all of them see the same state.
    fn ask(
        &self,
        connection: &mut AsyncPgConnection,
    ) -> impl Future<Output = QueryResult<Self::Data>> + Send;
}

/// An answer, and the state of the database that it was made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot<T> {
    /// The answer.
    pub data: T,
    /// Every record below these positions is included.
    pub positions: Positions,
    /// The newest ingest that is included; `None` while nothing was ever ingested.
    pub as_of: Option<DateTime<Utc>>,
}

/// Connections of the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connections {
    /// Not in use.
    pub idle: usize,
    /// In use.
    pub busy: usize,
    /// Requests that wait for one.
    pub waiting: usize,
}

/// The database that answers come from.
pub struct Database {
    pool: Pool<AsyncPgConnection>,
    connect_timeout: Duration,
    request_timeout: Duration,
    /// The last look at the positions by requests that wait for one.
    looked: Mutex<Option<(Instant, Positions)>>,
}

impl Database {
    /// Prepares connections; makes none.
    ///
    /// # Errors
    ///
    /// When the pool cannot be built.
    pub fn new(url: &DatabaseUrl, settings: &Settings) -> Result<Self, BuildError> {
        Ok(Self {
            pool: session::pool(url, settings)?,
            connect_timeout: Duration::from_millis(settings.database_connect_timeout_ms.into()),
            request_timeout: settings.request_timeout(),
            looked: Mutex::new(None),
        })
    }

    /// A connection from the pool, tried before it is given.
    ///
    /// # Errors
    ///
    /// [`AskError::Unreachable`] when there is none within the time for connecting.
    pub async fn connection(&self) -> Result<Object<AsyncPgConnection>, AskError> {
        match timeout(self.connect_timeout, self.pool.get()).await {
            Ok(Ok(connection)) => Ok(connection),
            Ok(Err(error)) => Err(AskError::Unreachable(error.into())),
            Err(elapsed) => Err(AskError::Unreachable(elapsed.into())),
        }
    }

    /// How long the work for one request may take.
    #[must_use]
    pub fn request_timeout(&self) -> Duration {
        self.request_timeout
    }

    /// How the connections are used.
    #[must_use]
    pub fn connections(&self) -> Connections {
        let status = self.pool.status();
        Connections {
            idle: status.available,
            busy: status.size.saturating_sub(status.available),
            waiting: status.waiting,
        }
    }

    /// Asks `question` in one snapshot that includes `at_least`, and waits for it where it must.
    ///
    /// # Errors
    ///
    /// [`AskError`] when the database is away, refuses or is too slow, or when the positions asked
    /// for are not reached in time.
    pub async fn ask<Q: Question>(
        &self,
        question: &Q,
        at_least: &AtLeast,
    ) -> Result<Snapshot<Q::Data>, AskError> {
        let deadline = Instant::now() + at_least.patience;
        loop {
            let attempt = self.attempt(question, &at_least.positions);
            let attempted = timeout(self.request_timeout, attempt)
                .await
                .map_err(|_| AskError::TooSlow(self.request_timeout))?;
            match attempted {
                Err(AskError::NotReached(reached)) => {
                    self.wait_for(&at_least.positions, reached, deadline)
                        .await?;
                }
                outcome => return outcome,
            }
        }
    }

    /// One snapshot; [`AskError::NotReached`] when it does not include `positions`.
    async fn attempt<Q: Question>(
        &self,
        question: &Q,
        positions: &Positions,
    ) -> Result<Snapshot<Q::Data>, AskError> {
        let mut connection = self.connection().await?;
        let connection: &mut AsyncPgConnection = &mut connection;
        AnsiTransactionManager::begin_transaction_sql(
            connection,
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        )
        .await?;
        let outcome = read_snapshot(connection, question, positions).await;
        // Nothing was written, so both ends are alike; a connection that fails here is thrown away.
        if let Err(error) = AnsiTransactionManager::rollback_transaction(connection).await {
            tracing::debug!(%error, "a connection was lost at the end of its transaction");
        }
        outcome
    }

    /// Returns once the positions may have been reached.
    async fn wait_for(
        &self,
        positions: &Positions,
        mut reached: Positions,
        deadline: Instant,
    ) -> Result<(), AskError> {
        while !positions.are_included_in(&reached) {
            let now = Instant::now();
            if now >= deadline {
                return Err(AskError::NotReached(reached));
            }
            sleep_until(deadline.min(now + LOOK_EVERY)).await;
            reached = self.look().await?;
        }
        Ok(())
    }

    /// The positions as they are now, or were when another waiting request looked just before:
    /// however many wait, the database is asked some forty times a second.
    async fn look(&self) -> Result<Positions, AskError> {
        let mut looked = self.looked.lock().await;
        if let Some((at, positions)) = looked.as_ref()
            && at.elapsed() < LOOK_EVERY
        {
            return Ok(positions.clone());
        }
        let look = async {
            let mut connection = self.connection().await?;
            Ok::<_, AskError>(read_positions(&mut connection).await?.0)
        };
        let positions = timeout(self.request_timeout, look)
            .await
            .map_err(|_| AskError::TooSlow(self.request_timeout))??;
        *looked = Some((Instant::now(), positions.clone()));
        Ok(positions)
    }
}

async fn read_snapshot<Q: Question>(
    connection: &mut AsyncPgConnection,
    question: &Q,
    at_least: &Positions,
) -> Result<Snapshot<Q::Data>, AskError> {
    let (positions, as_of) = read_positions(connection).await?;
    if !at_least.are_included_in(&positions) {
        return Err(AskError::NotReached(positions));
    }
    Ok(Snapshot {
        data: question.ask(connection).await?,
        positions,
        as_of,
    })
}

/// The position of each partition, and the newest ingest of any of them.
async fn read_positions(
    connection: &mut AsyncPgConnection,
) -> QueryResult<(Positions, Option<DateTime<Utc>>)> {
    let rows: Vec<(i32, i64, Option<DateTime<Utc>>)> = partition_positions::table
        .select((
            partition_positions::partition,
            partition_positions::next_offset,
            partition_positions::committed_at,
        ))
        .load(connection)
        .await?;
    let as_of = rows.iter().filter_map(|(_, _, committed)| *committed).max();
    let positions = rows
        .into_iter()
        .map(|(partition, next_offset, _)| (partition, next_offset))
        .collect();
    Ok((positions, as_of))
}
