//! Each record's one outcome.

use std::collections::BTreeMap;

use ordertally_testkit::event_cases::{self, Outcome};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseRecord, Producer};
use serde_json::{Value, json};

use crate::stage::{SOON, Stage, order, order_value};

#[tokio::test]
async fn every_case_file_has_its_outcome_and_its_codes() {
    let stage = Stage::new(1).await;
    let producer = stage.producer(&[("message.max.bytes", "8000000")]);
    let cases = event_cases::load().unwrap();
    assert!(cases.len() > 100, "{} cases", cases.len());
    let mut sent = Vec::new();
    for case in &cases {
        // Only a record without a timestamp has none, and only the broker's own clock and a day
        // long past are times that every broker takes.
        let takes_it = |timestamp_ms: &i64| (0..1_800_000_000_000).contains(timestamp_ms);
        let Some(timestamp_ms) = case.record_timestamp_ms.filter(takes_it) else {
            continue;
        };
        let mut record: BaseRecord<'_, str, [u8]> = BaseRecord::to(&stage.topic)
            .partition(0)
            .key(case.name.as_str())
            .timestamp(timestamp_ms);
        if let Some(payload) = &case.payload {
            record = record.payload(payload);
        }
        producer.send(record).map_err(|(error, _)| error).unwrap();
        sent.push(case);
    }
    assert!(sent.len() > 100, "{} cases sent", sent.len());
    producer.flush(SOON).unwrap();
    let mut consumer = stage.consumer();
    stage.caught_up().await;
    assert!(consumer.stop().await.success());
    stage.reckon().await;

    let rows = stage
        .client()
        .await
        .query(
            "SELECT convert_from(key, 'UTF8'), violations FROM rejected_events",
            &[],
        )
        .await
        .unwrap();
    let rejected: BTreeMap<String, Value> =
        rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    for case in sent {
        let found = rejected.get(&case.name);
        if case.outcome != Outcome::Rejected {
            // What another case has stored already, with other content, is a conflict here.
            let conflict = found.is_some_and(|found| found[0]["code"] == "conflicting_duplicate");
            assert!(found.is_none() || conflict, "{}: {found:?}", case.name);
            continue;
        }
        let mut codes: Vec<(String, String)> = found
            .unwrap_or_else(|| panic!("{} was not rejected", case.name))
            .as_array()
            .unwrap()
            .iter()
            .map(|violation| {
                let text = |name: &str| violation[name].as_str().unwrap().to_owned();
                (text("field"), text("code"))
            })
            .collect();
        codes.sort();
        let expected: Vec<(String, String)> = case
            .violations
            .iter()
            .map(|violation| (violation.field.clone(), violation.code.clone()))
            .collect();
        assert_eq!(codes, expected, "{}", case.name);
    }
}

#[tokio::test]
async fn replaying_everything_twice_with_other_times_and_spellings_changes_nothing() {
    let stage = Stage::new(2).await;
    stage.send_orders(2, 0, 300);
    stage.send(0, ["not json".to_owned()]);
    let mut consumer = stage.consumer();
    stage.caught_up().await;
    let before = stage.everything().await;

    let producer = stage.producer(&[]);
    for number in 0..300 {
        for partition in 0..2 {
            // Another partition, another time, another spelling of the same order.
            let event_id = format!("order-{}-{number}", 1 - partition);
            let mut event = order_value(&event_id, number);
            for field in ["billing_address", "shipping_address", "line_items"] {
                event[field] = Value::String(event[field].to_string());
            }
            event["order_value"] = json!(format!("{}.{:02}00", number % 300, number % 100));
            event["created_at"] = json!("2020-09-01T12:00:00.000+02:00");
            event["customer_id"] = event["lovevery_user_id"].take();
            event.as_object_mut().unwrap().remove("lovevery_user_id");
            event["discount_codes"] = json!("");
            event["unknown"] = json!({"deep": [1, 2, 3]});
            let payload = event.to_string();
            let record: BaseRecord<'_, str, str> = BaseRecord::to(&stage.topic)
                .partition(partition)
                .payload(payload.as_str())
                .timestamp(1_700_000_000_000);
            producer.send(record).map_err(|(error, _)| error).unwrap();
        }
    }
    producer.flush(SOON).unwrap();
    stage.caught_up().await;
    assert!(consumer.stop().await.success());
    assert_eq!(stage.everything().await, before);
    stage.reckon().await;
}

