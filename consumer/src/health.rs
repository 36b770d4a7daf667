//! What each partition is doing, and the HTTP service that tells: `/metrics`, `/livez`, `/readyz`.

use std::collections::BTreeMap;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chrono::Utc;
use metrics_exporter_prometheus::PrometheusHandle;
use serde::Serialize;
use tokio::net::TcpListener;
use warp::Filter;
use warp::http::StatusCode;

use crate::batch::Batch;
use crate::log_end::LogEnd;
use crate::signals;
use crate::store::Claim;

/// What a partition's writer is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Making its claim in the database.
    Claiming,
    /// Committing what comes.
    Working,
    /// Waiting for Postgres or the broker to come back.
    Waiting,
}

/// What is known of every partition assigned here.
#[derive(Clone, Debug, Default)]
pub struct Health(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// What the start waits for.
    waits_for: Option<String>,
    partitions: BTreeMap<i32, Partition>,
    newest_record_ms: Option<i64>,
}

#[derive(Debug)]
struct Partition {
    phase: Phase,
    position: Option<Position>,
    log_end: Option<LogEnd>,
    /// Since when something of it has been in hand without a commit.
    busy_since: Option<Instant>,
}

/// A transaction takes milliseconds. One that takes longer than this waits for a Postgres that is
/// there and does not answer; its connection is given up much later.
const COMMIT_EXPECTED: Duration = Duration::from_secs(10);

impl Partition {
    fn new() -> Self {
        Self {
            phase: Phase::Claiming,
            position: None,
            log_end: None,
            busy_since: None,
        }
    }
}

/// Where a claimed partition is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// Its next offset, as committed.
    pub next_offset: i64,
    /// The topic id that it belongs to.
    pub topic_id: String,
}

#[derive(Serialize)]
struct Readiness {
    status: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    waiting_for: Vec<String>,
}

impl Health {
    /// What the start waits for; `None` once it is through.
    pub fn start_waits_for(&self, reason: Option<String>) {
        self.state().waits_for = reason;
    }

    /// Notes what a partition's writer does; whether that is news.
    pub fn phase(&self, partition: i32, phase: Phase) -> bool {
        let mut state = self.state();
        let entry = state
            .partitions
            .entry(partition)
            .or_insert_with(Partition::new);
        let news = entry.phase != phase;
        // A claim that has to wait stays in waiting until it is made.
        if !(entry.phase == Phase::Waiting && phase == Phase::Claiming) {
            entry.phase = phase;
        }
        state.count();
        news
    }

    /// A partition was claimed.
    pub fn claimed(&self, partition: i32, claim: &Claim) {
        let position = Position {
            next_offset: claim.next_offset,
            topic_id: claim.topic_id.clone(),
        };
        self.works(partition, |entry| entry.position = Some(position));
    }

    /// A batch was committed.
    pub fn committed(&self, partition: i32, batch: &Batch) {
        self.works(partition, |entry| {
            if let Some(position) = &mut entry.position {
                position.next_offset = batch.next_offset;
            }
            entry.busy_since = entry.busy_since.map(|_| Instant::now());
        });
        let newest = batch
            .records
            .iter()
            .filter_map(|judged| judged.record.timestamp_ms)
            .max();
        let mut state = self.state();
        state.newest_record_ms = state.newest_record_ms.max(newest);
    }

    fn works(&self, partition: i32, act: impl FnOnce(&mut Partition)) {
        let mut state = self.state();
        let entry = state
            .partitions
            .entry(partition)
            .or_insert_with(Partition::new);
        if entry.phase == Phase::Waiting {
            tracing::info!(kafka.partition = partition, "back at work");
        }
        entry.phase = Phase::Working;
        act(entry);
        state.count();
    }

    /// The broker said where a partition's log ends.
    pub fn log_ends(&self, partition: i32, log_end: LogEnd) {
        if let Some(entry) = self.state().partitions.get_mut(&partition) {
            entry.log_end = Some(log_end);
        }
    }

    /// Where a partition's log ended when the broker last said so.
    #[must_use]
    pub fn log_end(&self, partition: i32) -> Option<LogEnd> {
        self.state().partitions.get(&partition)?.log_end
    }

    /// Notes whether anything of a partition is in hand.
    pub fn idle(&self, partition: i32, idle: bool) {
        if let Some(entry) = self.state().partitions.get_mut(&partition) {
            entry.busy_since = match idle {
                true => None,
                false => entry.busy_since.or_else(|| Some(Instant::now())),
            };
        }
    }

    /// Whether nothing of a partition is in hand.
    #[must_use]
    pub fn is_idle(&self, partition: i32) -> bool {
        self.state()
            .partitions
            .get(&partition)
            .is_some_and(|entry| entry.busy_since.is_none())
    }

