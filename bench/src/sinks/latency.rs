//! How long after its sending a record's row can be read by somebody else, at a steady rate: the same
//! for the consumer and for the others, who have no positions that commit with the rows.
//!
//! A session of its own asks again and again which of the rows that were sent and not yet seen are
//! there, by their key.

use std::collections::HashSet;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};
use ordertally_local::postgres::connect;
use serde::{Deserialize, Serialize};

use super::{Bench, KINDS, flat_topic, peer_table};
use crate::programs::Consumer;
use crate::send::{Event, Sender, made_of_a_month};
use crate::settings::{CommonSettings, SinksSettings};
use crate::statistics::{Percentiles, ms};

/// Between two looks.
const LOOK_INTERVAL: Duration = Duration::from_micros(500);
/// No look asks for more rows than these, the oldest that were not seen.
const LOOKED_FOR: usize = 500;
/// The first row of all is there when a JVM has started and found its plug-ins.
const SEEN_DEADLINE: Duration = Duration::from_secs(120);

/// From sending to the row being visible.
#[derive(Debug, Serialize)]
pub struct Latency {
    pub(super) name: &'static str,
    pub(super) records: usize,
    pub(super) visible_ms: Percentiles,
    /// Between two looks: how exact that is.
    look_ms: Percentiles,
}

/// Measures the consumer and each of the others.
pub(super) async fn measure_all(
    bench: &mut Bench,
    settings: &SinksSettings,
    common: &CommonSettings,
) -> Result<Vec<Latency>> {
    let rate = settings.latency_rate;
    let warm_up = usize::try_from(rate * settings.latency_warm_up_seconds)?;
    let brokers = bench.stage.brokers();
    let mut latencies = Vec::new();

    eprintln!("latency at {rate} records/s: the consumer");
    let topic = "steady";
    bench.stage.create_topic(topic, common.partitions).await?;
    let database = bench.stage.new_database("steady").await?;
    let mut consumer = Consumer::start(&brokers, topic, database.url())?;
    consumer.ready(common.partitions).await?;
    let path = Path {
        name: "Ordertally's consumer",
        brokers: &brokers,
        topic,
        database_url: database.url(),
        table: "orders",
    };
    let records = events(settings, common.seed)?;
    latencies.push(measure(&path, records, warm_up, rate).await?);
    consumer.stop().await?;
    let flat = flat_topic::records(&database.client).await?;
    bench.stage.drop_database(database).await?;

    for kind in KINDS {
        eprintln!("latency at {rate} records/s: {}", kind.name());
        let topic = format!("steady_{kind:?}");
        bench.stage.create_topic(&topic, common.partitions).await?;
        let database = bench.stage.new_database("steady").await?;
        peer_table::create(&database.client).await?;
        let running = bench.start(kind, database.url(), &topic)?;
        let path = Path {
            name: kind.name(),
            brokers: &brokers,
            topic: &topic,
            database_url: database.url(),
            table: "peer_orders",
        };
        let records = flat.iter().map(|(id, record)| flat_event(id, record));
        let records = records.collect();
        latencies.push(measure(&path, records, warm_up, rate).await?);
        drop(running);
        bench.stage.drop_database(database).await?;
    }
    Ok(latencies)
}

fn events(settings: &SinksSettings, seed: u64) -> Result<Vec<Record>> {
    let seconds = settings.latency_warm_up_seconds + settings.latency_seconds;
    let made = made_of_a_month(settings.latency_rate * seconds, seed);
    made.into_iter()
        .map(|event| {
            let read: Identified = serde_json::from_slice(&event.payload)?;
            Ok((read.event_id, event))
        })
        .collect()
}

fn flat_event(id: &str, record: &str) -> Record {
    let (key, payload) = (id.to_owned(), record.as_bytes().to_vec());
    (id.to_owned(), Event { key, payload })
}

#[derive(Deserialize)]
struct Identified {
    event_id: String,
}

