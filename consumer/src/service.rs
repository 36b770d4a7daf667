//! The consumer as a service: built from checked settings, run until told to stop.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use metrics_exporter_prometheus::PrometheusHandle;
use rdkafka::ClientConfig;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use crate::health::{self, Health};
use crate::probe::Probe;
use crate::settings::{KafkaSettingsError, RunSettings};
use crate::signals;
use crate::source::{Event, Limit, Source};
use crate::start::{migrate_when_possible, refuses, topic_exists};
use crate::stop::LoudStop;
use crate::store::Pool;
use crate::watch::{WATCH, watch};
use crate::writer::{Desk, waits, write};

/// How long the end waits for the broker to let the member go. A member that does not say farewell
/// is missed after its session's timeout.
const LEAVE_WAIT: Duration = Duration::from_secs(10);

/// How long the end waits for transactions in flight. One takes milliseconds, a wait for a lock at
/// most 5 s; a Postgres that hangs must not outlast the patience of whoever stops the process.
const FINISH_WAIT: Duration = Duration::from_secs(8);

/// What lasts longer was a membership; a member that is turned away learns it at once.
const MEMBERSHIP: Duration = Duration::from_secs(30);

/// Most memory of what waits for all writers together, what is being committed included. With what
/// librdkafka holds and with the process itself, resident memory stays below 150 MB
/// (docs/operations.md, "Memory").
const BACKLOG_BYTES: usize = 56 << 20;

/// A consumer that has been built and not started.
pub struct Service {
    settings: RunSettings,
    consumer_config: ClientConfig,
    probe_config: ClientConfig,
    metrics: PrometheusHandle,
    listener: TcpListener,
}

/// How a service ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Ended {
    /// As it was asked to.
    AsAsked,
    /// By itself: an operator has to choose.
    Loudly(LoudStop),
}

impl Service {
    /// Checks what cannot be seen in one setting alone, and takes the address that health and
    /// metrics are served on. Connects to nothing.
    ///
    /// # Errors
    ///
    /// A Kafka option that cannot be used, or an address that is taken.
    pub async fn build(settings: RunSettings, metrics: PrometheusHandle) -> anyhow::Result<Self> {
        let (consumer_config, probe_config) = configs(&settings)?;
        let addr = settings.metrics_addr;
        let listener = TcpListener::bind(addr).await.with_context(|| {
            format!("cannot serve metrics on {addr}: choose another --metrics-addr")
        })?;
        Ok(Self {
            settings,
            consumer_config,
            probe_config,
            metrics,
            listener,
        })
    }

    /// Runs until `stop`, or a loud stop. Work in hand is finished either way.
    ///
    /// # Errors
    ///
    /// When the process lacks what it needs to start at all (threads, a Kafka client).
    pub async fn run(self, stop: impl Future<Output = ()>) -> anyhow::Result<Ended> {
        let health = Health::default();
        let (end_serving, serving_ends) = oneshot::channel::<()>();
        let serving = tokio::spawn(health::serve(
            self.listener,
            health.clone(),
            self.metrics,
            async {
                if serving_ends.await.is_err() {
                    tracing::debug!("the service ended without saying so");
                }
            },
        ));
        tokio::pin!(stop);
        let ended = consume(
            &self.settings,
            &self.consumer_config,
            &self.probe_config,
            health,
            stop,
        )
        .await;
        if end_serving.send(()).is_err() {
            tracing::debug!("health and metrics ended before");
        }
        serving
            .await
            .context("health and metrics ended with a panic")?;
        ended
    }
}

/// The client configurations of `settings`.
///
/// # Errors
///
/// A Kafka option that is protected or that librdkafka does not take.
pub fn configs(settings: &RunSettings) -> Result<(ClientConfig, ClientConfig), KafkaSettingsError> {
    Ok((
        settings
            .kafka
            .consumer_config(settings.group_protocol, settings.assignor)?,
        settings.kafka.probe_config()?,
    ))
}

