//! Why a file cannot be read to its end. What follows a fault in its file is never sent.

use std::fmt;
use std::io;

use thiserror::Error;

/// The longest single element that is held in memory. Eight times the longest payload that the
/// consumer accepts, so that a payload that is too long is still judged and named as such.
pub const ELEMENT_BYTES_MAX: usize = 8 << 20;

/// Reading ended before the file did.
#[derive(Debug)]
pub struct Fault {
    /// The line, counted from 1, that could not be read; 0 when the file could not be opened.
    pub line: u64,
    /// What is wrong there.
    pub reason: Reason,
}

/// What ended the reading.
#[derive(Debug, Error)]
pub enum Reason {
    /// The system, or the decompressor, refused.
    #[error("cannot read on: {0}")]
    Io(#[from] io::Error),
    /// One element over [`ELEMENT_BYTES_MAX`].
    #[error("one event is longer than {} MiB", ELEMENT_BYTES_MAX >> 20)]
    TooLong,
    /// The text stops being JSON, and nothing tells where it starts again.
    #[error("not JSON: {0}")]
    NotJson(String),
    /// The table's structure is broken.
    #[error("not CSV: {0}")]
    NotCsv(String),
    /// None of the shapes that are read.
    #[error("{0}")]
    NotRecognised(&'static str),
}

impl Fault {
    /// A fault at `line`.
    pub fn new(line: u64, reason: impl Into<Reason>) -> Self {
        Self {
            line,
            reason: reason.into(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.reason)
    }
}