/// Where the rows come and where the records go.
struct Path<'a> {
    name: &'static str,
    brokers: &'a str,
    topic: &'a str,
    database_url: &'a str,
    table: &'static str,
}

/// A record and the event id of its row.
type Record = (String, Event);

/// Sends the first `warm_up` records, waits until their rows are there, and measures the others.
async fn measure(
    path: &Path<'_>,
    mut records: Vec<Record>,
    warm_up: usize,
    rate: u32,
) -> Result<Latency> {
    let sender = Sender::new(path.brokers, path.topic, 0)?;
    let measured = records.split_off(warm_up);
    let (_, sender) = pass(path, records, sender, rate).await?;
    let (looks, _) = pass(path, measured, sender, rate).await?;
    Ok(Latency {
        name: path.name,
        records: looks.delays_ms.len(),
        visible_ms: Percentiles::of(looks.delays_ms),
        look_ms: Percentiles::of(looks.intervals_ms),
    })
}

#[derive(Default)]
struct Looks {
    delays_ms: Vec<f64>,
    intervals_ms: Vec<f64>,
}

/// Sends records at their rate while another thread looks for their rows, until all are seen.
async fn pass(
    path: &Path<'_>,
    records: Vec<Record>,
    sender: Sender,
    rate: u32,
) -> Result<(Looks, Sender)> {
    let (ids, events): (Vec<String>, Vec<Event>) = records.into_iter().unzip();
    let (tell, sent) = channel();
    let (url, table) = (path.database_url.to_owned(), path.table);
    let looking = thread::spawn(move || look(&url, table, &ids, &sent));
    let (done, sender) = tokio::task::spawn_blocking(move || {
        let done = sender.send_telling(&events, rate, |sent_at| {
            tell.send(sent_at).ok(); // who does not look any more says why itself
        });
        (done, sender)
    })
    .await?;
    done?;
    let looks = tokio::task::spawn_blocking(move || looking.join())
        .await?
        .map_err(|_| anyhow!("looking for rows panicked"))??;
    Ok((looks, sender))
}

/// `ids` are in the order in which `sent` tells of their sending.
fn look(url: &str, table: &str, ids: &[String], sent: &Receiver<Instant>) -> Result<Looks> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let client = connect(url).await?;
        let there = client
            .prepare(&format!(
                "SELECT event_id FROM {table} WHERE event_id = ANY ($1)"
            ))
            .await?;
        let mut looks = Looks::default();
        let mut ids = ids.iter();
        let mut unseen: Vec<(&str, Instant)> = Vec::new();
        let mut last_look: Option<Instant> = None;
        let mut all_sent_at = None;
        loop {
            loop {
                match sent.try_recv() {
                    Ok(at) => unseen.push((ids.next().context("more sent than made")?, at)),
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => {
                        all_sent_at.get_or_insert_with(Instant::now);
                        break;
                    }
                }
            }
            if let Some(since) = all_sent_at {
                if unseen.is_empty() {
                    return Ok(looks);
                }
                ensure!(
                    since.elapsed() < SEEN_DEADLINE,
                    "rows do not become visible"
                );
            }
            let oldest = unseen.iter().take(LOOKED_FOR).map(|(id, _)| *id);
            let rows = client.query(&there, &[&oldest.collect::<Vec<_>>()]).await?;
            let seen_at = Instant::now();
            let seen: HashSet<&str> = rows
                .iter()
                .map(|row| row.try_get(0))
                .collect::<Result<_, _>>()?;
            unseen.retain(|(id, sent_at)| {
                let there = seen.contains(id);
                if there {
                    looks
                        .delays_ms
                        .push(ms(seen_at.saturating_duration_since(*sent_at)));
                }
                !there
            });
            if let Some(before) = last_look.replace(seen_at) {
                looks.intervals_ms.push(ms(seen_at - before));
            }
            thread::sleep(LOOK_INTERVAL); // the connection's task has nothing to do meanwhile
        }
    })
}
