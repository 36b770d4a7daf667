//! What is asked of a broker about its topics: made, deleted, grown, cut off, how far they reach.

use std::time::{Duration, Instant};

use rdkafka::admin::{
    AdminClient, AdminOptions, AlterConfig, NewPartitions, NewTopic, ResourceSpecifier,
    TopicReplication, TopicResult,
};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use thiserror::Error;

/// One node answers within milliseconds; the rest is for machines that do much else.
const DEADLINE: Duration = Duration::from_secs(30);
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// Why a question about a topic has no answer.
#[derive(Debug, Error)]
pub enum TopicError {
    /// The broker is out of reach, or refuses.
    #[error("cannot {what} on {brokers}")]
    Broker {
        /// What was asked for.
        what: String,
        /// Whom.
        brokers: String,
        /// The client's words.
        source: Box<KafkaError>,
    },
    /// The change was accepted and does not show.
    #[error("{what} was accepted by {brokers} and does not show after {} s", DEADLINE.as_secs())]
    NotSeen {
        /// What was asked for.
        what: String,
        /// Whom.
        brokers: String,
    },
}

/// Topics of the brokers that a client starts from. Each call connects anew: none is frequent. The
/// calls that only ask block their thread while the broker is silent.
#[derive(Clone, Debug)]
pub struct Topics {
    brokers: String,
}

impl Topics {
    /// Connects to nothing yet.
    #[must_use]
    pub fn of(brokers: &str) -> Self {
        Self {
            brokers: brokers.to_owned(),
        }
    }

    /// Makes a topic and waits until clients see it. `settings` are the topic's own
    /// (`retention.ms`, `-1`). Returns whether it was made: one that is there stays as it is.
    ///
    /// # Errors
    ///
    /// [`TopicError`].
    pub async fn create(
        &self,
        topic: &str,
        partitions: i32,
        settings: &[(&str, &str)],
    ) -> Result<bool, TopicError> {
        let what = format!("create topic {topic}");
        let mut new = NewTopic::new(topic, partitions, TopicReplication::Fixed(1));
        for (name, value) in settings {
            new = new.set(name, value);
        }
        let admin = self.admin(&what)?;
        let results = admin.create_topics([&new], &options()).await;
        let created = match first(results) {
            Ok(()) => true,
            Err(KafkaError::AdminOp(RDKafkaErrorCode::TopicAlreadyExists)) => false,
            Err(error) => return Err(self.failed(&what, error)),
        };
        if created {
            self.seen(&what, || {
                self.partition_count(topic)
                    .is_ok_and(|count| count == Some(partitions))
            })
            .await?;
        }
        Ok(created)
    }

    /// Deletes a topic and waits until clients no longer see it.
    ///
    /// # Errors
    ///
    /// [`TopicError`].
    pub async fn delete(&self, topic: &str) -> Result<(), TopicError> {
        let what = format!("delete topic {topic}");
        let admin = self.admin(&what)?;
        let results = admin.delete_topics(&[topic], &options()).await;
        first(results).map_err(|error| self.failed(&what, error))?;
        self.seen(&what, || {
            self.partition_count(topic)
                .is_ok_and(|count| count.is_none())
        })
        .await
    }

    /// Gives a topic more partitions, `partitions` in all, and waits until clients see them.
    ///
    /// # Errors
    ///
    /// [`TopicError`].
    pub async fn add_partitions(&self, topic: &str, partitions: i32) -> Result<(), TopicError> {
        let what = format!("add partitions to topic {topic}");
        let admin = self.admin(&what)?;
        let all = usize::try_from(partitions).unwrap_or_default();
        let new = NewPartitions::new(topic, all);
        let results = admin.create_partitions([&new], &options()).await;
        first(results).map_err(|error| self.failed(&what, error))?;
        self.seen(&what, || {
            self.partition_count(topic)
                .is_ok_and(|count| count == Some(partitions))
        })
        .await
    }

    /// Deletes the records of a partition that lie below `first_offset`.
    ///
    /// # Errors
    ///
    /// [`TopicError`].
    pub async fn delete_records(
        &self,
        topic: &str,
        partition: i32,
        first_offset: i64,
    ) -> Result<(), TopicError> {
        let what = format!("delete records of {topic}/{partition}");
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(topic, partition, Offset::Offset(first_offset))
            .map_err(|error| self.failed(&what, error))?;
        let deleted = self
            .admin(&what)?
            .delete_records(&list, &options())
            .await
            .map_err(|error| self.failed(&what, error))?;
        match deleted.elements().first().map(|element| element.error()) {
            Some(Err(error)) => Err(self.failed(&what, error)),
            _ => Ok(()),
        }
    }

