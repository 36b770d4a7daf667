//! Apache Kafka's jars: fetched once from Maven Central by Maven itself into a cached folder, and
//! compared with the list of this release before every use.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::process::Signal;
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::child;

/// The version that this release is tested with, as `kafka/pom.xml` names it.
pub const VERSION: &str = "4.1.1";
const POM: &str = include_str!("../../kafka/pom.xml");
/// `sha256sum` of every jar.
const MANIFEST: &str = include_str!("../../kafka/jars.sha256");
/// Pinned, so that an old Maven does not choose a plugin of its own age.
const GOAL: &str = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies";

/// Why there are no jars.
#[derive(Debug, Error)]
pub enum JarsError {
    /// No folder to keep them in.
    #[error("there is no folder to keep Kafka's jars in: set ORDERTALLY_CACHE (or HOME)")]
    NoCache,
    /// The cached folder cannot be used.
    #[error("cannot keep Kafka's jars in {}", path.display())]
    Io {
        /// The folder or file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Maven is missing.
    #[error(
        "Maven is needed once, to fetch Kafka {VERSION}: install it (maven on Debian and Ubuntu)"
    )]
    NoMaven(#[source] io::Error),
    /// Maven failed.
    #[error(
        "Maven could not fetch Kafka {VERSION}: is Maven Central (or the mirror in ~/.m2/settings.xml) within reach? It said:\n{0}"
    )]
    Maven(String),
    /// What came is not what was expected.
    #[error("what Maven fetched is not Kafka {VERSION} as this release knows it: {0}")]
    Unexpected(String),
}

/// A folder that holds exactly the jars of this release.
#[derive(Clone, Debug)]
pub struct Jars {
    folder: PathBuf,
}

impl Jars {
    /// The cached jars; fetches them first where they are missing or not whole. `progress` is told
    /// before a fetch begins.
    ///
    /// # Errors
    ///
    /// [`JarsError`].
    pub fn get(progress: impl FnOnce(&str)) -> Result<Self, JarsError> {
        let cache = cache_folder()?;
        fs::create_dir_all(&cache).map_err(io_at(&cache))?;
        let folder = cache.join(format!("kafka-{VERSION}"));
        // Held while looking and fetching: two runs at once fetch once.
        let lock_path = cache.join("lock");
        let lock = File::create(&lock_path).map_err(io_at(&lock_path))?;
        lock.lock().map_err(io_at(&lock_path))?;
        if let Err(difference) = verify(&folder) {
            tracing::debug!(difference, "Kafka's jars are fetched");
            progress(&format!(
                "Fetching Apache Kafka {VERSION} from Maven Central"
            ));
            fetch(&cache, &folder)?;
        }
        Ok(Self { folder })
    }

    /// Where they are.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What `java -cp` takes.
    #[must_use]
    pub fn class_path(&self) -> OsString {
        self.folder.join("*").into_os_string()
    }
}

/// `$ORDERTALLY_CACHE`, else `ordertally` in the person's own cache.
fn cache_folder() -> Result<PathBuf, JarsError> {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    variable("ORDERTALLY_CACHE")
        .map(PathBuf::from)
        .or_else(|| variable("XDG_CACHE_HOME").map(|cache| Path::new(&cache).join("ordertally")))
        .or_else(|| variable("HOME").map(|home| Path::new(&home).join(".cache/ordertally")))
        .ok_or(JarsError::NoCache)
}

/// Into a folder beside the target, which gets the target's name only once it is whole.
fn fetch(cache: &Path, folder: &Path) -> Result<(), JarsError> {
    let temporary = tempfile::tempdir_in(cache).map_err(io_at(cache))?;
    let pom = temporary.path().join("pom.xml");
    fs::write(&pom, POM).map_err(io_at(&pom))?;
    let fetched = temporary.path().join("jars");
    let mut maven = Command::new("mvn");
    maven
        .args(["--batch-mode", "--quiet", "--file"])
        .arg(&pom)
        .args([GOAL, "-DincludeScope=runtime"])
        .arg(format!("-DoutputDirectory={}", fetched.display()))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    child::bind_to_this_process(&mut maven, Signal::KILL, None);
    let output = child::spawn(maven)
        .and_then(std::process::Child::wait_with_output)
        .map_err(JarsError::NoMaven)?;
    if !output.status.success() {
        return Err(JarsError::Maven(
            String::from_utf8_lossy(&output.stdout)
                .lines()
                .filter(|line| line.contains("ERROR"))
                .take(4)
                .collect::<Vec<_>>()
                .join("\n"),
        ));
    }
    verify(&fetched).map_err(JarsError::Unexpected)?;
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(io_at(folder))?;
    }
    fs::rename(&fetched, folder).map_err(io_at(folder))
}

/// Nothing where the folder holds the manifest's jars, byte for byte, and no other; else the first
/// difference.
fn verify(folder: &Path) -> Result<(), String> {
    let mut expected: BTreeMap<&str, &str> = MANIFEST
        .lines()
        .filter_map(|line| line.split_once("  "))
        .map(|(hash, name)| (name, hash))
        .collect();
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for entry in entries {
        let entry = entry.map_err(|error| error.to_string())?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(hash) = expected.remove(name.as_str()) else {
            return Err(format!("{name} does not belong there"));
        };
        let found = sha256(&entry.path()).map_err(|error| format!("{name}: {error}"))?;
        if found != hash {
            return Err(format!("{name} is damaged"));
        }
    }
    match expected.keys().next() {
        None => Ok(()),
        Some(name) => Err(format!("{name} is missing")),
    }
}

fn sha256(path: &Path) -> io::Result<String> {
    let digest = Sha256::digest(fs::read(path)?);
    Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn io_at(path: &Path) -> impl FnOnce(io::Error) -> JarsError {
    let path = path.to_owned();
    move |source| JarsError::Io { path, source }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_and_the_pom_are_of_one_version() {
        assert!(MANIFEST.contains(&format!("  kafka_2.13-{VERSION}.jar\n")));
        assert!(POM.contains(&format!("<version>{VERSION}</version>")));
        assert_eq!(MANIFEST.lines().count(), 46);
    }

    #[test]
    fn a_folder_that_is_not_whole_is_noticed() {
        let jars = Jars::get(|_| {}).unwrap();
        assert_eq!(verify(jars.folder()), Ok(()));

        let copy = tempfile::tempdir().unwrap();
        for entry in fs::read_dir(jars.folder()).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
        }
        assert_eq!(verify(copy.path()), Ok(()));

        let scala = copy.path().join("scala-library-2.13.16.jar");
        let whole = fs::read(&scala).unwrap();
        fs::write(&scala, &whole[..whole.len() / 2]).unwrap();
        let damaged = "scala-library-2.13.16.jar is damaged".to_owned();
        assert_eq!(verify(copy.path()), Err(damaged));

        fs::remove_file(&scala).unwrap();
        let missing = "scala-library-2.13.16.jar is missing".to_owned();
        assert_eq!(verify(copy.path()), Err(missing));

        fs::write(&scala, &whole).unwrap();
        fs::write(copy.path().join("older.jar"), b"").unwrap();
        let foreign = "older.jar does not belong there".to_owned();
        assert_eq!(verify(copy.path()), Err(foreign));
    }
}
