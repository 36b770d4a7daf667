//! Does what a schedule says.

use std::time::Duration;

use ordertally_testkit::proxy::Mode;
use ordertally_testkit::stopped::{freeze, thaw};
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use crate::cast::Cast;
use crate::scene::{Scene, Servers};
use crate::schedule::Fault;

/// Plays a fault to its end: what was taken away is there again afterwards.
///
/// # Errors
///
/// When a program did what no fault excuses.
pub async fn play(
    fault: Fault,
    servers: &mut Servers,
    scene: &Scene,
    cast: &mut Cast,
) -> anyhow::Result<()> {
    match fault {
        Fault::KillConsumer { consumer } => cast.kill(consumer).await,
        Fault::StopConsumer { consumer, ms } => cast.stop_for(consumer, after(ms)).await?,
        Fault::FreezeConsumer { consumer, ms } => {
            let process = cast.process(consumer);
            freeze(process);
            tokio::time::sleep(after(ms)).await;
            thaw(process);
        }
        Fault::VisitingConsumer { ms } => cast.visit(after(ms)).await?,
        Fault::CrashPostgres { ms } => {
            servers.postgres.stop().await;
            tokio::time::sleep(after(ms)).await;
            servers.postgres.start_again().await;
        }
        Fault::RestartPostgres { ms } => {
            servers.postgres.stop_in_order().await;
            tokio::time::sleep(after(ms)).await;
            servers.postgres.start_again().await;
        }
        Fault::FreezePostgres { ms } => {
            servers.postgres.pause();
            tokio::time::sleep(after(ms)).await;
            servers.postgres.resume();
        }
        Fault::EndSessions => end_sessions(scene).await?,
        Fault::LoseCommitAnswer => scene.proxy.lose_next_commit_answer(),
        Fault::CutConnections => scene.proxy.cut(),
        Fault::HangConnections { ms } => through(scene, Mode::Hang, ms).await,
        Fault::SlowConnections { ms } => through(scene, Mode::Slow, ms).await,
        Fault::ReadOnly { ms } => {
            let setting = "SET default_transaction_read_only = on";
            alter_database(scene, setting).await?;
            end_sessions(scene).await?;
            tokio::time::sleep(after(ms)).await;
            alter_database(scene, "RESET default_transaction_read_only").await?;
            end_sessions(scene).await?;
        }
        Fault::RefuseConnections { ms } => {
            alter_database(scene, "ALLOW_CONNECTIONS false").await?;
            end_sessions(scene).await?;
            tokio::time::sleep(after(ms)).await;
            alter_database(scene, "ALLOW_CONNECTIONS true").await?;
        }
        Fault::LockOrders { ms } => lock(scene, "LOCK TABLE orders", ms).await?,
        Fault::LockPositions { ms } => {
            let rows = "SELECT FROM partition_positions ORDER BY partition DESC FOR UPDATE";
            lock(scene, rows, ms).await?;
        }
        Fault::KillKafka { ms } => {
            servers.kafka.kill();
            tokio::time::sleep(after(ms)).await;
            servers.kafka.start_again().await;
        }
        Fault::RestartKafka { ms } => {
            servers.kafka.stop().await;
            tokio::time::sleep(after(ms)).await;
            servers.kafka.start_again().await;
        }
        Fault::FreezeKafka { ms } => {
            servers.kafka.pause();
            tokio::time::sleep(after(ms)).await;
            servers.kafka.resume();
        }
        Fault::AddPartition => {
            let partitions = servers.kafka.end_offsets(&scene.topic).len();
            let more = i32::try_from(partitions)? + 1;
            servers.kafka.add_partitions(&scene.topic, more).await;
        }
        Fault::MoveGroupOffsets { offset } => {
            // The broker refuses it while the group has members.
            let partitions = servers.kafka.end_offsets(&scene.topic).len();
            cast.without_consumers(async || {
                if let Err(error) = move_group_offsets(scene, partitions, offset) {
                    println!("the group's offsets stay: {error:#}");
                }
            })
            .await?;
        }
    }
    Ok(())
}

fn after(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

async fn through(scene: &Scene, mode: Mode, ms: u64) {
    scene.proxy.set(mode);
    tokio::time::sleep(after(ms)).await;
    scene.proxy.set(Mode::Pass);
}

async fn end_sessions(scene: &Scene) -> anyhow::Result<()> {
    let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1";
    let administrator = scene.administrator().await;
    administrator.execute(sql, &[&scene.database]).await?;
    Ok(())
}

async fn alter_database(scene: &Scene, what: &str) -> anyhow::Result<()> {
    let sql = format!("ALTER DATABASE {} {what}", scene.database);
    scene.administrator().await.batch_execute(&sql).await?;
    Ok(())
}

/// Holds what `sql` locks. It waits for the consumers' transactions as they wait for it.
async fn lock(scene: &Scene, sql: &str, ms: u64) -> anyhow::Result<()> {
    let client = scene.client().await;
    client.batch_execute(&format!("BEGIN; {sql}")).await?;
    tokio::time::sleep(after(ms)).await;
    client.batch_execute("ROLLBACK").await?;
    Ok(())
}

fn move_group_offsets(scene: &Scene, partitions: usize, offset: i64) -> anyhow::Result<()> {
    let tool: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", &scene.brokers)
        .set("group.id", &scene.topic)
        .create()?;
    let mut offsets = TopicPartitionList::new();
    for partition in 0..i32::try_from(partitions)? {
        offsets.add_partition_offset(&scene.topic, partition, Offset::Offset(offset))?;
    }
    tool.commit(&offsets, CommitMode::Sync)?;
    Ok(())
}
