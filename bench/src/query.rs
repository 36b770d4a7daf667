//! How long the three questions take over a year of orders, over HTTP, beside other engines on the
//! same facts and questions in the same run; every answer is held against theirs.

pub mod answers;
mod asking;
pub mod days;
pub mod drawing;
mod facts_files;
mod figures;
mod names;
mod peers;
pub mod questions;

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use chrono::Utc;
use serde::Serialize;

use crate::filled::{Filled, Orders};
use crate::machine::{Machine, Versions};
use crate::report::Report;
use crate::service::Service;
use crate::settings::{CommonSettings, PeerChoice, QuerySettings};
use asking::Asking;
use drawing::Drawing;
use figures::{Figures, PeerTimes, ServiceFigures};
use questions::{Kind, Question};

#[derive(Serialize)]
struct Settings<'a> {
    #[serde(flatten)]
    common: &'a CommonSettings,
    #[serde(flatten)]
    query: &'a QuerySettings,
    customers_drawn_from: u64,
}

/// Measures, prints and writes down.
///
/// # Errors
///
/// When a server or program fails, or another engine answers otherwise.
pub async fn run(settings: &QuerySettings, common: &CommonSettings) -> Result<()> {
    let (machine, began_at) = (Machine::this(), Utc::now());
    let orders = Orders::of(&settings.fill, common);
    let filled = Filled::open(&orders, &settings.fill).await?;
    let questions = Questions::of(&orders, settings, common.seed);
    let (service, askings) = ask_service(&filled, &questions, orders.count).await?;
    let peers = if settings.peers.contains(&PeerChoice::None) {
        BTreeMap::new()
    } else {
        ask_peers(&filled, &orders, settings, &askings).await?
    };
    let compared = first_of_each(&askings, settings.peer_questions);
    let figures = Figures::of(&compared, service, peers);
    figures.print(orders.count);
    let report = Report {
        benchmark: "query",
        began_at,
        machine,
        versions: Versions::with(filled.postgres_version().await?),
        settings: Settings {
            common,
            query: settings,
            customers_drawn_from: settings.fill.customers(),
        },
        figures,
    };
    println!("written to {}\n", report.write(&common.results)?.display());
    filled.close().await
}

/// What is asked: of the service all, of other engines those of each kind that come first.
struct Questions(Vec<Question>);

impl Questions {
    fn of(orders: &Orders, settings: &QuerySettings, seed: u64) -> Self {
        let mut all = drawing::fixed(orders.start, orders.days);
        let drawing = Drawing {
            seed,
            start: orders.start,
            days: orders.days,
            counts: &settings.drawing.counts,
        };
        for kind in Kind::ALL {
            all.extend(drawing.questions(kind, settings.questions));
        }
        Self(all)
    }
}

async fn ask_service(
    filled: &Filled,
    questions: &Questions,
    orders: u64,
) -> Result<(ServiceFigures, Vec<Asking>)> {
    eprintln!("starting the query service");
    let service = Service::start(&filled.url()?).await?;
    let resident_when_ready = service.resident()?;
    let connection = service.connection()?;
    asking::warm_up(&connection, &questions.0).await?;
    eprintln!("asking it {} questions", questions.0.len());
    let cpu_before = service.cpu_seconds()?;
    let askings = asking::ask(&connection, &questions.0).await?;
    let cpu_seconds = service.cpu_seconds()? - cpu_before;
    let resident_afterwards = service.resident()?;
    let figures = ServiceFigures::of(
        &askings,
        service.ready_after,
        [resident_when_ready, resident_afterwards],
        cpu_seconds,
        filled.took,
        orders,
    );
    service.stop().await?;
    Ok((figures, askings))
}

async fn ask_peers(
    filled: &Filled,
    orders: &Orders,
    settings: &QuerySettings,
    askings: &[Asking],
) -> Result<BTreeMap<&'static str, PeerTimes>> {
    let python = peers::python().await?;
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    eprintln!("writing the facts for the other engines");
    let names = facts_files::write(&filled.url()?, folder.path(), orders.count).await?;
    let asked = first_of_each(askings, settings.peer_questions);
    let questions: Vec<Question> = asked.iter().map(|asking| asking.question).collect();
    let ours: Vec<_> = asked
        .iter()
        .map(|asking| asking.rows(&names))
        .collect::<Result<_>>()?;
    let mut times = BTreeMap::new();
    for peer in &settings.peers {
        let name = peers::name(*peer);
        eprintln!("asking {name} {} of them", questions.len());
        let (engine, found) = peers::ask(&python, *peer, folder.path(), &questions, &names).await?;
        for ((question, ours), theirs) in questions.iter().zip(&ours).zip(&found) {
            let difference = answers::difference(ours, &theirs.rows);
            ensure!(
                difference.is_none(),
                "{name} answers {} otherwise: {}",
                question.target(),
                difference.unwrap_or_default()
            );
        }
        let ms = found.into_iter().map(|answer| answer.ms);
        times.insert(name, PeerTimes::of(engine, &questions, ms));
    }
    Ok(times)
}

/// Those that are always the same, and so many of the drawn ones of each kind.
fn first_of_each(askings: &[Asking], count: u32) -> Vec<&Asking> {
    let mut left: BTreeMap<Kind, u32> = BTreeMap::new();
    askings
        .iter()
        .filter(|asking| {
            if asking.question.span != questions::Span::Drawn {
                return true;
            }
            let left = left.entry(asking.question.kind()).or_insert(count);
            let taken = *left > 0;
            *left = left.saturating_sub(1);
            taken
        })
        .collect()
}
