//! Questions to the broker about the topic: its id, its partitions, where their logs begin and end.
//! Asks with a client of its own, so that no answer waits behind records.

use std::sync::Arc;

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use thiserror::Error;

use crate::native;
pub use crate::native::TopicDescription;
use crate::settings::BROKER_TIMEOUT;
use crate::source::QuietContext;

/// The topic as the broker sees it.
#[derive(Clone)]
pub struct Probe {
    client: Arc<BaseConsumer<QuietContext>>,
    topic: Arc<str>,
}

/// Why the broker gave no answer. Ask again: this is an outage, or a topic that is being made.
#[derive(Debug, Error)]
pub enum ProbeError {
    /// The broker could not be asked.
    #[error("cannot ask the broker about topic {topic}")]
    Broker {
        /// Kafka topic.
        topic: String,
        /// What the client says.
        source: KafkaError,
    },
    /// There is no such topic.
    #[error("topic {0} does not exist")]
    NoTopic(String),
    /// The question was cut off at shutdown.
    #[error("the question was cut off")]
    CutOff(#[from] tokio::task::JoinError),
}

/// Where a partition's log begins and ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watermarks {
    /// Offset of the first record that is still there.
    pub log_start: i64,
    /// Offset after the last.
    pub log_end: i64,
}

impl Probe {
    /// A probe of `topic`. Connects in the background.
    ///
    /// # Errors
    ///
    /// When librdkafka cannot make a client from `config`.
    pub fn new(config: &ClientConfig, topic: &str) -> Result<Self, KafkaError> {
        Ok(Self {
            client: Arc::new(config.create_with_context(QuietContext)?),
            topic: topic.into(),
        })
    }

    /// The topic's name.
    #[must_use]
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// The topic's id and how many partitions it has.
    ///
    /// # Errors
    ///
    /// [`ProbeError`] when the broker does not answer or knows no such topic.
    pub async fn describe(&self) -> Result<TopicDescription, ProbeError> {
        let probe = self.clone();
        let answer = tokio::task::spawn_blocking(move || {
            native::describe_topic(probe.client.client(), &probe.topic, BROKER_TIMEOUT)
        })
        .await?;
        answer
            .map_err(|source| self.failed(source))?
            .ok_or_else(|| ProbeError::NoTopic(self.topic.to_string()))
    }

    /// Where a partition's log begins and ends.
    ///
    /// # Errors
    ///
    /// [`ProbeError::Broker`] when the broker does not answer.
    pub async fn watermarks(&self, partition: i32) -> Result<Watermarks, ProbeError> {
        let probe = self.clone();
        let answer = tokio::task::spawn_blocking(move || {
            probe
                .client
                .fetch_watermarks(&probe.topic, partition, BROKER_TIMEOUT)
        })
        .await?;
        let (log_start, log_end) = answer.map_err(|source| self.failed(source))?;
        Ok(Watermarks { log_start, log_end })
    }

    fn failed(&self, source: KafkaError) -> ProbeError {
        ProbeError::Broker {
            topic: self.topic.to_string(),
            source,
        }
    }
}
