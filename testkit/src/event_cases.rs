//! The event cases of `testdata/events`: a payload a file, with what must become of it.
//!
//! The format is described in `testdata/README.md`. This file only reads it; whoever runs the
//! cases (the decoder by itself, a consumer on a real broker) compares.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// What becomes of the case's record when nothing was stored before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A valid order.
    Stored,
    /// Another type of event.
    Ignored,
    /// At least one violation.
    Rejected,
}

/// A violation that must be found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedViolation {
    /// Path of the field.
    pub field: String,
    /// Stable code.
    pub code: String,
}

/// One case.
#[derive(Clone, Debug)]
pub struct EventCase {
    /// Name of the file without its extension.
    pub name: String,
    /// What the case shows, in a sentence.
    pub says: String,
    /// The record's value; `None` for a tombstone.
    pub payload: Option<Vec<u8>>,
    /// The record's timestamp, milliseconds since 1970.
    pub record_timestamp_ms: Option<i64>,
    /// What must become of it.
    pub outcome: Outcome,
    /// All that must be found, sorted; empty unless rejected.
    pub violations: Vec<ExpectedViolation>,
    /// Fields that the stored order must have, in the form of `GET /orders/{event_id}`.
    pub order: Map<String, Value>,
}

/// Reads every case, in the order of their names.
///
/// # Errors
///
/// When there is none, or a file is not of the format; the file is named.
pub fn load() -> anyhow::Result<Vec<EventCase>> {
    let folder = folder();
    let mut paths = std::fs::read_dir(&folder)
        .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect())
        .with_context(|| format!("cannot list {}", folder.display()))
        .map(|paths: Vec<PathBuf>| paths)?;
    paths.sort();
    let cases = paths
        .iter()
        .map(|path| read(path).with_context(|| format!("in {}", path.display())))
        .collect::<anyhow::Result<Vec<_>>>()?;
    ensure!(!cases.is_empty(), "{} holds no case", folder.display());
    Ok(cases)
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/events")
}

/// A case as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    says: String,
    record_timestamp_ms: Option<i64>,
    event: Option<Box<RawValue>>,
    text: Option<String>,
    base64: Option<String>,
    parts: Option<Vec<Part>>,
    outcome: Outcome,
    #[serde(default)]
    violations: Vec<ExpectedViolation>,
    #[serde(default)]
    order: Map<String, Value>,
}

/// A piece of a payload that would be too large to write out.
#[derive(Deserialize)]
#[serde(untagged)]
enum Part {
    Text(String),
    Repeated { repeat: String, times: usize },
}

fn read(path: &Path) -> anyhow::Result<EventCase> {
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .and_then(|name| name.strip_suffix(".json"))
        .context("the file's name does not end in .json")?
        .to_owned();
    let mut file: File = serde_json::from_slice(&std::fs::read(path)?)?;
    file.violations.sort();
    let payload = payload(&file)?;
    match file.outcome {
        Outcome::Rejected => ensure!(!file.violations.is_empty(), "rejected without a violation"),
        _ => ensure!(file.violations.is_empty(), "violations, yet not rejected"),
    }
    ensure!(
        file.outcome == Outcome::Stored || file.order.is_empty(),
        "an order, yet not stored"
    );
    Ok(EventCase {
        name,
        says: file.says,
        payload,
        record_timestamp_ms: file.record_timestamp_ms,
        outcome: file.outcome,
        violations: file.violations,
        order: file.order,
    })
}

fn payload(file: &File) -> anyhow::Result<Option<Vec<u8>>> {
    let forms = [
        file.event.is_some(),
        file.text.is_some(),
        file.base64.is_some(),
        file.parts.is_some(),
    ];
    if forms.iter().filter(|given| **given).count() > 1 {
        bail!("more than one of event, text, base64 and parts");
    }
    let event = file.event.as_ref().map(|event| event.get().into());
    let text = file.text.as_ref().map(|text| text.clone().into_bytes());
    let base64 = file.base64.as_ref().map(|text| BASE64.decode(text));
    let parts = file.parts.as_ref().map(|parts| {
        parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => text.clone(),
                Part::Repeated { repeat, times } => repeat.repeat(*times),
            })
            .collect::<String>()
            .into_bytes()
    });
    Ok(event.or(text).or(base64.transpose()?).or(parts))
}
