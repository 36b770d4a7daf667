//! How long after its sending a record's row can be read by somebody else, at a steady rate.
//!
//! A row and its partition's position commit together, so a separate session that reads positions
//! in a tight loop sees the moment at which each row becomes visible. Times are taken from one
//! process' monotonic clock: before the record is handed to the producer, and after the answer
//! with a position past it has arrived.

use std::time::Instant;

use anyhow::{Context, Result};
use chrono::Utc;
use serde::Serialize;

use crate::looks::{Looking, Looks};
use crate::machine::{Machine, Versions};
use crate::programs::Consumer;
use crate::report::{Report, grouped, mebibytes, table};
use crate::send::{Event, Run, Sender, made_of_a_month};
use crate::settings::{CommonSettings, LatencySettings};
use crate::stage::Stage;
use crate::statistics::{Percentiles, ms};
use crate::timeline::ends;

const TOPIC: &str = "orders";

/// What came out.
#[derive(Debug, Serialize)]
pub struct Figures {
    records: usize,
    /// What the sender reached of the rate that was asked for.
    records_per_second: f64,
    /// How far sending fell behind its plan at most.
    send_late_ms_max: f64,
    /// From sending to the broker's acknowledgement: Kafka's own part.
    acknowledged_ms: Percentiles,
    /// From sending to the row being visible.
    visible_ms: Percentiles,
    /// Between two looks at the positions: how exact `visible_ms` is.
    look_ms: Percentiles,
    consumer_cpu_seconds: f64,
    /// Share of one core.
    consumer_cpu_share: f64,
    consumer_cpu_us_per_record: f64,
    postgres_cpu_seconds: f64,
    kafka_cpu_seconds: f64,
    peak_resident_bytes: u64,
    batches: f64,
    batch_records_mean: f64,
}

#[derive(Serialize)]
struct Asked<'a> {
    #[serde(flatten)]
    common: &'a CommonSettings,
    #[serde(flatten)]
    latency: &'a LatencySettings,
}

/// Measures, prints and writes down.
///
/// # Errors
///
/// When a server or program fails, or a record does not become visible.
pub async fn run(settings: &LatencySettings, common: &CommonSettings) -> Result<()> {
    let (machine, began_at) = (Machine::this(), Utc::now());
    let mut stage = Stage::set().await?;
    let figures = measure(&mut stage, settings, common).await?;
    print(&figures, settings.rate);
    let report = Report {
        benchmark: "latency",
        began_at,
        machine,
        versions: Versions::with(stage.postgres_version().await?),
        settings: Asked {
            common,
            latency: settings,
        },
        figures,
    };
    println!("written to {}\n", report.write(&common.results)?.display());
    Ok(())
}

async fn measure(
    stage: &mut Stage,
    settings: &LatencySettings,
    common: &CommonSettings,
) -> Result<Figures> {
    stage.create_topic(TOPIC, common.partitions).await?;
    let database = stage.new_database("latency").await?;
    let brokers = stage.brokers();
    let mut consumer = Consumer::start(&brokers, TOPIC, database.url())?;
    consumer.ready(common.partitions).await?;

    let warm_up = usize::try_from(settings.rate * settings.warm_up_seconds)?;
    let mut events = events(settings, common.seed);
    let measured = events.split_off(warm_up);
    let rate = settings.rate;
    let sender = Sender::new(&brokers, TOPIC, settings.linger_ms)?;
    let sending = move |events: Vec<Event>, sender: Sender| {
        tokio::task::spawn_blocking(move || (sender.send(&events, rate), sender))
    };
    eprintln!(
        "sending {rate} records/s, {} s of them to warm up",
        settings.warm_up_seconds
    );
    let (warmed, sender) = sending(events, sender).await?;
    warmed?;

    let looking = Looking::start(database.url())?;
    let before = Usage::now(stage, &consumer).await?;
    let began = Instant::now();
    let (sent, sender) = sending(measured, sender).await?;
    drop(sender);
    let sent = sent?;
    let seconds = began.elapsed().as_secs_f64();
    let looks = looking.until(ends(&sent.records)).await?;
    let after = Usage::now(stage, &consumer).await?;
    let peak_resident_bytes = consumer.peak_resident_bytes()?;
    consumer.stop().await?;
    figures(&sent, &looks, seconds, &before, &after, peak_resident_bytes)
}

