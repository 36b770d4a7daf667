//! The only file that hands events to Kafka, in order and keyed, with an account of each one.

use std::sync::MutexGuard;
use std::time::{Duration, Instant};

use ordertally_settings::kafka::{Brokers, TopicName};
use rdkafka::config::ClientConfig;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer, PurgeConfig};

use crate::account::Account;
use crate::ledger::{Ledger, Origin};
use crate::settings::{KafkaSettings, Timestamps};
use crate::stop::Stop;
use crate::topic::{self, TimestampRules, TopicError};

/// After so many events the client's answers are looked at.
const EVENTS_PER_POLL: u32 = 64;
/// How long one wait for the client's answers lasts at most: a stop is seen after it.
const POLL_WAIT: Duration = Duration::from_millis(100);
/// What a message may take beyond its timeout until the client says so.
const ANSWER_GRACE: Duration = Duration::from_secs(10);

/// Hands events to the topic and keeps account of them.
pub struct Sender {
    producer: BaseProducer<Account>,
    config: ClientConfig,
    brokers: Brokers,
    topic: TopicName,
    timestamps: Timestamps,
    rules: TimestampRules,
    delivery_timeout: Duration,
    since_poll: u32,
    expired: u64,
}

/// An event as it goes to the topic.
pub struct Outgoing<'a> {
    /// Where it came from.
    pub origin: Origin,
    /// The customer's id.
    pub key: Option<&'a [u8]>,
    /// The event; `None` for a tombstone.
    pub payload: Option<&'a [u8]>,
    /// When it was judged, milliseconds since 1970.
    pub now_ms: i64,
    /// Its own time.
    pub created_at_ms: Option<i64>,
}

/// Why no further event was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The program is to stop.
    Stopped,
    /// The broker stayed away, or refuses us for good.
    Broken,
}

impl Sender {
    /// A sender that has not asked the broker anything yet.
    ///
    /// # Errors
    ///
    /// When the client refuses an option or a combination of options.
    pub fn new(
        settings: &KafkaSettings,
        brokers: &Brokers,
        config: ClientConfig,
    ) -> Result<Self, KafkaError> {
        let producer = config.create_with_context(Account::default())?;
        Ok(Self {
            producer,
            config,
            brokers: brokers.clone(),
            topic: settings.kafka_topic.clone(),
            timestamps: settings.timestamps,
            rules: TimestampRules::default(),
            delivery_timeout: Duration::from_secs(settings.delivery_timeout_s.into()),
            since_poll: 0,
            expired: 0,
        })
    }

    /// Makes sure that the topic is there, and asks how it treats timestamps when that matters.
    /// Returns what the person should know.
    ///
    /// # Errors
    ///
    /// [`TopicError`] when nothing can be sent.
    pub fn prepare(
        &mut self,
        runtime: &tokio::runtime::Runtime,
    ) -> Result<Option<String>, TopicError> {
        let wait = self.delivery_timeout.min(topic::ANSWER_WAIT_MAX);
        let (brokers, name) = (self.brokers.as_str(), self.topic.as_str());
        topic::check(&self.producer, brokers, name, wait)?;
        if self.timestamps == Timestamps::Now {
            return Ok(None);
        }
        let rules = runtime.block_on(topic::timestamp_rules(&self.config, self.topic.as_str()));
        match rules {
            Ok(rules) => {
                self.rules = rules;
                Ok(rules.broker_time.then(|| {
                    format!(
                        "the topic '{}' takes the broker's time (message.timestamp.type=LogAppendTime): \
                         --timestamps event has no effect",
                        self.topic
                    )
                }))
            }
            Err(error) => Ok(Some(format!(
                "cannot ask how long the topic '{}' keeps its records ({error}): \
                 events older than its retention.ms will be deleted",
                self.topic
            ))),
        }
    }

    /// Hands one event over, waiting while the client's queue is full. Says when the event is
    /// older than what the topic keeps, the first time.
    ///
    /// # Errors
    ///
    /// [`Refusal`] when no further event can be handed over.
    pub fn send(&mut self, event: &Outgoing<'_>, stop: &Stop) -> Result<Option<String>, Refusal> {
        let timestamp_ms = match self.timestamps {
            Timestamps::Event => event.created_at_ms.unwrap_or(event.now_ms),
            Timestamps::Now => event.now_ms,
        };
        loop {
            self.may_go_on(stop)?;
            let number = self.ledger().next_number();
            let mut record =
                BaseRecord::with_opaque_to(self.topic.as_str(), number).timestamp(timestamp_ms);
            record.key = event.key;
            record.payload = event.payload;
            match self.producer.send(record) {
                Ok(()) => {
                    self.ledger().handed_over(event.origin);
                    break;
                }
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), _)) => {
                    self.producer.poll(POLL_WAIT);
                }
                Err((error, _)) => {
                    let fatal = self.producer.client().fatal_error();
                    let mut ledger = self.ledger();
                    ledger.refused(event.origin, error.to_string());
                    if let Some((_, reason)) = fatal {
                        ledger.broke(reason);
                    }
                    break;
                }
            }
        }
        self.since_poll += 1;
        if self.since_poll >= EVENTS_PER_POLL {
            self.poll(Duration::ZERO);
        }
        Ok(self.note_expiry(timestamp_ms, event.now_ms))
    }

    fn may_go_on(&self, stop: &Stop) -> Result<(), Refusal> {
        if self.ledger().broken().is_some() {
            Err(Refusal::Broken)
        } else if stop.asked().is_some() {
            Err(Refusal::Stopped)
        } else {
            Ok(())
        }
    }

    fn note_expiry(&mut self, timestamp_ms: i64, now_ms: i64) -> Option<String> {
        let retention_ms = self.rules.retention_ms?;
        if self.rules.broker_time || now_ms - timestamp_ms <= retention_ms {
            return None;
        }
        self.expired += 1;
        (self.expired == 1).then(|| {
            format!(
                "the topic '{}' keeps records for {:.1} days (retention.ms={retention_ms}) and will \
                 delete events that are older: let it keep them (retention.ms=-1), or send with \
                 --timestamps now",
                self.topic,
                Duration::from_millis(retention_ms.unsigned_abs()).as_secs_f64() / 86_400.0
            )
        })
    }

    /// Takes the client's answers, waiting up to `wait` for the first.
    pub fn poll(&mut self, wait: Duration) {
        self.since_poll = 0;
        self.producer.poll(wait);
    }

    /// Waits until every event has its answer, which the delivery timeout bounds. After a broker
    /// that is lost for good the rest is given up at once.
    pub fn finish(&mut self) {
        if self.ledger().broken().is_some() {
            self.producer
                .purge(PurgeConfig::default().queue().inflight());
        }
        let deadline = Instant::now() + self.delivery_timeout + ANSWER_GRACE;
        while self.ledger().waiting() > 0 && Instant::now() < deadline {
            self.producer.poll(POLL_WAIT);
            if self.ledger().broken().is_some() {
                self.producer
                    .purge(PurgeConfig::default().queue().inflight());
            }
        }
    }

    /// The account of all events.
    pub fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.producer.context().ledger()
    }

    /// Events that the topic's retention will delete.
    pub fn expired(&self) -> u64 {
        self.expired
    }
}
