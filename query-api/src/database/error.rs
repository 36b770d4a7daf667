//! Why a question got no answer.

use std::error::Error as StdError;
use std::time::Duration;

use diesel::result::Error as QueryError;
use thiserror::Error;

use crate::facts::board::Progress;
use crate::position::Positions;

/// Why there is no answer.
#[derive(Debug, Error)]
pub enum AskError {
    /// No connection to the database.
    #[error("no connection to the database")]
    Unreachable(#[source] Box<dyn StdError + Send + Sync>),
    /// The database refused, or was lost while it worked.
    #[error("the database did not answer")]
    Refused(#[source] QueryError),
    /// The database answered something that this release does not understand.
    #[error("the database's answer is not understood")]
    Garbled(#[source] QueryError),
    /// The facts are still being read.
    #[error("the facts are not in memory yet: {0}")]
    NotRead(Progress),
    /// The work took longer than a request may.
    #[error("the answer took longer than {0:?}")]
    TooSlow(Duration),
    /// The positions that the answer must include were not reached in time.
    #[error("the positions asked for were not reached; at {0}")]
    NotReached(Positions),
}

impl From<QueryError> for AskError {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::DeserializationError(_) | QueryError::NotFound => Self::Garbled(error),
            _ => Self::Refused(error),
        }
    }
}

/// An error with its causes in one line.
#[must_use]
pub fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}
