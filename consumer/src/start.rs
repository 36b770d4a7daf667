//! What must be there before a partition is taken: the database's structure, the topic, and a database
//! that lets us in. What is away is waited for.

use std::time::{Duration, Instant};

use ordertally_schema::database::ConnectError;
use ordertally_schema::migrations::{self, MigrationError};

use crate::health::Health;
use crate::probe::{Probe, ProbeError};
use crate::settings::DatabaseSettings;
use crate::signals;
use crate::stop::LoudStop;
use crate::store::{Pool, StoreError, stop_for, watchful};
use crate::watch::WATCH;
use crate::writer::waits;

/// How long a migration is tried before its failure is taken for its own.
const MIGRATION_PATIENCE: Duration = Duration::from_secs(60);

/// Brings the database to this release's structure, once it can be reached.
pub async fn migrate_when_possible(
    database: &DatabaseSettings,
    health: &Health,
) -> Result<(), LoudStop> {
    let mut waits = waits();
    let mut failing_since = None;
    let mut said = false;
    loop {
        let error = match migrate(database).await {
            Ok(applied) => {
                tracing::info!(?applied, "the database has this release's structure");
                return Ok(());
            }
            Err(error) => error,
        };
        if error.is::<MigrationError>() {
            // The server refuses for now, or the migration is at fault.
            let since = *failing_since.get_or_insert_with(Instant::now);
            if since.elapsed() > MIGRATION_PATIENCE {
                return Err(LoudStop::Migration(format!("{error:#}")));
            }
        } else if let Some(stop) = refusal(&error) {
            return Err(stop);
        } else {
            failing_since = None; // Postgres is away, which the migration is not to blame for
        }
        if !said {
            tracing::warn!("cannot migrate yet, trying until it works: {error:#}");
            health.start_waits_for(Some("Postgres, to migrate".into()));
            said = true;
        }
        tokio::time::sleep(waits.next().unwrap_or(WATCH)).await;
    }
}

/// Brings the database to this release's structure; the versions that were applied.
///
/// # Errors
///
/// [`ConnectError`] when the database is out of reach, [`MigrationError`] when it refuses.
pub async fn migrate(database: &DatabaseSettings) -> anyhow::Result<Vec<String>> {
    let config = watchful(&database.database_url);
    let connection = ordertally_schema::database::connect_diesel(&config).await?;
    Ok(migrations::run(connection).await?)
}

/// Why the database is of no use, found before a partition is taken from another consumer. A
/// database that is away is waited for later.
pub async fn refuses(pool: &Pool) -> Option<LoudStop> {
    match pool.lease().await {
        Ok(lease) => {
            lease.give_back();
            None
        }
        Err(StoreError::Stop(stop)) => Some(stop),
        Err(error) => {
            tracing::debug!("cannot look at the database yet: {error}");
            None
        }
    }
}

/// What Postgres said, where asking again cannot change it.
fn refusal(error: &anyhow::Error) -> Option<LoudStop> {
    match error.downcast_ref() {
        Some(ConnectError::Connect(error)) => stop_for(error),
        _ => None,
    }
}

/// Returns once the topic is there.
pub async fn topic_exists(probe: &Probe, health: &Health) {
    let mut waits = waits();
    let mut said = None;
    loop {
        let reason = match probe.describe().await {
            Ok(_) => return,
            Err(ProbeError::NoTopic(topic)) => {
                format!("topic {topic} does not exist yet: waiting for it to be created")
            }
            Err(error) => format!("{:#}: waiting for a broker", anyhow::Error::from(error)),
        };
        if said.as_ref() != Some(&reason) {
            tracing::warn!("{reason}");
            health.start_waits_for(Some(reason.clone()));
            said = Some(reason);
        }
        signals::retried("broker");
        tokio::time::sleep(waits.next().unwrap_or(WATCH)).await;
    }
}
