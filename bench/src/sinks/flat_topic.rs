//! A second topic for those that cannot read the events as they are: one flat record an order, its
//! fields named as the table's columns.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use futures_util::TryStreamExt;
use rdkafka::ClientConfig;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};
use serde_json::{Value, json};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row};

use crate::stage::Stage;

/// Far longer than a broker on this machine takes.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(60);
/// A full queue has room again after a few sends.
const QUEUE_WAIT: Duration = Duration::from_millis(5);

const NO_PARAMETERS: [&(dyn ToSql + Sync); 0] = [];

/// Columns of the table `orders` that are texts or null.
const TEXTS: [&str; 30] = [
    "event_version",
    "customer_id",
    "email",
    "first_name",
    "last_name",
    "billing_first_name",
    "billing_last_name",
    "billing_address1",
    "billing_address2",
    "billing_city",
    "billing_province",
    "billing_province_code",
    "billing_country",
    "billing_country_code",
    "billing_zip",
    "billing_phone",
    "shipping_first_name",
    "shipping_last_name",
    "shipping_address1",
    "shipping_address2",
    "shipping_city",
    "shipping_province",
    "shipping_province_code",
    "shipping_country",
    "shipping_country_code",
    "shipping_zip",
    "shipping_phone",
    "currency",
    "financial_status",
    "created_at",
];
const FLAGS: [&str; 2] = ["billing_same", "buyer_accepts_marketing"];
/// As floating point: Debezium's sink takes no decimals in arrays of a column's values.
const AMOUNTS: [&str; 3] = ["order_value", "total_discounts", "total_tax"];
const LISTS: [&str; 3] = ["discount_codes", "product_ids", "quantities"];

/// Makes the topic, and fills it with the orders that the consumer has stored. Returns the event id
/// of each partition's last record.
pub(super) async fn fill(
    stage: &Stage,
    topic: &str,
    stored: &Client,
    partitions: i32,
) -> Result<Vec<String>> {
    eprintln!("filling a second topic with the same orders as flat records");
    stage.create_topic(topic, partitions).await?;
    let producer: ThreadedProducer<DefaultProducerContext> = ClientConfig::new()
        .set("bootstrap.servers", stage.brokers())
        .set("compression.codec", "lz4")
        .set("linger.ms", "20")
        .create()
        .context("cannot make a producer")?;
    let mut last_ids = vec![String::new(); usize::try_from(partitions)?];
    let rows = stored.query_raw(&select(), NO_PARAMETERS).await?;
    let mut rows = std::pin::pin!(rows);
    let mut sent = 0;
    while let Some(row) = rows.try_next().await? {
        let (event_id, record): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        let partition = sent % last_ids.len();
        send(&producer, topic, i32::try_from(partition)?, &record)?;
        last_ids[partition] = event_id;
        sent += 1;
    }
    producer.flush(FLUSH_TIMEOUT)?;
    let arrived = stage.records_in(topic)?;
    ensure!(
        arrived == i64::try_from(sent)?,
        "of {sent} flat records {arrived} arrived"
    );
    Ok(last_ids)
}

fn send(
    producer: &ThreadedProducer<DefaultProducerContext>,
    topic: &str,
    partition: i32,
    record: &str,
) -> Result<()> {
    let mut record = BaseRecord::<(), str>::to(topic)
        .partition(partition)
        .payload(record);
    loop {
        match producer.send(record) {
            Ok(()) => return Ok(()),
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back)) => {
                std::thread::sleep(QUEUE_WAIT);
                record = back;
            }
            Err((error, _)) => return Err(error).context("the producer does not take a record"),
        }
    }
}

/// The fields of a record, which are columns of the table.
pub(super) fn columns() -> Vec<&'static str> {
    [&["event_id"], &TEXTS[..], &FLAGS, &AMOUNTS, &LISTS].concat()
}

/// The same, each with its type in SQL.
pub(super) fn typed_columns() -> Vec<String> {
    let typed = |column: &&str| {
        let kind = match *column {
            "created_at" => "timestamptz",
            it if FLAGS.contains(&it) => "boolean",
            it if AMOUNTS.contains(&it) => "numeric",
            _ => "text",
        };
        format!("{column} {kind}")
    };
    columns().iter().map(typed).collect()
}

/// The same, as Bento's mapping language asks for a record's fields.
pub(super) fn bento_values() -> Vec<String> {
    let value = |column: &&str| format!("this.{column}");
    columns().iter().map(value).collect()
}

/// Event ids and flat records of all orders that are stored.
pub(super) async fn records(stored: &Client) -> Result<Vec<(String, String)>> {
    let rows = stored.query(&select(), &[]).await?;
    let pair = |row: &Row| Ok((row.try_get(0)?, row.try_get(1)?));
    rows.iter().map(pair).collect()
}

/// Event ids, and the records as JSON.
fn select() -> String {
    let plain = [&TEXTS[..], &FLAGS, &AMOUNTS].concat().join(", ");
    let lists = LISTS.map(|list| format!("to_json({list})::text AS {list}"));
    format!(
        "SELECT event_id, json_strip_nulls(row_to_json(flat))::text
         FROM (SELECT event_id, {plain}, {} FROM orders) flat",
        lists.join(", ")
    )
}

/// What Connect's JSON converter must know of the records.
pub(super) fn connect_schema() -> Value {
    let mut fields = vec![json!({"field": "event_id", "type": "string"})];
    let mut add = |names: &[&str], kind: &str| {
        for name in names {
            let mut field = json!({"field": name, "type": kind, "optional": true});
            if *name == "created_at" {
                field["name"] = json!("io.debezium.time.ZonedTimestamp");
            }
            fields.push(field);
        }
    };
    add(&TEXTS, "string");
    add(&LISTS, "string");
    add(&FLAGS, "boolean");
    add(&AMOUNTS, "double");
    json!({"type": "struct", "fields": fields})
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn connect_knows_every_field_of_a_record() {
        let schema = connect_schema();
        let fields = schema["fields"].as_array().unwrap();
        let mut known: Vec<_> = fields
            .iter()
            .map(|it| it["field"].as_str().unwrap())
            .collect();
        let mut sent = columns();
        known.sort_unstable();
        sent.sort_unstable();
        assert_eq!(known, sent);
    }
}
