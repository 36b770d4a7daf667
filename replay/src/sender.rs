//! The only file that hands events to Kafka: idempotently, in order, keyed, and with an account of
//! each one.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ordertally_settings::kafka::{Brokers, KafkaOption, KafkaOptionError, TopicName};
use rdkafka::client::ClientContext;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::DeliveryResult;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer, ProducerContext, PurgeConfig};

use crate::ledger::{Ledger, Origin};
use crate::settings::{KafkaSettings, Timestamps};
use crate::stop::Stop;
use crate::topic::{self, TimestampRules, TopicError};

/// Options that sending relies on, each set below with the reason.
const PROTECTED: [&str; 17] = [
    "bootstrap.servers",
    "metadata.broker.list",
    "enable.idempotence",
    "acks",
    "request.required.acks",
    "max.in.flight",
    "max.in.flight.requests.per.connection",
    "retries",
    "message.send.max.retries",
    "message.timeout.ms",
    "delivery.timeout.ms",
    "allow.auto.create.topics",
    "delivery.report.only.error",
    "enable.gapless.guarantee",
    "transactional.id",
    "partitioner",
    "queuing.strategy",
];

/// After so many events the client's answers are looked at.
const EVENTS_PER_POLL: u32 = 64;
/// How long one wait for the client's answers lasts at most: a stop is seen after it.
const POLL_WAIT: Duration = Duration::from_millis(100);
/// What a message may take beyond its timeout until the client says so.
const ANSWER_GRACE: Duration = Duration::from_secs(10);

/// The client's configuration.
///
/// # Errors
///
/// [`KafkaOptionError::Protected`] when an option is given that sending relies on.
pub fn configuration(
    settings: &KafkaSettings,
    brokers: &Brokers,
) -> Result<ClientConfig, KafkaOptionError> {
    let mut config = ClientConfig::new();
    // Throughput; any of these may be overridden by an option of the command line.
    config
        .set("client.id", "ordertally-replay")
        .set("compression.codec", "lz4")
        .set("linger.ms", "20")
        .set("queue.buffering.max.messages", "100000")
        .set("queue.buffering.max.kbytes", "65536")
        // An event of 1 MiB must reach the consumer's rules, and an invalid one its rejections.
        .set("message.max.bytes", "8388608");
    for KafkaOption { key, value } in settings.options.checked(&PROTECTED)? {
        config.set(key, value);
    }
    let timeout_ms = u64::from(settings.delivery_timeout_s) * 1000;
    config
        .set("bootstrap.servers", brokers.as_str())
        // No retry doubles or reorders an event; implies acks=all and endless retries.
        .set("enable.idempotence", "true")
        .set("acks", "all")
        // A broker that stays away ends the run; a restart of it does not.
        .set("message.timeout.ms", timeout_ms.to_string())
        // A misspelled topic is an error, not a new topic.
        .set("allow.auto.create.topics", "false")
        // Java's partitioner: a customer keeps the partition that other producers use.
        .set("partitioner", "murmur2_random");
    Ok(config)
}

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
            self.may_go_on(stop)?;
        }
        self.since_poll += 1;
        if self.since_poll >= EVENTS_PER_POLL {
            self.poll(Duration::ZERO);
            self.may_go_on(stop)?;
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

/// Where the client's answers are written down.
#[derive(Default)]
struct Account {
    ledger: Mutex<Ledger>,
}

impl Account {
    fn ledger(&self) -> MutexGuard<'_, Ledger> {
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
