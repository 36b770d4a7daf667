//! Ours against the other engines at one size: a bar each, grouped by what was asked.

use std::path::Path;

use anyhow::Result;
use plotters::chart::{ChartBuilder, LabelAreaPosition};
use plotters::coord::combinators::IntoLogRange;
use plotters::drawing::IntoDrawingArea;
use plotters::element::Rectangle;
use plotters::prelude::SVGBackend;
use plotters::style::{Color, WHITE};
use serde_json::{Map, Value};

use super::lines::{Area, around, failed, present, short};
use super::results::Results;
use super::{ENGINES, KINDS, OURS, colour, legend};

const FILE: &str = "query-engines.svg";
const SIZE: (u32, u32) = (1_300, 440);
/// Of a group's width, the share that is left free.
const GAP: f64 = 0.2;
const SHORT_KINDS: [&str; 3] = ["top", "value", "sales"];
const SPANS: [&str; 4] = ["year", "30 days", "day", "drawn"];

/// The newest result with most other engines in it, of those about most orders.
#[derive(Debug)]
pub struct Bars {
    /// What they are called, and their milliseconds, group by group.
    series: Vec<(&'static str, Vec<Option<f64>>)>,
    orders: f64,
}

impl Bars {
    /// Those of the results.
    #[must_use]
    pub fn of(results: &Results) -> Self {
        let orders = |result: &Value| result.pointer("/settings/orders").and_then(Value::as_f64);
        let engines = |result: &Value| {
            let engines = result.pointer("/figures/engines");
            engines.and_then(Value::as_object).map_or(0, Map::len)
        };
        let with_engines = results
            .of_benchmark("query")
            .filter(|result| engines(result) > 0);
        let Some(result) = with_engines.max_by(|one, other| {
            let compared = |result| orders(result).unwrap_or_default();
            engines(one)
                .cmp(&engines(other))
                .then(compared(one).total_cmp(&compared(other))) // of equal ones the newest is last
        }) else {
            return Self {
                series: Vec::new(),
                orders: 0.0,
            };
        };
        let figure = |place: usize, pointer: &str| {
            let path = format!("/figures/comparisons/{place}{pointer}");
            result.pointer(&path).and_then(Value::as_f64)
        };
        let groups = 0..KINDS.len() * SPANS.len();
        let ours = groups.clone().map(|place| figure(place, "/service_ms"));
        let mut series = vec![(OURS, ours.collect())];
        for engine in ENGINES {
            let pointer = format!("/engines_ms/{engine}");
            let theirs = groups.clone().map(|place| figure(place, &pointer));
            series.push((engine, theirs.collect()));
        }
        Self {
            series,
            orders: orders(result).unwrap_or_default(),
        }
    }

    /// Draws it into a file of `folder`. False where there is nothing to draw.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub fn draw(&self, folder: &Path) -> Result<bool> {
        if self.all().next().is_none() {
            return Ok(false);
        }
        let path = folder.join(FILE);
        let area = SVGBackend::new(&path, SIZE).into_drawing_area();
        area.fill(&WHITE).map_err(failed)?;
        let (chart_area, names_area) = area.split_horizontally(SIZE.0 - legend::WIDTH);
        legend::draw(&names_area, self.series.iter().map(|(name, _)| *name))?;
        self.fill(&chart_area)?;
        present(&area)?;
        Ok(true)
    }

    fn all(&self) -> impl Iterator<Item = f64> + Clone {
        self.series.iter().flat_map(|(_, ms)| ms).flatten().copied()
    }

    fn fill(&self, area: &Area<'_>) -> Result<()> {
        let y = around(self.all());
        let floor = y.start;
        let groups = KINDS.len() * SPANS.len();
        let mut chart = ChartBuilder::on(area)
            .caption(
                format!("Medians at {} orders", short(self.orders)),
                ("sans-serif", 20),
            )
            .margin(12)
            .set_label_area_size(LabelAreaPosition::Left, 64)
            .set_label_area_size(LabelAreaPosition::Bottom, 44)
            .build_cartesian_2d(0.0..number(groups), y.log_scale())
            .map_err(failed)?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .x_labels(2 * groups + 1)
            .x_label_formatter(&|place| group_name(*place))
            .y_desc("ms")
            .y_label_formatter(&|ms| short(*ms))
            .light_line_style(WHITE)
            .draw()
            .map_err(failed)?;
        let width = (1.0 - GAP) / number(self.series.len());
        for (place, (_, ms)) in self.series.iter().enumerate() {
            let bars = ms.iter().enumerate().filter_map(|(group, ms)| {
                let left = number(group) + GAP / 2.0 + number(place) * width;
                let corners = [(left, floor), (left + width, (*ms)?)];
                Some(Rectangle::new(corners, colour(place).filled()))
            });
            chart.draw_series(bars).map_err(failed)?;
        }
        Ok(())
    }
}

/// The name of the group in whose middle `place` is.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a dozen groups
fn group_name(place: f64) -> String {
    let group = place as usize;
    if (place - number(group) - 0.5).abs() > 0.01 {
        return String::new();
    }
    let (kind, span) = (group / SPANS.len(), group % SPANS.len());
    format!("{}, {}", SHORT_KINDS[kind], SPANS[span])
}

#[allow(clippy::cast_precision_loss)] // small numbers
fn number(of: usize) -> f64 {
    of as f64
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use serde_json::json;

    fn result(orders: u64, ms: f64) -> Value {
        let comparison = json!({"service_ms": ms, "engines_ms": {"duckdb": ms * 10.0}});
        json!({"benchmark": "query", "settings": {"orders": orders},
            "figures": {"engines": {"duckdb": {}}, "comparisons": vec![comparison; 12]}})
    }

    #[test]
    fn most_orders_are_drawn_with_a_bar_for_whoever_was_asked() {
        let alone = json!({"benchmark": "query", "settings": {"orders": 900}, "figures":
            {"engines": {}, "comparisons": []}});
        let results = Results::of(vec![result(500, 2.0), result(100, 1.0), alone]);
        let bars = Bars::of(&results);
        assert_eq!((bars.orders, bars.series.len()), (500.0, 5));
        assert_eq!(bars.series[0].1, [Some(2.0); 12]);
        assert_eq!(bars.series[1].1, [None; 12], "ClickHouse was not asked");

        let mut beside_two = result(100, 3.0);
        beside_two["figures"]["engines"]["polars"] = json!({});
        let results = Results::of(vec![beside_two, result(500, 2.0)]);
        assert_eq!(Bars::of(&results).orders, 100.0, "two engines beside it");

        let folder = tempfile::tempdir().unwrap();
        assert!(bars.draw(folder.path()).unwrap());
        let drawn = std::fs::read_to_string(folder.path().join(FILE)).unwrap();
        assert!(drawn.contains("duckdb") && drawn.contains("30 days"));
        assert!(
            !Bars::of(&Results::of(Vec::new()))
                .draw(folder.path())
                .unwrap()
        );
    }
}