#[tokio::test]
async fn with_a_stored_a_batch_of_b_then_a_is_one_conflict_and_one_duplicate() {
    let stage = Stage::new(1).await;
    stage.send(0, [order("id", 1)]);
    let mut consumer = stage.consumer();
    stage.caught_up().await;
    stage.send(0, [order("id", 2), order("id", 1)]);
    stage.caught_up().await;
    assert!(consumer.stop().await.success());
    assert_eq!(stage.counts().await, (1, 1));
    let codes = stage
        .number("SELECT count(*) FROM rejected_events WHERE codes = '{conflicting_duplicate}'")
        .await;
    assert_eq!(codes, 1);
    stage.reckon().await;
}

#[tokio::test]
async fn records_whose_violations_are_far_larger_than_they_are_all_kept_in_little_memory() {
    const RECORDS: usize = 1_000; // 120 MB of violations
    let stage = Stage::new(1).await;
    let items = vec!["{}"; 500].join(",");
    let poison = format!(r#"{{"event_type":"order.created","line_items":[{items}]}}"#);
    stage.send(0, vec![poison; RECORDS]);
    stage.send(0, [order("neighbour", 1)]);
    let mut consumer = stage.consumer();
    stage.caught_up().await;
    let held = consumer.resident_bytes_max();
    assert!(held < 150_000_000, "{held} bytes"); // as the documents promise
    assert!(consumer.stop().await.success());
    assert_eq!(stage.counts().await, (1, RECORDS as i64));
    // The thousand that are listed, and one that says how many more there were.
    let whole = "SELECT count(*) FROM rejected_events WHERE jsonb_array_length(violations) = 1001";
    assert_eq!(stage.number(whole).await, RECORDS as i64);
    stage.reckon().await;
}

#[tokio::test]
async fn a_rejected_record_is_kept_whole() {
    let stage = Stage::new(1).await;
    let headers = OwnedHeaders::new()
        .insert(Header {
            key: "trace",
            value: Some(&[0xff, 0x00][..]),
        })
        .insert(Header {
            key: "empty",
            value: None::<&[u8]>,
        });
    let payload = [b"{\"event_type\":\0\xff".as_slice()].concat();
    let record = BaseRecord::to(&stage.topic)
        .partition(0)
        .payload(&payload)
        .key(&[0x00, 0xfe][..])
        .timestamp(1_600_000_000_123)
        .headers(headers);
    let producer = stage.producer(&[]);
    producer.send(record).map_err(|(error, _)| error).unwrap();
    producer.flush(SOON).unwrap();
    stage.send(0, [order("neighbour", 1)]);
    let mut consumer = stage.consumer();
    stage.caught_up().await;
    assert!(consumer.stop().await.success());
    let row = stage
        .client()
        .await
        .query_one(
            r#"SELECT "offset", record_timestamp_ms, key, header_names, header_values, payload
               FROM rejected_events"#,
            &[],
        )
        .await
        .unwrap();
    assert_eq!(row.get::<_, i64>(0), 0);
    assert_eq!(row.get::<_, i64>(1), 1_600_000_000_123);
    assert_eq!(row.get::<_, Vec<u8>>(2), [0x00, 0xfe]);
    assert_eq!(
        row.get::<_, Vec<Vec<u8>>>(3),
        [b"trace".to_vec(), b"empty".to_vec()]
    );
    assert_eq!(
        row.get::<_, Vec<Option<Vec<u8>>>>(4),
        [Some(vec![0xff, 0x00]), None]
    );
    assert_eq!(row.get::<_, Vec<u8>>(5), payload);
    assert_eq!(stage.counts().await, (1, 1));
    stage.reckon().await;
}

#[tokio::test]
async fn aborted_transactions_are_no_records_and_positions_pass_them() {
    let stage = Stage::new(1).await;
    let producer = stage.producer(&[("transactional.id", &stage.topic)]);
    producer.init_transactions(SOON).unwrap();
    for (round, commit) in [(0, true), (1, false), (2, true), (3, false)] {
        producer.begin_transaction().unwrap();
        for number in 0..20 {
            let payload = order(&format!("order-{round}-{number}"), number);
            crate::stage::put(&producer, &stage.topic, 0, &payload);
        }
        if commit {
            producer.commit_transaction(SOON).unwrap();
        } else {
            producer.flush(SOON).unwrap();
            producer.abort_transaction(SOON).unwrap();
        }
    }
    let mut consumer = stage.consumer();
    // 80 records and 4 control records: the position ends behind the last of these.
    stage.caught_up().await;
    assert_eq!(stage.position().await, 84);
    assert_eq!(stage.counts().await, (40, 0));
    // Records after the control records go on from there.
    producer.begin_transaction().unwrap();
    crate::stage::put(&producer, &stage.topic, 0, &order("late", 1));
    producer.commit_transaction(SOON).unwrap();
    stage.caught_up().await;
    assert!(consumer.stop().await.success());
    assert_eq!(stage.counts().await, (41, 0));
    stage.reckon().await;
}
