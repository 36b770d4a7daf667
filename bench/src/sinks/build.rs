//! What is fetched or built once, at the first run, into a folder that no commit keeps.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use tokio::process::Command;

const BUILDS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/.build");
/// A copy of what a build was made of.
const MADE_OF: &str = "made-of";

/// One of them.
#[derive(Debug)]
pub(super) struct Build {
    pub(super) folder: PathBuf,
    sources: Vec<u8>,
}

impl Build {
    /// Other contents of its sources make it anew.
    pub(super) fn of(name: &str, sources: &[PathBuf]) -> Result<Self> {
        let mut read = Vec::new();
        for source in sources {
            read.extend(fs::read(source)?);
        }
        Ok(Self {
            folder: Path::new(BUILDS).join(name),
            sources: read,
        })
    }

    pub(super) fn is_made(&self) -> bool {
        fs::read(self.folder.join(MADE_OF)).is_ok_and(|found| found == self.sources)
    }

    /// Runs `command`, which fills its folder.
    ///
    /// # Errors
    ///
    /// With `install` when there is no such program; with what it said when it fails.
    pub(super) async fn make(&self, mut command: Command, install: &'static str) -> Result<()> {
        if self.folder.exists() {
            fs::remove_dir_all(&self.folder)?;
        }
        fs::create_dir_all(&self.folder)?;
        let output = command
            .kill_on_drop(true)
            .stdin(Stdio::null())
            .output()
            .await;
        let output = match output {
            Err(error) if error.kind() == ErrorKind::NotFound => bail!(install),
            output => output.with_context(|| format!("cannot run {command:?}"))?,
        };
        if !output.status.success() {
            let said = [output.stdout, output.stderr].concat();
            let said = String::from_utf8_lossy(&said);
            bail!("{command:?} failed: {}", said.trim());
        }
        // Last: a build that was cut off is made again.
        Ok(fs::write(self.folder.join(MADE_OF), &self.sources)?)
    }
}
