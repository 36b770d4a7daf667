//! What a person sees while it runs: a bar with rate and time left on a terminal, nothing elsewhere.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};
use ordertally_settings::cli;

/// How often the bar is drawn.
const DRAWS_PER_SECOND: u8 = 8;

/// What the bar's length counts.
#[derive(Clone, Copy, Debug)]
pub enum Whole {
    /// Bytes of all files.
    Bytes(u64),
    /// Events that are made.
    Events(u64),
    /// Nobody knows: standard input.
    Unknown,
}

/// The bar, and the way past it for lines.
pub struct Progress {
    bar: ProgressBar,
    whole: Whole,
    /// Bytes read so far, before decompression.
    pub bytes_read: Arc<AtomicU64>,
    started: Instant,
}

impl Progress {
    /// A bar on standard error, hidden where that is no terminal.
    pub fn start(whole: Whole) -> Self {
        let (length, style) = match whole {
            Whole::Bytes(length) => (
                Some(length),
                "{bar:30} {percent:>3}% {bytes}/{total_bytes}  {msg}  {eta} left",
            ),
            Whole::Events(length) => (Some(length), "{bar:30} {percent:>3}%  {msg}  {eta} left"),
            Whole::Unknown => (None, "{spinner} {msg}"),
        };
        let target = if std::io::stderr().is_terminal() {
            ProgressDrawTarget::stderr_with_hz(DRAWS_PER_SECOND)
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(length, target);
        bar.set_style(ProgressStyle::with_template(style).expect("the templates above are right"));
        Self {
            bar,
            whole,
            bytes_read: Arc::default(),
            started: Instant::now(),
        }
    }

    /// Shows how far it is.
    pub fn update(&self, events: u64) {
        match self.whole {
            Whole::Bytes(_) => self
                .bar
                .set_position(self.bytes_read.load(Ordering::Relaxed)),
            Whole::Events(_) => self.bar.set_position(events),
            Whole::Unknown => self.bar.tick(),
        }
        self.bar.set_message(format!(
            "{} events, {}/s",
            HumanCount(events),
            HumanCount(self.rate(events))
        ));
    }

    /// Events a second since the start.
    pub fn rate(&self, events: u64) -> u64 {
        let elapsed_ms = self
            .started
            .elapsed()
            .max(Duration::from_millis(1))
            .as_millis();
        u64::try_from(u128::from(events) * 1000 / elapsed_ms).unwrap_or(u64::MAX)
    }

    /// Writes a line to standard error, past the bar.
    pub fn line(&self, text: &str) {
        self.bar.suspend(|| cli::tell(text));
    }

    /// Takes the bar away.
    pub fn end(&self) {
        self.bar.finish_and_clear();
    }
}
