//! What is asked of the service meanwhile: questions at a steady rate, and again and again a small
//! one that shows which positions an answer includes.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use chrono::NaiveDate;
use tokio::sync::oneshot;
use tokio::sync::oneshot::error::TryRecvError;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{MissedTickBehavior, interval};

use crate::service::{Connection, Service};
use crate::statistics::ms;
use crate::timeline::Sightings;

/// Between two looks at the answers' positions, beside the answer's own time.
const LOOK_INTERVAL: Duration = Duration::from_millis(5);
/// After the positions could be read in the database.
const SEEN_DEADLINE: Duration = Duration::from_secs(60);

/// Questions at a steady rate, none of which waits for another.
#[derive(Debug)]
pub struct Questioning {
    task: JoinHandle<Result<Vec<f64>>>,
    finish: Option<oneshot::Sender<()>>,
}

impl Questioning {
    /// Starts to ask, over and over, `rate` a second.
    ///
    /// # Errors
    ///
    /// When there is no client.
    pub fn start(service: &Service, targets: &[String], rate: u32) -> Result<Self> {
        let (finish, mut finished) = oneshot::channel();
        let (connection, targets) = (service.connection()?, targets.to_vec());
        let task = tokio::spawn(async move {
            let mut due = interval(Duration::from_secs(1) / rate);
            due.set_missed_tick_behavior(MissedTickBehavior::Burst);
            let mut asked = JoinSet::new();
            for target in targets.into_iter().cycle() {
                tokio::select! {
                    _ = due.tick() => {}
                    _ = &mut finished => break,
                }
                let connection = connection.clone();
                asked.spawn(async move { connection.ask(&target).await });
            }
            let mut took = Vec::new();
            for answer in asked.join_all().await {
                took.push(ms(answer?.took));
            }
            Ok(took)
        });
        Ok(Self {
            task,
            finish: Some(finish),
        })
    }

    /// Stops asking. Returns how long each answer took, milliseconds.
    ///
    /// # Errors
    ///
    /// When a question was not answered.
    pub async fn stop(&mut self) -> Result<Vec<f64>> {
        self.finish = None;
        (&mut self.task).await.context("asking was cut off")?
    }
}

/// Somebody who looks at the answers' positions.
#[derive(Debug)]
pub struct Watching {
    task: JoinHandle<Result<Watched>>,
    finish: oneshot::Sender<BTreeMap<i32, i64>>,
}

/// What was seen.
#[derive(Debug, Default)]
pub struct Watched {
    /// When an answer first included each position.
    pub sightings: Sightings,
    /// Between two answers each, milliseconds: how exact that is.
    pub intervals_ms: Vec<f64>,
}

impl Watching {
    /// Starts to ask for the value of `day`.
    ///
    /// # Errors
    ///
    /// When there is no client.
    pub fn start(service: &Service, day: NaiveDate) -> Result<Self> {
        let (finish, mut until) = oneshot::channel();
        let connection = service.connection()?;
        let target = format!("/orders/value?start_date={day}&end_date={day}&mode=TOTAL");
        let task = tokio::spawn(async move {
            let mut watched = Watched::default();
            let mut goal: Option<(BTreeMap<i32, i64>, Instant)> = None;
            let mut last = Instant::now();
            loop {
                last = watched.look(&connection, &target, last).await?;
                match until.try_recv() {
                    Ok(ends) => goal = Some((ends, last)),
                    // Nobody waits for what is seen any more.
                    Err(TryRecvError::Closed) if goal.is_none() => return Ok(watched),
                    Err(TryRecvError::Closed | TryRecvError::Empty) => {}
                }
                if let Some((ends, since)) = &goal {
                    if watched.sightings.reach(ends) {
                        return Ok(watched);
                    }
                    ensure!(since.elapsed() < SEEN_DEADLINE, "answers stay behind");
                }
                tokio::time::sleep(LOOK_INTERVAL).await;
            }
        });
        Ok(Self { task, finish })
    }

    /// Looks on until an answer includes everything below `ends`.
    ///
    /// # Errors
    ///
    /// When none does, or the service does not answer.
    pub async fn until(self, ends: BTreeMap<i32, i64>) -> Result<Watched> {
        // Who has failed meanwhile says so below.
        drop(self.finish.send(ends));
        self.task.await.context("looking at answers was cut off")?
    }
}

impl Watched {
    async fn look(
        &mut self,
        connection: &Connection,
        target: &str,
        last: Instant,
    ) -> Result<Instant> {
        let answer = connection.ask(target).await?;
        self.intervals_ms.push(ms(answer.at - last));
        for (partition, next_offset) in positions(&answer.positions)? {
            self.sightings.note(partition, next_offset, answer.at);
        }
        Ok(answer.at)
    }
}

/// `0=1840,1=1792`.
fn positions(text: &str) -> Result<Vec<(i32, i64)>> {
    let position = |part: &str| {
        let (partition, next_offset) = part.split_once('=')?;
        Some((partition.parse().ok()?, next_offset.parse().ok()?))
    };
    text.split(',')
        .filter(|part| !part.is_empty())
        .map(|part| position(part).with_context(|| format!("{part} is no position")))
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_read_as_answers_spell_them() {
        assert_eq!(positions("0=1840,12=0").unwrap(), [(0, 1_840), (12, 0)]);
        assert_eq!(positions("").unwrap(), []);
        assert!(positions("0:1").is_err());
    }
}
