//! Reads rejected records: one by its id, or a page by time.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use ordertally_schema::tables::rejected_events;

use super::cursor::RejectedCursor;
use super::rejected_event::{ExplainedViolation, RejectedDocument, RejectedRow, ViolationDocument};
use super::{Page, RejectedQuestion};
use crate::database::Question;

/// Asks for one rejected record, with the explanation of each violation.
pub(super) struct RejectedById {
    pub(super) id: i64,
}

impl Question for RejectedById {
    type Data = Option<RejectedDocument<ExplainedViolation>>;

    async fn ask(&self, connection: &mut AsyncPgConnection) -> QueryResult<Self::Data> {
        let row: Option<RejectedRow> = rejected_events::table
            .find(self.id)
            .select(RejectedRow::as_select())
            .first(connection)
            .await
            .optional()?;
        row.map(RejectedDocument::try_from).transpose()
    }
}

/// Asks for a page of rejected records, newest first.
pub(super) struct RejectedPage<'a> {
    pub(super) question: &'a RejectedQuestion,
}

impl Question for RejectedPage<'_> {
    type Data = Page<RejectedDocument<ViolationDocument>, RejectedCursor>;

    async fn ask(&self, connection: &mut AsyncPgConnection) -> QueryResult<Self::Data> {
        let RejectedQuestion {
            filter,
            span,
            after,
            limit,
        } = self.question;
        let mut query = rejected_events::table
            .select(RejectedRow::as_select())
            .order((
                rejected_events::rejected_at.desc(),
                rejected_events::id.desc(),
            ))
            .limit(i64::from(*limit) + 1)
            .into_boxed();
        if let Some(code) = filter.code {
            query = query.filter(rejected_events::codes.contains(vec![code]));
        }
        if let Some(topic) = &filter.topic {
            query = query.filter(rejected_events::topic.eq(topic));
        }
        if let Some(partition) = filter.partition {
            query = query.filter(rejected_events::partition.eq(partition));
        }
        if let Some(from) = span.from {
            query = query.filter(rejected_events::rejected_at.ge(from));
        }
        if let Some(until) = span.until {
            query = query.filter(rejected_events::rejected_at.lt(until));
        }
        for hole in span.holes.chunks_exact(2) {
            query = query.filter(
                rejected_events::rejected_at
                    .lt(hole[0])
                    .or(rejected_events::rejected_at.ge(hole[1])),
            );
        }
        if let Some(after) = after {
            query = query.filter(
                sql::<Bool>("(rejected_at, id) < (")
                    .bind::<Timestamptz, _>(after.rejected_at)
                    .sql(", ")
                    .bind::<BigInt, _>(after.id)
                    .sql(")"),
            );
        }
        let rows: Vec<RejectedRow> = query.load(connection).await?;
        Page::of(rows, *limit, RejectedRow::cursor).try_map(RejectedDocument::try_from)
    }
}
