//! Records of every kind, sent while things go wrong: stored, repeated, spelled otherwise, in
//! conflict, rejected in every way, ignored, tombstones, empty, as long as they may be, and within
//! transactions that commit and abort.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context;
use chrono::NaiveDate;
use ordertally_replay::generate::Plan;
use ordertally_replay::settings::GenerateSettings;
use ordertally_schema::Code;
use ordertally_testkit::event_cases;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rdkafka::ClientConfig;
use rdkafka::error::KafkaResult;
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};
use tokio::task::JoinHandle;

type Client = ThreadedProducer<DefaultProducerContext>;

/// Records at once, and how long it rests after them: 500 a second.
const RECORDS_AT_ONCE: usize = 5;
const REST: Duration = Duration::from_millis(10);

/// How long it rests after a transaction.
const TRANSACTION_REST: Duration = Duration::from_millis(400);

/// Longest that the broker may take to answer a transaction's questions.
const ANSWER_WAIT: Duration = Duration::from_secs(2);

/// Longest that the last records may take.
const FLUSH_WAIT: Duration = Duration::from_secs(60);

/// The most that a payload may have.
const PAYLOAD_BYTES_MAX: usize = 1 << 20;

/// How many keys there are: few enough for compaction to find something.
const KEYS: u32 = 400;

/// A producer, at work or at rest.
pub struct Load {
    brokers: String,
    topic: String,
    material: Arc<Material>,
    sent: usize,
    at_work: Option<AtWork>,
}

struct AtWork {
    stop: Arc<AtomicBool>,
    sending: JoinHandle<anyhow::Result<usize>>,
}

impl Drop for AtWork {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// What there is to send, the same for every producer of a seed.
struct Material {
    seed: u64,
    orders: Vec<Payload>,
    oddities: Vec<Payload>,
}

impl Load {
    /// Starts to send, drawn from `seed`.
    ///
    /// # Errors
    ///
    /// When the case files cannot be read.
    pub fn start(brokers: &str, topic: &str, seed: u64) -> anyhow::Result<Self> {
        let material = Material {
            seed,
            orders: orders(seed),
            oddities: oddities()?,
        };
        let mut load = Self {
            brokers: brokers.to_owned(),
            topic: topic.to_owned(),
            material: Arc::new(material),
            sent: 0,
            at_work: None,
        };
        load.go_on();
        Ok(load)
    }

    /// Sends on.
    pub fn go_on(&mut self) {
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let (brokers, topic) = (self.brokers.clone(), self.topic.clone());
        let (material, sent) = (Arc::clone(&self.material), self.sent);
        let sending =
            tokio::task::spawn_blocking(move || send(&brokers, &topic, &material, sent, &told));
        self.at_work = Some(AtWork { stop, sending });
    }

    /// Rests, with everything sent. How many records were sent in all.
    ///
    /// # Errors
    ///
    /// When the broker does not take what was sent.
    pub async fn rest(&mut self) -> anyhow::Result<usize> {
        if let Some(mut work) = self.at_work.take() {
            work.stop.store(true, Ordering::Relaxed);
            self.sent += (&mut work.sending).await??;
        }
        Ok(self.sent)
    }

