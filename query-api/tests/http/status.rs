//! How far everything is, whatever the database does.

use chrono::{DateTime, Utc};
use ordertally_testkit::servers::OwnPostgres;
use serde_json::{Value, json};

use crate::support::{Api, Shop, migrate, order, until};

/// Whether a moment lies within the time that a test takes.
fn is_now(moment: &Value) -> bool {
    let moment: DateTime<Utc> = moment.as_str().unwrap().parse().unwrap();
    (Utc::now() - moment).num_seconds().abs() < 120
}

#[tokio::test]
async fn the_status_tells_what_consumers_left_and_what_is_in_memory() {
    let shop = Shop::open().await;
    shop.store(&[order("e1", "2020-09-01T10:00:00Z")]).await;
    shop.commit(0, 40, "2020-09-05T17:20:11.123Z").await;
    shop.commit(1, 7, "2020-09-05T17:20:10Z").await;
    shop.commit(2, 7, "2020-09-05T17:20:10Z").await;
    shop.execute(
        "UPDATE partition_positions
         SET log_end = 45, log_end_at = '2020-09-05T17:20:09Z',
             day = (now() AT TIME ZONE 'UTC')::date,
             day_stored = 20, day_duplicates = 3, day_rejected = 2, day_ignored = 1
         WHERE partition = 0;
         UPDATE partition_positions
         SET log_end = 6, log_end_at = '2020-09-05T17:20:09Z', day = '2020-09-05', day_stored = 9
         WHERE partition = 1",
    )
    .await;
    let status = shop.ask("/status").await;
    assert_eq!(
        status["partitions"]["data"],
        json!([
            {
                "topic": "orders", "partition": 0, "incarnation": 1, "next_offset": 40,
                "committed_at": "2020-09-05T17:20:11.123Z",
                "log_end": 45, "log_end_as_of": "2020-09-05T17:20:09Z", "lag": 5,
            },
            {
                "topic": "orders", "partition": 1, "incarnation": 1, "next_offset": 7,
                "committed_at": "2020-09-05T17:20:10Z",
                "log_end": 6, "log_end_as_of": "2020-09-05T17:20:09Z", "lag": 0,
            },
            {
                "topic": "orders", "partition": 2, "incarnation": 1, "next_offset": 7,
                "committed_at": "2020-09-05T17:20:10Z",
                "log_end": null, "log_end_as_of": null, "lag": null,
            },
        ])
    );
    let today = &status["today"]["data"];
    let counts = ["stored", "duplicate", "rejected", "ignored"].map(|name| &today[name]);
    assert_eq!(
        counts,
        [20, 3, 2, 1],
        "yesterday's counts are none of today's"
    );
    assert_eq!(
        status["facts"],
        json!({
            "state": "read", "orders": 1, "positions": "0=40,1=7,2=7",
            "as_of": "2020-09-05T17:20:11.123Z", "followed": true,
        })
    );
    assert_eq!(status["database"]["answers"], true);
    assert_eq!(status["version"], env!("CARGO_PKG_VERSION"));
    for moment in [
        &status["as_of"],
        &status["started_at"],
        &status["database"]["as_of"],
        &status["partitions"]["as_of"],
        &status["today"]["as_of"],
        &status["rejected_today"]["as_of"],
    ] {
        assert!(is_now(moment), "{status}");
    }
    assert!(status["uptime_seconds"].as_u64().unwrap() < 120);
    assert_eq!(
        shop.api.get("/status").await.header("cache-control"),
        "no-store"
    );
}

#[tokio::test]
async fn the_status_tells_what_was_rejected_today_by_code() {
    let shop = Shop::open().await;
    shop.execute(
        "INSERT INTO rejected_events (topic, incarnation, partition, \"offset\", header_names,
             header_values, violations, codes, rejected_at)
         SELECT 'orders', 1, 0, n, '{}', '{}', '[]',
             CASE WHEN n < 3 THEN '{missing,wrong_type}'::text[] ELSE '{not_json}' END,
             CASE WHEN n < 4 THEN now() ELSE now() - interval '3 days' END
         FROM generate_series(1, 9) AS n",
    )
    .await;
    let rejected = &shop.ask("/status").await["rejected_today"];
    assert_eq!(
        rejected["by_code"],
        json!([
            {"code": "missing", "records": 2},
            {"code": "not_json", "records": 1},
            {"code": "wrong_type", "records": 2},
        ])
    );
}

#[tokio::test]
async fn the_status_is_told_without_a_database_from_the_start() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = nobody.local_addr().unwrap().port();
    drop(nobody);
    let api = Api::start(&format!("postgres://me:s3cret@127.0.0.1:{port}/none"), &[]).await;
    let reply = api.get("/status").await;
    assert_eq!(reply.status, 200);
    let status = reply.json();
    assert_eq!(status["database"]["answers"], false);
    for unknown in ["partitions", "today", "rejected_today"] {
        assert_eq!(status[unknown], Value::Null, "{unknown}");
    }
    assert_eq!(
        status["facts"],
        json!({
            "state": "waiting for the database", "orders": null, "positions": null,
            "as_of": null, "followed": false,
        })
    );
    for secret in ["s3cret", "postgres"] {
        assert!(!reply.text.contains(secret), "{}", reply.text);
    }
}

#[tokio::test]
async fn while_the_database_is_away_the_status_tells_what_was_known() {
    let mut postgres = OwnPostgres::start().await;
    migrate(postgres.url()).await;
    let shop = Shop::over(postgres.url(), &[]).await;
    shop.store(&[order("e1", "2020-09-01T10:00:00Z")]).await;
    shop.commit(0, 5, "2020-09-05T17:20:11.123Z").await;
    let mut before = Value::Null;
    until("the status has the position", async || {
        before = shop.ask("/status").await;
        before["partitions"]["data"][0]["next_offset"] == 5
    })
    .await;
    postgres.stop().await;
    let mut after = Value::Null;
    until("the database is noticed to be away", async || {
        after = shop.ask("/status").await;
        after["database"]["answers"] == false && after["facts"]["followed"] == false
    })
    .await;
    for part in ["partitions", "today", "rejected_today"] {
        assert_eq!(after[part]["data"], before[part]["data"], "{part}");
        assert!(after[part]["as_of"].is_string(), "{part}");
    }
    assert_eq!(after["facts"]["orders"], 1);
    assert_eq!(after["facts"]["as_of"], "2020-09-05T17:20:11.123Z");
    postgres.start_again().await;
    until("it answers again", async || {
        shop.ask("/status").await["database"]["answers"] == true
    })
    .await;
}
