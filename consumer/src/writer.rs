//! One partition's writer: claims the partition, then commits batch after batch until the
//! partition is taken away.
//!
//! An outage of Postgres or the broker makes it wait, for as long as it takes; a data error makes
//! it look for the record; another claimant makes it step down.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use tokio::sync::{mpsc, watch};

use crate::batch::Batch;
use crate::facts::{FAN_IN, SMALL};
use crate::health::{Health, Phase};
use crate::intake::Intake;
use crate::probe::{Probe, ProbeError};
use crate::signals;
use crate::source::{Assignment, AssignmentId, Limit, SourceHandle};
use crate::stop::LoudStop;
use crate::store::{Claim, Found, Pool, Previous, StoreError, merge_facts};

/// What the writers of a process share.
pub struct Desk {
    /// Kafka topic.
    pub topic: String,
    /// Kafka consumer group.
    pub group: String,
    /// The name that claims are made under.
    pub owner: String,
    /// Most in one batch.
    pub limit: Limit,
    /// Connections to Postgres.
    pub pool: Pool,
    /// Questions to the broker.
    pub probe: Probe,
    /// The way to the polling thread.
    pub source: SourceHandle,
    /// What is told of each partition.
    pub health: Health,
    /// Where loud stops are reported.
    pub stops: mpsc::UnboundedSender<LoudStop>,
    /// Counts the claims.
    pub claims: AtomicU64,
}

/// Why a writer stopped working under a claim.
enum End {
    /// The partition was taken away, or the process stops.
    Revoked,
    /// Somebody else claimed it, or something was lost on the way here.
    Lost,
    /// An operator has to choose.
    Stop(LoudStop),
}

/// Wait before a lost claim is made again: longer than a member of the group needs to learn that
/// the partition went elsewhere (one heartbeat), so that a true loser learns it first.
const RECLAIM_WAIT: Duration = Duration::from_millis(1_500);

/// A log that ends before the stored position is believed after this many looks: a broker that has
/// just come back may not have the end yet.
const LOOKS_BEYOND_END: usize = 4;

/// How often an owner that has nothing to commit looks whether the partition is still its own. A
/// commit finds out by itself; without one, a position that an operator moved would stay unseen.
const LOOK_AT_CLAIM: Duration = Duration::from_secs(1);

/// How often an owner that has nothing to commit leaves word of where the log ends: a write a
/// partition, so not at each look.
const LEAVE_WORD: Duration = Duration::from_secs(10);

/// Small rows of facts after which they are merged even while records wait.
const MERGE_AT_LATEST: usize = 8 * FAN_IN;

/// Waits that grow from a tenth of a second to at most five, jitter included, for ever.
#[must_use]
pub fn waits() -> ExponentialBackoff {
    ExponentialBuilder::new()
        .with_min_delay(Duration::from_millis(100))
        .with_max_delay(Duration::from_millis(2_500)) // jitter adds as much at most
        .with_jitter()
        .without_max_times()
        .build()
}

/// Writes one partition until it is taken away. Ends by itself only after a loud stop.
pub async fn write(desk: Arc<Desk>, assignment: Assignment) {
    let Assignment {
        partition,
        id,
        mut chunks,
        revoked,
        backlog,
        _writing,
    } = assignment;
    let intake = Arc::new(Intake::new(backlog, desk.limit));
    let filling = {
        let intake = Arc::clone(&intake);
        tokio::spawn(async move { intake.fill(&mut chunks).await })
    };
    let mut writer = Writer {
        desk: &desk,
        partition,
        assignment: id,
        intake: &intake,
        revoked,
    };
    if let End::Stop(stop) = writer.run().await
        && desk.stops.send(stop).is_err()
    {
        tracing::debug!("the service is ending already");
    }
    desk.health.released(partition);
    filling.abort(); // pure work; what it had is read again by the next owner
    if let Err(error) = filling.await
        && error.is_panic()
    {
        tracing::error!(
            kafka.partition = partition,
            "decoding ended with a panic: {error}"
        );
    }
}

struct Writer<'a> {
    desk: &'a Desk,
    partition: i32,
    assignment: AssignmentId,
    intake: &'a Intake,
    revoked: watch::Receiver<bool>,
}

