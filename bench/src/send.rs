//! Records sent one by one at a steady rate, as many small producers would: none waits for another,
//! but for the linger that is asked for.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use ordertally_replay::generate::Plan;
use ordertally_replay::settings::GenerateSettings;
use rdkafka::ClientConfig;
use rdkafka::message::{DeliveryResult, Message};
use rdkafka::producer::{BaseRecord, Producer, ProducerContext, ThreadedProducer};

use crate::programs::first_day;
use crate::timeline::Sent;

/// Far longer than a broker on this machine takes.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(30);

/// Customers of a month's orders.
const CUSTOMERS: u64 = 10_000;

/// One event to send.
#[derive(Debug)]
pub struct Event {
    /// The record's key.
    pub key: String,
    /// Its value.
    pub payload: Vec<u8>,
}

/// Everything that is to be sent, made before anything is measured.
#[must_use]
pub fn made(settings: &GenerateSettings) -> Vec<Event> {
    let mut events = Vec::new();
    Plan::new(settings).make(&[], |made| {
        events.push(Event {
            key: made.customer_id.clone(),
            payload: made.payload.clone(),
        });
        true
    });
    events
}

/// That many different orders of a month.
#[must_use]
pub fn made_of_a_month(orders: u32, seed: u64) -> Vec<Event> {
    made(&GenerateSettings {
        orders: orders.into(),
        seed,
        days: 30,
        customers: CUSTOMERS,
        start: first_day(),
        duplicates: 0.0,
        invalid: 0.0,
        output: None,
    })
}

/// What became of the events, in the order of their acknowledgement, and how late the latest send
/// of all began after it was due.
#[derive(Debug)]
pub struct Run {
    /// The records.
    pub records: Vec<Sent>,
    /// How far sending fell behind its plan.
    pub late_max: Duration,
}

/// Sends events at a steady rate from the calling thread.
pub struct Sender {
    producer: ThreadedProducer<Notes>,
    topic: String,
}

#[derive(Default)]
struct Notes(Mutex<Noted>);

#[derive(Default)]
struct Noted {
    records: Vec<Sent>,
    refusal: Option<String>,
}

impl rdkafka::ClientContext for Notes {}

impl ProducerContext for Notes {
    type DeliveryOpaque = Box<Instant>;

    fn delivery(&self, result: &DeliveryResult<'_>, sent_at: Box<Instant>) {
        let acknowledged_at = Instant::now();
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match result {
            Ok(message) => noted.records.push(Sent {
                partition: message.partition(),
                offset: message.offset(),
                sent_at: *sent_at,
                acknowledged_at,
            }),
            Err((error, _)) => noted.refusal = Some(error.to_string()),
        }
    }
}

impl Sender {
    /// Connects with the first send.
    ///
    /// # Errors
    ///
    /// When librdkafka refuses its settings.
    pub fn new(brokers: &str, topic: &str, linger_ms: u32) -> Result<Self> {
        let producer = ClientConfig::new()
            .set("bootstrap.servers", brokers)
            .set("acks", "all")
            .set("linger.ms", linger_ms.to_string())
            .set("socket.nagle.disable", "true")
            .create_with_context(Notes::default())
            .context("cannot make a producer")?;
        Ok(Self {
            producer,
            topic: topic.to_owned(),
        })
    }

    /// Sends `events`, `rate` of them a second, and waits for all acknowledgements. A send that is
    /// late is made at once, and the ones after it keep their times.
    ///
    /// # Errors
    ///
    /// When an event is refused or not acknowledged.
    pub fn send(&self, events: &[Event], rate: u32) -> Result<Run> {
        self.send_telling(events, rate, |_| ())
    }

    /// The same; tells of each event, in their order, when its sending began.
    ///
    /// # Errors
    ///
    /// When an event is refused or not acknowledged.
    pub fn send_telling(
        &self,
        events: &[Event],
        rate: u32,
        mut tell: impl FnMut(Instant),
    ) -> Result<Run> {
        let started = Instant::now();
        let mut late_max = Duration::ZERO;
        for (number, event) in (0_u32..).zip(events) {
            let due = started + Duration::from_secs(1) * number / rate;
            let wait = due.saturating_duration_since(Instant::now());
            if !wait.is_zero() {
                std::thread::sleep(wait);
            }
            let sent_at = Instant::now();
            late_max = late_max.max(sent_at.saturating_duration_since(due));
            let record = BaseRecord::with_opaque_to(&self.topic, Box::new(sent_at))
                .key(&event.key)
                .payload(&event.payload);
            if let Err((error, _)) = self.producer.send(record) {
                return Err(error).context("the producer does not take a record");
            }
            tell(sent_at);
        }
        self.producer
            .flush(FLUSH_TIMEOUT)
            .context("records were not acknowledged")?;
        let records = self.take_noted()?;
        ensure!(
            records.len() == events.len(),
            "{} of {} records were acknowledged",
            records.len(),
            events.len()
        );
        Ok(Run { records, late_max })
    }

    fn take_noted(&self) -> Result<Vec<Sent>> {
        let notes = self.producer.context();
        let mut noted = notes.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(refusal) = noted.refusal.take() {
            bail!("the broker refused a record: {refusal}");
        }
        Ok(std::mem::take(&mut noted.records))
    }
}
