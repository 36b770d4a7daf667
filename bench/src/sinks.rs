//! The same full topic read by what people would use instead, beside the consumer and plain COPY.
//!
//! Every shortcut favours the others: records in the form that they take fastest, a table that asks
//! less of them, and times that begin when their first rows are there.

mod bento;
mod build;
mod connect;
mod flat_topic;
mod latency;
mod peer;
mod peer_table;
mod show;
mod watch;

use std::path::PathBuf;

use anyhow::{Result, ensure};
use chrono::Utc;
use ordertally_local::child::Child;
use serde::Serialize;
use tempfile::TempDir;

use crate::copy::Rows;
use crate::machine::{Machine, Versions};
use crate::programs::Load;
use crate::report::Report;
use crate::runs::{self, ConsumerRun, CopyRun, FullTopic};
use crate::settings::{CommonSettings, SinksSettings};
use crate::stage::Stage;
use crate::statistics::Spread;
use bento::Writing;
use latency::Latency;
use peer::{Peer, PeerRun};
use watch::watch;

const TOPIC: &str = "orders";
const FLAT_TOPIC: &str = "flat_orders";

/// What is measured beside the consumer.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Connect,
    BentoUnpacked,
    BentoInsert,
}

const KINDS: [Kind; 3] = [Kind::Connect, Kind::BentoUnpacked, Kind::BentoInsert];

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Connect => "Kafka Connect, Debezium's JDBC sink",
            Self::BentoUnpacked => "Bento, batch unpacked in SQL",
            Self::BentoInsert => "Bento, sql_insert",
        }
    }
}

/// Another program at work. It dies with this.
#[derive(Debug)]
struct Running {
    child: Child,
    _folder: TempDir,
}

/// What came out.
#[derive(Debug, Serialize)]
pub struct Figures {
    /// One more than there are other runs, which lie between them.
    copy_runs: Vec<CopyRun>,
    consumer_runs: Vec<ConsumerRun>,
    rows_per_second: Spread,
    share_of_copy: Spread,
    peers: Vec<Peer>,
    /// None where they were not asked for.
    latencies: Vec<Latency>,
}

#[derive(Serialize)]
struct Asked<'a> {
    #[serde(flatten)]
    common: &'a CommonSettings,
    #[serde(flatten)]
    sinks: &'a SinksSettings,
}

/// Measures, prints and writes down.
///
/// # Errors
///
/// When a server or program fails, or one has not stored every order.
pub async fn run(settings: &SinksSettings, common: &CommonSettings) -> Result<()> {
    let (jars, bento) = (connect::install().await?, bento::install().await?);
    let (machine, began_at) = (Machine::this(), Utc::now());
    let mut stage = Stage::set().await?;
    let load = Load::of_a_year(settings.orders, common.seed);
    let full = FullTopic::fill(&stage, TOPIC, common.partitions, &load).await?;
    eprintln!("warming up with a first run of the consumer");
    let database = stage.new_database("warm_up").await?;
    full.consume(&mut stage, &database, 0).await?;
    let stored = &database.client;
    let rows = Rows::read(stored, "orders").await?;
    ensure!(rows.count == full.orders, "COPY read {} rows", rows.count);
    let last_ids = flat_topic::fill(&stage, FLAT_TOPIC, stored, common.partitions).await?;
    let sums = peer_table::sums(stored, "orders").await?;
    stage.drop_database(database).await?;

    let mut bench = Bench {
        before: runs::copy(&mut stage, &rows).await?,
        stage,
        jars,
        bento,
        full,
        last_ids,
        sums,
        rows,
        copy_runs: Vec::new(),
    };
    let mut figures = bench.measure(settings.runs).await?;
    if settings.latency_seconds > 0 {
        figures.latencies = latency::measure_all(&mut bench, settings, common).await?;
    }
    show::print(&figures, settings.orders);
    let report = Report {
        benchmark: "sinks",
        began_at,
        machine,
        versions: Versions::with(bench.stage.postgres_version().await?),
        settings: Asked {
            common,
            sinks: settings,
        },
        figures,
    };
    println!("written to {}\n", report.write(&common.results)?.display());
    Ok(())
}

