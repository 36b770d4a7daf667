//! Something over rows: a line a series, a point a result.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use anyhow::Result;
use plotters::chart::{ChartBuilder, ChartContext, LabelAreaPosition};
use plotters::coord::Shift;
use plotters::coord::combinators::IntoLogRange;
use plotters::coord::ranged1d::{Ranged, ValueFormatter};
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::Circle;
use plotters::prelude::{Cartesian2d, SVGBackend};
use plotters::series::LineSeries;
use plotters::style::{Color, WHITE};
use serde_json::Value;

use super::results::Results;
use super::{colour, legend};

const SIZE: (u32, u32) = (960, 440);

/// A drawing: where its figures lie in a result, and what it says.
#[derive(Debug)]
pub struct Lines {
    /// The file's name.
    pub file: &'static str,
    /// Above it.
    pub title: &'static str,
    /// Whose results.
    pub benchmark: &'static str,
    /// Which of them.
    pub counts: fn(&Value) -> bool,
    /// JSON pointers to what makes the rows, together; one that a result lacks counts nothing.
    pub x: Vec<&'static str>,
    /// Below it.
    pub x_name: &'static str,
    /// Beside it.
    pub y_name: &'static str,
    /// Whether a step upwards multiplies.
    pub log_y: bool,
    /// The lines.
    pub series: Vec<Series>,
}

/// A line.
#[derive(Debug)]
pub struct Series {
    name: String,
    pointer: String,
}

impl Series {
    /// A line of the figures at a JSON pointer.
    pub fn new(name: impl Into<String>, pointer: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            pointer: pointer.into(),
        }
    }
}

type Points = Vec<(f64, f64)>;
/// What is drawn on.
pub type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

impl Lines {
    /// Draws it into a file of `folder`. False where no result has figures for it.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub fn draw(&self, results: &Results, folder: &Path) -> Result<bool> {
        let lines: Vec<(&str, Points)> = self
            .series
            .iter()
            .map(|series| (series.name.as_str(), self.points(results, series)))
            .filter(|(_, points)| !points.is_empty())
            .collect();
        if lines.is_empty() {
            return Ok(false);
        }
        let path = folder.join(self.file);
        let area = SVGBackend::new(&path, SIZE).into_drawing_area();
        area.fill(&WHITE)?;
        let (chart_area, names_area) = area.split_horizontally(SIZE.0 - legend::WIDTH);
        legend::draw(&names_area, lines.iter().map(|(name, _)| *name))?;
        let all = || lines.iter().flat_map(|(_, points)| points);
        let x = around(all().map(|point| point.0)).log_scale();
        let y = around(all().map(|point| point.1));
        let mut builder = ChartBuilder::on(&chart_area);
        builder
            .caption(self.title, ("sans-serif", 20))
            .margin(12)
            .set_label_area_size(LabelAreaPosition::Left, 64)
            .set_label_area_size(LabelAreaPosition::Bottom, 44);
        if self.log_y {
            self.fill(builder.build_cartesian_2d(x, y.log_scale())?, &lines)?;
        } else {
            self.fill(builder.build_cartesian_2d(x, 0.0..y.end)?, &lines)?;
        }
        present(&area)?;
        Ok(true)
    }

    /// The newest figure for each number of rows.
    fn points(&self, results: &Results, series: &Series) -> Points {
        let mut newest: BTreeMap<u64, (f64, f64)> = BTreeMap::new();
        let results = results.of_benchmark(self.benchmark);
        for result in results.filter(|result| (self.counts)(result)) {
            let rows = self.x.iter().filter_map(|x| result.pointer(x)?.as_f64());
            let rows: f64 = rows.sum();
            let figure = result.pointer(&series.pointer).and_then(|y| y.as_f64());
            if let Some(figure) = figure.filter(|_| rows > 0.0) {
                newest.insert(rows.to_bits(), (rows, figure)); // bits of positive floats ascend
            }
        }
        newest.into_values().collect()
    }

    fn fill<'a, X, Y>(
        &self,
        mut chart: ChartContext<'a, SVGBackend<'a>, Cartesian2d<X, Y>>,
        lines: &[(&str, Points)],
    ) -> Result<()>
    where
        X: Ranged<ValueType = f64> + ValueFormatter<f64>,
        Y: Ranged<ValueType = f64> + ValueFormatter<f64>,
    {
        chart
            .configure_mesh()
            .x_desc(self.x_name)
            .y_desc(self.y_name)
            .x_label_formatter(&|rows| short(*rows))
            .y_label_formatter(&|figure| short(*figure))
            .x_labels(6)
            .y_labels(6)
            .light_line_style(WHITE)
            .draw()
            .map_err(failed)?;
        for (place, (_, points)) in lines.iter().enumerate() {
            let style = colour(place).stroke_width(2);
            chart
                .draw_series(LineSeries::new(points.iter().copied(), style))
                .map_err(failed)?;
            let dots = points
                .iter()
                .map(|point| Circle::new(*point, 4, colour(place).filled()));
            chart.draw_series(dots).map_err(failed)?;
        }
        Ok(())
    }
}

