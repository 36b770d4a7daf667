//! The figures as a table for people.

use super::Figures;
use crate::report::{count, grouped, mebibytes, table};
use crate::runs::CopyRun;
use crate::statistics::Spread;

pub(super) fn print(figures: &Figures, orders: u64) {
    let mut runs = table(&[
        "sinks (medians)",
        "rows/s",
        "share",
        "consumer / it",
        "its CPU µs/row",
        "Postgres µs/row",
        "peak MiB",
    ]);
    let us = |seconds: f64| format!("{:.1}", seconds * 1e6 / count(orders));
    let copied =
        |figure: fn(&CopyRun) -> f64| Spread::of(figures.copy_runs.iter().map(figure)).median;
    runs.add_row([
        "plain COPY".to_owned(),
        grouped(copied(|run| run.rows_per_second)),
        String::new(),
        String::new(),
        us(copied(|run| run.client_cpu_seconds)),
        us(copied(|run| run.postgres_cpu_seconds)),
        String::new(),
    ]);
    let median = |values: Vec<f64>| Spread::of(values).median;
    let mut add = |name: &str, share: Spread, rate: Spread, own, postgres, peak: f64| {
        runs.add_row([
            name.to_owned(),
            grouped(rate.median),
            format!("{:.2}", share.median),
            format!("{:.1}", figures.share_of_copy.median / share.median),
            format!("{own:.1}"),
            format!("{postgres:.1}"),
            format!("{peak:.0}"),
        ]);
    };
    let ours = &figures.consumer_runs;
    add(
        "Ordertally's consumer",
        figures.share_of_copy,
        figures.rows_per_second,
        median(ours.iter().map(|run| run.consumer_cpu_us_per_row).collect()),
        median(ours.iter().map(|run| run.postgres_cpu_us_per_row).collect()),
        median(
            ours.iter()
                .map(|run| mebibytes(run.peak_resident_bytes))
                .collect(),
        ),
    );
    for peer in &figures.peers {
        let all = &peer.runs;
        add(
            peer.name,
            peer.share_of_copy,
            peer.rows_per_second,
            median(all.iter().map(|run| run.peer_cpu_us_per_row).collect()),
            median(all.iter().map(|run| run.postgres_cpu_us_per_row).collect()),
            median(
                all.iter()
                    .map(|run| mebibytes(run.peak_resident_bytes))
                    .collect(),
            ),
        );
    }
    println!("{runs}\n{} orders", grouped(count(orders)));
    if figures.latencies.is_empty() {
        return;
    }
    let mut delays = table(&["ms from sending to visible", "p50", "p90", "p99", "max"]);
    for latency in &figures.latencies {
        let of = &latency.visible_ms;
        let shown = [of.p50, of.p90, of.p99, of.max].map(|ms| format!("{ms:.1}"));
        delays.add_row(std::iter::once(latency.name.to_owned()).chain(shown));
    }
    println!("\n{delays}");
}
