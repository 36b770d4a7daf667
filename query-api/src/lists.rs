//! Single orders, and lists in pages: orders, one customer's orders, rejected records.

pub mod cursor;
pub mod fields;
pub mod order;
pub mod order_filter;
pub mod orders;
pub mod rejected_counts;
pub mod rejected_event;
pub mod rejected_events;
pub mod rejected_filter;
mod search;

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use crate::calendar::Span;
use crate::database::{AskError, Database, Snapshot};
use crate::position::AtLeast;

use cursor::{OrderCursor, RejectedCursor};
use order::OrderDocument;
use orders::{OrderById, OrderPage};
use rejected_event::{ExplainedViolation, RejectedDocument, ViolationDocument};
use rejected_events::{RejectedById, RejectedPage};

pub use fields::{Fields, ShownOrder};
pub use order_filter::OrderFilter;
pub use rejected_counts::{RejectedCount, RejectedCountsQuestion};
pub use rejected_filter::RejectedFilter;

/// What reads orders and rejected records.
#[derive(Clone)]
pub struct Lists {
    database: Arc<Database>,
    /// How long a list is searched for a page.
    search_time: Duration,
}

/// Which orders, and where to go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrdersQuestion {
    /// Only these.
    pub filter: OrderFilter,
    /// What is shown of them.
    pub fields: Fields,
    /// Only of this time.
    pub span: Span,
    /// After this order.
    pub after: Option<OrderCursor>,
    /// How many.
    pub limit: u8,
}

/// Which rejected records, and where to go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectedQuestion {
    /// Only these.
    pub filter: RejectedFilter,
    /// Only rejected in this time.
    pub span: Span,
    /// After this record.
    pub after: Option<RejectedCursor>,
    /// How many.
    pub limit: u8,
}

/// A page of a list, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Page<T, C> {
    /// The rows.
    pub data: Vec<T>,
    /// Where the next page begins; `None` on the last.
    pub next: Option<C>,
}

impl<T, C> Page<T, C> {
    /// A page of `limit` rows out of one row more, if there is one.
    fn of(mut rows: Vec<T>, limit: u8, cursor: impl Fn(&T) -> C) -> Self {
        let has_more = rows.len() > usize::from(limit);
        rows.truncate(limit.into());
        Self {
            next: rows.last().filter(|_| has_more).map(cursor),
            data: rows,
        }
    }

    fn try_map<U, E>(self, change: impl Fn(T) -> Result<U, E>) -> Result<Page<U, C>, E> {
        Ok(Page {
            data: self
                .data
                .into_iter()
                .map(change)
                .collect::<Result<_, _>>()?,
            next: self.next,
        })
    }
}

impl Lists {
    /// Reads from `database`, and searches for a page so long.
    #[must_use]
    pub fn new(database: Arc<Database>, search_time: Duration) -> Self {
        Self {
            database,
            search_time,
        }
    }

    /// One order, or `None` when its id is unknown.
    ///
    /// # Errors
    ///
    /// [`AskError`] when there is no answer now.
    pub async fn order(
        &self,
        event_id: &str,
        at_least: &AtLeast,
    ) -> Result<Snapshot<Option<OrderDocument>>, AskError> {
        self.database.ask(&OrderById { event_id }, at_least).await
    }

    /// A page of orders.
    ///
    /// # Errors
    ///
    /// [`AskError`] when there is no answer now.
    pub async fn orders(
        &self,
        question: &OrdersQuestion,
        at_least: &AtLeast,
    ) -> Result<Snapshot<Page<ShownOrder, OrderCursor>>, AskError> {
        let page = OrderPage {
            question,
            search_time: self.search_time,
        };
        self.database.ask(&page, at_least).await
    }

    /// A page of rejected records.
    ///
    /// # Errors
    ///
    /// [`AskError`] when there is no answer now.
    pub async fn rejected_events(
        &self,
        question: &RejectedQuestion,
        at_least: &AtLeast,
    ) -> Result<Snapshot<Page<RejectedDocument<ViolationDocument>, RejectedCursor>>, AskError> {
        self.database
            .ask(&RejectedPage { question }, at_least)
            .await
    }

    /// One rejected record, or `None` when its id is unknown.
    ///
    /// # Errors
    ///
    /// [`AskError`] when there is no answer now.
    pub async fn rejected_event(
        &self,
        id: i64,
        at_least: &AtLeast,
    ) -> Result<Snapshot<Option<RejectedDocument<ExplainedViolation>>>, AskError> {
        self.database.ask(&RejectedById { id }, at_least).await
    }

    /// Rejected records counted by day and code.
    ///
    /// # Errors
    ///
    /// [`AskError`] when there is no answer now.
    pub async fn rejected_counts(
        &self,
        question: &RejectedCountsQuestion,
        at_least: &AtLeast,
    ) -> Result<Snapshot<Vec<RejectedCount>>, AskError> {
        self.database.ask(question, at_least).await
    }
}
