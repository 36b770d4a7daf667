//! The analytics: the three questions, answered from the facts in memory.
//!
//! Handlers know [`Answers`], its questions and its rows, and nothing else. A question takes the
//! newest state of the facts and keeps to it. The work is done off the async threads, a few
//! questions at a time, so that neither connections nor the follower wait for it.

mod names;
pub mod order_value;
pub mod places;
pub mod province_sales;
pub mod top_customers;

use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::database::{AskError, Database, Snapshot, chain};
use crate::facts::{Board, Facts};
use crate::position::AtLeast;

pub use order_value::{DailyValue, OrderValueQuestion, TotalValue, ValueMode, ValueRows};
pub use places::PlaceFilter;
pub use province_sales::{ProductUnits, ProvinceSales, ProvinceSalesQuestion};
pub use top_customers::{TopCustomer, TopCustomersQuestion};

/// What answers the three questions.
#[derive(Clone)]
pub struct Answers {
    board: Arc<Board>,
    /// Knows the customers' names.
    database: Arc<Database>,
    /// Questions that may be worked on at once.
    turns: Arc<Semaphore>,
    request_timeout: Duration,
}

impl Answers {
    /// Answers from the facts on `board`, `threads` questions at once.
    #[must_use]
    pub fn new(board: Arc<Board>, database: Arc<Database>, threads: usize) -> Self {
        Self {
            board,
            request_timeout: database.request_timeout(),
            database,
            turns: Arc::new(Semaphore::new(threads)),
        }
    }

    /// The newest facts, once they include what is asked for.
    ///
    /// # Errors
    ///
    /// [`AskError`] when there are none, or they do not include it in time.
    pub async fn facts(&self, at_least: &AtLeast) -> Result<Arc<Facts>, AskError> {
        self.board.including(at_least).await
    }

    /// Whether the database can be asked for names now, as far as is known.
    #[must_use]
    pub fn knows_names(&self) -> bool {
        self.board.trouble().is_none()
    }

    /// The customers with the highest order value, by currency and rank, and whether they have
    /// their names where these are `wanted`: not so while the database is away.
    ///
    /// # Errors
    ///
    /// [`AskError`] when there is no answer now.
    pub async fn top_customers(
        &self,
        facts: Arc<Facts>,
        question: &TopCustomersQuestion,
        wanted: bool,
    ) -> Result<(Snapshot<Vec<TopCustomer>>, bool), AskError> {
        let asked = question.clone();
        let mut answer = self
            .compute(facts, move |facts| of(facts, asked.answer(facts)))
            .await?;
        if answer.data.is_empty() || !wanted {
            return Ok((answer, true));
        }
        if !self.knows_names() {
            return Ok((answer, false));
        }
        let named =
            names::put_on(&mut answer.data, question.accepts_marketing, &self.database).await;
        if let Err(error) = &named {
            tracing::warn!(cause = chain(error), "customers are answered without names");
        }
        Ok((answer, named.is_ok()))
    }

    /// Order value per currency, by day or in total, as `shape` puts it.
    ///
    /// # Errors
    ///
    /// [`AskError`] when there is no answer now.
    pub async fn order_value<R: Send + 'static>(
        &self,
        facts: Arc<Facts>,
        question: OrderValueQuestion,
        shape: impl FnOnce(Snapshot<ValueRows>) -> R + Send + 'static,
    ) -> Result<R, AskError> {
        self.compute(facts, move |facts| shape(of(facts, question.answer(facts))))
            .await
    }

    /// Orders, value and units by product for each province and currency, as `shape` puts it.
    ///
    /// # Errors
    ///
    /// [`AskError`] when there is no answer now.
    pub async fn province_sales<R: Send + 'static>(
        &self,
        facts: Arc<Facts>,
        question: ProvinceSalesQuestion,
        shape: impl FnOnce(Snapshot<Vec<ProvinceSales<'_>>>) -> R + Send + 'static,
    ) -> Result<R, AskError> {
        self.compute(facts, move |facts| shape(of(facts, question.answer(facts))))
            .await
    }

    /// Does `work` with the facts, when it is its turn.
    async fn compute<R: Send + 'static>(
        &self,
        facts: Arc<Facts>,
        work: impl FnOnce(&Facts) -> R + Send + 'static,
    ) -> Result<R, AskError> {
        let turn = timeout(
            self.request_timeout,
            Arc::clone(&self.turns).acquire_owned(),
        );
        let turn = turn
            .await
            .map_err(|_| AskError::TooSlow(self.request_timeout))?;
        let worked = spawn_blocking(move || {
            let outcome = work(&facts);
            drop(turn);
            outcome
        });
        // A panic goes on here, where the server answers for it.
        worked
            .await
            .map_err(|error| resume_unwind(error.into_panic()))
    }
}

/// An answer with the state that it was made from.
fn of<T>(facts: &Facts, data: T) -> Snapshot<T> {
    Snapshot {
        data,
        positions: facts.positions.clone(),
        as_of: facts.as_of,
    }
}
