//! What judging one event costs: `event::read`, and the content hash of what is stored, beside
//! `serde_json` reading the same bytes into a plain `Value` in the same run.
//!
//! The events are cases of `testdata/events`, written as a producer writes them (without blanks),
//! so that they are what the tests hold the judge to. After criterion's own report a table gives
//! each cost as a multiple of the plain reading.

use std::cell::RefCell;
use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput};
use ordertally_bench::report::table;
use ordertally_bench::statistics::Spread;
use ordertally_schema::{Reading, event, fingerprint};
use ordertally_testkit::event_cases::{self, EventCase, Outcome};

/// A typical order of some 800 bytes; the same with its parts as text; one with sixteen faults.
const CASES: [(&str, Outcome); 3] = [
    ("order", Outcome::Stored),
    ("order-double-encoded", Outcome::Stored),
    ("many-faults", Outcome::Rejected),
];
const SAMPLES: usize = 100;

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(SAMPLES)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(3))
        .configure_from_args();
    let cases = event_cases::load().expect("the event cases can be read");
    let mut rows = table(&[
        "event",
        "bytes",
        "Value ns",
        "read ns",
        "ratio",
        "and hash ns",
        "ratio",
    ]);
    for (name, outcome) in CASES {
        let case = cases.iter().find(|case| case.name == name);
        let case = case.expect("the case is in testdata/events");
        assert_eq!(case.outcome, outcome, "{name}");
        if let Some(row) = measure(&mut criterion, case) {
            rows.add_row(row);
        }
    }
    criterion.final_summary();
    if rows.row_count() > 0 {
        println!("{rows}");
    }
}

/// Measures one event; its row of the table, unless the command line left something of it out.
fn measure(criterion: &mut Criterion, case: &EventCase) -> Option<[String; 7]> {
    let payload = compact(case);
    let timestamp = case.record_timestamp_ms;
    let mut group = criterion.benchmark_group("decode");
    group.throughput(Throughput::Bytes(payload.len() as u64));

    let value = Clock::default();
    group.bench_function(
        BenchmarkId::new("serde_json Value", &case.name),
        |bencher| {
            bencher.iter_custom(|times| {
                value.time(times, || {
                    serde_json::from_slice::<serde_json::Value>(black_box(&payload))
                })
            });
        },
    );
    let read = Clock::default();
    group.bench_function(BenchmarkId::new("event::read", &case.name), |bencher| {
        bencher.iter_custom(|times| {
            read.time(times, || event::read(Some(black_box(&payload)), timestamp))
        });
    });
    let hashed = Clock::default();
    group.bench_function(
        BenchmarkId::new("event::read and content_hash", &case.name),
        |bencher| {
            bencher.iter_custom(|times| {
                hashed.time(times, || {
                    match event::read(Some(black_box(&payload)), timestamp) {
                        Reading::Valid(order) => (fingerprint::content_hash(&order), Some(order)),
                        _ => Default::default(), // nothing is hashed of what is not stored
                    }
                })
            });
        },
    );
    group.finish();
    let (value, read, hashed) = (value.median_ns()?, read.median_ns()?, hashed.median_ns()?);
    Some([
        case.name.clone(),
        payload.len().to_string(),
        format!("{value:.0}"),
        format!("{read:.0}"),
        format!("{:.2}", read / value),
        format!("{hashed:.0}"),
        format!("{:.2}", hashed / value),
    ])
}

/// The event without the blanks of its file.
fn compact(case: &EventCase) -> Vec<u8> {
    let payload = case.payload.as_deref().expect("the case has a payload");
    let value: serde_json::Value = serde_json::from_slice(payload).expect("the case is JSON");
    serde_json::to_vec(&value).expect("a value can be written")
}

/// Keeps criterion's samples, of which it tells no ratio by itself.
#[derive(Default)]
struct Clock(RefCell<Vec<f64>>);

impl Clock {
    /// Calls `work` so many times, its result's drop included as in real use.
    #[allow(clippy::cast_precision_loss)] // a rounded figure
    fn time<T>(&self, times: u64, mut work: impl FnMut() -> T) -> Duration {
        let started = Instant::now();
        for _ in 0..times {
            black_box(work());
        }
        let took = started.elapsed();
        self.0
            .borrow_mut()
            .push(took.as_secs_f64() * 1e9 / times as f64);
        took
    }

    /// Of the last samples: those before them are criterion's warm-up.
    fn median_ns(&self) -> Option<f64> {
        let samples = self.0.borrow();
        let last = samples.len().checked_sub(SAMPLES)?;
        Some(Spread::of(samples[last..].iter().copied()).median)
    }
}
