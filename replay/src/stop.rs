//! The wish to stop, as the sending thread sees it.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread;

use ordertally_settings::stop::StopSignals;

/// Set by the first SIGINT or SIGTERM. The second one ends the process where it stands.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicU8>);

/// A process that a signal ended has this and the signal's number as its status, as shells have it.
const SIGNAL_STATUS: u8 = 128;
const SIGINT: u8 = 2;
const SIGTERM: u8 = 15;

impl Stop {
    /// Listens for the signals from here on.
    ///
    /// # Errors
    ///
    /// When the system refuses the handlers or the thread.
    pub fn listen() -> io::Result<Self> {
        let stop = Self::default();
        let told = stop.clone();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build()?;
        let entered = runtime.enter();
        let mut signals = StopSignals::listen()?;
        drop(entered);
        // Not joined: it ends with the process.
        thread::Builder::new()
            .name("signals".into())
            .spawn(move || {
                loop {
                    let name = runtime.block_on(signals.received());
                    let number = if name == "SIGINT" { SIGINT } else { SIGTERM };
                    if told.0.swap(number, Ordering::Relaxed) != 0 {
                        std::process::exit(i32::from(SIGNAL_STATUS + number));
                    }
                }
            })?;
        Ok(stop)
    }

    /// The exit status to end with, once a signal asked for it.
    #[must_use]
    pub fn asked(&self) -> Option<u8> {
        match self.0.load(Ordering::Relaxed) {
            0 => None,
            number => Some(SIGNAL_STATUS + number),
        }
    }
}
