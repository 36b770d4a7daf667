//! What librdkafka calls back: rebalances and its log.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::base_consumer::BaseConsumer;
use rdkafka::consumer::{CommitMode, Consumer, ConsumerContext, RebalanceProtocol};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{ClientContext, Offset, TopicPartitionList};
use tokio::sync::mpsc;

use super::lane::Lane;
use super::{Event, Room};

/// How long a revocation waits for transactions in flight. Past it they run on, and the database
/// decides between them and the next owner's claim.
const REVOKE_WAIT: Duration = Duration::from_secs(5);

/// librdkafka's log, for a client that is no member of a group.
pub struct QuietContext;

impl ClientContext for QuietContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        log_line(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(error = %error, "the Kafka client reports: {reason}");
    }
}

impl ConsumerContext for QuietContext {}

/// The assigned partitions, shared between the polling loop and the callbacks that it runs.
pub struct GroupContext {
    topic: String,
    lanes: Mutex<BTreeMap<i32, Lane>>,
    assignments: Mutex<u64>,
    events: mpsc::UnboundedSender<Event>,
    room: Arc<Room>,
    /// When it was last said that no broker can be reached: the client repeats it many times a
    /// second.
    away_said: Mutex<Option<Instant>>,
}

/// How often it is said again that no broker can be reached.
const SAY_AWAY: Duration = Duration::from_secs(60);

impl GroupContext {
    pub fn new(topic: &str, events: mpsc::UnboundedSender<Event>, room: Arc<Room>) -> Self {
        Self {
            topic: topic.to_owned(),
            lanes: Mutex::default(),
            assignments: Mutex::default(),
            events,
            room,
            away_said: Mutex::default(),
        }
    }

