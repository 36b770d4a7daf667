//! Listens to the broker's client: its answers go into the ledger, its complaints into the log.

use std::sync::{Mutex, MutexGuard, PoisonError};

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::DeliveryResult;
use rdkafka::producer::ProducerContext;

use crate::ledger::Ledger;

/// Where the client's answers are written down.
#[derive(Default)]
pub struct Account {
    ledger: Mutex<Ledger>,
}

impl Account {
    /// The account as it stands.
    pub fn ledger(&self) -> MutexGuard<'_, Ledger> {
        // The ledger's own code does not panic half-way.
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientContext for Account {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        match level {
            RDKafkaLogLevel::Notice | RDKafkaLogLevel::Info | RDKafkaLogLevel::Debug => {
                tracing::debug!(kafka.facility = facility, "{message}");
            }
            _ => tracing::warn!(kafka.facility = facility, "{message}"),
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::warn!("the broker's client reports: {reason} ({error})");
    }
}

impl ProducerContext for Account {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, number: Self::DeliveryOpaque) {
        let mut ledger = self.ledger();
        match result {
            Ok(_) => ledger.delivered(number),
            Err((error, _)) => {
                if !concerns_one_event(error) {
                    ledger.broke(error.to_string());
                }
                ledger.failed(number, error.to_string());
            }
        }
    }
}

/// Whether the next event may fare better than this one.
fn concerns_one_event(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            RDKafkaErrorCode::MessageSizeTooLarge
                | RDKafkaErrorCode::InvalidMessageSize
                | RDKafkaErrorCode::InvalidMessage
                | RDKafkaErrorCode::InvalidTimestamp
                | RDKafkaErrorCode::InvalidRecord
        )
    )
}
