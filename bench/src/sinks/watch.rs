//! Another program at work, seen from the table that it writes to.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use ordertally_local::child::Child;
use ordertally_local::resident::resident;
use tokio_postgres::Client;

use crate::stage::Stage;
use crate::usage;

/// How often is asked how far it is: three look-ups by key.
const POLL_INTERVAL: Duration = Duration::from_millis(20);
/// The first rows are there when a JVM has started and found its plug-ins.
const FIRST_DEADLINE: Duration = Duration::from_secs(120);
/// Slower than this is no comparison.
const LAST_DEADLINE: Duration = Duration::from_secs(900);
const COUNT: &str = "SELECT count(*) FROM peer_orders";

/// What it took, from the first rows that could be read to the last.
#[derive(Debug)]
pub(super) struct Watched {
    pub(super) seconds: f64,
    pub(super) peer_cpu_seconds: f64,
    pub(super) postgres_cpu_seconds: f64,
    /// Since its start.
    pub(super) peak_resident_bytes: u64,
}

/// Waits until the last record of each partition is there, and then until all `orders` are: batches of
/// one partition may be stored at the same time.
pub(super) async fn watch(
    stage: &mut Stage,
    peer: &mut Child,
    client: &Client,
    last_ids: &[String],
    orders: u64,
) -> Result<Watched> {
    let any = client
        .prepare("SELECT count(*) FROM (SELECT FROM peer_orders LIMIT 1) any_row")
        .await?;
    let waiting = Instant::now();
    while client.query_one(&any, &[]).await?.try_get::<_, i64>(0)? == 0 {
        peer.alive()?;
        ensure!(waiting.elapsed() < FIRST_DEADLINE, "it stores nothing");
        tokio::time::sleep(POLL_INTERVAL).await;
    }
    let began = Instant::now();
    let peer_before = usage::cpu_seconds(peer.id())?;
    let servers_before = stage.cpu()?;

    let last = client
        .prepare("SELECT count(*) FROM peer_orders WHERE event_id = ANY ($1)")
        .await?;
    let (ends, orders) = (i64::try_from(last_ids.len())?, i64::try_from(orders)?);
    loop {
        let there: i64 = client.query_one(&last, &[&last_ids]).await?.try_get(0)?;
        if there == ends {
            // Before the count, which takes a while.
            let watched = Watched {
                seconds: began.elapsed().as_secs_f64(),
                peer_cpu_seconds: usage::cpu_seconds(peer.id())? - peer_before,
                postgres_cpu_seconds: stage.cpu()?.since(servers_before).postgres_seconds,
                peak_resident_bytes: resident(peer.id())?.peak_bytes,
            };
            let stored: i64 = client.query_one(COUNT, &[]).await?.try_get(0)?;
            if stored == orders {
                return Ok(watched);
            }
        }
        peer.alive()?;
        ensure!(
            began.elapsed() < LAST_DEADLINE,
            "it does not come to an end"
        );
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}
