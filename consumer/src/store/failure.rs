//! What an error of Postgres means: try again, look at the data, or stop.

use std::error::Error as _;

use ordertally_schema::database::ConnectError;
use thiserror::Error;
use tokio_postgres::error::SqlState;

use crate::stop::LoudStop;

/// Why a transaction did not happen.
#[derive(Debug, Error)]
pub enum StoreError {
    /// Postgres is away, busy or cut the connection: roll back, and try again for as long as it
    /// takes.
    #[error("Postgres is out of reach or refuses for now")]
    Outage(#[source] anyhow::Error),
    /// Postgres refuses something in the data: find the record.
    #[error("Postgres refuses a record (SQLSTATE {sqlstate}: {message})")]
    Data {
        /// Postgres' error code.
        sqlstate: String,
        /// Its message, without the detail that quotes the row.
        message: String,
    },
    /// Somebody else claimed the partition since.
    #[error("partition {partition} was claimed by {owner} since: stepping down")]
    Fenced {
        /// Kafka partition.
        partition: i32,
        /// The newest claimant.
        owner: String,
    },
    /// The stored position is not where the batch starts: something was lost on the way here.
    #[error(
        "partition {partition} is stored at {stored}, the batch starts at {expected}: reading \
         again from the stored position"
    )]
    Misplaced {
        /// Kafka partition.
        partition: i32,
        /// The stored position.
        stored: i64,
        /// Where the batch starts.
        expected: i64,
    },
    /// Trying again cannot help.
    #[error(transparent)]
    Stop(#[from] LoudStop),
}

impl StoreError {
    /// Whether another session held a lock for longer than we wait.
    pub(super) fn is_lock_timeout(&self) -> bool {
        let Self::Outage(cause) = self else {
            return false;
        };
        cause
            .downcast_ref::<tokio_postgres::Error>()
            .and_then(tokio_postgres::Error::code)
            == Some(&SqlState::LOCK_NOT_AVAILABLE)
    }

    /// A deadline that passed. What became of the transaction is unknown.
    pub(super) fn deadline(what: &'static str) -> Self {
        Self::Outage(anyhow::anyhow!("{what} took too long"))
    }
}

impl From<tokio_postgres::Error> for StoreError {
    fn from(error: tokio_postgres::Error) -> Self {
        if let Some(stop) = stop_for(&error) {
            return Self::Stop(stop);
        }
        match error.as_db_error() {
            Some(refusal) if class(refusal.code()) == Class::Data => Self::Data {
                sqlstate: refusal.code().code().to_owned(),
                message: refusal.message().to_owned(),
            },
            _ => Self::Outage(error.into()),
        }
    }
}

/// The loud stop for an error that trying again cannot mend.
#[must_use]
pub fn stop_for(error: &tokio_postgres::Error) -> Option<LoudStop> {
    if let Some(refusal) = error.as_db_error() {
        return (class(refusal.code()) == Class::Stop).then(|| LoudStop::Database {
            sqlstate: refusal.code().code().to_owned(),
            message: refusal.message().to_owned(),
        });
    }
    // The connection, not an answer; of these only a setting that is missing, such as a password
    // that Postgres asks for, is there to stay. The client tells it by its words alone.
    let reason = error
        .source()
        .filter(|_| error.to_string() == "invalid configuration")?;
    Some(LoudStop::DatabaseUrl(reason.to_string()))
}

impl From<ConnectError> for StoreError {
    fn from(error: ConnectError) -> Self {
        match error {
            ConnectError::Connect(error) => error.into(),
            ConnectError::Tls(_) | ConnectError::Diesel(_) => Self::Outage(error.into()),
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Class {
    Retry,
    Data,
    Stop,
}

/// By the two-character classes of the SQL standard, and single states where the class is mixed.
/// Source: PostgreSQL documentation, appendix "Error Codes".
fn class(state: &SqlState) -> Class {
    let code = state.code();
    match code {
        // read-only (a standby after failover), failed transaction, idle-in-transaction timeout
        "25006" | "25P02" | "25P03" => return Class::Retry,
        _ => {}
    }
    match code.get(..2) {
        // connection, rollback (deadlock, serialization), resources, not now (a lock, a database
        // that takes no connections for a while), operator, system
        Some("08" | "40" | "53" | "55" | "57" | "58") => Class::Retry,
        // cardinality, data, integrity, program limits
        Some("21" | "22" | "23" | "54") => Class::Data,
        _ => Class::Stop,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_codes_fall_in_three_classes() {
        for (code, expected) in [
            ("08006", Class::Retry),
            ("25006", Class::Retry),
            ("25P02", Class::Retry),
            ("25P03", Class::Retry),
            ("40P01", Class::Retry),
            ("53100", Class::Retry),
            ("53300", Class::Retry),
            ("55000", Class::Retry),
            ("55P03", Class::Retry),
            ("57P01", Class::Retry),
            ("57P03", Class::Retry),
            ("58030", Class::Retry),
            ("21000", Class::Data),
            ("22003", Class::Data),
            ("23514", Class::Data),
            ("54000", Class::Data),
            ("28P01", Class::Stop),
            ("3D000", Class::Stop),
            ("42P01", Class::Stop),
            ("42703", Class::Stop),
            ("XX000", Class::Stop),
        ] {
            assert_eq!(class(&SqlState::from_code(code)), expected, "{code}");
        }
    }
}
