//! A topic, a database that a consumer has filled from it, and the commands on both.

use std::time::Duration;

use ordertally_testkit::eventually;
use ordertally_testkit::process::Program;
use ordertally_testkit::servers::{self, TestDatabase, Topics};
use rdkafka::ClientConfig;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};
use serde_json::{Value, json};
use tokio_postgres::Client;
use tokio_postgres::types::FromSqlOwned;

/// Long enough for a busy machine; a condition that holds ends the wait at once.
pub const SOON: Duration = Duration::from_secs(90);

pub struct Stage {
    pub topic: String,
    pub topics: Topics,
    brokers: String,
    database: TestDatabase,
    client: Client,
}

/// How a command ended, and what it said.
#[derive(Debug)]
pub struct Answer {
    pub code: Option<i32>,
    pub output: String,
    pub errors: String,
}

impl Stage {
    /// An empty topic and a database without any table.
    pub async fn empty(partitions: i32) -> Self {
        let brokers = servers::brokers().await;
        let database = servers::database().await;
        Self {
            topic: servers::topic(partitions).await,
            topics: Topics::of(&brokers),
            client: database.connect().await,
            brokers,
            database,
        }
    }

    /// A topic with `payloads` in partition 0, all of them consumed.
    pub async fn with(partitions: i32, payloads: &[String]) -> Self {
        let stage = Self::empty(partitions).await;
        stage.send(0, payloads);
        stage.consume().await;
        stage
    }

    pub fn program(&self) -> Program {
        Program::new("ordertally-consumer")
            .env("KAFKA_BROKERS", &self.brokers)
            .env("KAFKA_TOPIC", &self.topic)
            .env("KAFKA_GROUP_ID", &self.topic)
            .env("DATABASE_URL", self.database.url())
            .env("METRICS_ADDR", "127.0.0.1:0")
            .env("LOG_LEVEL", "warn")
    }

    /// Runs a consumer until every partition is read to its end.
    pub async fn consume(&self) {
        let mut consumer = self.program().env("MIGRATE", "true").start();
        eventually(SOON, "every partition is read to its end", async || {
            assert!(consumer.runs(), "{}", consumer.output());
            self.is_caught_up().await
        })
        .await;
        assert!(consumer.stop().await.success(), "{}", consumer.output());
    }

    pub async fn caught_up(&self) {
        eventually(SOON, "every partition is read to its end", async || {
            self.is_caught_up().await
        })
        .await;
    }

    async fn is_caught_up(&self) -> bool {
        let sql = "SELECT next_offset FROM partition_positions ORDER BY partition";
        let rows = self.client.query(sql, &[]).await.unwrap_or_default();
        let positions: Vec<i64> = rows.iter().map(|row| row.get(0)).collect();
        positions == self.topics.end_offsets(&self.topic).unwrap()
    }

    pub fn send(&self, partition: i32, payloads: &[String]) {
        let producer = self.producer();
        for payload in payloads {
            let record = BaseRecord::<'_, [u8], str>::to(&self.topic)
                .partition(partition)
                .payload(payload);
            producer.send(record).map_err(|(error, _)| error).unwrap();
        }
        producer.flush(SOON).unwrap();
    }

    /// Sends a record of bytes that are no text, with a key and headers.
    pub fn send_bytes(&self, payload: &[u8]) {
        let headers = OwnedHeaders::new()
            .insert(Header {
                key: "trace",
                value: Some("t-1"),
            })
            .insert(Header {
                key: "raw",
                value: Some(&[0xff_u8][..]),
            });
        let record = BaseRecord::to(&self.topic)
            .partition(0)
            .payload(payload)
            .key("customer-1")
            .headers(headers);
        let producer = self.producer();
        producer.send(record).map_err(|(error, _)| error).unwrap();
        producer.flush(SOON).unwrap();
    }

    fn producer(&self) -> ThreadedProducer<DefaultProducerContext> {
        ClientConfig::new()
            .set("bootstrap.servers", &self.brokers)
            .create()
            .unwrap()
    }

    /// Deletes the topic and makes it anew.
    pub async fn make_anew(&self, partitions: i32) {
        self.topics.delete(&self.topic).await.unwrap();
        assert!(
            self.topics
                .create(&self.topic, partitions, &[])
                .await
                .unwrap()
        );
    }

    /// Runs a command line of blank-separated words to its end.
    pub fn command(&self, line: &str) -> Answer {
        run(&self.program(), line)
    }

    /// Runs a command that has to end well; what it said.
    pub fn done(&self, line: &str) -> String {
        let answer = self.command(line);
        assert_eq!(answer.code, Some(0), "{line}: {answer:?}");
        answer.output
    }

    /// Runs a command that has to end with `code`; what it said on standard error.
    pub fn refused(&self, line: &str, code: i32) -> String {
        let answer = self.command(line);
        assert_eq!(answer.code, Some(code), "{line}: {answer:?}");
        answer.errors
    }

    pub async fn execute(&self, sql: &str) {
        self.client.batch_execute(sql).await.unwrap();
    }

    /// One value.
    pub async fn value<T: FromSqlOwned>(&self, sql: &str) -> T {
        self.client.query_one(sql, &[]).await.unwrap().get(0)
    }

    /// The skipped ranges: partition, incarnation, first and next offset.
    pub async fn skipped(&self) -> Vec<(i32, i32, i64, i64)> {
        let sql = "SELECT partition, incarnation, first_offset, next_offset FROM skipped_ranges
                   ORDER BY id";
        let rows = self.client.query(sql, &[]).await.unwrap();
        rows.iter()
            .map(|row| (row.get(0), row.get(1), row.get(2), row.get(3)))
            .collect()
    }
}

pub fn run(program: &Program, line: &str) -> Answer {
    let program = line
        .split_whitespace()
        .fold(program.clone(), Program::argument);
    let done = program
        .command()
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    Answer {
        code: done.status.code(),
        output: String::from_utf8(done.stdout).unwrap(),
        errors: String::from_utf8(done.stderr).unwrap(),
    }
}

/// A valid order of one line item; what it says depends on `number` alone.
pub fn order(event_id: &str, number: u32) -> String {
    order_of(event_id, number, &format!("customer-{}", number % 7)).to_string()
}

pub fn order_of(event_id: &str, number: u32, customer_id: &str) -> Value {
    let address = json!({"province": "Idaho", "country": "United States"});
    json!({
        "event_type": "order.created", "event_id": event_id, "event_version": "1.0.0",
        "created_at": "2020-09-01T10:00:00Z", "customer_id": customer_id,
        "email": "dan@example.com",
        "billing_address": address, "shipping_address": address,
        "currency": "USD", "financial_status": "paid", "order_value": number,
        "buyer_accepts_marketing": false,
        "line_items": [{"id": "p", "quantity": 1 + number % 3}],
    })
}

pub fn orders(count: u32) -> Vec<String> {
    (0..count)
        .map(|number| order(&format!("order-{number}"), number))
        .collect()
}
