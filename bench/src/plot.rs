//! Draws the results that lie in a folder: anybody can draw them again.

mod bars;
mod legend;
mod lines;
mod results;

use std::fs;

use anyhow::{Context, Result};
use plotters::style::RGBColor;
use serde_json::Value;

use crate::settings::{CommonSettings, PlotSettings};
use bars::Bars;
use lines::{Lines, Series};
use results::Results;

/// Colours that people who see few of them can tell apart (Okabe and Ito, "Color Universal Design",
/// 2008), black left out.
const COLOURS: [RGBColor; 7] = [
    RGBColor(213, 94, 0),
    RGBColor(0, 114, 178),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(140, 130, 30),
];

fn colour(place: usize) -> RGBColor {
    COLOURS[place % COLOURS.len()]
}

/// Reads the results and writes a drawing for whatever they hold figures of.
///
/// # Errors
///
/// When a result cannot be read or a drawing not written.
pub fn run(settings: &PlotSettings, common: &CommonSettings) -> Result<()> {
    let results = Results::read(&common.results)?;
    let folder = &settings.plots;
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let mut drawn = 0;
    for lines in all_lines() {
        drawn += usize::from(lines.draw(&results, folder)?);
    }
    drawn += usize::from(Bars::of(&results).draw(folder)?);
    println!("{drawn} drawings written to {}", folder.display());
    Ok(())
}

/// Every drawing of something over rows.
fn all_lines() -> Vec<Lines> {
    let mut all = vec![ingest_rate(), latency()];
    all.extend(
        (0..)
            .zip(YEARS)
            .map(|(place, year)| beside_engines(place, year)),
    );
    all
}

/// The kinds of question, in the order of a result.
const KINDS: [&str; 3] = ["top customers", "value", "provinces"];
/// File and title of the drawing of a kind's year, likewise.
const YEARS: [(&str, &str); 3] = [
    ("query-year-customers.svg", "Top customers of the year"),
    ("query-year-value.svg", "Order value by day over the year"),
    (
        "query-year-provinces.svg",
        "All provinces of the year with their products",
    ),
];
/// What we are called beside them.
const OURS: &str = "Ordertally, over HTTP";
/// Engines that a result may name.
const ENGINES: [&str; 4] = ["clickhouse", "datafusion", "duckdb", "polars"];

fn ingest_rate() -> Lines {
    Lines {
        file: "ingest-rate.svg",
        title: "Ingest: rows a second over rows in the table",
        benchmark: "ingest",
        counts: is_plain_ingest,
        // A run that begins on a full table says how full; it ends with its own orders on top.
        x: vec!["/settings/rows_before", "/settings/orders"],
        x_name: "rows in the table at the end",
        y_name: "rows/s",
        log_y: false,
        series: vec![
            Series::new("consumer, median", "/figures/rows_per_second/median"),
            Series::new(
                "plain COPY, first run",
                "/figures/copy_runs/0/rows_per_second",
            ),
        ],
    }
}

/// Different orders, each commit on disk.
fn is_plain_ingest(result: &Value) -> bool {
    let settings = &result["settings"];
    settings["duplicates"].as_f64().unwrap_or(0.0) == 0.0 && settings["synchronous_commit"] != "off"
}

/// One run tells both, the service's figures and those of the others.
fn is_beside_engines(result: &Value) -> bool {
    let engines = result.pointer("/figures/comparisons/0/engines_ms");
    engines.is_some_and(|engines| engines.as_object().is_some_and(|of| !of.is_empty()))
}

fn latency() -> Lines {
    let mut series = Vec::new();
    for (place, kind) in KINDS.iter().enumerate() {
        for percentile in ["p50", "p99"] {
            series.push(Series::new(
                format!("{kind}, {percentile}"),
                format!("/figures/service/drawn/{place}/ms/{percentile}"),
            ));
        }
    }
    Lines {
        file: "query-latency.svg",
        title: "Answers over HTTP: drawn questions",
        benchmark: "query",
        counts: is_beside_engines,
        x: vec!["/settings/orders"],
        x_name: "orders",
        y_name: "ms",
        log_y: true,
        series,
    }
}

/// The year of a kind, of which a result has four comparisons: the year comes first.
fn beside_engines(place: usize, (file, title): (&'static str, &'static str)) -> Lines {
    let comparison = format!("/figures/comparisons/{}", place * 4);
    let mut series = vec![Series::new(OURS, format!("{comparison}/service_ms"))];
    for engine in ENGINES {
        series.push(Series::new(
            engine,
            format!("{comparison}/engines_ms/{engine}"),
        ));
    }
    Lines {
        file,
        title,
        benchmark: "query",
        counts: is_beside_engines,
        x: vec!["/settings/orders"],
        x_name: "orders",
        y_name: "ms, median",
        log_y: true,
        series,
    }
}
