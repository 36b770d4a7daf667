//! The results in a folder, as whoever made them wrote them down.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

/// All of them, the oldest first.
#[derive(Debug)]
pub struct Results(Vec<Value>);

impl Results {
    /// Reads every result in a folder.
    ///
    /// # Errors
    ///
    /// When one cannot be read or is no JSON.
    pub fn read(folder: &Path) -> Result<Self> {
        let entries =
            fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
        let mut results = Vec::new();
        for entry in entries {
            let path = entry?.path();
            if path.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            let text = fs::read(&path)?;
            let result = serde_json::from_slice(&text);
            results.push(result.with_context(|| format!("{} is no JSON", path.display()))?);
        }
        Ok(Self::of(results))
    }

    /// These, in any order.
    #[must_use]
    pub fn of(mut results: Vec<Value>) -> Self {
        results.sort_by(|one, other| began(one).cmp(began(other)));
        Self(results)
    }

    /// Those of a benchmark, the oldest first.
    pub fn of_benchmark<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Value> {
        self.0
            .iter()
            .filter(move |result| result["benchmark"] == name)
    }
}

/// When it began; in this form the order of texts is that of times.
fn began(result: &Value) -> &str {
    result["began_at"].as_str().unwrap_or_default()
}
