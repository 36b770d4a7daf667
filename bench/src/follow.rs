//! How far the service's answers are behind the commits, while orders keep coming through a real
//! topic and consumer and questions keep being asked; and what both cost the questions.

mod figures;
mod watching;

use std::time::Duration;

use anyhow::{Context, Result};
use chrono::{Days, NaiveDate, Utc};
use ordertally_local::temporary::TemporaryKafka;
use ordertally_local::topics::Topics;
use ordertally_replay::settings::GenerateSettings;
use serde::Serialize;

use crate::filled::{Filled, GROUP, Orders, TOPIC};
use crate::looks::Looking;
use crate::machine::{Machine, Versions};
use crate::programs::{self, Consumer};
use crate::query::drawing::Drawing;
use crate::query::questions::{Kind, Question};
use crate::report::Report;
use crate::send::{Event, Run, Sender, made};
use crate::service::Service;
use crate::settings::{CommonSettings, FollowSettings};
use crate::timeline::ends;
use figures::{Figures, Followed};
use watching::{Questioning, Watching};

/// The copy of the full database that the orders go to.
const COPY: &str = "followed";
/// Before the orders' rate is measured.
const WARM_UP_SECONDS: u32 = 5;

#[derive(Serialize)]
struct Settings<'a> {
    #[serde(flatten)]
    common: &'a CommonSettings,
    #[serde(flatten)]
    follow: &'a FollowSettings,
}

/// Measures, prints and writes down.
///
/// # Errors
///
/// When a server or program fails, or a record does not become visible.
pub async fn run(settings: &FollowSettings, common: &CommonSettings) -> Result<()> {
    let (machine, began_at) = (Machine::this(), Utc::now());
    let orders = Orders::of(&settings.fill, common);
    let filled = Filled::open(&orders, &settings.fill).await?;
    // What is kept is to stay as it is.
    let kept = settings.fill.keep.is_some();
    let url = if kept {
        eprintln!("copying the database");
        filled.copy(COPY).await?
    } else {
        filled.url()?
    };
    let figures = measure(&url, &orders, settings, common).await?;
    figures.print(settings);
    let report = Report {
        benchmark: "follow",
        began_at,
        machine,
        versions: Versions::with(filled.postgres_version().await?),
        settings: Settings {
            common,
            follow: settings,
        },
        figures,
    };
    println!("written to {}\n", report.write(&common.results)?.display());
    if kept {
        filled.drop_copy(COPY).await?;
    }
    filled.close().await
}

async fn measure(
    url: &str,
    orders: &Orders,
    settings: &FollowSettings,
    common: &CommonSettings,
) -> Result<Figures> {
    eprintln!("starting Kafka, the consumer and the query service");
    let kafka = TemporaryKafka::start().await?;
    let brokers = kafka.brokers();
    Topics::of(&brokers)
        .create(TOPIC, common.partitions, &[])
        .await?;
    programs::read_from_the_beginning(GROUP, &brokers, TOPIC, url).await?;
    let mut consumer = Consumer::start_in(GROUP, &brokers, TOPIC, url)?;
    consumer.ready(common.partitions).await?;
    let service = Service::start(url).await?;

    let targets = targets(orders, settings, common.seed);
    eprintln!("asking {} questions/s, quietly", settings.question_rate);
    let asking = || Questioning::start(&service, &targets, settings.question_rate);
    let mut quiet = asking()?;
    tokio::time::sleep(Duration::from_secs(settings.seconds.into())).await;
    let quiet_ms = quiet.stop().await?;

    let day = orders.start + Days::new(orders.days.into());
    let mut events = events(settings, common.seed, day);
    let measured = events.split_off(usize::try_from(settings.rate * WARM_UP_SECONDS)?);
    let sender = Sender::new(&brokers, TOPIC, settings.linger_ms)?;
    eprintln!("the same while {} orders/s come", settings.rate);
    let (_, sender) = send(sender, events, settings.rate).await?;

    let looking = Looking::start(url)?;
    let watching = Watching::start(&service, day)?;
    let consumer_before = consumer.cpu_seconds()?;
    let service_before = service.cpu_seconds()?;
    let mut busy = asking()?;
    let (sent, sender) = send(sender, measured, settings.rate).await?;
    let busy_ms = busy.stop().await?;
    drop(sender);
    let ends = ends(&sent.records);
    let committed = looking.until(ends.clone()).await?;
    let answered = watching.until(ends).await?;
    let figures = Figures::of(&Followed {
        sent: &sent,
        committed: &committed,
        answered: &answered,
        quiet_ms,
        busy_ms,
        consumer_cpu_seconds: consumer.cpu_seconds()? - consumer_before,
        service_cpu_seconds: service.cpu_seconds()? - service_before,
        resident: service.resident()?,
    })?;
    service.stop().await?;
    consumer.stop().await?;
    Ok(figures)
}

/// The questions, of each kind in turn.
fn targets(orders: &Orders, settings: &FollowSettings, seed: u64) -> Vec<String> {
    let of_each = settings.question_rate * settings.seconds / 3 + 1;
    let drawing = Drawing {
        seed,
        start: orders.start,
        days: orders.days,
        counts: &settings.drawing.counts,
    };
    let kinds = Kind::ALL.map(|kind| drawing.questions(kind, of_each));
    let [customers, value, provinces] = kinds;
    customers
        .iter()
        .zip(&value)
        .zip(&provinces)
        .flat_map(|((one, two), three)| [one, two, three])
        .map(Question::target)
        .collect()
}

/// Orders of the day after those that are there, by the same customers.
fn events(settings: &FollowSettings, seed: u64, day: NaiveDate) -> Vec<Event> {
    let count = settings.rate * (WARM_UP_SECONDS + settings.seconds);
    made(&GenerateSettings {
        orders: count.into(),
        seed,
        days: 1,
        customers: settings.fill.customers(),
        start: day,
        duplicates: 0.0,
        invalid: 0.0,
        output: None,
    })
}

async fn send(sender: Sender, events: Vec<Event>, rate: u32) -> Result<(Run, Sender)> {
    let (run, sender) =
        tokio::task::spawn_blocking(move || (sender.send(&events, rate), sender)).await?;
    Ok((run.context("sending the orders")?, sender))
}
