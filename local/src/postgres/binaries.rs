//! Which Postgres installation is used, and who runs it.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::PostgresError;
use crate::child::User;

/// Where Debian and Ubuntu keep a folder for each major version.
const DEBIAN_FOLDER: &str = "/usr/lib/postgresql";

/// An installation: the folder with `initdb` and `postgres`, and its version.
#[derive(Clone, Debug)]
pub struct Binaries {
    folder: PathBuf,
    major_version: String,
}

impl Binaries {
    /// Looks in `PG_BIN`, then along `PATH`, then where `pg_config` says, then for the newest in
    /// Debian's folder.
    pub(super) fn find() -> Result<Self, PostgresError> {
        let folder = match std::env::var_os("PG_BIN").filter(|folder| !folder.is_empty()) {
            Some(folder) => Some(PathBuf::from(folder)).filter(|folder| is_installation(folder)),
            None => along_path().or_else(by_pg_config).or_else(in_debian_folder),
        };
        let folder = folder.ok_or(PostgresError::NoBinaries)?;
        Ok(Self {
            major_version: major_version(&folder)?,
            folder,
        })
    }

    /// The path of one of its programs.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// As `PG_VERSION` in a data folder has it: `15`.
    pub(super) fn major_version(&self) -> &str {
        &self.major_version
    }

    /// The form of WAL compression to use with the data in `folder`: lz4 came with Postgres 15,
    /// where it was built with it; without it none is better than pglz.
    pub(super) fn wal_compression(&self, folder: &Path) -> &'static str {
        // With `-C` first it only tells what it would run with, and does that for root too.
        let accepted = Command::new(self.path("postgres"))
            .args(["-C", "wal_compression", "-c", "wal_compression=lz4", "-D"])
            .arg(folder)
            .output()
            .is_ok_and(|output| output.status.success());
        if accepted { "lz4" } else { "off" }
    }
}

fn is_installation(folder: &Path) -> bool {
    ["initdb", "postgres"]
        .iter()
        .all(|program| folder.join(program).is_file())
}

fn along_path() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).find(|folder| is_installation(folder))
}

fn by_pg_config() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").output().ok()?;
    let folder = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim());
    is_installation(&folder).then_some(folder)
}

fn in_debian_folder() -> Option<PathBuf> {
    std::fs::read_dir(DEBIAN_FOLDER)
        .ok()?
        .flatten()
        .filter_map(|entry| {
            let version: u32 = entry.file_name().to_str()?.parse().ok()?;
            let folder = entry.path().join("bin");
            is_installation(&folder).then_some((version, folder))
        })
        .max()
        .map(|(_, folder)| folder)
}

/// `postgres (PostgreSQL) 15.18 (Debian …)` is 15.
fn major_version(folder: &Path) -> Result<String, PostgresError> {
    let tool = folder.join("postgres");
    let output = Command::new(&tool)
        .arg("--version")
        .output()
        .map_err(super::io_at(&tool))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.split_whitespace()
        .find(|word| word.starts_with(|c: char| c.is_ascii_digit()))
        .map(|version| version.chars().take_while(char::is_ascii_digit).collect())
        .ok_or_else(|| PostgresError::Tool {
            tool: tool.display().to_string(),
            said: format!("it names no version: {}", text.trim()),
        })
}

/// Who runs the server: ourselves, or as root `postgres`, else `nobody`.
pub(super) fn unprivileged_user() -> Result<Option<User>, PostgresError> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    ["postgres", "nobody"]
        .into_iter()
        .find_map(user)
        .map(Some)
        .ok_or(PostgresError::NoUser)
}

/// Asks `id`, which knows users that are in no file as well.
fn user(name: &str) -> Option<User> {
    let number = |flag| {
        let output = Command::new("id").args([flag, name]).output().ok()?;
        String::from_utf8(output.stdout).ok()?.trim().parse().ok()
    };
    Some(User {
        uid: number("-u")?,
        gid: number("-g")?,
    })
}