/// A range with some room on both sides, for a scale that multiplies.
pub fn around(values: impl Iterator<Item = f64> + Clone) -> Range<f64> {
    let least = values.clone().fold(f64::INFINITY, f64::min);
    let most = values.fold(0.0, f64::max);
    least / 1.6..most * 1.6
}

/// `1.5`, `20`, `300k`, `10M`.
pub fn short(number: f64) -> String {
    let (scaled, unit) = match number {
        number if number >= 1e6 => (number / 1e6, "M"),
        number if number >= 1e3 => (number / 1e3, "k"),
        number => (number, ""),
    };
    let rounded = (scaled * 100.0).round() / 100.0;
    format!("{rounded}{unit}")
}

/// Writes the file.
pub fn present(area: &Area<'_>) -> Result<()> {
    area.present().map_err(failed)
}

/// The library's errors hold what is no error by the standard's traits for every back end.
pub fn failed(error: impl std::fmt::Display) -> anyhow::Error {
    anyhow::anyhow!("cannot draw: {error}")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use serde_json::json;

    fn result(began_at: &str, orders: u64, figure: u64) -> serde_json::Value {
        json!({"benchmark": "some", "began_at": began_at, "settings": {"orders": orders},
            "figures": {"ms": figure}})
    }

    fn lines() -> Lines {
        Lines {
            file: "some.svg",
            title: "Some",
            benchmark: "some",
            counts: |result| result["settings"]["other"].is_null(),
            x: vec!["/settings/rows_before", "/settings/orders"],
            x_name: "rows",
            y_name: "ms",
            log_y: true,
            series: vec![Series::new("ours", "/figures/ms")],
        }
    }

    #[test]
    fn the_newest_figure_for_each_number_of_rows_counts() {
        let mut full = result("2026-01-03", 10, 5);
        full["settings"]["rows_before"] = json!(90);
        let mut other = result("2026-01-04", 10, 9);
        other["settings"]["other"] = json!(true);
        let results = Results::of(vec![
            result("2026-01-02", 10, 2),
            other,
            full,
            result("2026-01-01", 10, 1),
            json!({"benchmark": "other", "settings": {"orders": 7}, "figures": {"ms": 7}}),
        ]);
        let lines = lines();
        let points = lines.points(&results, &lines.series[0]);
        assert_eq!(points, [(10.0, 2.0), (100.0, 5.0)]);
    }

    #[test]
    fn what_has_figures_is_drawn_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let none = Results::of(Vec::new());
        assert!(!lines().draw(&none, folder.path()).unwrap());
        let one = Results::of(vec![result("2026-01-01", 1_000_000, 3)]);
        assert!(lines().draw(&one, folder.path()).unwrap());
        let drawn = std::fs::read_to_string(folder.path().join("some.svg")).unwrap();
        assert!(drawn.contains("ours") && drawn.contains("1M"), "{drawn}");
    }

    #[test]
    fn figures_are_short() {
        for (number, text) in [
            (0.25, "0.25"),
            (15.0, "15"),
            (65_000.0, "65k"),
            (1e7, "10M"),
            (1.5e6, "1.5M"),
        ] {
            assert_eq!(short(number), text);
        }
    }
}
