//! Bento, in a process of its own.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use ordertally_local::child::Launch;
use ordertally_local::port;
use tokio::process::Command;

use super::build::Build;
use super::{Running, flat_topic};
use crate::programs;

const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/bento");
const NO_GO: &str = "Go is needed to build Bento: install 1.24 or newer (https://go.dev/dl)";

/// How it writes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Writing {
    /// One JSON array a batch, unpacked by the statement.
    Unpacked,
    /// Its own output of rows.
    Insert,
}

impl Writing {
    fn settings(self) -> &'static str {
        match self {
            Self::Unpacked => "unpacked.yaml",
            Self::Insert => "insert.yaml",
        }
    }
}

/// Builds the pinned release with the few components that are used, where that was not done.
/// Returns the program.
///
/// # Errors
///
/// When there is no Go, or it fails.
pub(super) async fn install() -> Result<PathBuf> {
    let sources = ["go.mod", "go.sum", "main.go"].map(|name| Path::new(SOURCES).join(name));
    let build = Build::of("bento", &sources)?;
    let program = build.folder.join("bento");
    if build.is_made() {
        return Ok(program);
    }
    eprintln!("building Bento, which takes some minutes");
    let mut go = Command::new("go");
    go.current_dir(SOURCES)
        .args(["build", "-trimpath", "-o"])
        .arg(&program);
    build.make(go, NO_GO).await?;
    Ok(program)
}

/// Starts it in a group of its own; it reads the topic from its beginning.
///
/// # Errors
///
/// When it cannot be started.
pub(super) fn start(
    program: &Path,
    writing: Writing,
    brokers: &str,
    topic: &str,
    database_url: &str,
) -> Result<Running> {
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let mut command = programs::bare(program.to_owned());
    command
        .arg("--config")
        .arg(Path::new(SOURCES).join(writing.settings()))
        .env("BROKERS", brokers)
        .env("TOPIC", topic)
        .env("GROUP", format!("bench-{}", port::free()))
        .env("DATABASE_URL", database_url)
        .env("COLUMNS", flat_topic::columns().join(", "))
        .env("TYPED_COLUMNS", flat_topic::typed_columns().join(", "))
        .env("VALUES", flat_topic::bento_values().join(", "));
    let log = folder.path().join("bento.log");
    Ok(Running {
        child: Launch::new("Bento", command, log).start()?,
        _folder: folder,
    })
}
