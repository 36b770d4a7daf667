//! The database's structure, embedded in every program that may create it.

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

/// Brings the database to this release's structure; nothing happens where it is there already.
/// Returns the versions that were applied.
///
/// # Errors
///
/// [`MigrationError`] when the database refuses or is lost; run it again then.
pub async fn run(mut connection: AsyncPgConnection) -> Result<Vec<String>, MigrationError> {
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

/// The versions of this release that the database does not have yet; none when it is current.
///
/// # Errors
///
/// [`MigrationError::Migrate`] when the database cannot be asked.
pub async fn pending(connection: AsyncPgConnection) -> Result<Vec<String>, MigrationError> {
    let mut harness = AsyncMigrationHarness::new(connection);
    tokio::task::spawn_blocking(move || {
        harness
            .pending_migrations(MIGRATIONS)
            .map(|migrations| {
                migrations
                    .iter()
                    .map(|migration| migration.name().to_string())
                    .collect()
            })
            .map_err(|error| MigrationError::Migrate(error.to_string()))
    })
    .await
    .map_err(MigrationError::CutOff)?
}
