//! The database's structure, embedded in every program that may create it.

use std::collections::BTreeSet;

use diesel::migration::MigrationSource;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use diesel_async::{AsyncMigrationHarness, AsyncPgConnection, RunQueryDsl};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use thiserror::Error;

/// The migrations of this release, oldest first.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../migrations");

/// Taken while migrating, so that several programs started at once do it one after the other.
/// The number is arbitrary; it is "ordertly" in ASCII.
const ADVISORY_LOCK: i64 = 0x6f72_6465_7274_6c79;

/// Why the database could not be brought to this release's structure.
#[derive(Debug, Error)]
pub enum MigrationError {
    /// The database could not be asked which migrations it has.
    #[error("cannot look at the database's migrations")]
    Look(#[source] diesel::result::Error),
    /// The lock that keeps migrations apart could not be taken or given back.
    #[error("cannot lock the database for migration")]
    Lock(#[source] diesel::result::Error),
    /// A migration failed; the database is as it was before that one.
    #[error("cannot migrate the database: {0}")]
    Migrate(String),
    /// The work was cut off.
    #[error("the migration was cut off")]
    CutOff(#[source] tokio::task::JoinError),
}

/// Brings the database to this release's structure; nothing is written where it is there already, so
/// that a database that is read-only for a while holds nobody up. Returns the versions that were applied.
///
/// # Errors
///
/// [`MigrationError`] when the database refuses or is lost; run it again then.
pub async fn run(mut connection: AsyncPgConnection) -> Result<Vec<String>, MigrationError> {
    let pending = pending(&mut connection)
        .await
        .map_err(MigrationError::Look)?;
    if pending.is_empty() {
        return Ok(Vec::new());
    }
    diesel::sql_query(format!("SELECT pg_advisory_lock({ADVISORY_LOCK})"))
        .execute(&mut connection)
        .await
        .map_err(MigrationError::Lock)?;
    let mut harness = AsyncMigrationHarness::new(connection);
    let (harness, applied) = tokio::task::spawn_blocking(move || {
        let applied = harness
            .run_pending_migrations(MIGRATIONS)
            .map(|versions| versions.iter().map(ToString::to_string).collect())
            .map_err(|error| MigrationError::Migrate(error.to_string()));
        (harness, applied)
    })
    .await
    .map_err(MigrationError::CutOff)?;
    let applied: Vec<String> = applied?;
    let mut connection = harness.into_inner();
    diesel::sql_query(format!("SELECT pg_advisory_unlock({ADVISORY_LOCK})"))
        .execute(&mut connection)
        .await
        .map_err(MigrationError::Lock)?;
    Ok(applied)
}

/// The versions of this release that the database does not have yet, in their order; none when it is
/// current. Newer ones do not disturb. Only looks, where Diesel's own check would write.
///
/// # Errors
///
/// When the database cannot be asked.
///
/// # Panics
///
/// Never: the embedded migrations are well-formed.
pub async fn pending(connection: &mut AsyncPgConnection) -> QueryResult<Vec<String>> {
    let applied = applied(connection).await?;
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

async fn applied(connection: &mut AsyncPgConnection) -> QueryResult<BTreeSet<String>> {
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