/// Everything that is to be sent, made before anything is measured.
fn events(settings: &LatencySettings, seed: u64) -> Vec<Event> {
    let orders = settings.rate * (settings.warm_up_seconds + settings.seconds);
    made_of_a_month(orders, seed)
}

/// What processes have used, and what the consumer told, at one moment.
struct Usage {
    consumer_seconds: f64,
    postgres_seconds: f64,
    kafka_seconds: f64,
    batches: f64,
    records: f64,
}

impl Usage {
    async fn now(stage: &mut Stage, consumer: &Consumer) -> Result<Self> {
        let told = consumer.scrape().await?;
        let servers = stage.cpu()?;
        Ok(Self {
            consumer_seconds: consumer.cpu_seconds()?,
            postgres_seconds: servers.postgres_seconds,
            kafka_seconds: servers.kafka_seconds,
            batches: told.value("ordertally_batch_records_count")?,
            records: told.value("ordertally_batch_records_sum")?,
        })
    }
}

#[allow(clippy::cast_precision_loss)] // far fewer than 2^52 records
fn figures(
    sent: &Run,
    looks: &Looks,
    seconds: f64,
    before: &Usage,
    after: &Usage,
    peak_resident_bytes: u64,
) -> Result<Figures> {
    let records = sent.records.len();
    let visible: Option<Vec<f64>> = sent
        .records
        .iter()
        .map(|record| looks.sightings.delay(record).map(ms))
        .collect();
    let acknowledged = sent
        .records
        .iter()
        .map(|record| ms(record.acknowledged_at - record.sent_at));
    let consumer_cpu_seconds = after.consumer_seconds - before.consumer_seconds;
    let batches = after.batches - before.batches;
    Ok(Figures {
        records,
        records_per_second: records as f64 / seconds,
        send_late_ms_max: ms(sent.late_max),
        acknowledged_ms: Percentiles::of(acknowledged),
        visible_ms: Percentiles::of(visible.context("a record was never seen")?),
        look_ms: Percentiles::of(looks.intervals_ms.iter().copied()),
        consumer_cpu_seconds,
        consumer_cpu_share: consumer_cpu_seconds / seconds,
        consumer_cpu_us_per_record: consumer_cpu_seconds * 1e6 / records as f64,
        postgres_cpu_seconds: after.postgres_seconds - before.postgres_seconds,
        kafka_cpu_seconds: after.kafka_seconds - before.kafka_seconds,
        peak_resident_bytes,
        batches,
        batch_records_mean: (after.records - before.records) / batches,
    })
}

fn print(figures: &Figures, rate: u32) {
    let mut delays = table(&["ms after sending", "p50", "p90", "p99", "p99.9", "max"]);
    for (name, of) in [
        ("acknowledged by Kafka", &figures.acknowledged_ms),
        ("row visible", &figures.visible_ms),
        ("(between two looks)", &figures.look_ms),
    ] {
        let shown = [of.p50, of.p90, of.p99, of.p999, of.max].map(|ms| format!("{ms:.1}"));
        delays.add_row(std::iter::once(name.to_owned()).chain(shown));
    }
    println!("{delays}");
    println!(
        "{} records at {:.0}/s ({} asked for, sent {:.1} ms late at most); \
         {} batches of {:.1}; consumer: {:.2} of a core, {:.0} µs a record, {:.0} MiB at most; \
         Postgres {:.1} s of CPU (with the looks), Kafka {:.1} s",
        grouped(f64::from(
            u32::try_from(figures.records).unwrap_or(u32::MAX)
        )),
        figures.records_per_second,
        rate,
        figures.send_late_ms_max,
        grouped(figures.batches),
        figures.batch_records_mean,
        figures.consumer_cpu_share,
        figures.consumer_cpu_us_per_record,
        mebibytes(figures.peak_resident_bytes),
        figures.postgres_cpu_seconds,
        figures.kafka_cpu_seconds,
    );
}
