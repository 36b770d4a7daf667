//! What befalls the consumers.

use std::time::{Duration, Instant};

use anyhow::Context;
use ordertally_testkit::proxy::{Point, Side, Then, Trap};
use ordertally_testkit::stopped::{freeze, thaw};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use super::{moment, moment_or_more, wait};
use crate::cast::Cast;
use crate::patience::elsewhere;
use crate::scene::Scene;

/// How long a point may let itself be waited for: nobody may have anything to do.
const POINT_WAIT: Duration = Duration::from_secs(30);

/// One thing that befalls them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum Fault {
    /// SIGKILL; it is started again at once.
    Kill {
        /// Which one.
        consumer: usize,
    },
    /// SIGKILL of whoever comes first to a named point of its conversation with Postgres.
    KillAtPoint {
        /// Where.
        point: Point,
        /// Whether Postgres hears of it.
        after: bool,
    },
    /// SIGTERM; it must end with 0, and is started again.
    Stop {
        /// Which one.
        consumer: usize,
        /// How long it is away.
        ms: u64,
    },
    /// SIGSTOP, then SIGCONT.
    Freeze {
        /// Which one.
        consumer: usize,
        /// How long.
        ms: u64,
    },
    /// One more consumer comes and goes.
    Visitor {
        /// How long it stays.
        ms: u64,
    },
    /// Consumers come and go, one each second.
    Visitors {
        /// How many.
        count: u64,
    },
    /// Another group reads the topic.
    AnotherGroup {
        /// How long.
        ms: u64,
    },
}

/// Draws one.
pub fn draw(random: &mut ChaCha8Rng, consumers: usize) -> Fault {
    let consumer = random.random_range(0..consumers);
    match random.random_range(0..12) {
        0 | 1 => Fault::Kill { consumer },
        2..=5 => Fault::KillAtPoint {
            point: Point::ALL[random.random_range(0..Point::ALL.len())],
            after: random.random_bool(0.5),
        },
        6 => Fault::Stop {
            consumer,
            ms: moment(random),
        },
        7 | 8 => Fault::Freeze {
            consumer,
            ms: moment_or_more(random),
        },
        9 => Fault::Visitor {
            ms: 2 * moment(random),
        },
        10 => Fault::Visitors {
            count: random.random_range(3..=6),
        },
        _ => Fault::AnotherGroup { ms: moment(random) },
    }
}

/// Plays one to its end.
///
/// # Errors
///
/// When a program did what no fault excuses.
pub async fn play(fault: Fault, scene: &Scene, cast: &Mutex<Cast>) -> anyhow::Result<()> {
    let mut cast = cast.lock().await;
    match fault {
        Fault::Kill { consumer } => cast.kill(consumer).await?,
        Fault::KillAtPoint { point, after } => kill_at(scene, &mut cast, point, after).await?,
        Fault::Stop { consumer, ms } => cast.stop_for(consumer, ms).await?,
        Fault::Freeze { consumer, ms } => {
            let process = cast.process(consumer);
            freeze(process);
            wait(ms).await;
            thaw(process);
        }
        Fault::Visitor { ms } => cast.visit(ms).await?,
        Fault::Visitors { count } => {
            for _ in 0..count {
                cast.visit(1_000).await?;
            }
        }
        Fault::AnotherGroup { ms } => {
            let (brokers, topic) = (scene.brokers.clone(), scene.topic.clone());
            elsewhere(move || async move { read_along(&brokers, &topic, ms) }).await?;
        }
    }
    Ok(())
}

async fn kill_at(scene: &Scene, cast: &mut Cast, point: Point, after: bool) -> anyhow::Result<()> {
    let (_service, ways) = scene.ways.split_last().context("the service has a way")?;
    let trap = Trap {
        point,
        side: if after { Side::After } else { Side::Before },
        then: Then::Hold,
    };
    for way in ways {
        way.proxy.trap(trap);
    }
    if point == Point::Claim {
        cast.stop_for(0, 0).await?; // somebody has to claim what it leaves
    }
    let began = Instant::now();
    while ways.iter().all(|way| way.proxy.is_set(trap)) && began.elapsed() < POINT_WAIT {
        wait(5).await;
    }
    let victims: Vec<usize> = (0..ways.len())
        .filter(|consumer| !ways[*consumer].proxy.disarm(trap))
        .collect();
    if victims.is_empty() {
        scene.not_reached(format!("{point:?}"));
    }
    for consumer in victims {
        cast.kill(consumer).await?;
    }
    Ok(())
}

/// Reads and commits as another product would.
fn read_along(brokers: &str, topic: &str, ms: u64) -> anyhow::Result<()> {
    let reader: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("group.id", format!("{topic}_other"))
        .set("auto.offset.reset", "earliest")
        .create()?;
    reader.subscribe(&[topic])?;
    let began = Instant::now();
    while began.elapsed() < Duration::from_millis(ms) {
        if let Some(Ok(record)) = reader.poll(Duration::from_millis(50)) {
            reader
                .commit_message(&record, CommitMode::Async)
                .context("another group cannot commit")?;
        }
    }
    Ok(())
}
