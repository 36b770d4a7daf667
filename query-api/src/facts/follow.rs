//! Reads all facts once and then follows: whatever is committed is taken over in order of its
//! ordinals, at once where the consumer tells of it, within [`LOOK_EVERY`] in any case.
//!
//! Positions, generation and new rows of facts come from one statement, so that what an answer
//! says of itself and what it holds belong together. A row that was merged since it was read
//! holds orders that are known; they are left out by their ordinals. Another generation means
//! that the facts were written anew: they are read anew as well, while the old ones answer.

use std::convert::Infallible;
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};
use ordertally_schema::database::{self, COMMITS_CHANNEL};
use tokio::sync::Notify;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_postgres::{Client, Config, Statement};

use super::anchor;
use super::board::Board;
use super::load::{FactsError, State, load};
use super::month::Month;
use super::news::{self, News, PATIENCE};
use crate::database::chain;

/// How long a commit that nobody told of may wait to be seen.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Looks are not closer together than this, so that many commits are taken over at once.
const LOOK_PAUSE: Duration = Duration::from_millis(5);

/// Fresh orders from which on they may be merged into their months. Counting them one by one costs
/// a question less than half a millisecond until then.
const MERGE_FROM: usize = 32_768;

/// Fresh orders from which on they are merged whatever it costs.
const MERGE_ALWAYS: usize = 524_288;

/// A merge is worth its while once the fresh orders are this share of those that it has to sort.
const MERGE_SHARE: usize = 16;

/// Waits between attempts while the database is away: at most some two seconds.
const RETRY_MIN: Duration = Duration::from_millis(100);
const RETRY_MAX: Duration = Duration::from_secs(1);

/// This session looks up a few rows by their keys, many times a second, in tables that grow from
/// nothing between two looks of the statistics: nothing is gained by reading a table whole, or by
/// compiling the statement.
const SESSION: &str = "SET enable_seqscan = off; SET jit = off";

/// A merge that is under way, and how many pieces of fresh rows it takes.
type Merge = (JoinHandle<Vec<Arc<Month>>>, usize);

/// Keeps the facts on the board up to date.
#[derive(Debug)]
pub struct Follower {
    config: Config,
    board: Arc<Board>,
    state: Option<State>,
    merge: Option<Merge>,
}

impl Follower {
    /// Of the database at `config`; connects to nothing yet.
    #[must_use]
    pub fn new(config: Config, board: Arc<Board>) -> Self {
        Self {
            config,
            board,
            state: None,
            merge: None,
        }
    }

    /// Follows for as long as it is polled, whatever becomes of the database.
    pub async fn run(mut self) -> Infallible {
        let waits = ExponentialBuilder::default()
            .with_min_delay(RETRY_MIN)
            .with_max_delay(RETRY_MAX)
            .with_jitter()
            .without_max_times();
        let mut wait = waits.build();
        let mut told = false;
        loop {
            let began = Instant::now();
            let Err(error) = self.follow(&mut told).await;
            self.board.note(Some(error.to_string()));
            if matches!(error, FactsError::Ended) {
                // A fault of ours, which the log has told: nothing of the state is trusted.
                (self.state, self.merge) = (None, None);
            }
            if began.elapsed() > PATIENCE {
                wait = waits.build();
            }
            if told {
                tracing::debug!(cause = chain(&error), "the facts cannot be followed yet");
            } else {
                tracing::warn!(cause = chain(&error), "the facts cannot be followed now");
                told = true;
            }
            sleep(wait.next().unwrap_or(RETRY_MAX)).await;
        }
    }

    /// Follows until something fails. `told` of an outage until it is over.
    async fn follow(&mut self, told: &mut bool) -> Result<Infallible, FactsError> {
        let noticed = Arc::new(Notify::new());
        let session = timeout(PATIENCE, self.session(&noticed));
        let (client, look) = session.await.map_err(|_| FactsError::TooSlow)??;
        if !self.is_of(&client).await? {
            self.load().await?;
        }
        loop {
            let looked = Instant::now();
            if !self.look(&client, &look).await? {
                self.load().await?;
            }
            if mem::take(told) {
                self.board.note(None);
                tracing::info!("the facts are followed again");
            }
            if self
                .merge
                .as_ref()
                .is_some_and(|(merge, _)| merge.is_finished())
            {
                self.end_merge().await?;
                self.show();
            }
            sleep_until(looked + LOOK_PAUSE).await;
            tokio::select! {
                () = noticed.notified() => {}
                () = sleep_until(looked + LOOK_EVERY) => {}
            }
        }
    }

