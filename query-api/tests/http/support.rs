//! A database of its own for each test, orders in it, and a service on a free port.

use std::net::SocketAddr;
use std::time::Duration;

use clap::Parser;
use ordertally_query_api::Startup;
use ordertally_query_api::settings::CommandLine;
use ordertally_schema::migrations;
use ordertally_testkit::eventually;
use ordertally_testkit::reckoning::order::{Address, Order};
use ordertally_testkit::servers::{self, TestDatabase};
use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_postgres::Client;

use crate::described::assert_described;

/// Nothing here takes this long unless it never happens.
pub const PATIENCE: Duration = Duration::from_secs(30);

const ADVANCE: &str = "
    INSERT INTO partition_positions (topic, partition, incarnation, next_offset, facts_next)
    VALUES ('orders', 0, 1, $1, $1)
    ON CONFLICT (topic, partition) DO UPDATE
        SET next_offset = partition_positions.next_offset + $1,
            facts_next = partition_positions.facts_next + $1";

/// The facts of the orders in `$1`, the newest of partition 0.
const ADD_FACTS: &str = include_str!("add_facts.sql");

/// A database with a service that answers from it.
pub struct Shop<D = TestDatabase> {
    pub database: D,
    pub client: Client,
    pub api: Api,
}

impl Shop {
    pub async fn open() -> Self {
        Self::open_with(&[]).await
    }

    /// A service with these flags beside the address of the database.
    pub async fn open_with(flags: &[&str]) -> Self {
        let database = servers::database().await;
        migrate(database.url()).await;
        let Shop { client, api, .. } = Shop::over(database.url(), flags).await;
        Self {
            database,
            client,
            api,
        }
    }
}

impl Shop<()> {
    /// In a migrated database that the caller holds.
    pub async fn over(url: &str, flags: &[&str]) -> Self {
        let client = servers::connect(url).await;
        let api = Api::start(url, flags).await;
        api.until_ready().await;
        Self {
            database: (),
            client,
            api,
        }
    }

    /// After the database was away.
    pub async fn reconnect(&mut self, url: &str) {
        self.client = servers::connect(url).await;
    }
}

impl<D> Shop<D> {
    /// Does what the statements say.
    pub async fn execute(&self, statements: &str) {
        self.client.batch_execute(statements).await.unwrap();
    }

    /// Stores orders with their facts as the consumer does, the next records of partition 0.
    /// Returns when the service has them.
    pub async fn store(&self, orders: &[Order]) {
        self.execute("BEGIN").await;
        self.add(orders).await;
        self.execute("COMMIT").await;
        self.followed().await;
    }

    /// Adds orders within a transaction of the test's own.
    pub async fn add(&self, orders: &[Order]) {
        let sql = "SELECT coalesce(sum(facts_next), 0)::bigint FROM partition_positions";
        let stored: i64 = self.client.query_one(sql, &[]).await.unwrap().get(0);
        let rows: Vec<Value> = (stored..).zip(orders).map(row).collect();
        let ids: Vec<&str> = orders.iter().map(|order| &*order.event_id).collect();
        self.client
            .execute(
                "INSERT INTO orders SELECT * FROM jsonb_populate_recordset(NULL::orders, $1)",
                &[&Value::from(rows)],
            )
            .await
            .unwrap();
        self.client
            .execute(ADVANCE, &[&(ids.len() as i64)])
            .await
            .unwrap();
        self.client.execute(ADD_FACTS, &[&ids]).await.unwrap();
    }

    /// Writes the facts of these orders, the newest of partition 0, as one row in the stead of what
    /// there is: what a merge leaves.
    pub async fn merge(&self, orders: &[Order]) {
        let ids: Vec<&str> = orders.iter().map(|order| &*order.event_id).collect();
        self.execute("DELETE FROM order_facts").await;
        self.client.execute(ADD_FACTS, &[&ids]).await.unwrap();
    }

    /// Moves a partition's position, as a commit at `committed_at` does. Returns when the service
    /// knows.
    pub async fn commit(&self, partition: i32, next_offset: i64, committed_at: &str) {
        let at: chrono::DateTime<chrono::Utc> = committed_at.parse().unwrap();
        self.client
            .execute(
                "INSERT INTO partition_positions
                     (topic, partition, incarnation, next_offset, committed_at)
                 VALUES ('orders', $1, 1, $2, $3)
                 ON CONFLICT (topic, partition) DO UPDATE
                     SET next_offset = excluded.next_offset, committed_at = excluded.committed_at",
                &[&partition, &next_offset, &at],
            )
            .await
            .unwrap();
        self.followed().await;
    }

    /// Waits until the service's facts are where the database is.
    pub async fn followed(&self) {
        let positions = self
            .client
            .query_one(
                "SELECT string_agg(partition || '=' || next_offset, ',' ORDER BY partition)
                 FROM partition_positions",
                &[],
            )
            .await
            .unwrap();
        let positions: Option<&str> = positions.get(0);
        until("the service follows", async || {
            let target = "/orders/value?start_date=2000-01-01&end_date=2000-01-01";
            let reply = self.api.get(target).await;
            reply.status == 200 && Some(reply.header("ordertally-position")) == positions
        })
        .await;
    }

    /// The good answer to a request.
    pub async fn ask(&self, target: &str) -> Value {
        self.api.ask(target).await
    }

    /// The rows of the good answer to a request.
    pub async fn rows(&self, target: &str) -> Vec<Value> {
        let answer = self.ask(target).await;
        answer["data"].as_array().expect("a list of rows").clone()
    }
}

/// A service in this process.
pub struct Api {
    pub address: SocketAddr,
    client: reqwest::Client,
    task: JoinHandle<()>,
}

