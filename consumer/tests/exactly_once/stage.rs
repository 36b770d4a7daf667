//! A topic, a database and the consumers between them.

use std::collections::BTreeSet;
use std::time::Duration;

use ordertally_testkit::process::{Process, Program};
use ordertally_testkit::reckoning::{Circumstances, Reckoning, TopicContents};
use ordertally_testkit::servers::{self, OwnKafka, OwnPostgres, TestDatabase, Topics, connect};
use ordertally_testkit::{eventually, topic_reader};
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};
use serde_json::{Value, json};
use tokio_postgres::Client;

/// Long enough for a busy machine; a condition that holds ends the wait at once.
pub const SOON: Duration = Duration::from_secs(90);

/// A topic, a database and the consumers between them.
pub struct Stage {
    pub brokers: String,
    pub topic: String,
    pub url: String,
    _database: Option<TestDatabase>,
}

impl Stage {
    /// On the shared servers.
    pub async fn new(partitions: i32) -> Self {
        let database = servers::database().await;
        Self {
            brokers: servers::brokers().await,
            topic: servers::topic(partitions).await,
            url: database.url().to_owned(),
            _database: Some(database),
        }
    }

    /// On a Postgres of the test's own, which may be stopped.
    pub async fn with_postgres(partitions: i32, postgres: &OwnPostgres) -> Self {
        Self {
            brokers: servers::brokers().await,
            topic: servers::topic(partitions).await,
            url: postgres.url().to_owned(),
            _database: None,
        }
    }

    /// On a Kafka of the test's own, which may be stopped.
    pub async fn with_kafka(partitions: i32, kafka: &OwnKafka) -> Self {
        let database = servers::database().await;
        kafka.create_topic("orders", partitions).await;
        Self {
            brokers: kafka.brokers(),
            topic: "orders".into(),
            url: database.url().to_owned(),
            _database: Some(database),
        }
    }

    /// The consumer's program for this stage.
    pub fn program(&self) -> Program {
        Program::new("ordertally-consumer")
            .env("KAFKA_BROKERS", &self.brokers)
            .env("KAFKA_TOPIC", &self.topic)
            .env("KAFKA_GROUP_ID", &self.topic) // a group of this test's own
            .env("DATABASE_URL", &self.url)
            .env("METRICS_ADDR", "127.0.0.1:0")
    }

    /// Whether the consumer that serves its health on `port` is ready, and what it says of it.
    pub async fn readiness(port: u16) -> Option<(bool, String)> {
        let url = format!("http://127.0.0.1:{port}/readyz");
        let answer = reqwest::get(url).await.ok()?;
        Some((answer.status().is_success(), answer.text().await.ok()?))
    }

    /// Starts a consumer that migrates first.
    pub fn consumer(&self) -> Process {
        self.program().env("MIGRATE", "true").start()
    }

    /// A consumer that commits small batches, so that much can happen between them.
    pub fn slow_program(&self) -> Program {
        self.program()
            .env("MIGRATE", "true")
            .env("BATCH_RECORDS", "20")
    }

    pub fn slow_consumer(&self) -> Process {
        self.slow_program().start()
    }

    pub async fn client(&self) -> Client {
        connect(&self.url).await
    }

    /// Sends payloads to a partition.
    pub fn send(&self, partition: i32, payloads: impl IntoIterator<Item = String>) {
        let producer = self.producer(&[]);
        for payload in payloads {
            put(&producer, &self.topic, partition, &payload);
        }
        producer.flush(SOON).expect("the broker takes the records");
    }