struct Bench {
    stage: Stage,
    /// Kafka Connect's.
    jars: PathBuf,
    /// The program.
    bento: PathBuf,
    full: FullTopic,
    /// Of each partition of the flat topic, the event id of its last record.
    last_ids: Vec<String>,
    /// What the rows of the others must sum to.
    sums: String,
    rows: Rows,
    before: CopyRun,
    copy_runs: Vec<CopyRun>,
}

impl Bench {
    async fn measure(&mut self, runs: u32) -> Result<Figures> {
        let mut consumer_runs = Vec::new();
        let mut peer_runs: Vec<Vec<PeerRun>> = KINDS.iter().map(|_| Vec::new()).collect();
        for run in 1..=runs {
            eprintln!("run {run} of {runs}: the consumer");
            let database = self.stage.new_database("consumed").await?;
            let mut consumed = self.full.consume(&mut self.stage, &database, 0).await?;
            self.stage.drop_database(database).await?;
            consumed.share_of_copy = self.share(consumed.rows_per_second).await?;
            consumer_runs.push(consumed);
            for (kind, done) in KINDS.into_iter().zip(&mut peer_runs) {
                eprintln!("run {run} of {runs}: {}", kind.name());
                let mut measured = self.sink(kind).await?;
                measured.share_of_copy = self.share(measured.rows_per_second).await?;
                done.push(measured);
            }
        }
        self.copy_runs.push(self.before.clone());
        let spread = |figure: fn(&ConsumerRun) -> f64| Spread::of(consumer_runs.iter().map(figure));
        let share_of_copy = spread(|run| run.share_of_copy);
        let peers = KINDS.into_iter().zip(peer_runs);
        let peers = peers
            .map(|(kind, runs)| Peer::of(kind.name(), runs, share_of_copy.median))
            .collect();
        Ok(Figures {
            copy_runs: std::mem::take(&mut self.copy_runs),
            rows_per_second: spread(|run| run.rows_per_second),
            share_of_copy,
            consumer_runs,
            peers,
            latencies: Vec::new(),
        })
    }

    /// Copies once more. Returns what a rate measured just before is of COPY.
    async fn share(&mut self, rows_per_second: f64) -> Result<f64> {
        let after = runs::copy(&mut self.stage, &self.rows).await?;
        let share = runs::share_of_copy(rows_per_second, &self.before, &after);
        self.copy_runs
            .push(std::mem::replace(&mut self.before, after));
        Ok(share)
    }

    async fn sink(&mut self, kind: Kind) -> Result<PeerRun> {
        let database = self.stage.new_database("sunk").await?;
        peer_table::create(&database.client).await?;
        let mut running = self.start(kind, database.url(), FLAT_TOPIC)?;
        let (child, orders) = (&mut running.child, self.full.orders);
        let (client, last_ids) = (&database.client, &self.last_ids);
        let watched = watch(&mut self.stage, child, client, last_ids, orders).await?;
        drop(running);
        peer_table::check(client, &self.sums).await?;
        self.stage.drop_database(database).await?;
        Ok(PeerRun::of(&watched, orders))
    }

    fn start(&self, kind: Kind, database_url: &str, topic: &str) -> Result<Running> {
        let brokers = self.stage.brokers();
        let bento = |writing| bento::start(&self.bento, writing, &brokers, topic, database_url);
        match kind {
            Kind::Connect => {
                let partitions = self.last_ids.len();
                connect::start(&self.jars, &brokers, topic, partitions, database_url)
            }
            Kind::BentoUnpacked => bento(Writing::Unpacked),
            Kind::BentoInsert => bento(Writing::Insert),
        }
    }
}
