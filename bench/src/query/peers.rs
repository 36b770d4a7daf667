//! Other engines, each asked in a process of its own by the program in `bench/peers`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::Command;

use super::answers::Row;
use super::names::Names;
use super::questions::{Asked, Question, Span};
use crate::settings::PeerChoice;

const PROGRAMS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/peers");
/// How often an engine is asked a question that is always the same.
const TIMES_FIXED: u32 = 5;
/// A currency that no order has.
const NO_CURRENCY: i64 = 255;

/// What an engine says of itself.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Engine {
    /// Its version.
    pub version: String,
    /// Where its rows lie.
    pub storage: String,
    /// To read the facts and build its own form of them, seconds.
    pub load_seconds: f64,
    /// The most that its process held until then, with the loaded files.
    pub peak_resident_bytes: u64,
}

/// What an engine answered to one question.
#[derive(Debug, Deserialize)]
pub struct Answer {
    /// Milliseconds, each time it was asked.
    pub ms: Vec<f64>,
    /// The rows.
    pub rows: Vec<Row>,
}

/// The interpreter with the pinned engines, installed where they are not.
///
/// # Errors
///
/// When there is no Python, or the engines cannot be installed.
pub async fn python() -> Result<PathBuf> {
    let folder = Path::new(PROGRAMS).join(".venv");
    let python = folder.join("bin/python");
    let wanted = fs::read(Path::new(PROGRAMS).join("requirements.txt"))?;
    let installed = folder.join("requirements.txt");
    if fs::read(&installed).is_ok_and(|found| found == wanted) {
        return Ok(python);
    }
    eprintln!("installing the other engines");
    let folder_text = folder.to_str().context("the folder's name is no text")?;
    run(Command::new("python3").args(["-m", "venv", "--clear", folder_text])).await?;
    let requirements = Path::new(PROGRAMS).join("requirements.txt");
    run(Command::new(&python)
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "-r",
        ])
        .arg(requirements))
    .await?;
    fs::write(installed, wanted)?; // last: an installation that was cut off is made again
    Ok(python)
}

async fn run(command: &mut Command) -> Result<()> {
    let shown = format!("{:?}", command.as_std());
    let output = command
        .kill_on_drop(true)
        .stdin(Stdio::null())
        .output()
        .await
        .with_context(|| format!("cannot run {shown}"))?;
    ensure!(
        output.status.success(),
        "{shown} failed: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(())
}

/// Asks an engine all `questions` about the facts in `folder`, one after the other.
///
/// # Errors
///
/// When it fails, with its last words.
pub async fn ask(
    python: &Path,
    peer: PeerChoice,
    folder: &Path,
    questions: &[Question],
    names: &Names,
) -> Result<(Engine, Vec<Answer>)> {
    let errors = folder.join("errors.log");
    let mut child = Command::new(python)
        .arg(Path::new(PROGRAMS).join("ask.py"))
        .arg(name(peer))
        .arg(folder)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .kill_on_drop(true)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(fs::File::create(&errors)?)
        .spawn()
        .with_context(|| format!("cannot run {}", python.display()))?;
    let mut input = child.stdin.take().context("it has no input")?;
    for question in questions {
        let line = format!("{}\n", told(question, names));
        input.write_all(line.as_bytes()).await?;
    }
    drop(input);
    let output = child.stdout.take().context("it has no output")?;
    let mut lines = BufReader::new(output).lines();
    let mut said = Vec::new();
    while let Some(line) = lines.next_line().await? {
        said.push(line);
    }
    let status = child.wait().await?;
    ensure!(
        status.success() && said.len() == questions.len() + 1,
        "{} failed ({status}): {}",
        name(peer),
        fs::read_to_string(&errors)?.trim()
    );
    let answers = said[1..].iter().map(|line| serde_json::from_str(line));
    Ok((
        serde_json::from_str(&said[0])?,
        answers.collect::<Result<_, _>>()?,
    ))
}

/// What people and the program call an engine.
#[must_use]
pub fn name(peer: PeerChoice) -> &'static str {
    match peer {
        PeerChoice::None => "none",
        PeerChoice::Duckdb => "duckdb",
        PeerChoice::Clickhouse => "clickhouse",
        PeerChoice::Datafusion => "datafusion",
        PeerChoice::Polars => "polars",
    }
}

/// A question in numbers, as the program takes it: days and zones are instants.
fn told(question: &Question, names: &Names) -> Value {
    let days = &question.days;
    let mut told = json!({
        "kind": question.kind(),
        "times": if question.span == Span::Drawn { 1 } else { TIMES_FIXED },
        "from_us": days.from_us(),
        "until_us": days.until_us(),
    });
    let more = match question.asked {
        Asked::Customers {
            count,
            currency,
            accepts_marketing,
        } => json!({
            "count": count,
            "currency": currency.map(|code| names.currencies.find(code).unwrap_or(NO_CURRENCY)),
            "accepts_marketing": accepts_marketing,
        }),
        Asked::Value { by_day } => json!({
            "by_day": by_day,
            "shifts": days.shifts(),
            "first_day": days.start.to_epoch_days(),
        }),
        Asked::Provinces { province, billing } => json!({
            "places": province.map(|name| names.places.named(name)),
            "address": if billing { "billing" } else { "shipping" },
        }),
    };
    if let (Value::Object(told), Value::Object(more)) = (&mut told, more) {
        told.extend(more);
    }
    told
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::query::drawing::fixed;

    #[test]
    fn a_question_is_told_in_instants_and_numbers() {
        let mut names = Names::default();
        names.currencies.number("EUR");
        names.places.number(&[Some("Idaho"), None, None, None]);
        names.places.number(&[Some("Ohio"), None, None, None]);
        names
            .places
            .number(&[Some("idaho"), Some("ID"), None, None]);
        let mut question = fixed("2020-09-01".parse().unwrap(), 365)[2];
        let day_us = 86_400_000_000_i64;
        let told_day = told(&question, &names);
        assert_eq!(told_day["from_us"], 18_688 * day_us);
        assert_eq!(told_day["until_us"], 18_689 * day_us);
        assert_eq!(told_day["times"], TIMES_FIXED);

        question.asked = Asked::Provinces {
            province: Some("IDAHO"),
            billing: true,
        };
        assert_eq!(told(&question, &names)["places"], json!([0, 2]));
        question.asked = Asked::Customers {
            count: 1,
            currency: Some("USD"),
            accepts_marketing: None,
        };
        assert_eq!(told(&question, &names)["currency"], NO_CURRENCY);
    }
}
