//! The file with all that a child writes, and the end of it for people.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

/// How much of a log's end goes into an error.
const LOG_LINES_SHOWN: usize = 12;
/// Room for a few Java stacks.
const LOG_BYTES_READ: u64 = 64 * 1024;

/// Two handles of the file, emptied: for standard output and error.
pub(super) fn open(path: &Path) -> io::Result<(File, File)> {
    let file = OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(true)
        .open(path)?;
    // Appending: two handles of one file must not write over each other.
    let append = OpenOptions::new().append(true).open(path)?;
    drop(file);
    Ok((append.try_clone()?, append))
}

/// The end of a log, indented; a word on why where it cannot be read.
pub(super) fn last_lines(log: &Path) -> String {
    let read = || -> io::Result<String> {
        let mut file = File::open(log)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(LOG_BYTES_READ)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    match read() {
        Ok(text) if text.trim().is_empty() => "  (it wrote nothing)".to_owned(),
        Ok(text) => {
            // The frames of a Java stack hide the reason above them; the log has them all.
            let lines: Vec<&str> = text
                .lines()
                .filter(|line| !line.starts_with("\tat ") && !line.starts_with("\t... "))
                .collect();
            lines[lines.len().saturating_sub(LOG_LINES_SHOWN)..]
                .iter()
                .map(|line| format!("  {line}"))
                .collect::<Vec<_>>()
                .join("\n")
        }
        Err(error) => format!("  (it cannot be read: {error})"),
    }
}
