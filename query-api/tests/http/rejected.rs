//! Rejected records, for those who must mend them.

use serde_json::{Value, json};

use crate::support::Shop;

/// Rejects a record of partition 2 for these codes.
pub async fn reject(shop: &Shop, offset: i64, codes: &[&str], payload: Option<&[u8]>, at: &str) {
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

#[tokio::test]
async fn rejected_records_are_found_by_topic_and_partition() {
    let shop = Shop::open().await;
    for offset in 0..4 {
        reject(&shop, offset, &["missing"], None, "2020-09-01T10:00:00Z").await;
    }
    shop.execute("UPDATE rejected_events SET partition = 3 WHERE \"offset\" > 1")
        .await;
    shop.execute("UPDATE rejected_events SET topic = 'old' WHERE \"offset\" = 3")
        .await;
    for (filter, expected) in [
        ("topic=orders", &[2, 1, 0][..]),
        ("topic=old", &[3]),
        ("topic=none", &[]),
        ("partition=2", &[1, 0]),
        ("partition=3&topic=orders&code=missing", &[2]),
        ("partition=2147483647", &[]),
    ] {
        let rows = shop.rows(&format!("/rejected-events?{filter}")).await;
        let offsets: Vec<_> = rows
            .iter()
            .map(|row| row["offset"].as_i64().unwrap())
            .collect();
        assert_eq!(offsets, expected, "{filter}");
    }
    let page = shop.ask("/rejected-events?limit=1&partition=2").await;
    let cursor = page["next_cursor"].as_str().unwrap();
    for other in [
        "partition=3",
        "topic=orders&partition=2",
        "code=missing&partition=2",
    ] {
        let reply = shop
            .api
            .get(&format!("/rejected-events?{other}&cursor={cursor}"))
            .await;
        let faults = &reply.problem(400)["invalid_parameters"];
        assert_eq!(faults[0]["code"], "invalid_cursor", "{other}");
    }
}

#[tokio::test]
async fn one_rejected_record_leads_to_what_its_codes_mean() {
    let shop = Shop::open().await;
    shop.commit(0, 7, "2020-09-01T10:00:00Z").await;
    let codes = ["missing", "of_tomorrow"];
    reject(&shop, 5, &codes, Some(b"{}"), "2020-09-01T10:00:00Z").await;
    let listed = &shop.rows("/rejected-events").await[0];
    let shown = shop.ask("/rejected-events/1").await;
    for member in ["id", "payload", "headers", "key_base64", "rejected_at"] {
        assert_eq!(shown[member], listed[member], "{member}");
    }
    let violation = |code: &str, help: &str| json!({"field": "email", "code": code, "message": "must be there", "help": help});
    assert_eq!(
        shown["violations"],
        json!([
            violation(codes[0], "/docs/codes#missing"),
            violation(codes[1], "/docs/codes")
        ])
    );
    assert_eq!(listed["violations"][0].as_object().unwrap().len(), 3);
    let table = shop
        .api
        .get_with("/rejected-events/1", &[("accept", "text/csv")])
        .await;
    assert!(table.text.contains("/docs/codes#missing"), "{}", table.text);
    for target in [
        "/rejected-events/2",
        "/rejected-events/99999999999999999999",
        "/rejected-events/x",
        "/rejected-events/-1",
        "/rejected-events/+1",
    ] {
        let problem = shop.api.get(target).await.problem(404);
        assert_eq!(problem["instance"], target);
    }
    let reply = shop.api.get("/rejected-events/2").await;
    assert_eq!(reply.header("ordertally-position"), "0=7");
    let _faults = shop
        .api
        .get("/rejected-events/1?code=missing")
        .await
        .problem(400);
}

#[tokio::test]
async fn rejected_records_are_counted_by_day_and_code() {
    let shop = Shop::open().await;
    for (offset, codes, at) in [
        (0, &["missing", "wrong_type"][..], "2020-09-01T10:00:00Z"),
        (1, &["missing"], "2020-09-01T23:30:00Z"),
        (2, &["not_json"], "2020-09-02T00:30:00Z"),
        (3, &["missing"], "2020-09-03T10:00:00Z"),
        (4, &["missing"], "2020-08-31T23:59:59.999999Z"),
    ] {
        reject(&shop, offset, codes, None, at).await;
    }
    shop.commit(0, 5, "2020-09-03T10:00:00Z").await;
    let days = "start_date=2020-09-01&end_date=2020-09-02";
    let answer = shop.ask(&format!("/rejected-events/counts?{days}")).await;
    let count = |date: &str, code: &str, rejected: i64| json!({"date": date, "code": code, "rejected": rejected});
    assert_eq!(
        answer,
        json!({
            "start_date": "2020-09-01", "end_date": "2020-09-02", "time_zone": "UTC",
            "as_of": "2020-09-03T10:00:00.000Z",
            "data": [
                count("2020-09-01", "missing", 2),
                count("2020-09-01", "wrong_type", 1),
                count("2020-09-02", "not_json", 1),
            ],
        })
    );
    for (filter, expected) in [
        (
            "tz=Europe/Berlin",
            json!([
                count("2020-09-01", "missing", 2),
                count("2020-09-01", "wrong_type", 1),
                count("2020-09-02", "missing", 1),
                count("2020-09-02", "not_json", 1)
            ]),
        ),
        (
            "code=wrong_type",
            json!([count("2020-09-01", "wrong_type", 1)]),
        ),
        ("partition=0", json!([])),
        ("topic=none", json!([])),
    ] {
        let rows = shop
            .rows(&format!("/rejected-events/counts?{days}&{filter}"))
            .await;
        assert_eq!(Value::from(rows), expected, "{filter}");
    }
    let table = shop
        .api
        .get(&format!("/rejected-events/counts.csv?{days}&code=missing"))
        .await;
    assert_eq!(table.text, "date,code,rejected\r\n2020-09-01,missing,2\r\n");
    assert_eq!(
        table.header("content-disposition"),
        "attachment; filename=\"rejected-counts_2020-09-01_2020-09-02.csv\""
    );
    let tag = shop
        .api
        .get(&format!("/rejected-events/counts?{days}"))
        .await;
    let known = [("if-none-match", tag.header("etag"))];
    let again = shop
        .api
        .get_with(&format!("/rejected-events/counts?{days}"), &known)
        .await;
    assert_eq!(again.status, 304);
}

#[tokio::test]
async fn a_day_that_comes_back_after_midnight_is_counted_once() {
    // Newfoundland set its clocks back at 00:01 until 2011: the day before came back for an hour.
    let shop = Shop::open().await;
    for (offset, at) in (0..).zip([
        "2006-10-29T02:29:00Z",
        "2006-10-29T02:30:30Z",
        "2006-10-29T02:40:00Z",
        "2006-10-29T04:00:00Z",
    ]) {
        reject(&shop, offset, &["missing"], None, at).await;
    }
    let days = "start_date=2006-10-28&end_date=2006-10-28&tz=America/St_Johns";
    let rows = shop.rows(&format!("/rejected-events/counts?{days}")).await;
    assert_eq!(rows[0]["rejected"], 2, "{rows:?}");
}

#[tokio::test]
async fn the_codes_are_explained_on_a_page_without_scripts() {
    let shop = Shop::open().await;
    let page = shop.api.get("/docs/codes").await;
    assert_eq!(page.status, 200);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(page.header("x-content-type-options"), "nosniff");
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none';"), "{policy}");
    assert!(
        page.text.contains("<h2 id=\"conflicting_duplicate\">"),
        "{}",
        page.text
    );
    for never in ["<script", "style", "src=", "http:", "https:"] {
        assert!(!page.text.contains(never), "{never}");
    }
    for target in ["/docs/codes/", "/docs/code"] {
        let _problem = shop.api.get(target).await.problem(404);
    }
}