impl Api {
    pub async fn start(database_url: &str, flags: &[&str]) -> Self {
        let mut arguments = vec!["test", "--database-url", database_url];
        if !flags.contains(&"--http-addr") {
            arguments.extend(["--http-addr", "127.0.0.1:0"]);
        }
        let line = CommandLine::try_parse_from(arguments.iter().chain(flags)).unwrap();
        let settings = line.service;
        let service = Startup::build(&settings).await.unwrap();
        Self {
            address: service.address(),
            client: reqwest::Client::new(),
            task: tokio::spawn(service.run(std::future::pending())),
        }
    }

    /// Waits until it has read the facts.
    pub async fn until_ready(&self) {
        until("the service is ready", async || {
            self.get("/readyz").await.status == 200
        })
        .await;
    }

    pub fn url(&self, target: &str) -> String {
        format!("http://{}{target}", self.address)
    }

    pub async fn get(&self, target: &str) -> Reply {
        self.get_with(target, &[]).await
    }

    /// With these headers.
    pub async fn get_with(&self, target: &str, headers: &[(&str, &str)]) -> Reply {
        self.send(Method::GET, target, headers).await
    }

    /// Any request; its answer must be described.
    pub async fn send(&self, method: Method, target: &str, headers: &[(&str, &str)]) -> Reply {
        let mut request = self.client.request(method.clone(), self.url(target));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = response.bytes().await.unwrap().to_vec();
        let reply = Reply {
            status,
            headers,
            text: String::from_utf8_lossy(&bytes).into_owned(),
            bytes,
        };
        assert_described(&method, target, &reply);
        reply
    }

    pub async fn ask(&self, target: &str) -> Value {
        let reply = self.get(target).await;
        assert_eq!(reply.status, StatusCode::OK, "{target}: {}", reply.text);
        reply.json()
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
    /// The bytes as text, where they are.
    pub text: String,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .unwrap_or_else(|| panic!("no header {name} in {self:?}"))
            .to_str()
            .unwrap()
    }

    /// The problem document, which every answer but a good one is.
    pub fn problem(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["status"], status);
        for member in ["type", "title", "detail", "instance"] {
            assert!(problem[member].is_string(), "{member} in {problem}");
        }
        problem
    }
}

/// Waits until `holds`; fails when it never does.
pub async fn until(what: &str, holds: impl AsyncFnMut() -> bool) {
    eventually(PATIENCE, what, holds).await;
}

pub async fn migrate(url: &str) {
    let client = servers::connect(url).await;
    let connection = diesel_async::AsyncPgConnection::try_from(client)
        .await
        .unwrap();
    let _applied = migrations::run(connection).await.unwrap();
}

/// An order of customer `c1` over 50.00 USD to Boise, Idaho.
pub fn order(event_id: &str, created_at: &str) -> Order {
    let address = address(&[
        ("first_name", "dan"),
        ("last_name", "dyer"),
        ("address1", "1 Main St"),
        ("city", "Boise"),
        ("province", "Idaho"),
        ("country", "United States"),
        ("zip", "83702"),
    ]);
    Order {
        event_id: event_id.to_owned(),
        event_version: "1.0.0".to_owned(),
        created_at_us: micros(created_at),
        created_at_given: true,
        customer_id: "c1".to_owned(),
        email: "dan@example.com".to_owned(),
        first_name: Some("dan".to_owned()),
        last_name: Some("dyer".to_owned()),
        billing_address: address.clone(),
        shipping_address: address,
        currency: "USD".to_owned(),
        financial_status: "paid".to_owned(),
        order_value: money("50.00"),
        line_items: vec![("p1".to_owned(), 1)],
        ..Order::default()
    }
}

pub fn address(fields: &[(&'static str, &str)]) -> Address {
    fields
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()))
        .collect()
}

pub fn micros(time: &str) -> i64 {
    let time: chrono::DateTime<chrono::Utc> = time.parse().expect(time);
    time.timestamp_micros()
}

/// Ten-thousandths of an amount with at most four decimals.
pub fn money(text: &str) -> i64 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{fraction:0<4}").parse().expect(text)
}

/// An order's row in the table `orders`.
fn row((offset, order): (i64, &Order)) -> Value {
    let amount = |ten_thousandths: i64| {
        format!(
            "{}.{:04}",
            ten_thousandths / 10_000,
            ten_thousandths % 10_000
        )
    };
    let time = chrono::DateTime::from_timestamp_micros(order.created_at_us).unwrap();
    let billing_same = order.billing_address == order.shipping_address;
    let mut row = json!({
        "event_id": order.event_id,
        "event_version": order.event_version,
        "created_at": time.to_rfc3339(),
        "created_at_given": order.created_at_given,
        "customer_id": order.customer_id,
        "email": order.email,
        "first_name": order.first_name,
        "last_name": order.last_name,
        "billing_same": billing_same,
        "currency": order.currency,
        "financial_status": order.financial_status,
        "order_value": amount(order.order_value),
        "total_discounts": amount(order.total_discounts),
        "total_tax": amount(order.total_tax),
        "discount_codes": order.discount_codes,
        "buyer_accepts_marketing": order.buyer_accepts_marketing,
        "product_ids": order.line_items.iter().map(|(id, _)| id).collect::<Vec<_>>(),
        "quantities": order.line_items.iter().map(|(_, units)| units).collect::<Vec<_>>(),
        "content_hash": "\\x00",
        "topic": "orders",
        "partition": 0,
        "incarnation": 1,
        "offset": offset,
        "ingested_at": "2020-09-05T17:20:11.123Z",
    });
    for (field, value) in &order.shipping_address {
        row[format!("shipping_{field}")] = value.as_str().into();
    }
    if !billing_same {
        for (field, value) in &order.billing_address {
            row[format!("billing_{field}")] = value.as_str().into();
        }
    }
    row
}
