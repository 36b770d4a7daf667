//! Why the consumer ended by itself: an operator has to choose what to do.

use thiserror::Error;

use crate::probe::Watermarks;

/// A loud stop. Ends the process with exit status 3 once the work in hand is done; an outage never
/// does. Each says what is the matter, both figures, and the command.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum LoudStop {
    /// Records that were never read are gone from the log.
    #[error(
        "topic {topic} partition {partition}: the stored position is {next_offset}, but the log \
         begins at {log_start}: unread records were deleted; see the range to be skipped with \
         'ordertally-consumer positions show', then choose with 'ordertally-consumer positions \
         reset --partition {partition} --to earliest|latest|OFFSET'"
    )]
    BelowLogStart {
        /// Kafka topic.
        topic: String,
        /// Its partition.
        partition: i32,
        /// The stored position.
        next_offset: i64,
        /// Where the log begins.
        log_start: i64,
    },
    /// The log ends before the stored position: it lost records that were committed here.
    #[error(
        "topic {topic} partition {partition}: the stored position is {next_offset}, but the log \
         ends at {log_end}: the log lost records; choose with 'ordertally-consumer positions \
         reset --partition {partition} --to earliest|latest|OFFSET'"
    )]
    BeyondLogEnd {
        /// Kafka topic.
        topic: String,
        /// Its partition.
        partition: i32,
        /// The stored position.
        next_offset: i64,
        /// Where the log ends.
        log_end: i64,
    },
    /// The topic was deleted and made anew.
    #[error(
        "topic {topic} partition {partition}: the stored position {next_offset} belongs to topic \
         id {stored}, but the topic has id {found} now: it was deleted and created anew; choose \
         with 'ordertally-consumer positions reset --to earliest|latest|OFFSET'"
    )]
    AnotherTopic {
        /// Kafka topic.
        topic: String,
        /// Its partition.
        partition: i32,
        /// The stored position.
        next_offset: i64,
        /// The topic id that the position belongs to.
        stored: String,
        /// The id that the topic has now.
        found: String,
    },
    /// The database serves another topic or group.
    #[error("this database serves topic {topic} and group {group}: use these, or another database")]
    AnotherStream {
        /// The topic that the database serves.
        topic: String,
        /// The group that the database serves.
        group: String,
    },
    /// Postgres refused in a way that trying again cannot mend.
    #[error(
        "Postgres refuses, and trying again cannot help ({sqlstate}: {message}){}",
        advice(sqlstate)
    )]
    Database {
        /// Postgres' error code.
        sqlstate: String,
        /// Its message.
        message: String,
    },
    /// What the URL of the database says is not enough to connect.
    #[error("cannot connect to Postgres with this DATABASE_URL ({0}): correct it")]
    DatabaseUrl(String),
    /// The database could not be brought to this release's structure.
    #[error("{0}: mend the cause, then start again; the failed migration has left no trace")]
    Migration(String),
    /// librdkafka's client broke for good.
    #[error("the Kafka client failed for good ({0}): start the consumer again")]
    Kafka(String),
}

/// What to do about a refusal of Postgres, where its code tells.
fn advice(sqlstate: &str) -> &'static str {
    match sqlstate {
        // no such table, column, function
        "42P01" | "42703" | "42883" => {
            "; the database is new or older than this release: run 'ordertally-consumer migrate'"
        }
        "42501" => "; grant this user what it needs on all tables",
        // no such database; user and password
        "3D000" | "28000" | "28P01" => "; correct DATABASE_URL",
        _ => "",
    }
}

/// The loud stop for a position that is not in its partition's log, if it is not.
#[must_use]
pub fn outside(topic: &str, partition: i32, next_offset: i64, log: Watermarks) -> Option<LoudStop> {
    let Watermarks { log_start, log_end } = log;
    let topic = topic.to_owned();
    if next_offset < log_start {
        Some(LoudStop::BelowLogStart {
            topic,
            partition,
            next_offset,
            log_start,
        })
    } else if next_offset > log_end {
        Some(LoudStop::BeyondLogEnd {
            topic,
            partition,
            next_offset,
            log_end,
        })
    } else {
        None
    }
}
