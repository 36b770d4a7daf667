//! Where bytes come from: files and standard input, decompressed as their first bytes ask for.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::MultiGzDecoder;
use thiserror::Error;

/// Read at once from a compressed stream.
const CHUNK_BYTES: usize = 128 << 10;

/// One input named on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// `-`.
    Stdin,
    /// A file, a named pipe or a device.
    File(PathBuf),
}

/// Why an input cannot be read at all. Found before anything connects.
#[derive(Debug, Error)]
pub enum InputError {
    /// It does not exist, or may not be read.
    #[error("cannot open {path}: {reason}", path = path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// The system's words.
        reason: io::Error,
    },
    /// It is a directory.
    #[error("{path} is a directory: name its files, for example {path}/*", path = path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
    },
}

impl Input {
    /// An argument of the command line.
    pub fn from_argument(argument: &Path) -> Self {
        if argument.as_os_str() == "-" {
            Self::Stdin
        } else {
            Self::File(argument.to_owned())
        }
    }

    /// The input's name, for people.
    pub fn name(&self) -> String {
        match self {
            Self::Stdin => "(standard input)".to_owned(),
            Self::File(path) => path.display().to_string(),
        }
    }

    /// Checks that the input can be opened. Returns its size, where it has one.
    ///
    /// # Errors
    ///
    /// [`InputError`] says what is wrong with it.
    pub fn check(&self) -> Result<Option<u64>, InputError> {
        let Self::File(path) = self else {
            return Ok(None);
        };
        let failed = |reason| InputError::Open {
            path: path.clone(),
            reason,
        };
        let metadata = std::fs::metadata(path).map_err(failed)?;
        if metadata.is_dir() {
            return Err(InputError::Directory { path: path.clone() });
        }
        if !metadata.is_file() {
            // Opening a named pipe takes what its writer has to say; it is opened once, later.
            return Ok(None);
        }
        File::open(path).map_err(failed)?;
        Ok(Some(metadata.len()))
    }

    /// Opens the input. Bytes read, before decompression, are added to `progress`.
    ///
    /// # Errors
    ///
    /// The system's, or the decompressor's.
    pub fn open(&self, progress: Arc<AtomicU64>) -> io::Result<Box<dyn Read>> {
        let raw: Box<dyn Read> = match self {
            Self::Stdin => Box::new(io::stdin()),
            Self::File(path) => Box::new(File::open(path)?),
        };
        decompressed(Counted { raw, progress })
    }
}

struct Counted {
    raw: Box<dyn Read>,
    progress: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.raw.read(buffer)?;
        self.progress.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// The stream as it was before compression: gzip with any number of members, zstd with any number
/// of frames, anything else as it is.
///
/// # Errors
///
/// The stream's own.
pub fn decompressed(raw: impl Read + 'static) -> io::Result<Box<dyn Read>> {
    let mut head = Vec::with_capacity(ZSTD.len());
    let mut raw = raw;
    (&mut raw).take(ZSTD.len() as u64).read_to_end(&mut head)?;
    let magic = head.clone();
    let stream = BufReader::with_capacity(CHUNK_BYTES, io::Cursor::new(head).chain(raw));
    Ok(if magic.starts_with(&GZIP) {
        Box::new(MultiGzDecoder::new(stream))
    } else if magic == ZSTD || is_skippable_frame(&magic) {
        Box::new(zstd::Decoder::with_buffer(stream)?)
    } else {
        Box::new(stream)
    })
}

/// A frame of zstd that holds no data, as `pzstd` writes them first.
fn is_skippable_frame(magic: &[u8]) -> bool {
    matches!(magic, [0x50..=0x5f, 0x2a, 0x4d, 0x18])
}