    /// A session that is told of commits, and the statement that looks for news.
    async fn session(&self, noticed: &Arc<Notify>) -> Result<(Client, Statement), FactsError> {
        let (client, driver) =
            database::connect_noticing(&self.config, Arc::clone(noticed)).await?;
        drop(driver); // the task ends with the client
        client
            .batch_execute(&format!("{SESSION}; LISTEN {COMMITS_CHANNEL}"))
            .await?;
        let look = client.prepare(&news::sql()).await?;
        Ok((client, look))
    }

    /// Whether what is known is of the database that this session is with.
    async fn is_of(&self, client: &Client) -> Result<bool, FactsError> {
        let Some(state) = &self.state else {
            return Ok(false);
        };
        let anchors = timeout(PATIENCE, anchor::read(client, &state.seen));
        let anchors = anchors.await.map_err(|_| FactsError::TooSlow)??;
        if anchors != state.anchors {
            tracing::warn!("the database has other orders than before; all are read anew");
            return Ok(false);
        }
        Ok(true)
    }

    /// Reads everything anew; what is on the board stays there meanwhile.
    async fn load(&mut self) -> Result<(), FactsError> {
        let began = Instant::now();
        let state = load(&self.config, &self.board).await?;
        tracing::info!(
            orders = state.facts.orders(),
            generation = state.facts.generation,
            seconds = began.elapsed().as_secs_f64(),
            "facts are in memory"
        );
        self.merge = None;
        self.board.show(Arc::new(state.facts.clone()));
        self.state = Some(state);
        Ok(())
    }

    /// Takes over what was committed. False when the facts were written anew.
    async fn look(&mut self, client: &Client, look: &Statement) -> Result<bool, FactsError> {
        let state = self.state.as_mut().ok_or(FactsError::Ended)?;
        let Some(news) = News::read(state, client, look).await? else {
            return Ok(false);
        };
        let kept = self.merge.as_ref().map_or(0, |(_, pieces)| *pieces);
        if !state.take_over(&news, kept) {
            return Ok(true);
        }
        self.merge_if_due();
        while self.fresh_orders() > 2 * MERGE_ALWAYS {
            self.end_merge().await?;
            self.merge_if_due();
        }
        self.show();
        Ok(true)
    }

    fn show(&self) {
        if let Some(state) = &self.state {
            self.board.show(Arc::new(state.facts.clone()));
        }
    }

    fn fresh_orders(&self) -> usize {
        let state = self.state.as_ref();
        state.map_or(0, |state| state.facts.fresh_orders())
    }

    /// Begins to merge the fresh orders, on a thread of its own, when that is worth its while.
    fn merge_if_due(&mut self) {
        let (None, Some(state)) = (&self.merge, &self.state) else {
            return;
        };
        let fresh = state.facts.fresh_orders();
        let due = fresh >= MERGE_ALWAYS
            || (fresh >= MERGE_FROM && fresh * MERGE_SHARE >= state.facts.touched_orders());
        if due {
            let facts = state.facts.clone();
            let pieces = facts.fresh_pieces();
            self.merge = Some((spawn_blocking(move || facts.merged()), pieces));
        }
    }

    /// Waits for the merge that is under way and takes what it made.
    async fn end_merge(&mut self) -> Result<(), FactsError> {
        if let (Some((merge, pieces)), Some(state)) = (self.merge.take(), &mut self.state) {
            let months = merge.await.map_err(|_| FactsError::Ended)?;
            state.facts.replace(months, pieces);
        }
        Ok(())
    }
}

impl State {
    /// Makes the news part of what is known. False when there are none.
    fn take_over(&mut self, news: &News, kept: usize) -> bool {
        let News {
            head,
            orders,
            anchors,
        } = news;
        self.anchors.extend(anchors.clone());
        let before = self.facts.version;
        head.put_on(&mut self.facts);
        self.seen = head.ordinals();
        if orders.is_empty() {
            return before != self.facts.version;
        }
        self.facts.add(orders, kept);
        self.facts.texts = self.dictionary.texts();
        true
    }
}
