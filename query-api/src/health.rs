//! Whether the service can answer: the database is reachable and has this release's structure.

use std::sync::Arc;
use std::time::Duration;

use ordertally_schema::migrations;
use serde::Serialize;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};
use utoipa::ToSchema;

use crate::access::KnownTokens;
use crate::database::{AskError, Connections, Database, chain};
use crate::facts::Board;
use crate::facts::board::Progress;

/// How long an outcome counts: supervisors ask often, and many of them at once.
const FRESH: Duration = Duration::from_secs(1);

/// How long the database may take to tell its migrations.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a process says that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "status")]
pub enum Liveness {
    /// As every process that can say something.
    Alive,
}

/// What a service says that is ready.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "status")]
pub enum Readiness {
    /// It can answer.
    Ready {
        /// All of them are ok.
        checks: Checks,
    },
}

/// What readiness is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Checks {
    /// The database answers.
    pub database: Check,
    /// The database has every migration of this release.
    pub migrations: Check,
    /// The orders are in memory.
    pub facts: Check,
    /// It is known who may ask.
    pub tokens: Check,
}

/// The outcome of a check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "status", content = "detail")]
pub enum Check {
    /// As it should be.
    Ok,
    /// Not known, since an earlier check failed.
    Unknown,
    /// Not as it should be, and what to do.
    Failed(String),
}

impl Checks {
    /// What is missing; `None` when the service is ready.
    #[must_use]
    pub fn missing(&self) -> Option<&str> {
        [&self.database, &self.migrations, &self.facts, &self.tokens]
            .into_iter()
            .find_map(|check| match check {
                Check::Failed(detail) => Some(detail.as_str()),
                Check::Ok | Check::Unknown => None,
            })
    }
}

/// Checks the database on demand.
pub struct Health {
    database: Arc<Database>,
    board: Arc<Board>,
    tokens: Arc<KnownTokens>,
    last: Mutex<Option<(Instant, Checks)>>,
}

impl Health {
    /// Of the service that answers from `database` and the facts on `board`, for these `tokens`.
    #[must_use]
    pub fn new(database: Arc<Database>, board: Arc<Board>, tokens: Arc<KnownTokens>) -> Self {
        Self {
            database,
            board,
            tokens,
            last: Mutex::new(None),
        }
    }

    /// How the connections are used.
    #[must_use]
    pub fn connections(&self) -> Connections {
        self.database.connections()
    }

    /// Where the facts are shown.
    #[must_use]
    pub fn board(&self) -> &Board {
        &self.board
    }

    /// The checks, made anew unless they were made just before.
    pub async fn check(&self) -> Checks {
        let mut last = self.last.lock().await;
        if let Some((at, checks)) = last.as_ref()
            && at.elapsed() < FRESH
        {
            return checks.clone();
        }
        let checks = self.check_now().await;
        if let Some(missing) = checks.missing() {
            tracing::warn!(missing, "not ready");
        }
        *last = Some((Instant::now(), checks.clone()));
        checks
    }

    async fn check_now(&self) -> Checks {
        let pending = timeout(PATIENCE, self.pending())
            .await
            .unwrap_or(Err(AskError::TooSlow(PATIENCE)));
        match pending {
            Ok(pending) => Checks {
                database: Check::Ok,
                migrations: if pending.is_empty() {
                    Check::Ok
                } else {
                    Check::Failed(format!(
                        "the database lacks the migrations {}; run ordertally-consumer with \
                         --migrate",
                        pending.join(", ")
                    ))
                },
                facts: self.facts(),
                tokens: self.tokens(),
            },
            Err(error) => {
                tracing::debug!(cause = chain(&error), "the database cannot be checked");
                Checks {
                    database: Check::Failed("the database does not answer".into()),
                    migrations: Check::Unknown,
                    facts: self.facts(),
                    tokens: self.tokens(),
                }
            }
        }
    }

    fn facts(&self) -> Check {
        let progress = self.board.progress();
        if progress == Progress::Done {
            return Check::Ok;
        }
        let reading = format!("the orders are being read into memory: {progress}");
        Check::Failed(match self.board.trouble() {
            Some(trouble) => format!("{reading}; {trouble}"),
            None => reading,
        })
    }

    fn tokens(&self) -> Check {
        match self.tokens.count() {
            Some(_) => Check::Ok,
            None => Check::Failed("the tokens are not read from the database yet".to_owned()),
        }
    }

    async fn pending(&self) -> Result<Vec<String>, AskError> {
        let mut connection = self.database.connection().await?;
        Ok(migrations::pending(&mut connection).await?)
    }
}