    /// A partition's writer has ended.
    pub fn released(&self, partition: i32) {
        let mut state = self.state();
        state.partitions.remove(&partition);
        state.count();
        signals::released(partition);
    }

    /// The claimed partitions and where they are.
    #[must_use]
    pub fn positions(&self) -> Vec<(i32, Position)> {
        self.state()
            .partitions
            .iter()
            .filter_map(|(partition, entry)| Some((*partition, entry.position.clone()?)))
            .collect()
    }

    /// Brings the gauge of freshness up to now.
    pub fn tell_freshness(&self) {
        if let Some(newest_ms) = self.state().newest_record_ms {
            let age_ms = Utc::now().timestamp_millis().saturating_sub(newest_ms);
            signals::freshness(Duration::from_millis(u64::try_from(age_ms).unwrap_or(0)));
        }
    }

    fn readiness(&self) -> (StatusCode, Readiness) {
        let state = self.state();
        let mut waiting_for: Vec<String> = state.waits_for.iter().cloned().collect();
        for (partition, entry) in &state.partitions {
            match entry.phase {
                Phase::Working => {
                    let busy = entry.busy_since.map(|since| since.elapsed());
                    if let Some(busy) = busy.filter(|busy| *busy > COMMIT_EXPECTED) {
                        waiting_for.push(format!(
                            "Postgres, which has not committed a batch of partition {partition} \
                             for {} s",
                            busy.as_secs()
                        ));
                    }
                }
                Phase::Claiming => waiting_for.push(format!("the claim of partition {partition}")),
                Phase::Waiting => waiting_for.push(format!(
                    "Postgres or the broker, to go on with partition {partition}"
                )),
            }
        }
        if waiting_for.is_empty() {
            let status = "ready";
            (
                StatusCode::OK,
                Readiness {
                    status,
                    waiting_for,
                },
            )
        } else {
            let status = "waiting";
            (
                StatusCode::SERVICE_UNAVAILABLE,
                Readiness {
                    status,
                    waiting_for,
                },
            )
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn count(&self) {
        let waiting = self
            .partitions
            .values()
            .filter(|entry| entry.phase == Phase::Waiting)
            .count();
        signals::partitions(self.partitions.len(), waiting);
    }
}

/// Serves health and metrics on `listener` until `stop`.
pub async fn serve(
    listener: TcpListener,
    health: Health,
    metrics: PrometheusHandle,
    stop: impl Future<Output = ()> + Send + 'static,
) {
    let metrics_health = health.clone();
    let metrics = warp::path!("metrics").map(move || {
        metrics_health.tell_freshness();
        metrics.run_upkeep();
        warp::reply::with_header(
            metrics.render(),
            "content-type",
            "text/plain; version=0.0.4; charset=utf-8",
        )
    });
    let alive =
        warp::path!("livez").map(|| warp::reply::json(&serde_json::json!({"status": "alive"})));
    let ready = warp::path!("readyz").map(move || {
        let (status, readiness) = health.readiness();
        warp::reply::with_status(warp::reply::json(&readiness), status)
    });
    let routes = warp::get().and(metrics.or(alive).or(ready)).boxed();
    warp::serve(routes)
        .incoming(listener)
        .graceful(stop)
        .run()
        .await;
}

/// Asks a consumer that serves at `addr` whether it is ready.
///
/// # Errors
///
/// When nothing answers there, or the answer is that it waits.
pub async fn ask(addr: SocketAddr) -> anyhow::Result<()> {
    use anyhow::{Context as _, bail};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    // Inside the container that it runs in, "every address" is reached by loopback.
    let addr = match addr.ip() {
        ip if ip.is_unspecified() => SocketAddr::from(([127, 0, 0, 1], addr.port())),
        _ => addr,
    };
    let question = format!("GET /readyz HTTP/1.1\r\nHost: {addr}\r\nConnection: close\r\n\r\n");
    let asked = async {
        let mut stream = tokio::net::TcpStream::connect(addr).await?;
        stream.write_all(question.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.take(64 * 1024).read_to_end(&mut answer).await?;
        std::io::Result::Ok(answer)
    };
    let answer = tokio::time::timeout(Duration::from_secs(5), asked)
        .await
        .with_context(|| format!("no answer from {addr} within 5 s"))?
        .with_context(|| format!("no answer from {addr}: is a consumer running there?"))?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    if head.split_whitespace().nth(1) != Some("200") {
        bail!("not ready: {}", body.trim());
    }
    ordertally_settings::cli::print("ready")?;
    Ok(())
}
