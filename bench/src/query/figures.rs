//! What came out: the service's times, those of other engines, and the ratios.

use std::collections::BTreeMap;
use std::time::Duration;

use ordertally_local::resident::Resident;
use serde::Serialize;

use super::asking::Asking;
use super::peers::Engine;
use super::questions::{Kind, Question, Span};
use crate::report::{grouped, mebibytes, table};
use crate::statistics::Percentiles;

/// Everything.
#[derive(Debug, Serialize)]
pub struct Figures {
    service: ServiceFigures,
    /// By name.
    engines: BTreeMap<&'static str, Engine>,
    /// A kind and span each, over the same questions for everybody.
    comparisons: Vec<Comparison>,
}

/// Of the service.
#[derive(Debug, Serialize)]
pub struct ServiceFigures {
    /// Filling the database; nothing where it was kept from an earlier run.
    fill_seconds: Option<f64>,
    /// From its start until `/readyz` said so.
    ready_seconds: f64,
    resident_when_ready_bytes: u64,
    resident_afterwards_bytes: u64,
    /// The most since its start.
    resident_peak_bytes: u64,
    /// Of what was resident after the questions.
    bytes_per_order: f64,
    /// While it was asked.
    cpu_seconds: f64,
    /// Of all drawn questions of a kind.
    drawn: Vec<Drawn>,
}

#[derive(Debug, Serialize)]
struct Drawn {
    kind: Kind,
    questions: usize,
    ms: Percentiles,
    body_bytes: Percentiles,
}

/// Of another engine.
#[derive(Debug)]
pub struct PeerTimes {
    engine: Engine,
    medians: BTreeMap<(Kind, Span), f64>,
}

/// Medians over the same questions, milliseconds.
#[derive(Debug, Serialize)]
struct Comparison {
    kind: Kind,
    span: Span,
    questions: usize,
    service_ms: f64,
    service_body_bytes: f64,
    /// By name.
    engines_ms: BTreeMap<&'static str, f64>,
    /// The fastest engine's time over the service's; nothing where no engine was asked.
    fastest_over_service: Option<f64>,
}

impl ServiceFigures {
    /// Of what was measured; `resident` when it was ready and after the questions.
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // far fewer than 2^52 of anything
    pub fn of(
        askings: &[Asking],
        ready_after: Duration,
        resident: [Resident; 2],
        cpu_seconds: f64,
        filled_in: Option<Duration>,
        orders: u64,
    ) -> Self {
        let [when_ready, afterwards] = resident;
        let drawn = Kind::ALL.map(|kind| {
            let of_kind = of(askings, kind, Span::Drawn);
            Drawn {
                kind,
                questions: of_kind.len(),
                ms: Percentiles::of(of_kind.iter().map(|asking| asking.median_ms())),
                body_bytes: Percentiles::of(of_kind.iter().map(|one| one.body_bytes as f64)),
            }
        });
        Self {
            fill_seconds: filled_in.map(|took| took.as_secs_f64()),
            ready_seconds: ready_after.as_secs_f64(),
            resident_when_ready_bytes: when_ready.now_bytes,
            resident_afterwards_bytes: afterwards.now_bytes,
            resident_peak_bytes: afterwards.peak_bytes,
            bytes_per_order: afterwards.now_bytes as f64 / orders as f64,
            cpu_seconds,
            drawn: drawn.into(),
        }
    }
}

impl PeerTimes {
    /// The median of each kind and span, of the times of each question.
    #[must_use]
    pub fn of(
        engine: Engine,
        questions: &[Question],
        times: impl IntoIterator<Item = Vec<f64>>,
    ) -> Self {
        let mut of_each: BTreeMap<(Kind, Span), Vec<f64>> = BTreeMap::new();
        for (question, ms) in questions.iter().zip(times) {
            let of_this = of_each.entry((question.kind(), question.span)).or_default();
            of_this.push(Percentiles::of(ms).p50);
        }
        let medians = of_each.into_iter();
        Self {
            engine,
            medians: medians
                .map(|(key, ms)| (key, Percentiles::of(ms).p50))
                .collect(),
        }
    }
}

