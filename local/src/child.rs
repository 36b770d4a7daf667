//! One child process: it dies with us, writes its log to a file, is waited for with a deadline
//! and stopped by its own process id.
//!
//! `std::process` rather than tokio's: a server that a test suite shares outlives the runtime of
//! the test that started it.

mod error;
mod log;
mod spawner;

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

pub use error::ChildError;
pub use rustix::process::Signal;
use rustix::process::{Pid, kill_process};
pub(crate) use spawner::{bind_to_this_process, spawn};

/// How often a child's end or readiness is looked at.
const POLL_INTERVAL: Duration = Duration::from_millis(20);
/// A user and group that a child runs as, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct User {
    /// User id.
    pub uid: u32,
    /// Group id.
    pub gid: u32,
}

/// How a child is to be started.
pub struct Launch {
    name: String,
    command: Command,
    log: PathBuf,
    input: Stdio,
    inherited: Option<OwnedFd>,
    last_signal: Signal,
}

impl Launch {
    /// `name` is for people. Standard output and error go to the file `log`, from its start.
    #[must_use]
    pub fn new(name: impl Into<String>, command: Command, log: impl Into<PathBuf>) -> Self {
        Self {
            name: name.into(),
            command,
            log: log.into(),
            input: Stdio::null(),
            inherited: None,
            last_signal: Signal::KILL,
        }
    }

    /// Standard input, in place of an empty one.
    #[must_use]
    pub fn input(mut self, input: impl Into<Stdio>) -> Self {
        self.input = input.into();
        self
    }

    /// Runs it as another user, which only root can.
    #[must_use]
    pub fn user(mut self, user: Option<User>) -> Self {
        if let Some(user) = user {
            self.command.uid(user.uid).gid(user.gid);
        }
        self
    }

    /// A file or folder that stays open in the child, under the number it has here.
    #[must_use]
    pub fn inherit(mut self, file: OwnedFd) -> Self {
        self.inherited = Some(file);
        self
    }

    /// What ends the child at once when this process dies or drops it (default: SIGKILL).
    #[must_use]
    pub fn last_signal(mut self, signal: Signal) -> Self {
        self.last_signal = signal;
        self
    }

    /// Starts it, in a process group of its own: a Ctrl-C in the terminal reaches only us, and we
    /// stop the children in order.
    ///
    /// # Errors
    ///
    /// [`ChildError::Log`] and [`ChildError::Spawn`].
    pub fn start(self) -> Result<Child, ChildError> {
        let Self {
            name,
            mut command,
            log,
            input,
            inherited,
            last_signal,
        } = self;
        let program = command.get_program().to_string_lossy().into_owned();
        let (output, errors) = log::open(&log).map_err(|source| ChildError::Log {
            name: name.clone(),
            path: log.clone(),
            source,
        })?;
        command
            .stdin(input)
            .stdout(output)
            .stderr(errors)
            .process_group(0);
        bind_to_this_process(&mut command, last_signal, inherited);
        match spawn(command) {
            Ok(process) => Ok(Child {
                name,
                process,
                log,
                last_signal,
            }),
            Err(source) => Err(ChildError::Spawn {
                name,
                program,
                source,
            }),
        }
    }
}

/// A running child. Dropping it ends it with its last signal and waits for its end.
#[derive(Debug)]
pub struct Child {
    name: String,
    process: std::process::Child,
    log: PathBuf,
    last_signal: Signal,
}

impl Child {
    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// The file with its standard output and error.
    #[must_use]
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// Waits until `ready` says so.
    ///
    /// # Errors
    ///
    /// [`ChildError::Died`] and [`ChildError::NotReady`], each with the end of its log.
    pub async fn ready<F>(&mut self, deadline: Duration, mut ready: F) -> Result<(), ChildError>
    where
        F: AsyncFnMut() -> bool,
    {
        let started = Instant::now();
        loop {
            if ready().await {
                return Ok(());
            }
            self.alive()?;
            if started.elapsed() > deadline {
                return Err(ChildError::NotReady {
                    name: self.name.clone(),
                    deadline,
                    log: self.log.clone(),
                    last_lines: log::last_lines(&self.log),
                });
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    /// Nothing where the child is at work.
    ///
    /// # Errors
    ///
    /// [`ChildError::Died`] where it ended by itself.
    pub fn alive(&mut self) -> Result<(), ChildError> {
        match self.ended()? {
            None => Ok(()),
            Some(status) => Err(ChildError::Died {
                name: self.name.clone(),
                status,
                log: self.log.clone(),
                last_lines: log::last_lines(&self.log),
            }),
        }
    }

    /// How it ended, where it did.
    ///
    /// # Errors
    ///
    /// [`ChildError::Wait`].
    pub fn ended(&mut self) -> Result<Option<ExitStatus>, ChildError> {
        self.process.try_wait().map_err(|source| ChildError::Wait {
            name: self.name.clone(),
            source,
        })
    }

    /// Sends it a signal; one that ended already gets none.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn signal(&mut self, signal: Signal) -> io::Result<()> {
        // Asked first: after its end is known the id may belong to another process.
        if self.process.try_wait()?.is_some() {
            return Ok(());
        }
        let pid = Pid::from_child(&self.process);
        Ok(kill_process(pid, signal)?)
    }

    /// Waits for its end, up to a deadline.
    ///
    /// # Errors
    ///
    /// [`ChildError::Wait`].
    pub async fn end_within(
        &mut self,
        deadline: Duration,
    ) -> Result<Option<ExitStatus>, ChildError> {
        let started = Instant::now();
        loop {
            let ended = self.ended()?;
            if ended.is_some() || started.elapsed() > deadline {
                return Ok(ended);
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    /// Asks it to stop with `signal`, waits for `grace`, and ends it with SIGKILL after that.
    ///
    /// # Errors
    ///
    /// [`ChildError::Wait`].
    pub async fn stop(
        &mut self,
        signal: Signal,
        grace: Duration,
    ) -> Result<ExitStatus, ChildError> {
        let wait_error = |name: &str| {
            let name = name.to_owned();
            move |source| ChildError::Wait { name, source }
        };
        self.signal(signal).map_err(wait_error(&self.name))?;
        if let Some(status) = self.end_within(grace).await? {
            return Ok(status);
        }
        tracing::warn!(child = self.name, "did not stop in time; it is killed");
        self.process.kill().map_err(wait_error(&self.name))?;
        self.process.wait().map_err(wait_error(&self.name))
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        /// Postgres ends its own children on SIGQUIT well within this.
        const GRACE: Duration = Duration::from_secs(5);
        let asked = self.signal(self.last_signal);
        // A stopped process (SIGSTOP) heeds nothing but SIGKILL until it is continued.
        let continued = self.signal(Signal::CONT);
        let started = Instant::now();
        while asked.is_ok() && continued.is_ok() && started.elapsed() < GRACE {
            if !matches!(self.process.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(POLL_INTERVAL);
        }
        if let Err(error) = self.process.kill().and_then(|()| self.process.wait()) {
            tracing::warn!(child = self.name, %error, "cannot end the child");
        }
    }
}
