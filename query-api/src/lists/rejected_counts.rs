//! Counts rejected records by day and code.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Serialize;
use utoipa::ToSchema;

use super::RejectedFilter;
use crate::calendar::DateRange;
use crate::database::Question;
use crate::table::{Cells, Row};

/// Counts by the stretches of time that begin at `$1`, from 1. What a day is, this program knows
/// and not the database.
const SQL: &str = r#"
SELECT width_bucket(rejected_at, $1) AS piece, listed.code, count(*) AS rejected
FROM rejected_events
CROSS JOIN LATERAL unnest(codes) AS listed (code)
WHERE ($2 IS NULL OR rejected_at >= $2)
  AND ($3 IS NULL OR rejected_at < $3)
  AND ($4 IS NULL OR listed.code = $4)
  AND ($5 IS NULL OR topic = $5)
  AND ($6 IS NULL OR partition = $6)
GROUP BY piece, listed.code
"#;

/// Which rejected records are counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectedCountsQuestion {
    /// The days that count.
    pub range: DateRange,
    /// Only these; with a code only its own count is given.
    pub filter: RejectedFilter,
}

/// How many records were rejected on a day with a violation of a code. A record counts once for
/// each of its codes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RejectedCount {
    /// The day.
    pub date: NaiveDate,
    /// The code.
    #[schema(pattern = "^[a-z0-9_]+$")]
    pub code: String,
    /// How many records.
    #[schema(minimum = 1)]
    pub rejected: i64,
}

impl Row for RejectedCount {
    const COLUMNS: &'static [&'static str] = &["date", "code", "rejected"];

    fn write(&self, cells: &mut Cells) {
        cells.value(self.date);
        cells.value(&self.code);
        cells.value(self.rejected);
    }
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = Integer)]
    piece: i32,
    #[diesel(sql_type = Text)]
    code: String,
    #[diesel(sql_type = BigInt)]
    rejected: i64,
}

impl Question for RejectedCountsQuestion {
    /// By day, then code; days and codes without a record are left out.
    type Data = Vec<RejectedCount>;

    async fn ask(&self, connection: &mut AsyncPgConnection) -> QueryResult<Self::Data> {
        let pieces = self.range.pieces();
        let span = self.range.span();
        let begins: Vec<DateTime<Utc>> = pieces.iter().map(|piece| piece.from).collect();
        let rows: Vec<Counted> = diesel::sql_query(SQL)
            .bind::<Array<Timestamptz>, _>(begins)
            .bind::<Nullable<Timestamptz>, _>(span.from)
            .bind::<Nullable<Timestamptz>, _>(span.until)
            .bind::<Nullable<Text>, _>(self.filter.code)
            .bind::<Nullable<Text>, _>(self.filter.topic.as_deref())
            .bind::<Nullable<Integer>, _>(self.filter.partition)
            .load(connection)
            .await?;
        let mut counts: BTreeMap<(NaiveDate, String), i64> = BTreeMap::new();
        for row in rows {
            let place = usize::try_from(row.piece - 1).ok();
            let date = place
                .and_then(|place| pieces.get(place))
                .map(|piece| piece.date);
            // A day may come in several pieces, with one of another day between them.
            let range = self.range.start..=self.range.end;
            if let Some(date) = date.filter(|date| range.contains(date)) {
                *counts.entry((date, row.code)).or_default() += row.rejected;
            }
        }
        let counts = counts.into_iter();
        let count = counts.map(|((date, code), rejected)| RejectedCount {
            date,
            code,
            rejected,
        });
        Ok(count.collect())
    }
}
