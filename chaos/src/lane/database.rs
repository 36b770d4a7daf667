//! What befalls Postgres, by itself and by its other clients.

use std::time::{Duration, Instant};

use anyhow::Context;
use ordertally_local::postgres::connect;
use ordertally_testkit::servers::OwnPostgres;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use super::{moment, moment_or_more, wait};
use crate::disk::SmallDisk;
use crate::patience::until_it_works;
use crate::scene::Scene;

/// One thing that befalls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum Fault {
    /// SIGQUIT of the postmaster: clients cut off, nothing more written.
    Crash {
        /// How long it is away.
        ms: u64,
    },
    /// Stopped in order.
    Restart {
        /// How long it is away.
        ms: u64,
    },
    /// The server and all its backends hang.
    Freeze {
        /// How long.
        ms: u64,
    },
    /// An administrator ends every session.
    EndSessions,
    /// `default_transaction_read_only`, as on a standby after a failover.
    ReadOnly {
        /// How long.
        ms: u64,
    },
    /// The database takes no connections, and those that it has are ended.
    RefuseConnections {
        /// How long.
        ms: u64,
    },
    /// Others hold every connection that the server has.
    TooManyConnections {
        /// How long.
        ms: u64,
    },
    /// The disk with the tables is full.
    FullDisk {
        /// How long.
        ms: u64,
    },
    /// Another client locks table `orders`.
    LockOrders {
        /// How long.
        ms: u64,
    },
    /// Another client locks the positions, last one first.
    LockPositions {
        /// How long.
        ms: u64,
    },
    /// Another client locks what a writer needs next, then wants what the writer has.
    Deadlock,
    /// One checkpoint after the other.
    Checkpoints {
        /// How long.
        ms: u64,
    },
    /// A later release migrates the tables under the running programs.
    LaterMigration,
}

/// Draws one.
pub fn draw(random: &mut ChaCha8Rng) -> Fault {
    let ms = moment(random);
    match random.random_range(0..13) {
        0 => Fault::Crash { ms },
        1 => Fault::Restart { ms },
        2 => Fault::Freeze { ms },
        3 => Fault::EndSessions,
        4 => Fault::ReadOnly { ms },
        5 => Fault::RefuseConnections { ms },
        6 => Fault::TooManyConnections { ms },
        7 => Fault::FullDisk { ms: 2 * ms },
        8 => Fault::LockOrders {
            ms: moment_or_more(random),
        },
        9 => Fault::LockPositions { ms },
        10 => Fault::Deadlock,
        11 => Fault::Checkpoints { ms },
        _ => Fault::LaterMigration,
    }
}

/// Plays one to its end.
///
/// # Errors
///
/// When the server does not do what it is told.
pub async fn play(
    fault: Fault,
    postgres: &mut OwnPostgres,
    disk: Option<&SmallDisk>,
    scene: &Scene,
) -> anyhow::Result<()> {
    match fault {
        Fault::Crash { ms } => {
            postgres.stop().await;
            wait(ms).await;
            postgres.start_again().await;
        }
        Fault::Restart { ms } => {
            postgres.stop_in_order().await;
            wait(ms).await;
            postgres.start_again().await;
        }
        Fault::Freeze { ms } => {
            postgres.pause();
            wait(ms).await;
            postgres.resume();
        }
        Fault::EndSessions => end_sessions(scene).await?,
        Fault::ReadOnly { ms } => {
            alter_database(scene, "SET default_transaction_read_only = on").await?;
            end_sessions(scene).await?;
            wait(ms).await;
            alter_database(scene, "RESET default_transaction_read_only").await?;
            end_sessions(scene).await?;
        }
        Fault::RefuseConnections { ms } => {
            alter_database(scene, "ALLOW_CONNECTIONS false").await?;
            end_sessions(scene).await?;
            wait(ms).await;
            alter_database(scene, "ALLOW_CONNECTIONS true").await?;
        }
        Fault::TooManyConnections { ms } => take_connections(scene, ms).await?,
        Fault::FullDisk { ms } => match disk {
            Some(disk) => {
                let ballast = disk.fill()?;
                wait(ms).await;
                drop(ballast);
            }
            None => scene.not_reached("a full disk".to_owned()),
        },
        Fault::LockOrders { ms } => lock(scene, "LOCK TABLE orders", ms).await?,
        Fault::LockPositions { ms } => {
            let rows = "SELECT FROM partition_positions ORDER BY partition DESC FOR UPDATE";
            lock(scene, rows, ms).await?;
        }
        Fault::Deadlock => deadlock(scene).await?,
        Fault::Checkpoints { ms } => {
            let administrator = scene.administrator().await?;
            let began = Instant::now();
            while began.elapsed() < Duration::from_millis(ms) {
                administrator.batch_execute("CHECKPOINT").await?;
            }
        }
        Fault::LaterMigration => later_migration(scene).await?,
    }
    Ok(())
}

