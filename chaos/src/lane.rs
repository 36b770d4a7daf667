//! The lanes of a schedule: each one's faults, how they are drawn, and how they are played.

pub mod broker;
pub mod connections;
pub mod consumers;
pub mod database;
pub mod operator;

use std::time::Duration;

use anyhow::Context;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use crate::schedule::{Step, name};

/// Plays a lane's steps, one after the other.
///
/// # Errors
///
/// What no fault excuses.
pub async fn play<F: Copy + Serialize>(
    steps: &[Step<F>],
    mut play: impl AsyncFnMut(F) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    for step in steps {
        wait(step.after_ms).await;
        play(step.fault).await.with_context(|| name(&step.fault))?;
    }
    Ok(())
}

async fn wait(ms: u64) {
    tokio::time::sleep(Duration::from_millis(ms)).await;
}

/// A moment, in milliseconds.
fn moment(random: &mut ChaCha8Rng) -> u64 {
    random.random_range(50..1_500)
}

/// A moment, or past the end of a session (10 s, or 6 under KIP-848) and a new owner's commits.
fn moment_or_more(random: &mut ChaCha8Rng) -> u64 {
    if random.random_bool(0.5) {
        moment(random)
    } else {
        random.random_range(11_000..14_000)
    }
}
