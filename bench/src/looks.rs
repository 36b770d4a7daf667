//! Looking at the stored positions again and again: when each could be read.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use ordertally_local::postgres::connect;

use crate::statistics::ms;
use crate::timeline::Sightings;

/// Between two looks at the positions: a tenth of a core, and finer than what is measured.
const LOOK_INTERVAL: Duration = Duration::from_micros(500);
/// After the last record was acknowledged.
const SEEN_DEADLINE: Duration = Duration::from_secs(60);

/// What the looking session saw.
#[derive(Debug)]
pub struct Looks {
    /// When each position could be read.
    pub sightings: Sightings,
    /// Between two looks each, milliseconds: how exact that is.
    pub intervals_ms: Vec<f64>,
}

/// A thread with a connection of its own that looks.
#[derive(Debug)]
pub struct Looking {
    thread: JoinHandle<Result<Looks>>,
    finish: Sender<BTreeMap<i32, i64>>,
}

impl Looking {
    /// Starts to look at the positions in the database at `url`.
    ///
    /// # Errors
    ///
    /// When the system has no thread to give.
    pub fn start(url: &str) -> Result<Self> {
        let (finish, until) = channel();
        let url = url.to_owned();
        let thread = thread::Builder::new()
            .name("look".into())
            .spawn(move || look(&url, &until))
            .context("no thread to look with")?;
        Ok(Self { thread, finish })
    }

    /// Looks on until the positions have reached `ends`.
    ///
    /// # Errors
    ///
    /// When they do not, or Postgres does not answer.
    pub async fn until(self, ends: BTreeMap<i32, i64>) -> Result<Looks> {
        self.finish
            .send(ends)
            .ok()
            .context("looking at positions ended by itself")?;
        tokio::task::spawn_blocking(move || self.thread.join())
            .await?
            .map_err(|_| anyhow::anyhow!("looking at positions panicked"))?
    }
}

fn look(url: &str, until: &Receiver<BTreeMap<i32, i64>>) -> Result<Looks> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let client = connect(url).await?;
        let positions = client
            .prepare("SELECT partition, next_offset FROM partition_positions")
            .await?;
        let mut looks = Looks {
            sightings: Sightings::default(),
            intervals_ms: Vec::new(),
        };
        let mut goal: Option<(BTreeMap<i32, i64>, Instant)> = None;
        let mut last_look = Instant::now();
        loop {
            let rows = client.query(&positions, &[]).await?;
            let seen_at = Instant::now();
            looks.intervals_ms.push(ms(seen_at - last_look));
            last_look = seen_at;
            for row in rows {
                looks
                    .sightings
                    .note(row.try_get(0)?, row.try_get(1)?, seen_at);
            }
            match until.try_recv() {
                Ok(ends) => goal = Some((ends, seen_at)),
                Err(TryRecvError::Empty) => {}
                Err(TryRecvError::Disconnected) if goal.is_none() => return Ok(looks),
                Err(TryRecvError::Disconnected) => {}
            }
            if let Some((ends, since)) = &goal {
                if looks.sightings.reach(ends) {
                    return Ok(looks);
                }
                ensure!(
                    since.elapsed() < SEEN_DEADLINE,
                    "records do not become visible"
                );
            }
            thread::sleep(LOOK_INTERVAL); // the connection's task has nothing to do meanwhile
        }
    })
}