async fn consume(
    settings: &RunSettings,
    consumer_config: &ClientConfig,
    probe_config: &ClientConfig,
    health: Health,
    mut stop: std::pin::Pin<&mut impl Future<Output = ()>>,
) -> anyhow::Result<Ended> {
    let topic = settings.kafka.kafka_topic.as_str();
    let probe = Probe::new(probe_config, topic)?;
    if settings.migrate {
        let migrated = tokio::select! {
            () = &mut stop => return Ok(Ended::AsAsked),
            migrated = migrate_when_possible(&settings.database, &health) => migrated,
        };
        if let Err(stop) = migrated {
            tracing::error!("{stop}");
            return Ok(Ended::Loudly(stop));
        }
    }
    tokio::select! {
        () = &mut stop => return Ok(Ended::AsAsked),
        () = topic_exists(&probe, &health) => {}
    }
    let pool = Pool::new(
        &settings.database.database_url,
        settings.database_connections as usize,
    );
    let refused = tokio::select! {
        () = &mut stop => return Ok(Ended::AsAsked),
        refused = refuses(&pool) => refused,
    };
    if let Some(stop) = refused {
        tracing::error!("{stop}");
        return Ok(Ended::Loudly(stop));
    }
    let mut heralding = JoinSet::new(); // ends with this
    let herald = pool.clone();
    let _task = heralding.spawn(async move { herald.herald().await });
    health.start_waits_for(Some("the group's first assignment".into()));
    let limit = Limit {
        records: settings.batch_records as usize,
        bytes: settings.batch_bytes(),
    };
    let backlog = Limit {
        records: 4 * limit.records,
        bytes: BACKLOG_BYTES.max(4 * limit.bytes), // two batches, decoded
    };
    let (group, owner) = (&settings.kafka.kafka_group_id, settings.owner());
    tracing::info!(kafka.topic = topic, kafka.group = %group, %owner, "consuming");
    let mut turned_away = None;
    loop {
        let began = Instant::now();
        let source = Source::start(consumer_config, settings.group_protocol, topic, backlog)?;
        let (stops, loud_stops) = mpsc::unbounded_channel();
        let desk = Arc::new(Desk {
            topic: topic.to_owned(),
            group: group.clone(),
            owner: owner.clone(),
            limit,
            pool: pool.clone(),
            probe: probe.clone(),
            source: source.handle.clone(),
            health: health.clone(),
            stops,
            claims: AtomicU64::new(0),
        });
        match supervise(source, desk, loud_stops, stop.as_mut()).await {
            Membership::Ended(ended) => return Ok(ended),
            Membership::NotReleased => {}
        }
        if began.elapsed() > MEMBERSHIP {
            turned_away = None;
        }
        let reason = "the group still counts on the member that had this instance id: joining until \
                      it lets go";
        let waits = turned_away.get_or_insert_with(|| {
            tracing::warn!("{reason}");
            waits()
        });
        health.start_waits_for(Some(reason.into()));
        signals::retried("broker");
        tokio::select! {
            () = stop.as_mut() => return Ok(Ended::AsAsked),
            () = tokio::time::sleep(waits.next().unwrap_or(WATCH)) => {}
        }
    }
}

/// What a membership in the group came to.
enum Membership {
    /// The service ends with it.
    Ended(Ended),
    /// There was none: a member that has ended has our instance id until its session is over.
    NotReleased,
}

/// Gives each assigned partition a writer, watches the topic, and ends all of it in order.
async fn supervise(
    mut source: Source,
    desk: Arc<Desk>,
    mut loud_stops: mpsc::UnboundedReceiver<LoudStop>,
    mut stop: std::pin::Pin<&mut impl Future<Output = ()>>,
) -> Membership {
    let mut writers = JoinSet::new();
    let (look, looks) = mpsc::channel(1);
    let watching = tokio::spawn(watch(Arc::clone(&desk), looks));
    let ended = loop {
        tokio::select! {
            () = &mut stop => break Membership::Ended(Ended::AsAsked),
            Some(loud) = loud_stops.recv() => {
                tracing::error!("{loud}");
                break Membership::Ended(Ended::Loudly(loud));
            }
            Some(event) = source.events.recv() => match event {
                Event::Assigned(assignment) => {
                    writers.spawn(write(Arc::clone(&desk), assignment));
                }
                Event::Rebalanced => desk.health.start_waits_for(None),
                Event::FetchFailed => {
                    if look.try_send(()).is_err() {
                        tracing::debug!("a look at the broker is due already");
                    }
                }
                Event::NotReleased => break Membership::NotReleased,
                Event::Failed(loud) => {
                    tracing::error!("{loud}");
                    break Membership::Ended(Ended::Loudly(loud));
                }
            },
            Some(ended) = writers.join_next() => report(ended),
        }
    };
    if let Membership::Ended(_) = ended {
        tracing::info!("stopping: work in hand is finished first");
    }
    watching.abort();
    source.handle.stop();
    // Assignments that were made and not seen yet end with the channel.
    source.events.close();
    while source.events.recv().await.is_some() {}
    let finished = async {
        while let Some(ended) = writers.join_next().await {
            report(ended);
        }
    };
    if tokio::time::timeout(FINISH_WAIT, finished).await.is_err() {
        // It is committed whole or not at all, and the next owner sees which.
        tracing::warn!("Postgres does not answer: ending without the answer to a transaction");
        writers.shutdown().await;
    }
    // Of one cause there may be a stop in each partition; it has been told.
    while let Ok(loud) = loud_stops.try_recv() {
        if !matches!(&ended, Membership::Ended(Ended::Loudly(told)) if *told == loud) {
            tracing::error!("{loud}");
        }
    }
    if tokio::time::timeout(LEAVE_WAIT, source.ended())
        .await
        .is_err()
    {
        // Nothing is written any more; only the group's farewell is missing.
        tracing::warn!("the broker does not answer: ending without leaving the group");
    }
    if let Err(error) = watching.await
        && error.is_panic()
    {
        tracing::error!("the watch over the topic ended with a panic: {error}");
    }
    ended
}

fn report(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!("a writer ended with a panic: {error}");
    }
}
