//! What the consumers left beside each partition's position.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::dsl::now;
use diesel::prelude::*;
use diesel::sql_types::Timestamptz;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use ordertally_schema::tables::partition_positions;
use serde::Serialize;
use utoipa::ToSchema;

use crate::database::Question;

/// How far a partition is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = PartitionStatus)]
pub struct Partition {
    /// Kafka topic.
    pub topic: String,
    /// Its partition.
    #[schema(minimum = 0)]
    pub partition: i32,
    /// The topic's incarnation that the position belongs to.
    #[schema(minimum = 0)]
    pub incarnation: i32,
    /// Every record below has had its outcome.
    #[schema(minimum = 0)]
    pub next_offset: i64,
    /// When records were last committed; null before the first.
    pub committed_at: Option<DateTime<Utc>>,
    /// Where the broker's log ended by the consumer's last word; null while there is none.
    pub log_end: Option<i64>,
    /// When the consumer saw that, by its clock; null as well.
    pub log_end_as_of: Option<DateTime<Utc>>,
    /// Records between the two; null as well. 0 where the position has moved past it.
    pub lag: Option<i64>,
}

/// What became of a day's records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Outcomes {
    /// The day, in UTC.
    pub date: NaiveDate,
    /// Orders stored.
    #[schema(minimum = 0)]
    pub stored: i64,
    /// Records that repeated a stored order.
    #[schema(minimum = 0)]
    pub duplicate: i64,
    /// Records rejected.
    #[schema(minimum = 0)]
    pub rejected: i64,
    /// Records of another event type.
    #[schema(minimum = 0)]
    pub ignored: i64,
}

/// How far every partition is, as of when it was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PartitionsAsOf {
    /// By the database's clock.
    pub as_of: DateTime<Utc>,
    /// The partitions, by topic and number.
    pub data: Vec<Partition>,
}

/// What became of a day's records, as of when it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct OutcomesAsOf {
    /// By the database's clock.
    pub as_of: DateTime<Utc>,
    /// The day's figures.
    pub data: Outcomes,
}

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = partition_positions, check_for_backend(diesel::pg::Pg))]
struct PositionRow {
    topic: String,
    partition: i32,
    incarnation: i32,
    next_offset: i64,
    committed_at: Option<DateTime<Utc>>,
    log_end: Option<i64>,
    log_end_at: Option<DateTime<Utc>>,
    day: Option<NaiveDate>,
    day_stored: i64,
    day_duplicates: i64,
    day_rejected: i64,
    day_ignored: i64,
}

/// Asks for every partition.
pub struct ConsumedQuestion;

/// Every partition, and when it was read by the database's clock.
pub struct Consumed {
    read_at: DateTime<Utc>,
    rows: Vec<PositionRow>,
}

impl Question for ConsumedQuestion {
    type Data = Consumed;

    async fn ask(&self, connection: &mut AsyncPgConnection) -> QueryResult<Consumed> {
        let read_at = diesel::select(now.into_sql::<Timestamptz>())
            .get_result(connection)
            .await?;
        let rows = partition_positions::table
            .select(PositionRow::as_select())
            .order((partition_positions::topic, partition_positions::partition))
            .load(connection)
            .await?;
        Ok(Consumed { read_at, rows })
    }
}

impl Consumed {
    /// The day on which it was read, in UTC.
    pub fn date(&self) -> NaiveDate {
        self.read_at.date_naive()
    }

    /// How far each is.
    pub fn partitions(&self) -> PartitionsAsOf {
        let rows = self.rows.iter();
        PartitionsAsOf {
            as_of: self.read_at,
            data: rows
                .map(|row| Partition {
                    topic: row.topic.clone(),
                    partition: row.partition,
                    incarnation: row.incarnation,
                    next_offset: row.next_offset,
                    committed_at: row.committed_at,
                    log_end: row.log_end,
                    log_end_as_of: row.log_end_at,
                    lag: row.log_end.map(|end| (end - row.next_offset).max(0)),
                })
                .collect(),
        }
    }

    /// What became of the records of that day. A partition without a commit on it has none.
    pub fn today(&self) -> OutcomesAsOf {
        let date = self.date();
        let rows = || self.rows.iter().filter(|row| row.day == Some(date));
        OutcomesAsOf {
            as_of: self.read_at,
            data: Outcomes {
                date,
                stored: rows().map(|row| row.day_stored).sum(),
                duplicate: rows().map(|row| row.day_duplicates).sum(),
                rejected: rows().map(|row| row.day_rejected).sum(),
                ignored: rows().map(|row| row.day_ignored).sum(),
            },
        }
    }
}
