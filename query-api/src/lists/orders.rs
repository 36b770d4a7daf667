//! Reads orders: one by its id, or a page by time.

use std::time::Duration;

use diesel::dsl::sql;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use ordertally_schema::tables::orders;

use super::cursor::OrderCursor;
use super::fields::ShownOrder;
use super::order::{OrderDocument, OrderRow};
use super::{OrdersQuestion, Page};
use crate::database::Question;

/// Asks for one order.
pub(super) struct OrderById<'a> {
    pub(super) event_id: &'a str,
}

impl Question for OrderById<'_> {
    type Data = Option<OrderDocument>;

    async fn ask(&self, connection: &mut AsyncPgConnection) -> QueryResult<Self::Data> {
        let row = orders::table
            .find(self.event_id)
            .select(OrderRow::as_select())
            .first(connection)
            .await
            .optional()?;
        Ok(row.map(OrderDocument::from))
    }
}

/// Asks for a page of orders, newest first; orders of one instant by their ids, greatest first.
pub(super) struct OrderPage<'a> {
    pub(super) question: &'a OrdersQuestion,
    /// How long a list is searched for what a filter takes.
    pub(super) search_time: Duration,
}

impl Question for OrderPage<'_> {
    type Data = Page<ShownOrder, OrderCursor>;

    async fn ask(&self, connection: &mut AsyncPgConnection) -> QueryResult<Self::Data> {
        let OrdersQuestion {
            filter,
            fields,
            after,
            limit,
            ..
        } = self.question;
        let page = if filter.is_indexed() {
            let rows: Vec<OrderRow> = self
                .question
                .listed(after.as_ref())
                .select(OrderRow::as_select())
                .order((orders::created_at.desc(), orders::event_id.desc()))
                .limit(i64::from(*limit) + 1)
                .load(connection)
                .await?;
            Page::of(rows, *limit, OrderRow::cursor)
        } else {
            self.question.search(connection, self.search_time).await?
        };
        page.try_map(|row| Ok(ShownOrder::new(row.into(), *fields)))
    }
}

impl OrdersQuestion {
    /// The orders after a place in the list, of which an index gives one after the other: those of
    /// the customer and the time asked for.
    pub(super) fn listed<'a>(&'a self, after: Option<&OrderCursor>) -> orders::BoxedQuery<'a, Pg> {
        let mut query = orders::table.into_boxed();
        if let Some(customer_id) = &self.filter.customer_id {
            query = query.filter(orders::customer_id.eq(customer_id));
        }
        if let Some(from) = self.span.from {
            query = query.filter(orders::created_at.ge(from));
        }
        if let Some(until) = self.span.until {
            query = query.filter(orders::created_at.lt(until));
        }
        for hole in self.span.holes.chunks_exact(2) {
            query = query.filter(
                orders::created_at
                    .lt(hole[0])
                    .or(orders::created_at.ge(hole[1])),
            );
        }
        if let Some(after) = after {
            // A comparison of rows, which the index on (created_at, event_id) answers.
            query = query.filter(
                sql::<Bool>("(created_at, event_id) < (")
                    .bind::<Timestamptz, _>(after.created_at)
                    .sql(", ")
                    .bind::<Text, _>(after.event_id.clone())
                    .sql(")"),
            );
        }
        query
    }
}
