//! The reckoning's reading of a real database, with rows written by hand.

#![allow(clippy::unwrap_used)]

use std::path::Path;

use ordertally_testkit::reckoning::{PartitionLog, Reckoning, TopicContents, TopicRecord};
use ordertally_testkit::servers::{self, TestDatabase};
use tokio_postgres::Client;

const AT_MS: i64 = 1_598_963_401_000;

const EVENT: &str = r#"{
    "event_type": "order.created", "event_id": "e-1", "event_version": "1.2.0",
    "created_at": "2020-09-01T12:30:00.123456-06:00", "user_id": 7, "email": "dan@example.com",
    "first_name": "dan", "last_name": "",
    "billing_address": {"city": "Boise", "province": "Idaho", "country": "United States"},
    "shipping_address": "{\"province\": \"Maryland\", \"province_code\": \"MD\", \"country\": \"United States\"}",
    "currency": "USD", "financial_status": "paid", "order_value": "99999999999999.9999",
    "total_tax": 0.1, "discount_codes": [{"code": "WELCOME"}, "TEN"],
    "buyer_accepts_marketing": "TRUE",
    "line_items": [{"id": "p-2", "quantity": 2}, {"id": 1, "quantity": "3"}]
}"#;

const ROWS: &str = r#"
INSERT INTO streams (topic, group_id) VALUES ('orders', 'ordertally');
INSERT INTO partition_positions (topic, partition, incarnation, next_offset, facts_next)
VALUES ('orders', 0, 1, 3, 1);
INSERT INTO orders VALUES (
    'e-1', '1.2.0', '2020-09-01T18:30:00.123456Z', true, '7', 'dan@example.com', 'dan', NULL, false,
    NULL, NULL, NULL, NULL, 'Boise', 'Idaho', NULL, 'United States', NULL, NULL, NULL,
    NULL, NULL, NULL, NULL, NULL, 'Maryland', 'MD', 'United States', NULL, NULL, NULL,
    'USD', 'paid', 99999999999999.9999, 0, 0.1, '{WELCOME,TEN}', true, '{p-2,1}', '{2,3}',
    '\x000102030405060708090a0b0c0d0e0f', 'orders', 0, 1, 0, now()
);
INSERT INTO rejected_events (topic, incarnation, partition, "offset", record_timestamp_ms, key,
    header_names, header_values, payload, violations, codes, rejected_at)
VALUES ('orders', 1, 0, 2, 1598963401000, '\xff', '{"\\x61","\\x61"}', '{NULL,"\\x00"}', NULL,
    '[{"field": "", "code": "empty_payload", "message": "the record has no value"}]',
    '{empty_payload}', now());
INSERT INTO order_facts VALUES ('orders', 0, 0, 1, '{1598985000123456}', '{7}', '{USD}',
    '{999999999999999999}', '{0}', '{1000}', '{t}', '{Maryland}', '{MD}', '{United States}',
    '{NULL}', '{Idaho}', '{NULL}', '{United States}', '{NULL}', '{2}', '{p-2,1}', '{2,3}', now());
"#;

fn contents() -> TopicContents {
    let order = TopicRecord {
        timestamp_ms: Some(AT_MS + 86_400_000),
        payload: Some(EVENT.as_bytes().to_vec()),
        ..TopicRecord::default()
    };
    let tombstone = TopicRecord {
        offset: 2,
        timestamp_ms: Some(AT_MS),
        key: Some(vec![0xff]),
        headers: vec![(b"a".to_vec(), None), (b"a".to_vec(), Some(vec![0]))],
        payload: None,
    };
    TopicContents {
        topic: "orders".to_owned(),
        logs: vec![PartitionLog {
            partition: 0,
            incarnation: 1,
            end: 3,
            records: vec![order, tombstone],
        }],
    }
}

/// A database with the rows, which are what the records say.
async fn database() -> (TestDatabase, Client) {
    let database = servers::database().await;
    let client = database.connect().await;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations");
    let mut migrations: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().join("up.sql"))
        .collect();
    migrations.sort();
    for migration in migrations {
        client
            .batch_execute(&std::fs::read_to_string(migration).unwrap())
            .await
            .unwrap();
    }
    client.batch_execute(ROWS).await.unwrap();
    (database, client)
}

#[tokio::test]
async fn rows_that_say_what_the_records_say_differ_in_nothing() {
    let (_database, client) = database().await;
    let reckoning = Reckoning::of(contents());
    let settlement = reckoning.settle(&client).await.unwrap();
    assert_eq!(settlement.differences(), Vec::<String>::new());
    assert_eq!(settlement.unread(), Vec::<String>::new());
}

#[tokio::test]
async fn whatever_is_changed_in_a_row_is_found() {
    let (_database, client) = database().await;
    for (change, expected) in [
        (
            "UPDATE orders SET created_at = created_at + '1 microsecond'",
            "created_at",
        ),
        (
            "UPDATE orders SET order_value = order_value - 0.0001",
            "order_value",
        ),
        (
            "UPDATE orders SET shipping_zip = '83702'",
            "shipping_address",
        ),
        (
            "UPDATE orders SET billing_same = true",
            "billing_same is true",
        ),
        ("UPDATE orders SET product_ids = '{1,p-2}'", "line_items"),
        (
            "UPDATE orders SET product_ids = '{p-2}'",
            "differ in length",
        ),
        ("UPDATE orders SET content_hash = ''", "hash has 0 bytes"),
        (
            "UPDATE orders SET discount_codes = '{TEN,WELCOME}'",
            "discount_codes",
        ),
        ("UPDATE orders SET last_name = ''", "last_name"),
        (
            "UPDATE orders SET \"offset\" = 2",
            "stored from partition 0 offset 2",
        ),
        ("DELETE FROM orders", "missing in orders"),
        ("UPDATE rejected_events SET key = NULL", "key was not kept"),
        (
            "UPDATE rejected_events SET payload = ''",
            "payload was not kept",
        ),
        (
            "UPDATE rejected_events SET header_values = '{NULL,NULL}'",
            "headers was not kept",
        ),
        (
            "UPDATE rejected_events SET record_timestamp_ms = 1",
            "timestamp was not kept",
        ),
        (
            "UPDATE rejected_events SET codes = '{}'",
            "are not those of the violations",
        ),
        (
            "UPDATE rejected_events SET violations = violations || violations",
            "listed twice",
        ),
        ("DELETE FROM rejected_events", "not in rejected_events"),
        (
            "UPDATE order_facts SET item_counts = '{1}'",
            "product_ids has 2 elements",
        ),
        (
            "UPDATE order_facts SET customer_ids = '{7,7}'",
            "customer_ids has 2 elements",
        ),
        (
            "UPDATE order_facts SET total_taxes = '{1001}'",
            "1 missing of",
        ),
        ("DELETE FROM order_facts", "they end at ordinal 0"),
        (
            "UPDATE partition_positions SET next_offset = 2",
            "in rejected_events, and was not read",
        ),
        (
            "UPDATE partition_positions SET next_offset = 4",
            "beyond its end",
        ),
        ("UPDATE streams SET topic = 'other'", "streams"),
    ] {
        client.batch_execute(change).await.unwrap();
        let found = Reckoning::of(contents())
            .differences(&client)
            .await
            .unwrap();
        assert!(
            found.iter().any(|line| line.contains(expected)),
            "{change}: {found:#?}"
        );
        let all = "TRUNCATE streams, partition_positions, orders, rejected_events, order_facts";
        client.batch_execute(all).await.unwrap();
        client.batch_execute(ROWS).await.unwrap();
    }
}