    /// Sends so many orders to each partition, by their order.
    ///
    /// # Errors
    ///
    /// When the broker does not take them.
    pub async fn fill(&mut self, counts: &[i64]) -> anyhow::Result<()> {
        let (brokers, topic) = (self.brokers.clone(), self.topic.clone());
        let (material, counts) = (Arc::clone(&self.material), counts.to_vec());
        let first = self.sent;
        self.sent += tokio::task::spawn_blocking(move || {
            fill(&brokers, &topic, &material.orders, first, &counts)
        })
        .await??;
        Ok(())
    }
}

type Payload = Option<Vec<u8>>;

fn fill(
    brokers: &str,
    topic: &str,
    orders: &[Payload],
    first: usize,
    counts: &[i64],
) -> anyhow::Result<usize> {
    let producer = client(brokers, &[("enable.idempotence", "true")])?;
    let mut sent = 0;
    for (partition, count) in (0..).zip(counts) {
        for _ in 0..*count {
            let payload = &orders[(first + sent) % orders.len()];
            let mut record: BaseRecord<'_, [u8], [u8]> = BaseRecord::to(topic).partition(partition);
            record.payload = payload.as_deref();
            if let Err((_, record)) = producer.send(record) {
                producer.flush(FLUSH_WAIT)?; // the queue is full
                producer.send(record).map_err(|(error, _)| error)?;
            }
            sent += 1;
        }
    }
    producer.flush(FLUSH_WAIT)?;
    Ok(sent)
}

fn send(
    brokers: &str,
    topic: &str,
    material: &Material,
    sent_before: usize,
    stop: &AtomicBool,
) -> anyhow::Result<usize> {
    let producer = client(brokers, &[("enable.idempotence", "true")])?;
    std::thread::scope(|scope| {
        // A transaction waits for the broker, and nothing else shall wait for it.
        scope.spawn(|| send_transactions(brokers, topic, material, sent_before, stop));
        let sent = send_plainly(&producer, topic, material, sent_before, stop);
        producer
            .flush(FLUSH_WAIT)
            .context("the broker did not take the last records")?;
        Ok(sent)
    })
}

fn send_plainly(
    producer: &Client,
    topic: &str,
    material: &Material,
    sent_before: usize,
    stop: &AtomicBool,
) -> usize {
    let Material {
        seed,
        orders,
        oddities,
    } = material;
    let random = &mut ChaCha8Rng::seed_from_u64(seed ^ sent_before as u64);
    let (mut sent, mut next) = (0, sent_before);
    while !stop.load(Ordering::Relaxed) {
        for _ in 0..RECORDS_AT_ONCE {
            let payload = if random.random_bool(0.2) {
                &oddities[random.random_range(0..oddities.len())]
            } else {
                next += 1;
                &orders[next % orders.len()]
            };
            let key = random.random_range(0..KEYS);
            if put(producer, topic, key, payload).is_ok() {
                sent += 1; // a queue that is full is emptied while we rest
            }
        }
        std::thread::sleep(REST);
    }
    sent
}

/// Transactions of two orders each, every other one aborted.
fn send_transactions(
    brokers: &str,
    topic: &str,
    material: &Material,
    sent_before: usize,
    stop: &AtomicBool,
) {
    let mut producer = None;
    let mut orders = material.orders.iter().cycle().skip(sent_before);
    let mut commit = true;
    while !stop.load(Ordering::Relaxed) {
        if let (Some(first), Some(second)) = (orders.next(), orders.next()) {
            producer = transaction(producer.take(), brokers, topic, [first, second], commit);
            commit = !commit;
        }
        std::thread::sleep(TRANSACTION_REST);
    }
}

/// Orders with repetitions, other spellings, conflicts and every kind of fault among them.
fn orders(seed: u64) -> Vec<Payload> {
    let plan = Plan::new(&GenerateSettings {
        orders: 6_000,
        seed,
        days: 30,
        customers: 200,
        start: NaiveDate::from_ymd_opt(2020, 9, 1).unwrap_or_default(),
        duplicates: 0.2,
        invalid: 0.1,
        output: None,
    });
    let codes: Vec<Code> = ordertally_replay::generate::codes();
    let mut payloads = Vec::new();
    plan.make(&codes, |made| {
        payloads.push(Some(made.payload.clone()));
        true
    });
    payloads
}

/// Every case file, a tombstone, nothing at all, and payloads at the limit of their length.
fn oddities() -> anyhow::Result<Vec<Payload>> {
    let mut payloads: Vec<Payload> = event_cases::load()?
        .into_iter()
        .map(|case| case.payload)
        .collect();
    payloads.extend([None, Some(Vec::new())]);
    for length in [PAYLOAD_BYTES_MAX, PAYLOAD_BYTES_MAX + 1] {
        let mut payload = b"{\"event_type\":\"order.created\",\"note\":\"".to_vec();
        payload.resize(length - 2, b'x');
        payload.extend_from_slice(b"\"}");
        payloads.push(Some(payload));
    }
    Ok(payloads)
}

fn client(brokers: &str, options: &[(&str, &str)]) -> KafkaResult<Client> {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", brokers)
        .set("message.max.bytes", "8388608");
    for (key, value) in options {
        config.set(*key, *value);
    }
    config.create()
}

fn put(producer: &Client, topic: &str, key: u32, payload: &Payload) -> KafkaResult<()> {
    let key = key.to_be_bytes();
    let mut record: BaseRecord<'_, [u8], [u8]> = BaseRecord::to(topic).key(&key);
    record.payload = payload.as_deref();
    producer.send(record).map_err(|(error, _)| error)
}

/// One transaction with a client of its own, which is kept while all goes well. Where the broker is
/// away it comes to nothing: its records are aborted, which is one more case.
fn transaction(
    client_before: Option<Client>,
    brokers: &str,
    topic: &str,
    payloads: [&Payload; 2],
    commit: bool,
) -> Option<Client> {
    let producer = match client_before {
        Some(producer) => producer,
        None => {
            let options = [
                ("transactional.id", topic),
                // One that is left open holds every reader up for as long.
                ("transaction.timeout.ms", "10000"),
                ("message.timeout.ms", "9000"),
            ];
            let producer = client(brokers, &options).ok()?;
            producer.init_transactions(ANSWER_WAIT).ok()?;
            producer
        }
    };
    producer.begin_transaction().ok()?;
    for (key, payload) in (0..).zip(payloads) {
        put(&producer, topic, key, payload).ok()?;
    }
    if commit {
        producer.commit_transaction(ANSWER_WAIT).ok()?;
    } else {
        producer.flush(ANSWER_WAIT).ok()?;
        producer.abort_transaction(ANSWER_WAIT).ok()?;
    }
    Some(producer)
}
