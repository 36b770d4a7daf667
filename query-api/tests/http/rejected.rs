//! Rejected records, for those who must mend them.

use serde_json::{Value, json};

use crate::support::Shop;

async fn reject(shop: &Shop, offset: i64, codes: &[&str], payload: Option<&[u8]>, at: &str) {
    let violations: Vec<Value> = codes
        .iter()
        .map(|code| json!({"field": "email", "code": code, "message": "must be there"}))
        .collect();
    let at: chrono::DateTime<chrono::Utc> = at.parse().unwrap();
    let names: [&[u8]; 3] = [b"trace", b"raw", b"none"];
    let values: [Option<&[u8]>; 3] = [Some(b"abc"), Some(b"\xff\x00"), None];
    let key: &[u8] = b"\xc3\x28";
    shop.client
        .execute(
            "INSERT INTO rejected_events
                 (topic, incarnation, partition, \"offset\", record_timestamp_ms, key,
                  header_names, header_values, payload, violations, codes, rejected_at)
             VALUES ('orders', 1, 2, $1, 1598954400123, $2, $3, $4, $5, $6, $7, $8)",
            &[
                &offset,
                &key,
                &&names[..],
                &&values[..],
                &payload,
                &Value::from(violations),
                &codes,
                &at,
            ],
        )
        .await
        .unwrap();
}

#[tokio::test]
async fn a_rejected_record_is_shown_whole_in_text_or_base64() {
    let shop = Shop::open().await;
    let at = "2020-09-01T10:00:01Z";
    reject(
        &shop,
        5,
        &["missing"],
        Some("{\"naïve\":\u{0}}".as_bytes()),
        at,
    )
    .await;
    reject(&shop, 6, &["not_utf8"], Some(b"\xff{}"), at).await;
    reject(&shop, 7, &["empty_payload"], None, at).await;
    let rows = shop.rows("/rejected-events").await;
    assert_eq!(
        rows[2],
        json!({
            "id": 1, "topic": "orders", "partition": 2, "offset": 5,
            "timestamp": "2020-09-01T10:00:00.123Z", "key": null, "key_base64": "wyg=",
            "headers": [
                {"name": "trace", "value": "abc", "value_base64": null},
                {"name": "raw", "value": null, "value_base64": "/wA="},
                {"name": "none", "value": null, "value_base64": null},
            ],
            "payload": "{\"naïve\":\u{0}}", "payload_base64": null,
            "violations": [{"field": "email", "code": "missing", "message": "must be there"}],
            "rejected_at": "2020-09-01T10:00:01Z",
        })
    );
    assert_eq!(rows[1]["payload"], Value::Null);
    assert_eq!(rows[1]["payload_base64"], "/3t9");
    assert_eq!(rows[0]["payload"], Value::Null);
    assert_eq!(rows[0]["payload_base64"], Value::Null);
}

#[tokio::test]
async fn rejected_records_are_found_by_code_and_day_in_pages() {
    let shop = Shop::open().await;
    for offset in 0..10 {
        let codes: &[&str] = if offset % 2 == 0 {
            &["missing", "wrong_type"]
        } else {
            &["not_json"]
        };
        let at = format!("2020-09-0{}T10:00:00Z", offset / 5 + 1);
        reject(&shop, offset, codes, Some(b"{"), &at).await;
    }
    for (filter, expected) in [
        ("", vec![9, 8, 7, 6, 5, 4, 3, 2, 1, 0]),
        ("&code=wrong_type", vec![8, 6, 4, 2, 0]),
        ("&code=not_json&start_date=2020-09-02", vec![9, 7, 5]),
        ("&end_date=2020-09-01", vec![4, 3, 2, 1, 0]),
        ("&code=too_long", vec![]),
    ] {
        for limit in [1, 3, 100] {
            let mut offsets = Vec::new();
            let mut cursor = String::new();
            loop {
                let target = format!("/rejected-events?limit={limit}{filter}{cursor}");
                let page = shop.ask(&target).await;
                let rows = page["data"].as_array().unwrap();
                offsets.extend(rows.iter().map(|row| row["offset"].as_i64().unwrap()));
                match page["next_cursor"].as_str() {
                    Some(next) => cursor = format!("&cursor={next}"),
                    None => break,
                }
            }
            assert_eq!(offsets, expected, "{filter} by {limit}");
        }
    }
}
