//! What befalls the broker. Each start moves the leaders' epochs.

use ordertally_testkit::servers::OwnKafka;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::{moment, moment_or_more, wait};

/// One thing that befalls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum Fault {
    /// SIGKILL.
    Kill {
        /// How long it is away.
        ms: u64,
    },
    /// It is stopped in order.
    Restart {
        /// How long it is away.
        ms: u64,
    },
    /// It hangs.
    Freeze {
        /// How long.
        ms: u64,
    },
}

/// Draws one.
pub fn draw(random: &mut ChaCha8Rng) -> Fault {
    match random.random_range(0..3) {
        0 => Fault::Kill { ms: moment(random) },
        1 => Fault::Restart { ms: moment(random) },
        _ => Fault::Freeze {
            ms: moment_or_more(random),
        },
    }
}

/// Plays one to its end.
pub async fn play(fault: Fault, kafka: &mut OwnKafka) {
    match fault {
        Fault::Kill { ms } => {
            kafka.kill();
            wait(ms).await;
            kafka.start_again().await;
        }
        Fault::Restart { ms } => {
            kafka.stop().await;
            wait(ms).await;
            kafka.start_again().await;
        }
        Fault::Freeze { ms } => {
            kafka.pause();
            wait(ms).await;
            kafka.resume();
        }
    }
}
