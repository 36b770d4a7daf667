//! What a benchmark leaves: a table for people and a JSON file for whoever compares.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use chrono::{DateTime, SecondsFormat, Utc};
use comfy_table::presets::ASCII_MARKDOWN;
use comfy_table::{CellAlignment, Table};
use serde::Serialize;

use crate::machine::{Machine, Versions};

/// A whole result.
#[derive(Debug, Serialize)]
pub struct Report<S, F> {
    /// Name of the benchmark.
    pub benchmark: &'static str,
    /// When it began.
    #[serde(serialize_with = "to_the_second")]
    pub began_at: DateTime<Utc>,
    /// Where.
    pub machine: Machine,
    /// With what.
    pub versions: Versions,
    /// What was asked for.
    pub settings: S,
    /// What came out.
    pub figures: F,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // the form that serde calls
fn to_the_second<S: serde::Serializer>(
    time: &DateTime<Utc>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&time.to_rfc3339_opts(SecondsFormat::Secs, true))
}

impl<S: Serialize, F: Serialize> Report<S, F> {
    /// Writes it to `<benchmark>-<date>T<time>Z.json` in a folder, which is made where it is
    /// missing. Returns the file.
    ///
    /// # Errors
    ///
    /// When the folder or the file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<PathBuf> {
        let date = self.began_at.format("%Y-%m-%dT%H%M%SZ");
        let path = folder.join(format!("{}-{date}.json", self.benchmark));
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(&path, text))
            .with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path)
    }
}

/// A table in Markdown, its columns after the first aligned to the right.
#[must_use]
pub fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN).set_header(header.to_vec());
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// `12,345`: a figure of many digits as people read it.
#[must_use]
pub fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let first = digits.len() % 3;
    let mut text = digits[..first].to_owned();
    for group in digits.as_bytes()[first..].chunks(3) {
        if !text.is_empty() {
            text.push(',');
        }
        text.extend(group.iter().map(|digit| char::from(*digit)));
    }
    text
}

/// A number of orders or bytes, to reckon with.
#[allow(clippy::cast_precision_loss)] // far less than 2^52
#[must_use]
pub fn count(number: u64) -> f64 {
    number as f64
}

/// Mebibytes, of bytes.
#[must_use]
#[allow(clippy::cast_precision_loss)] // a rounded figure for people
pub fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_in_threes() {
        for (number, text) in [
            (0.4, "0"),
            (999.0, "999"),
            (1000.0, "1,000"),
            (43_210.6, "43,211"),
            (1_000_000.0, "1,000,000"),
        ] {
            assert_eq!(grouped(number), text);
        }
    }
}