impl Figures {
    /// Holds the service's times against the engines': of the drawn questions, those that the
    /// engines were asked.
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // bodies are far shorter than 2^52
    pub fn of(
        compared: &[&Asking],
        service: ServiceFigures,
        peers: BTreeMap<&'static str, PeerTimes>,
    ) -> Self {
        let mut comparisons = Vec::new();
        for kind in Kind::ALL {
            for span in [Span::Year, Span::ThirtyDays, Span::Day, Span::Drawn] {
                let same = of(compared.iter().copied(), kind, span);
                let service_ms = Percentiles::of(same.iter().map(|one| one.median_ms())).p50;
                let engines_ms: BTreeMap<&'static str, f64> = peers
                    .iter()
                    .filter_map(|(name, times)| Some((*name, *times.medians.get(&(kind, span))?)))
                    .collect();
                let fastest = engines_ms.values().copied().min_by(f64::total_cmp);
                comparisons.push(Comparison {
                    kind,
                    span,
                    questions: same.len(),
                    service_ms,
                    service_body_bytes: Percentiles::of(
                        same.iter().map(|one| one.body_bytes as f64),
                    )
                    .p50,
                    engines_ms,
                    fastest_over_service: fastest.map(|ms| ms / service_ms),
                });
            }
        }
        let engines = peers.into_iter();
        Self {
            service,
            engines: engines.map(|(name, times)| (name, times.engine)).collect(),
            comparisons,
        }
    }

    /// For people.
    pub fn print(&self, orders: u64) {
        self.service.print(orders);
        let names: Vec<&str> = self.engines.keys().copied().collect();
        let mut header = vec!["median, ms", "questions", "service"];
        header.extend(&names);
        if !names.is_empty() {
            header.push("fastest of them / service");
        }
        let mut medians = table(&header);
        for of in &self.comparisons {
            let mut row = vec![
                format!("{}: {}", of.kind.shown(), of.span.shown()),
                of.questions.to_string(),
                shown_ms(of.service_ms),
            ];
            row.extend(names.iter().map(|name| {
                of.engines_ms
                    .get(name)
                    .map_or_else(String::new, |ms| shown_ms(*ms))
            }));
            row.extend(of.fastest_over_service.map(|ratio| format!("{ratio:.1}")));
            medians.add_row(row);
        }
        println!("{medians}");
        for (name, engine) in &self.engines {
            println!(
                "{name} {}: {}; loaded in {:.1} s, {} MiB at most until then",
                engine.version,
                engine.storage,
                engine.load_seconds,
                grouped(mebibytes(engine.peak_resident_bytes)),
            );
        }
    }
}

impl ServiceFigures {
    #[allow(clippy::cast_precision_loss)] // a figure for people
    fn print(&self, orders: u64) {
        let mut times = table(&[
            "service, over HTTP",
            "questions",
            "p50, ms",
            "p99, ms",
            "max, ms",
            "body p50, bytes",
            "body max, bytes",
        ]);
        for of in &self.drawn {
            times.add_row(vec![
                of.kind.shown().to_owned(),
                of.questions.to_string(),
                shown_ms(of.ms.p50),
                shown_ms(of.ms.p99),
                shown_ms(of.ms.max),
                grouped(of.body_bytes.p50),
                grouped(of.body_bytes.max),
            ]);
        }
        println!("{times}");
        println!(
            "{} orders; ready after {:.2} s; resident {:.0} MiB when ready, {:.0} MiB after the \
             questions ({:.0} bytes an order), {:.0} MiB at most\n",
            grouped(orders as f64),
            self.ready_seconds,
            mebibytes(self.resident_when_ready_bytes),
            mebibytes(self.resident_afterwards_bytes),
            self.bytes_per_order,
            mebibytes(self.resident_peak_bytes),
        );
    }
}

/// Three digits or so, whatever the size.
fn shown_ms(ms: f64) -> String {
    match ms {
        ms if ms < 1.0 => format!("{ms:.2}"),
        ms if ms < 100.0 => format!("{ms:.1}"),
        ms => grouped(ms),
    }
}

fn of<'a>(
    askings: impl IntoIterator<Item = &'a Asking>,
    kind: Kind,
    span: Span,
) -> Vec<&'a Asking> {
    askings
        .into_iter()
        .filter(|asking| asking.question.kind() == kind && asking.question.span == span)
        .collect()
}