impl Writer<'_> {
    async fn run(&mut self) -> End {
        loop {
            let claim = match self.claim().await {
                Ok(claim) => claim,
                Err(end) => return end,
            };
            match self.work(claim).await {
                End::Lost => {
                    signals::fenced();
                    self.desk.source.suspend(self.partition, self.assignment);
                    self.intake.reset(0);
                    self.desk.health.phase(self.partition, Phase::Claiming);
                    let jitter = waits().next().unwrap_or_default();
                    if self.wait(RECLAIM_WAIT + jitter).await {
                        return End::Revoked;
                    }
                    self.desk.source.polled().await;
                }
                end => return end,
            }
        }
    }

    /// Claims the partition, however long Postgres and the broker are away.
    async fn claim(&mut self) -> Result<Claim, End> {
        self.desk.health.phase(self.partition, Phase::Claiming);
        let mut waits = waits();
        let mut looks_beyond_end = 0;
        loop {
            if self.is_revoked() {
                return Err(End::Revoked);
            }
            let result = match self.look().await {
                Ok(found) => self.claim_once(&found).await,
                Err(error) => {
                    signals::retried("broker");
                    Err(StoreError::Outage(error.into()))
                }
            };
            match result {
                Ok(claim) => return Ok(claim),
                Err(StoreError::Stop(LoudStop::BeyondLogEnd { .. }))
                    if looks_beyond_end < LOOKS_BEYOND_END =>
                {
                    looks_beyond_end += 1;
                }
                Err(StoreError::Stop(stop)) => return Err(End::Stop(stop)),
                Err(error) => {
                    signals::retried("claim");
                    self.say_once("claim the partition", &error);
                }
            }
            let wait = waits.next().unwrap_or(RECLAIM_WAIT);
            if self.wait(wait).await {
                return Err(End::Revoked);
            }
        }
    }

    async fn look(&self) -> Result<Found, ProbeError> {
        Ok(Found {
            topic: self.desk.probe.describe().await?,
            log: self.desk.probe.watermarks(self.partition).await?,
        })
    }

    async fn claim_once(&self, found: &Found) -> Result<Claim, StoreError> {
        let desk = self.desk;
        desk.pool
            .claim(&desk.topic, &desk.group, self.partition, &desk.owner, found)
            .await
    }

    /// Commits what comes under `claim`.
    async fn work(&mut self, claim: Claim) -> End {
        let claim_id = self.desk.claims.fetch_add(1, Ordering::Relaxed) + 1;
        tracing::info!(
            kafka.partition = self.partition,
            claim.epoch = claim.epoch,
            next_offset = claim.next_offset,
            "partition claimed"
        );
        self.intake.reset(claim_id);
        self.desk.health.claimed(self.partition, &claim);
        self.desk
            .source
            .start(self.partition, self.assignment, claim_id, claim.next_offset);
        let mut previous = Previous::default();
        let mut unmerged = 0;
        let mut word_left = None;
        loop {
            let intake = self.intake;
            let mut batch = tokio::select! {
                biased;
                () = taken_away(&mut self.revoked) => return End::Revoked,
                batch = intake.take() => batch,
                () = tokio::time::sleep(LOOK_AT_CLAIM) => {
                    if let Some(end) = self.look_at_claim(&claim, &mut word_left).await {
                        return end;
                    }
                    continue;
                }
            };
            self.desk.health.idle(self.partition, false);
            batch.log_end = self.desk.health.log_end(self.partition);
            match self.commit(&claim, batch, &mut previous).await {
                Ok(small_rows) => unmerged += small_rows,
                Err(end) => return end,
            }
            self.desk.health.idle(self.partition, self.intake.is_idle());
            let due = unmerged >= FAN_IN && self.intake.is_empty();
            if due || unmerged >= MERGE_AT_LATEST {
                unmerged = 0;
                if let Some(end) = self.merge(&claim).await {
                    return end;
                }
            }
        }
    }

    /// Whether somebody else has claimed the partition. Trouble with asking is no reason to stop:
    /// the next commit decides. Leaves word of where the log ends when it is due; `word_left` is
    /// when that was last tried.
    async fn look_at_claim(&self, claim: &Claim, word_left: &mut Option<Instant>) -> Option<End> {
        let due = word_left.is_none_or(|left| left.elapsed() >= LEAVE_WORD);
        let word = self.desk.health.log_end(self.partition).filter(|_| due);
        if word.is_some() {
            *word_left = Some(Instant::now());
        }
        match self.desk.pool.look_at(claim, word).await {
            Ok(()) => None,
            Err(error @ StoreError::Fenced { .. }) => Some(self.ended_by(error)),
            Err(error) => {
                tracing::debug!(
                    kafka.partition = self.partition,
                    "cannot look at the claim now: {error}"
                );
                None
            }
        }
    }

    /// Commits a batch, in pieces where Postgres refuses one of its records. Returns how many small
    /// rows of facts were written.
    async fn commit(
        &mut self,
        claim: &Claim,
        batch: Batch,
        previous: &mut Previous,
    ) -> Result<usize, End> {
        let mut small_rows = 0;
        let mut pieces = vec![batch];
        while let Some(mut piece) = pieces.pop() {
            match self.commit_piece(claim, &piece, previous).await {
                Ok(orders) => small_rows += usize::from((1..SMALL).contains(&orders)),
                Err(StoreError::Data { sqlstate, message }) => {
                    if piece.records.len() > 1 {
                        let (first, second) = piece.split();
                        pieces.push(second);
                        pieces.push(first);
                    } else if piece.refuse(&sqlstate, &message) {
                        pieces.push(piece);
                    } else {
                        return Err(End::Stop(LoudStop::Database { sqlstate, message }));
                    }
                }
                Err(error) => {
                    self.intake.dropped(&piece);
                    for rest in &pieces {
                        self.intake.dropped(rest);
                    }
                    return Err(self.ended_by(error));
                }
            }
        }
        Ok(small_rows)
    }

    fn ended_by(&self, error: StoreError) -> End {
        match error {
            StoreError::Stop(stop) => End::Stop(stop),
            StoreError::Outage(_) | StoreError::Data { .. } => End::Revoked,
            StoreError::Fenced { .. } | StoreError::Misplaced { .. } => {
                tracing::warn!(kafka.partition = self.partition, "{error}");
                End::Lost
            }
        }
    }

    /// Commits one transaction, however long Postgres is away; an outage comes back only when the
    /// partition is taken away meanwhile. Returns the orders in the row of facts.
    async fn commit_piece(
        &mut self,
        claim: &Claim,
        piece: &Batch,
        previous: &mut Previous,
    ) -> Result<i64, StoreError> {
        let mut waits = waits();
        previous.in_doubt = None;
        loop {
            let began = Instant::now();
            match self.desk.pool.commit(claim, piece, previous).await {
                Ok(committed) => {
                    self.intake.committed(piece);
                    self.desk.health.committed(self.partition, piece);
                    signals::committed(committed.outcomes, began.elapsed());
                    tracing::debug!(
                        kafka.partition = self.partition,
                        batch.records = piece.records.len(),
                        next_offset = piece.next_offset,
                        "batch committed"
                    );
                    return Ok(committed.fact_orders);
                }
                Err(StoreError::Outage(error)) => {
                    let error = StoreError::Outage(error);
                    signals::retried("commit");
                    self.say_once("commit a batch", &error);
                    previous.look_up = true;
                    let wait = waits.next().unwrap_or(RECLAIM_WAIT);
                    if self.wait(wait).await {
                        return Err(error);
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Merges small rows of facts. Trouble with it is no reason to hold up records.
    async fn merge(&self, claim: &Claim) -> Option<End> {
        match merge_facts(&self.desk.pool, claim).await {
            Ok(_) => None,
            Err(error @ StoreError::Fenced { .. }) => Some(self.ended_by(error)),
            Err(error) => {
                tracing::debug!(
                    kafka.partition = self.partition,
                    "facts not merged: {error}"
                );
                None
            }
        }
    }

    /// One line when the trouble begins; the end of it is said by [`Health`].
    fn say_once(&self, action: &str, error: &StoreError) {
        if self.desk.health.phase(self.partition, Phase::Waiting) {
            let cause = match error {
                StoreError::Outage(cause) => format!("{cause:#}"),
                other => other.to_string(),
            };
            tracing::warn!(
                kafka.partition = self.partition,
                "cannot {action} now, trying until it works: {cause}"
            );
        }
    }

    fn is_revoked(&self) -> bool {
        *self.revoked.borrow()
    }

    /// Waits; true when the partition is taken away meanwhile.
    async fn wait(&mut self, longest: Duration) -> bool {
        tokio::time::timeout(longest, taken_away(&mut self.revoked))
            .await
            .is_ok()
    }
}

/// Returns when the partition is taken away.
async fn taken_away(revoked: &mut watch::Receiver<bool>) {
    if revoked.wait_for(|revoked| *revoked).await.is_err() {
        tracing::debug!("the source ended without taking its partitions back");
    }
}