    pub fn producer(&self, options: &[(&str, &str)]) -> ThreadedProducer<DefaultProducerContext> {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.brokers);
        config.set("queue.buffering.max.messages", "1000000");
        for (key, value) in options {
            config.set(*key, *value);
        }
        config.create().expect("the options are librdkafka's")
    }

    /// Sends `count` orders to each of `partitions`, with ids from `first` on that no other
    /// partition has.
    pub fn send_orders(&self, partitions: i32, first: u32, count: u32) {
        let producer = self.producer(&[("linger.ms", "20")]);
        for number in first..first + count {
            for partition in 0..partitions {
                let payload = order(&format!("order-{partition}-{number}"), number);
                put(&producer, &self.topic, partition, &payload);
            }
        }
        producer.flush(SOON).expect("the broker takes the records");
    }

    /// Where each partition's log ends, control records included.
    pub fn ends(&self) -> Vec<i64> {
        Topics::of(&self.brokers)
            .end_offsets(&self.topic)
            .expect("the broker says where its logs end")
    }

    /// The sum of the stored positions; 0 while there is no table yet.
    pub async fn position(&self) -> i64 {
        let client = self.client().await;
        client
            .query_one(
                "SELECT coalesce(sum(next_offset), 0)::bigint FROM partition_positions",
                &[],
            )
            .await
            .map_or(0, |row| row.get(0))
    }

    /// Waits until the stored positions add up to at least `records`.
    pub async fn position_reaches(&self, records: i64) {
        eventually(
            SOON,
            &format!("{records} records have their outcome"),
            async || self.position().await >= records,
        )
        .await;
    }

    /// Waits until every partition has been read to its end.
    pub async fn caught_up(&self) {
        let client = self.client().await;
        eventually(SOON, "every partition is read to its end", async || {
            let positions = client
                .query(
                    "SELECT next_offset FROM partition_positions ORDER BY partition",
                    &[],
                )
                .await
                .unwrap_or_default();
            let positions: Vec<i64> = positions.iter().map(|row| row.get(0)).collect();
            positions == self.ends()
        })
        .await;
    }

    pub async fn contents(&self) -> TopicContents {
        topic_reader::read(&self.brokers, &self.topic)
            .await
            .expect("the topic can be read")
    }

    /// Compares every table with what the records in the topic say must be there.
    pub async fn reckon(&self) {
        self.reckon_contents(self.contents().await, Circumstances::default())
            .await;
    }

    pub async fn reckon_contents(&self, contents: TopicContents, circumstances: Circumstances) {
        let reckoning = Reckoning::of(contents).under(circumstances);
        let client = self.client().await;
        let settlement = reckoning.settle(&client).await.unwrap();
        let differences = settlement.differences();
        assert!(differences.is_empty(), "{}", differences.join("\n"));
        let unread = settlement.unread();
        assert!(unread.is_empty(), "{}", unread.join("\n"));
    }

    /// One number from the database.
    pub async fn number(&self, sql: &str) -> i64 {
        self.client()
            .await
            .query_one(sql, &[])
            .await
            .unwrap()
            .get(0)
    }

    /// Counts of stored orders and rejected records.
    pub async fn counts(&self) -> (i64, i64) {
        (
            self.number("SELECT count(*) FROM orders").await,
            self.number("SELECT count(*) FROM rejected_events").await,
        )
    }

    /// Everything in every table that an outcome leaves, to see that nothing changes.
    pub async fn everything(&self) -> BTreeSet<String> {
        let client = self.client().await;
        let mut rows = BTreeSet::new();
        for table in ["orders", "rejected_events", "order_facts_rows"] {
            let sql = format!("SELECT row_to_json(t)::text FROM {table} AS t");
            for row in client.query(&sql, &[]).await.unwrap() {
                rows.insert(format!("{table} {}", row.get::<_, String>(0)));
            }
        }
        rows
    }
}

/// Puts one record in the producer's queue.
pub fn put(
    producer: &ThreadedProducer<DefaultProducerContext>,
    topic: &str,
    partition: i32,
    payload: &str,
) {
    let record: BaseRecord<'_, [u8], str> =
        BaseRecord::to(topic).partition(partition).payload(payload);
    producer.send(record).map_err(|(error, _)| error).unwrap();
}

/// A valid order; its content depends on `number` alone.
pub fn order(event_id: &str, number: u32) -> String {
    order_value(event_id, number).to_string()
}

pub fn order_value(event_id: &str, number: u32) -> Value {
    let address = json!({
        "first_name": "dan", "last_name": "dyer", "address1": format!("{number} Main St"),
        "city": "Boise", "province": "Idaho", "province_code": "ID",
        "country": "United States", "country_code": "US", "zip": "83702", "phone": "208",
    });
    json!({
        "event_type": "order.created",
        "event_id": event_id,
        "event_version": "1.0.0",
        "created_at": "2020-09-01T10:00:00Z",
        "lovevery_user_id": format!("customer-{}", number % 17),
        "email": "dan@example.com",
        "first_name": "dan", "last_name": "dyer",
        "billing_address": address, "shipping_address": address,
        "currency": "USD", "financial_status": "paid",
        "order_value": format!("{}.{:02}", number % 300, number % 100),
        "discount_codes": [], "buyer_accepts_marketing": number.is_multiple_of(2),
        "line_items": [{"id": format!("product-{}", number % 7), "quantity": 1 + number % 3}],
    })
}
