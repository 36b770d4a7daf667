//! What the broker says about the topic before anything is sent to it.

use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions, ResourceSpecifier};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseProducer, Producer, ProducerContext};
use thiserror::Error;

/// How long the broker is given at most to answer before anything is sent.
pub const ANSWER_WAIT_MAX: Duration = Duration::from_secs(15);

/// Why nothing can be sent to the topic.
#[derive(Debug, Error)]
pub enum TopicError {
    /// Nobody answers.
    #[error("no broker answered at {brokers} within {} s: {reason}; is Kafka running there?", wait.as_secs())]
    NoBroker {
        /// The addresses that were tried.
        brokers: String,
        /// How long was waited.
        wait: Duration,
        /// The client's words.
        reason: KafkaError,
    },
    /// There is no such topic.
    #[error("the topic '{topic}' does not exist at {brokers}: create it first")]
    Missing {
        /// The topic.
        topic: String,
        /// The addresses that were asked.
        brokers: String,
    },
    /// The broker refuses to speak about it.
    #[error("the broker refuses the topic '{topic}': {reason}")]
    Refused {
        /// The topic.
        topic: String,
        /// The broker's words.
        reason: RDKafkaErrorCode,
    },
}

/// Makes sure that the topic is there, without creating it.
///
/// # Errors
///
/// [`TopicError`] after `wait` at the latest.
pub fn check<C: ProducerContext>(
    producer: &BaseProducer<C>,
    brokers: &str,
    topic: &str,
    wait: Duration,
) -> Result<(), TopicError> {
    let deadline = Instant::now() + wait;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let metadata = producer
            .client()
            .fetch_metadata(Some(topic), left.max(Duration::from_millis(100)))
            .map_err(|reason| TopicError::NoBroker {
                brokers: brokers.to_owned(),
                wait,
                reason,
            })?;
        let error = metadata.topics().first().and_then(|topic| topic.error());
        match error.map(RDKafkaErrorCode::from) {
            None if metadata.topics().is_empty() => return Err(missing(brokers, topic)),
            None => return Ok(()),
            Some(RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic) => {
                return Err(missing(brokers, topic));
            }
            // A topic that was just created has no leader for a moment.
            Some(RDKafkaErrorCode::LeaderNotAvailable) if !left.is_zero() => {
                producer.poll(Duration::from_millis(100));
            }
            Some(reason) => {
                return Err(TopicError::Refused {
                    topic: topic.to_owned(),
                    reason,
                });
            }
        }
    }
}

fn missing(brokers: &str, topic: &str) -> TopicError {
    TopicError::Missing {
        topic: topic.to_owned(),
        brokers: brokers.to_owned(),
    }
}

/// What the topic's configuration means for records that carry the time of their event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimestampRules {
    /// Records older than this are deleted at the next retention check; `None` keeps all.
    pub retention_ms: Option<i64>,
    /// Whether the broker puts its own time in the place of the record's.
    pub broker_time: bool,
}

/// Asks for the topic's configuration.
///
/// # Errors
///
/// The client's or the broker's, which may forbid the question.
pub async fn timestamp_rules(
    config: &ClientConfig,
    topic: &str,
) -> Result<TimestampRules, KafkaError> {
    let admin: AdminClient<DefaultClientContext> = config.create()?;
    let options = AdminOptions::new().request_timeout(Some(ANSWER_WAIT_MAX));
    let resources = admin
        .describe_configs(&[ResourceSpecifier::Topic(topic)], &options)
        .await?;
    let resource = match resources.into_iter().next() {
        Some(resource) => resource.map_err(KafkaError::AdminOp)?,
        None => return Ok(TimestampRules::default()),
    };
    let value = |name: &str| {
        resource
            .entries
            .iter()
            .find(|entry| entry.name == name)
            .and_then(|entry| entry.value.as_deref())
    };
    Ok(TimestampRules {
        retention_ms: value("retention.ms")
            .and_then(|text| text.parse().ok())
            .filter(|ms: &i64| *ms >= 0),
        broker_time: value("message.timestamp.type") == Some("LogAppendTime"),
    })
}
