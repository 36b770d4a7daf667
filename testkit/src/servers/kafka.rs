//! Kafka for tests.

use ordertally_local::exec::KAFKA_BROKERS_VARIABLE;
use ordertally_local::kafka::Detour;
use ordertally_local::temporary::TemporaryKafka;
use ordertally_local::topics::Topics;
use tokio::sync::OnceCell;

use super::{must, unique_name};
use crate::stopped;

/// What a client of the shared broker starts from.
pub async fn brokers() -> String {
    static OWN: OnceCell<TemporaryKafka> = OnceCell::const_new();
    match std::env::var(KAFKA_BROKERS_VARIABLE) {
        Ok(brokers) => brokers,
        Err(_) => {
            let start = || async { must("start Kafka", TemporaryKafka::start().await) };
            OWN.get_or_init(start).await.brokers()
        }
    }
}

/// A new topic on the shared broker, with a name that no other test has.
pub async fn topic(partitions: i32) -> String {
    let name = unique_name("orders");
    let created = topics().await.create(&name, partitions, &[]).await;
    assert!(must("create a topic", created), "{name} was there already");
    name
}

/// What can be done to topics of the shared broker: made, deleted, grown, cut off.
pub async fn topics() -> Topics {
    Topics::of(&brokers().await)
}

/// A broker of one test's own, which the test may stop, freeze and start again.
#[derive(Debug)]
pub struct OwnKafka {
    kafka: TemporaryKafka,
}

impl OwnKafka {
    /// Starts it.
    pub async fn start() -> Self {
        Self {
            kafka: must("start Kafka", TemporaryKafka::start().await),
        }
    }

    /// Starts it with a second way in.
    pub async fn start_with(detour: Detour) -> Self {
        let started = TemporaryKafka::start_with(Some(detour)).await;
        Self {
            kafka: must("start Kafka", started),
        }
    }

    /// What a client starts from; it stays the same over restarts.
    #[must_use]
    pub fn brokers(&self) -> String {
        self.kafka.brokers()
    }

    /// Stops it in order.
    pub async fn stop(&mut self) {
        if let Some(broker) = self.kafka.take() {
            must("stop Kafka", broker.stop().await);
        }
    }

    /// Ends it with SIGKILL.
    pub fn kill(&mut self) {
        drop(self.kafka.take());
    }

    /// Starts it again on the same data and port.
    pub async fn start_again(&mut self) {
        must("start Kafka again", self.kafka.start_again().await);
    }

    /// Freezes it: connections stay open, and nothing answers.
    pub fn pause(&mut self) {
        self.signal(stopped::freeze);
    }

    /// Ends a [`OwnKafka::pause`].
    pub fn resume(&mut self) {
        self.signal(stopped::thaw);
    }

    fn signal(&mut self, signal: impl Fn(u32)) {
        let broker = self.kafka.running().expect("the broker runs");
        signal(broker.process().id());
    }

    /// What can be done to its topics.
    #[must_use]
    pub fn topics(&self) -> Topics {
        Topics::of(&self.brokers())
    }

    /// Makes a topic, and waits until clients see it.
    pub async fn create_topic(&self, topic: &str, partitions: i32) {
        let created = self.topics().create(topic, partitions, &[]).await;
        assert!(must("create a topic", created), "{topic} was there already");
    }

    /// Deletes a topic, and waits until clients see it gone.
    pub async fn delete_topic(&self, topic: &str) {
        must("delete a topic", self.topics().delete(topic).await);
    }

    /// Gives a topic `partitions` partitions in all.
    pub async fn add_partitions(&self, topic: &str, partitions: i32) {
        let added = self.topics().add_partitions(topic, partitions).await;
        must("add partitions", added);
    }

    /// Deletes the records of a partition below `first_offset`.
    pub async fn delete_records(&self, topic: &str, partition: i32, first_offset: i64) {
        let deleted = self
            .topics()
            .delete_records(topic, partition, first_offset)
            .await;
        must("delete records", deleted);
    }

    /// The next offset of each partition, in their order.
    #[must_use]
    pub fn end_offsets(&self, topic: &str) -> Vec<i64> {
        must("ask for end offsets", self.topics().end_offsets(topic))
    }
}