    /// The lanes. Never held while the consumer is polled, which runs the callbacks below.
    pub fn lanes(&self) -> MutexGuard<'_, BTreeMap<i32, Lane>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn tell(&self, event: Event) {
        if self.events.send(event).is_err() {
            tracing::debug!("nobody listens to the source any more");
        }
    }

    /// The partitions of ours in `list`.
    fn partitions(&self, list: &TopicPartitionList) -> Vec<i32> {
        list.elements()
            .iter()
            .filter(|element| element.topic() == self.topic)
            .map(rdkafka::topic_partition_list::TopicPartitionListElem::partition)
            .collect()
    }

    /// Makes a list of `partitions` at `offset`.
    fn list(&self, partitions: &[i32], offset: Offset) -> TopicPartitionList {
        let mut list = TopicPartitionList::new();
        for &partition in partitions {
            if let Err(error) = list.add_partition_offset(&self.topic, partition, offset) {
                tracing::error!(
                    kafka.partition = partition,
                    "cannot name a partition: {error}"
                );
            }
        }
        list
    }

    /// Takes the partitions over, paused. Where they start is their writers' word.
    fn assign(&self, consumer: &BaseConsumer<Self>, list: &TopicPartitionList) {
        let partitions = self.partitions(list);
        tracing::info!(kafka.partitions = ?partitions, "partitions assigned");
        // A start of its own keeps the client from asking the broker for the group's offset.
        let paused = self.list(&partitions, Offset::Offset(0));
        let assigned = match consumer.rebalance_protocol() {
            RebalanceProtocol::Cooperative => consumer.incremental_assign(&paused),
            _ => consumer.assign(&paused),
        };
        report("assign partitions", assigned);
        report("pause partitions", consumer.pause(&paused));
        let mut lanes = self.lanes();
        for partition in partitions {
            let id = {
                let mut count = self
                    .assignments
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner);
                *count += 1;
                *count
            };
            let (lane, assignment) = Lane::new(partition, id, Arc::clone(&self.room));
            if let Some(previous) = lanes.insert(partition, lane) {
                previous.revoke();
            }
            self.tell(Event::Assigned(assignment));
        }
        drop(lanes);
        self.tell(Event::Rebalanced);
    }

    /// Takes the partitions from their writers: transactions in flight run to their end, what
    /// waits is dropped.
    fn revoke(&self, consumer: &BaseConsumer<Self>, list: &TopicPartitionList) {
        let partitions = self.partitions(list);
        let lost = consumer.assignment_lost();
        tracing::info!(kafka.partitions = ?partitions, lost, "partitions revoked");
        self.release(consumer, &partitions, REVOKE_WAIT, lost);
        let revoked = match consumer.rebalance_protocol() {
            RebalanceProtocol::Cooperative => {
                consumer.incremental_unassign(&self.list(&partitions, Offset::Invalid))
            }
            _ => consumer.unassign(),
        };
        report("give partitions back", revoked);
    }

    /// Ends the writers of `partitions` and tells the broker how far they came. What was `lost`
    /// may have another owner already: then it neither waits nor speaks for it.
    pub fn release(
        &self,
        consumer: &BaseConsumer<Self>,
        partitions: &[i32],
        longest: Duration,
        lost: bool,
    ) {
        let mut released = BTreeMap::new();
        {
            let mut lanes = self.lanes();
            for partition in partitions {
                if let Some(lane) = lanes.remove(partition) {
                    lane.revoke();
                    released.insert(*partition, lane);
                }
            }
        }
        if lost {
            return;
        }
        let deadline = Instant::now() + longest;
        for (partition, lane) in &released {
            if !lane.writer_ended(deadline) {
                tracing::warn!(
                    kafka.partition = partition,
                    "a transaction is still in flight; the database will settle it"
                );
            }
        }
        self.commit_offsets(consumer, &mut released);
    }

    /// Tells the broker, for its information, how far the lanes are.
    pub fn tell_broker(&self, consumer: &BaseConsumer<Self>) {
        self.commit_offsets(consumer, &mut self.lanes());
    }

    fn commit_offsets(&self, consumer: &BaseConsumer<Self>, lanes: &mut BTreeMap<i32, Lane>) {
        let mut offsets = TopicPartitionList::new();
        for (partition, lane) in lanes {
            let Some(next_offset) = lane.news_for_broker() else {
                continue;
            };
            report(
                "name an offset",
                offsets.add_partition_offset(&self.topic, *partition, Offset::Offset(next_offset)),
            );
        }
        // Not waited for: the broker may be away, and nothing depends on it.
        if offsets.count() > 0
            && let Err(error) = consumer.commit(&offsets, CommitMode::Async)
        {
            tracing::debug!("the broker was not told the positions: {error}");
        }
    }
}

impl ClientContext for GroupContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        log_line(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        match error.rdkafka_error_code() {
            Some(RDKafkaErrorCode::AllBrokersDown) => {
                let mut said = self
                    .away_said
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner);
                if said.is_none_or(|at| at.elapsed() >= SAY_AWAY) {
                    tracing::warn!("no broker can be reached; waiting: {reason}");
                    *said = Some(Instant::now());
                }
            }
            _ => tracing::debug!(error = %error, "the Kafka client reports: {reason}"),
        }
    }
}

impl ConsumerContext for GroupContext {
    fn rebalance(
        &self,
        consumer: &BaseConsumer<Self>,
        event: RDKafkaRespErr,
        list: &mut TopicPartitionList,
    ) {
        match event {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS => self.assign(consumer, list),
            _ => self.revoke(consumer, list),
        }
    }

    fn commit_callback(&self, result: KafkaResult<()>, _: &TopicPartitionList) {
        if let Err(error) = result {
            tracing::debug!("the broker did not take the positions: {error}");
        }
    }
}

fn report(action: &str, result: KafkaResult<()>) {
    if let Err(error) = result {
        tracing::error!("cannot {action}: {error}");
    }
}

fn log_line(level: RDKafkaLogLevel, facility: &str, message: &str) {
    match level {
        RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical => {
            tracing::error!(kafka.facility = facility, "{message}");
        }
        // An unreachable broker is an error line a second; the service says it once itself.
        _ => tracing::debug!(kafka.facility = facility, "{message}"),
    }
}