async fn end_sessions(scene: &Scene) -> anyhow::Result<()> {
    end_sessions_by(&scene.administrator().await?, scene).await
}

async fn end_sessions_by(administrator: &Client, scene: &Scene) -> anyhow::Result<()> {
    let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1";
    administrator.execute(sql, &[&scene.database]).await?;
    Ok(())
}

async fn alter_database(scene: &Scene, what: &str) -> anyhow::Result<()> {
    let sql = format!("ALTER DATABASE {} {what}", scene.database);
    scene.administrator().await?.batch_execute(&sql).await?;
    Ok(())
}

/// Takes what is free, ends the programs' sessions, and takes those that they leave.
async fn take_connections(scene: &Scene, ms: u64) -> anyhow::Result<()> {
    let administrator = scene.administrator().await?;
    let mut taken = Vec::new();
    let began = Instant::now();
    let mut ended = false;
    while began.elapsed() < Duration::from_millis(ms) || !ended {
        match connect(scene.server_url()).await {
            Ok(client) => taken.push(client),
            Err(error) if error.code() == Some(&SqlState::TOO_MANY_CONNECTIONS) => {
                if !ended {
                    end_sessions_by(&administrator, scene).await?;
                    ended = true;
                }
                wait(5).await;
            }
            Err(error) => return Err(error).context("cannot take a connection"),
        }
    }
    drop(taken);
    until_it_works("there is a connection again", async || {
        scene.administrator().await
    })
    .await?;
    Ok(())
}

/// Holds what `sql` locks. It waits for the consumers' transactions as they wait for it.
async fn lock(scene: &Scene, sql: &str, ms: u64) -> anyhow::Result<()> {
    let client = scene.client().await?;
    client.batch_execute(&format!("BEGIN; {sql}")).await?;
    wait(ms).await;
    client.batch_execute("ROLLBACK").await?;
    Ok(())
}

/// A writer locks its position and then adds to the facts; this one goes the other way round.
/// Either may be the victim.
async fn deadlock(scene: &Scene) -> anyhow::Result<()> {
    let client = scene.client().await?;
    client
        .batch_execute("BEGIN; LOCK TABLE order_facts IN SHARE MODE")
        .await?;
    wait(200).await;
    let positions = "SELECT FROM partition_positions ORDER BY partition FOR UPDATE";
    match client.batch_execute(positions).await {
        Err(error) if error.code() != Some(&SqlState::T_R_DEADLOCK_DETECTED) => Err(error.into()),
        _ => Ok(client.batch_execute("ROLLBACK").await?),
    }
}

/// What a later release may do under this one: a column and an index more, and its own version.
async fn later_migration(scene: &Scene) -> anyhow::Result<()> {
    scene
        .client()
        .await?
        .batch_execute(
            "BEGIN;
             ALTER TABLE partition_positions ADD COLUMN IF NOT EXISTS a_later_column bigint;
             ALTER TABLE orders ADD COLUMN IF NOT EXISTS a_later_column text NOT NULL DEFAULT '';
             ALTER TABLE order_facts ADD COLUMN IF NOT EXISTS a_later_column text[];
             CREATE INDEX IF NOT EXISTS a_later_index ON orders (a_later_column);
             INSERT INTO __diesel_schema_migrations (version) VALUES ('99990101000000')
             ON CONFLICT DO NOTHING;
             COMMIT",
        )
        .await?;
    Ok(())
}
