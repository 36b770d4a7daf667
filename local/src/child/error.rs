//! Why a child is not at work, in words that help a person on.

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

use thiserror::Error;

/// What happened to a child that should be at work.
#[derive(Debug, Error)]
pub enum ChildError {
    /// Its log file could not be made.
    #[error("cannot open the log of {name} at {}", path.display())]
    Log {
        /// What the child is called.
        name: String,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It could not be started.
    #[error("cannot start {name} ({program})")]
    Spawn {
        /// What the child is called.
        name: String,
        /// Its executable.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// It ended before its time.
    #[error("{name} ended by itself ({status}); the end of {}:\n{last_lines}", log.display())]
    Died {
        /// What the child is called.
        name: String,
        /// How it ended.
        status: ExitStatus,
        /// Its whole log.
        log: PathBuf,
        /// The end of it.
        last_lines: String,
    },
    /// It did not become ready in time.
    #[error("{name} was not ready within {} s; the end of {}:\n{last_lines}", deadline.as_secs(), log.display())]
    NotReady {
        /// What the child is called.
        name: String,
        /// How long it was waited for.
        deadline: Duration,
        /// Its whole log.
        log: PathBuf,
        /// The end of it.
        last_lines: String,
    },
    /// The system would not say whether it lives.
    #[error("cannot ask after {name}")]
    Wait {
        /// What the child is called.
        name: String,
        /// Why.
        source: io::Error,
    },
}
