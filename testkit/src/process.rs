//! The product's programs as tests run them: the real binaries, their own environment, signals.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, ExitStatus};
use std::time::Duration;

use ordertally_local::child::{Child, Launch};
use ordertally_local::resident::resident;
pub use rustix::process::Signal;

/// A program that is to be started.
#[derive(Clone, Debug)]
pub struct Program {
    name: String,
    arguments: Vec<OsString>,
    environment: BTreeMap<String, OsString>,
}

impl Program {
    /// `ordertally-consumer`, say.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            arguments: Vec::new(),
            environment: BTreeMap::new(),
        }
    }

    /// Adds an argument.
    #[must_use]
    pub fn argument(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Sets a variable. Of this process' own environment only `PATH` and `HOME` are passed on, so
    /// that a person's settings change no test.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.environment.insert(name.to_owned(), value.into());
        self
    }

    /// A command to run to its end by other means.
    #[must_use]
    pub fn command(&self) -> Command {
        let mut command = Command::new(path_of(&self.name));
        command.env_clear();
        for name in ["PATH", "HOME", "LLVM_PROFILE_FILE", "TMPDIR"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.args(&self.arguments).envs(&self.environment);
        command
    }

    /// Starts it. It dies with the test.
    #[must_use]
    pub fn start(&self) -> Process {
        let folder = tempfile::tempdir().expect("there is a temporary folder");
        let log = folder.path().join("output.log");
        let child = Launch::new(&self.name, self.command(), log)
            .start()
            .unwrap_or_else(|error| panic!("{error}"));
        Process {
            child,
            _folder: folder,
        }
    }
}

/// The binary beside this one: `target/<profile>/NAME`, also for a test in `target/<profile>/deps/`.
///
/// # Panics
///
/// When it was not built: `cargo test` builds a test's own package only.
#[must_use]
pub fn path_of(name: &str) -> PathBuf {
    let this = std::env::current_exe().expect("a running program has an executable");
    let folder = this.parent().expect("an executable lies in a folder");
    let profile = match folder.file_name() {
        Some(name) if name == "deps" => folder.parent().unwrap_or(folder),
        _ => folder,
    };
    let path = profile.join(name);
    assert!(
        path.is_file(),
        "{} is missing: run cargo build --workspace first",
        path.display()
    );
    path
}

/// A running program.
#[derive(Debug)]
pub struct Process {
    child: Child,
    _folder: tempfile::TempDir,
}

impl Process {
    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The most memory that it has held resident since its start.
    #[must_use]
    pub fn resident_bytes_max(&self) -> u64 {
        resident(self.id())
            .unwrap_or_else(|error| panic!("{error:#}"))
            .peak_bytes
    }

    /// Everything that it has written to standard output and error so far.
    #[must_use]
    pub fn output(&self) -> String {
        let bytes = std::fs::read(self.child.log()).expect("its log can be read");
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Sends it a signal.
    pub fn signal(&mut self, signal: Signal) {
        if let Err(error) = self.child.signal(signal) {
            panic!("cannot send {signal:?}: {error}");
        }
    }

    /// Whether it runs still.
    pub fn runs(&mut self) -> bool {
        self.ended().is_none()
    }

    /// How it ended, where it did.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.ended().unwrap_or_else(|error| panic!("{error}"))
    }

    /// Waits for its end.
    ///
    /// # Panics
    ///
    /// When it runs on past the deadline; with what it wrote.
    pub async fn end_within(&mut self, deadline: Duration) -> ExitStatus {
        match self.child.end_within(deadline).await {
            Ok(Some(status)) => status,
            Ok(None) => panic!("it runs on after {deadline:?}:\n{}", self.output()),
            Err(error) => panic!("{error}"),
        }
    }

    /// Asks it to stop with SIGTERM and waits for its end, for 30 s.
    ///
    /// # Panics
    ///
    /// When it runs on; with what it wrote.
    pub async fn stop(&mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        self.end_within(Duration::from_secs(30)).await
    }
}
