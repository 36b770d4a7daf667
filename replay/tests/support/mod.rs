//! Runs the program as a person does.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The program with no settings but those that a test gives it.
pub fn replay() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ordertally-replay"));
    command.env_clear().stdin(Stdio::null());
    command
}

/// Runs it to its end.
pub fn run(command: &mut Command) -> Ended {
    Ended::new(command.output().unwrap())
}

/// Runs it to its end with `input` on its standard input.
#[allow(dead_code)] // each test program uses its part of this
pub fn run_with_input(command: &mut Command, input: &[u8]) -> Ended {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    Ended::new(child.wait_with_output().unwrap())
}

/// How it ended.
#[derive(Debug)]
pub struct Ended {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    pub fn new(output: Output) -> Self {
        Self {
            status: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// A count of the table.
    pub fn count(&self, outcome: &str) -> u64 {
        let row = self.stdout.lines().find_map(|line| {
            let mut cells = line
                .split(['│', '┆'])
                .map(str::trim)
                .filter(|cell| !cell.is_empty());
            (cells.next()? == outcome).then(|| cells.next().unwrap().to_owned())
        });
        row.unwrap_or_else(|| panic!("no {outcome}: {self:?}"))
            .parse()
            .unwrap()
    }
}

/// A file of the sample.
pub fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../testdata")
        .join(name)
}