    /// Gives a topic settings of its own, in place of those that it has.
    ///
    /// # Errors
    ///
    /// [`TopicError::Broker`].
    pub async fn set(&self, topic: &str, settings: &[(&str, &str)]) -> Result<(), TopicError> {
        let what = format!("set up topic {topic}");
        let mut change = AlterConfig::new(ResourceSpecifier::Topic(topic));
        for (name, value) in settings {
            change = change.set(name, value);
        }
        let results = self
            .admin(&what)?
            .alter_configs([&change], &options())
            .await;
        let changed = results.map(|results| results.into_iter().next());
        match changed.map_err(|error| self.failed(&what, error))? {
            Some(Err((_, code))) => Err(self.failed(&what, KafkaError::AdminOp(code))),
            _ => Ok(()),
        }
    }

    /// How many partitions a topic has; nothing where there is no such topic.
    ///
    /// # Errors
    ///
    /// [`TopicError::Broker`].
    pub fn partition_count(&self, topic: &str) -> Result<Option<i32>, TopicError> {
        let what = format!("describe topic {topic}");
        let metadata = self
            .client(&what)?
            .fetch_metadata(Some(topic), DEADLINE)
            .map_err(|error| self.failed(&what, error))?;
        let described = metadata.topics().iter().find(|found| found.name() == topic);
        Ok(described
            .filter(|found| found.error().is_none() && !found.partitions().is_empty())
            .and_then(|found| i32::try_from(found.partitions().len()).ok()))
    }

    /// The next offset of each partition, in their order: one past the last record.
    ///
    /// # Errors
    ///
    /// [`TopicError::Broker`].
    pub fn end_offsets(&self, topic: &str) -> Result<Vec<i64>, TopicError> {
        Ok(self
            .watermarks(topic)?
            .into_iter()
            .map(|(_, end)| end)
            .collect())
    }

    /// The first offset that is kept, and the next one, of each partition in their order.
    ///
    /// # Errors
    ///
    /// [`TopicError::Broker`].
    pub fn watermarks(&self, topic: &str) -> Result<Vec<(i64, i64)>, TopicError> {
        let what = format!("ask for the offsets of topic {topic}");
        let client = self.client(&what)?;
        (0..self.partition_count(topic)?.unwrap_or_default())
            .map(|partition| {
                client
                    .fetch_watermarks(topic, partition, DEADLINE)
                    .map_err(|error| self.failed(&what, error))
            })
            .collect()
    }

    fn admin(&self, what: &str) -> Result<AdminClient<DefaultClientContext>, TopicError> {
        self.config()
            .create()
            .map_err(|error| self.failed(what, error))
    }

    fn client(&self, what: &str) -> Result<BaseConsumer, TopicError> {
        self.config()
            .create()
            .map_err(|error| self.failed(what, error))
    }

    fn config(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", &self.brokers)
            .set("allow.auto.create.topics", "false");
        config
    }

    /// Waits until a change shows in what the broker tells.
    async fn seen(&self, what: &str, shows: impl Fn() -> bool) -> Result<(), TopicError> {
        let started = Instant::now();
        while !shows() {
            if started.elapsed() > DEADLINE {
                return Err(TopicError::NotSeen {
                    what: what.to_owned(),
                    brokers: self.brokers.clone(),
                });
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
        Ok(())
    }

    fn failed(&self, what: &str, source: KafkaError) -> TopicError {
        TopicError::Broker {
            what: what.to_owned(),
            brokers: self.brokers.clone(),
            source: Box::new(source),
        }
    }
}

fn options() -> AdminOptions {
    AdminOptions::new()
        .request_timeout(Some(DEADLINE))
        .operation_timeout(Some(DEADLINE))
}

/// The result for the one topic that was asked about.
fn first(results: Result<Vec<TopicResult>, KafkaError>) -> Result<(), KafkaError> {
    match results?.into_iter().next() {
        Some(Err((_, code))) => Err(KafkaError::AdminOp(code)),
        _ => Ok(()),
    }
}
