//! What befalls the connections: to Postgres of one consumer or of everybody, and to the broker.

use ordertally_testkit::proxy::{LOST_COMMIT_ANSWER, Mode, Proxy};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::{moment, moment_or_more, wait};
use crate::scene::Scene;

/// Whose connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Whose {
    /// One consumer's to Postgres.
    Consumer(usize),
    /// Everybody's to Postgres.
    Everybody,
    /// The consumers' to the broker.
    Broker,
}

/// One thing that befalls them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum Fault {
    /// The next COMMIT of a consumer is done, and nobody hears of it.
    LoseCommitAnswer {
        /// Which one's.
        consumer: usize,
    },
    /// Every connection is cut.
    Cut {
        /// Whose.
        whose: Whose,
    },
    /// Nothing passes; every connection stays open.
    Hang {
        /// Whose.
        whose: Whose,
        /// How long.
        ms: u64,
    },
    /// Everything takes longer.
    Slow {
        /// Whose.
        whose: Whose,
        /// How long.
        ms: u64,
    },
}

/// Draws one.
pub fn draw(random: &mut ChaCha8Rng, consumers: usize) -> Fault {
    let consumer = random.random_range(0..consumers);
    let whose =
        [Whose::Consumer(consumer), Whose::Everybody, Whose::Broker][random.random_range(0..3)];
    match random.random_range(0..5) {
        0 | 1 => Fault::LoseCommitAnswer { consumer },
        2 => Fault::Cut { whose },
        3 => Fault::Hang {
            whose,
            ms: moment_or_more(random),
        },
        _ => Fault::Slow {
            whose,
            ms: 2 * moment(random),
        },
    }
}

/// Plays one to its end.
pub async fn play(fault: Fault, scene: &Scene, broker: &Proxy) {
    match fault {
        Fault::LoseCommitAnswer { consumer } => {
            scene.ways[consumer].proxy.trap(LOST_COMMIT_ANSWER);
        }
        Fault::Cut { whose } => {
            for way in ways(whose, scene, broker) {
                way.cut();
            }
        }
        Fault::Hang { whose, ms } => through(Mode::Hang, &ways(whose, scene, broker), ms).await,
        Fault::Slow { whose, ms } => through(Mode::Slow, &ways(whose, scene, broker), ms).await,
    }
}

fn ways<'a>(whose: Whose, scene: &'a Scene, broker: &'a Proxy) -> Vec<&'a Proxy> {
    match whose {
        Whose::Consumer(consumer) => vec![&scene.ways[consumer].proxy],
        Whose::Everybody => scene.ways.iter().map(|way| &way.proxy).collect(),
        Whose::Broker => vec![broker],
    }
}

async fn through(mode: Mode, ways: &[&Proxy], ms: u64) {
    for way in ways {
        way.set(mode);
    }
    wait(ms).await;
    for way in ways {
        way.set(Mode::Pass);
    }
}
