//! The folder that a run works in: locked, so that two runs never share servers' data.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// The file whose lock says that somebody works in a folder. The system frees the lock when its
/// holder dies, however it dies.
const LOCK_FILE: &str = "lock";
const TEMPORARY_PREFIX: &str = "ordertally-";

/// Why there is no folder to work in.
#[derive(Debug, Error)]
pub enum FolderError {
    /// Somebody else works there.
    #[error("another ordertally-local works in {}: stop it, or choose another folder with --dir", .0.display())]
    InUse(PathBuf),
    /// The system refuses.
    #[error("cannot work in {}", path.display())]
    Io {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// A folder that is ours while this lives. A temporary one is deleted with it.
#[derive(Debug)]
pub struct WorkFolder {
    path: PathBuf,
    temporary: bool,
    lock: File,
}

impl WorkFolder {
    /// Makes the folder where it is missing, and locks it.
    ///
    /// # Errors
    ///
    /// [`FolderError`].
    pub fn open(path: &Path) -> Result<Self, FolderError> {
        let failed = |source| FolderError::Io {
            path: path.to_owned(),
            source,
        };
        fs::create_dir_all(path).map_err(failed)?;
        let path = path.canonicalize().map_err(failed)?;
        let lock = open_lock(&path).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self {
                path,
                temporary: false,
                lock,
            }),
            Err(TryLockError::WouldBlock) => Err(FolderError::InUse(path)),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    /// A new folder under the system's temporary one, after deleting those whose makers died.
    ///
    /// # Errors
    ///
    /// [`FolderError::Io`].
    pub fn temporary() -> Result<Self, FolderError> {
        let parent = std::env::temp_dir();
        let failed = |source| FolderError::Io {
            path: parent.clone(),
            source,
        };
        sweep(&parent);
        loop {
            let path = tempfile::Builder::new()
                .prefix(TEMPORARY_PREFIX)
                .tempdir_in(&parent)
                .map_err(failed)?
                .keep();
            match Self::open(&path) {
                // Another sweep held the lock before we did, and deletes the folder.
                Err(FolderError::InUse(_)) => {}
                Err(error) => return Err(error),
                Ok(mut folder) => {
                    folder.temporary = true;
                    return Ok(folder);
                }
            }
        }
    }

    /// Where it is, from the root.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A folder within, made where it is missing.
    ///
    /// # Errors
    ///
    /// [`FolderError::Io`].
    pub fn subfolder(&self, name: &str) -> Result<PathBuf, FolderError> {
        let path = self.path.join(name);
        fs::create_dir_all(&path)
            .map(|()| path.clone())
            .map_err(|source| FolderError::Io { path, source })
    }

    /// Deletes these entries, where they are there.
    ///
    /// # Errors
    ///
    /// [`FolderError::Io`].
    pub fn delete(&self, names: &[&str]) -> Result<(), FolderError> {
        for name in names {
            let path = self.path.join(name);
            let deleted = if path.is_dir() {
                fs::remove_dir_all(&path)
            } else {
                fs::remove_file(&path)
            };
            match deleted {
                Err(source) if source.kind() != io::ErrorKind::NotFound => {
                    return Err(FolderError::Io { path, source });
                }
                _ => {}
            }
        }
        Ok(())
    }
}

impl Drop for WorkFolder {
    fn drop(&mut self) {
        if self.temporary
            && let Err(error) = fs::remove_dir_all(&self.path)
        {
            tracing::warn!(folder = %self.path.display(), %error, "cannot delete the temporary folder");
        }
        // Closing the file alone would leave the lock to a child that another thread is starting
        // right now: until it executes its program, it has a copy of the open file.
        if let Err(error) = self.lock.unlock() {
            tracing::warn!(folder = %self.path.display(), %error, "cannot unlock the folder");
        }
    }
}

fn open_lock(folder: &Path) -> io::Result<File> {
    OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(folder.join(LOCK_FILE))
}

/// Deletes temporary folders whose lock nobody holds: their makers were killed. One that is being
/// made at this moment has no lock file yet and is left alone.
fn sweep(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else {
        return;
    };
    for entry in entries.flatten() {
        let ours = entry
            .file_name()
            .to_string_lossy()
            .starts_with(TEMPORARY_PREFIX);
        let path = entry.path();
        if !ours || !path.join(LOCK_FILE).is_file() {
            continue;
        }
        let Ok(lock) = open_lock(&path) else {
            continue; // another user's
        };
        if lock.try_lock().is_ok()
            && let Err(error) = fs::remove_dir_all(&path)
        {
            tracing::debug!(folder = %path.display(), %error, "an abandoned folder stays");
        }
    }
}
