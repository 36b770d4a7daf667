//! Whether the service can answer: the database is reachable and has this release's structure.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use diesel::migration::MigrationSource;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use ordertally_schema::migrations::MIGRATIONS;
use serde::Serialize;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use crate::database::{AskError, Connections, Database, chain};

/// How long an outcome counts: supervisors ask often, and many of them at once.
const FRESH: Duration = Duration::from_secs(1);

/// How long the database may take to tell its migrations.
const PATIENCE: Duration = Duration::from_secs(2);

/// What readiness is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Checks {
    /// The database answers.
    pub database: Check,
    /// The database has every migration of this release.
    pub migrations: Check,
}

/// The outcome of a check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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
        [&self.database, &self.migrations]
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
    last: Mutex<Option<(Instant, Checks)>>,
}

impl Health {
    /// Of the service that answers from `database`.
    #[must_use]
    pub fn new(database: Arc<Database>) -> Self {
        Self {
            database,
            last: Mutex::new(None),
        }
    }

    /// How the connections are used.
    #[must_use]
    pub fn connections(&self) -> Connections {
        self.database.connections()
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
            },
            Err(error) => {
                tracing::debug!(cause = chain(&error), "the database cannot be checked");
                Checks {
                    database: Check::Failed("the database does not answer".into()),
                    migrations: Check::Unknown,
                }
            }
        }
    }

    /// The migrations of this release that the database lacks; newer ones do not disturb. Only
    /// looks, where Diesel's own check would create its table.
    async fn pending(&self) -> Result<Vec<String>, AskError> {
        let mut connection = self.database.connection().await?;
        let applied = applied_migrations(&mut connection).await?;
        let migrations = MigrationSource::<Pg>::migrations(&MIGRATIONS)
            .expect("the embedded migrations are well-formed");
        let mut pending: Vec<_> = migrations
            .iter()
            .map(|migration| migration.name().version().to_string())
            .filter(|version| !applied.contains(version))
            .collect();
        pending.sort();
        Ok(pending)
    }
}

async fn applied_migrations(connection: &mut AsyncPgConnection) -> QueryResult<BTreeSet<String>> {
    #[derive(QueryableByName)]
    struct Exists {
        #[diesel(sql_type = Bool)]
        exists: bool,
    }
    #[derive(QueryableByName)]
    struct Applied {
        #[diesel(sql_type = Text)]
        version: String,
    }
    let table: Exists =
        diesel::sql_query("SELECT to_regclass('__diesel_schema_migrations') IS NOT NULL AS exists")
            .get_result(connection)
            .await?;
    if !table.exists {
        return Ok(BTreeSet::new());
    }
    let applied: Vec<Applied> =
        diesel::sql_query("SELECT version::text FROM __diesel_schema_migrations")
            .load(connection)
            .await?;
    Ok(applied.into_iter().map(|row| row.version).collect())
}
