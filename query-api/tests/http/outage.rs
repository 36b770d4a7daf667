//! The database away, back, empty and too slow.

use std::time::{Duration, Instant};

use ordertally_testkit::servers::{self, OwnPostgres};

use crate::support::{Api, Shop, migrate, order, until};

const ANALYTICS: [&str; 3] = [
    "/customers/top?start_date=2020-09-01&end_date=2020-09-05",
    "/orders/value?start_date=2020-09-01&end_date=2020-09-05",
    "/sales/province?start_date=2020-09-01&end_date=2020-09-05",
];
const RECORDS: [&str; 4] = [
    "/orders/e1",
    "/orders",
    "/customers/c1/orders",
    "/rejected-events",
];

/// Every one of `questions` is a problem within moments, and the process says that it lives.
async fn assert_away(api: &Api, questions: &[&str]) {
    for target in questions {
        let began = Instant::now();
        let reply = api.get(target).await;
        let problem = reply.problem(503);
        assert_eq!(reply.header("retry-after"), "2");
        assert!(!reply.text.contains("postgres"), "{problem}");
        assert!(began.elapsed() < Duration::from_secs(5), "{target}");
    }
    let ready = api.get("/readyz").await.problem(503);
    assert_eq!(ready["checks"]["database"]["status"], "failed", "{ready}");
    for alive in [
        "/livez",
        "/healthcheck/heartbeat/",
        "/healthcheck/heartbeat",
        "/metrics",
    ] {
        assert_eq!(api.get(alive).await.status, 200, "{alive}");
    }
}

#[tokio::test]
async fn the_service_lives_without_a_database_from_its_start() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = nobody.local_addr().unwrap().port();
    drop(nobody);
    let api = Api::start(&format!("postgres://me:s3cret@127.0.0.1:{port}/none"), &[]).await;
    assert_away(&api, &[&ANALYTICS[..], &RECORDS].concat()).await;
    let ready = api.get("/readyz").await.problem(503);
    assert_eq!(ready["checks"]["facts"]["status"], "failed", "{ready}");
}

#[tokio::test]
async fn while_the_database_is_away_analytics_answer_as_of_before_and_lists_do_not() {
    let mut postgres = OwnPostgres::start().await;
    migrate(postgres.url()).await;
    let mut shop = Shop::over(postgres.url(), &[]).await;
    shop.store(&[order("e1", "2020-09-01T10:00:00Z")]).await;
    shop.commit(0, 5, "2020-09-05T17:20:11.123Z").await;
    let mut before = Vec::new();
    for target in ANALYTICS {
        before.push(shop.ask(target).await);
    }
    assert_eq!(shop.ask("/readyz").await["status"], "ready");
    postgres.stop().await;
    until("readiness is noticed to be gone", async || {
        shop.api.get("/readyz").await.status == 503
    })
    .await;
    assert_away(&shop.api, &RECORDS).await;
    for (target, mut before) in ANALYTICS.iter().zip(before) {
        if target.starts_with("/customers/top") {
            for name in ["email", "first_name", "last_name"] {
                assert!(before["data"][0][name].is_string(), "{before}");
                before["data"][0][name] = serde_json::Value::Null;
            }
        }
        let reply = shop.api.get(target).await;
        assert_eq!(reply.json(), before, "{target}");
        assert_eq!(reply.json()["as_of"], "2020-09-05T17:20:11.123Z");
        assert_eq!(reply.header("ordertally-position"), "0=5");
        let waiting = format!("{target}&at_least=0=6&wait_ms=0");
        let _problem = shop.api.get(&waiting).await.problem(504);
    }
    postgres.start_again().await;
    until("it is ready again", async || {
        shop.api.get("/readyz").await.status == 200
    })
    .await;
    for target in RECORDS {
        assert_eq!(shop.api.get(target).await.status, 200, "{target}");
    }
    shop.reconnect(postgres.url()).await;
    shop.store(&[order("e2", "2020-09-02T10:00:00Z")]).await;
    let top = shop.rows(ANALYTICS[0]).await;
    assert_eq!(
        (&top[0]["orders"], &top[0]["email"]),
        (&2.into(), &"dan@example.com".into())
    );
}

#[tokio::test]
async fn a_frozen_database_is_given_up_and_a_thawed_one_answers() {
    let mut postgres = OwnPostgres::start().await;
    migrate(postgres.url()).await;
    let flags = [
        "--request-timeout-ms",
        "1000",
        "--database-connect-timeout-ms",
        "500",
    ];
    let api = Api::start(postgres.url(), &flags).await;
    until("it answers", async || {
        api.get("/orders").await.status == 200
    })
    .await;
    postgres.pause();
    // More than the pool has connections, so that none is left as it was.
    let requests = (0..20).map(|_| api.get("/orders"));
    for reply in futures_util::future::join_all(requests).await {
        assert!([503, 504].contains(&reply.status.as_u16()), "{reply:?}");
        let _problem = reply.problem(reply.status.as_u16());
    }
    assert_eq!(api.get("/readyz").await.status, 503);
    postgres.resume();
    until("it answers again", async || {
        api.get("/orders").await.status == 200
    })
    .await;
}

#[tokio::test]
async fn a_database_without_its_migrations_is_not_ready_and_says_which() {
    let database = servers::database().await;
    let api = Api::start(database.url(), &[]).await;
    let ready = api.get("/readyz").await.problem(503);
    assert_eq!(ready["checks"]["database"]["status"], "ok");
    let detail = ready["detail"].as_str().unwrap();
    assert!(detail.contains("20260101000000"), "{detail}");
    let reply = api.get("/orders").await;
    let _problem = reply.problem(503);
    assert!(!reply.text.contains("relation"), "{}", reply.text);
    // Only looked at: the service leaves nothing behind in the database.
    let tables = database
        .connect()
        .await
        .query_one(
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'",
            &[],
        )
        .await
        .unwrap();
    assert_eq!(tables.get::<_, i64>(0), 0);
    migrate(database.url()).await;
    until("it is ready", async || {
        api.get("/readyz").await.status == 200
    })
    .await;
}

#[tokio::test]
async fn a_database_of_a_newer_release_is_ready() {
    let shop = Shop::open().await;
    let _rows = shop
        .client
        .execute(
            "INSERT INTO __diesel_schema_migrations (version) VALUES ('29990101000000')",
            &[],
        )
        .await
        .unwrap();
    assert_eq!(shop.ask("/readyz").await["status"], "ready");
}

#[tokio::test]
async fn a_question_that_takes_too_long_is_given_up_and_the_next_is_answered() {
    let shop = Shop::open_with(&[
        "--request-timeout-ms",
        "300",
        "--statement-timeout-ms",
        "400",
    ])
    .await;
    let mut locker = shop.database.connect().await;
    let lock = locker.transaction().await.unwrap();
    lock.batch_execute("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE")
        .await
        .unwrap();
    let reply = shop.api.get("/orders").await;
    let _problem = reply.problem(504);
    lock.rollback().await.unwrap();
    assert_eq!(shop.api.get("/orders").await.status, 200);
    until("the statement left behind has ended", async || {
        shop.client
            .query_one(
                "SELECT count(*) FROM pg_stat_activity
                 WHERE datname = current_database() AND state = 'active'
                   AND application_name = 'ordertally-query-api'",
                &[],
            )
            .await
            .unwrap()
            .get::<_, i64>(0)
            == 0
    })
    .await;
}

#[tokio::test]
async fn more_requests_than_connections_wait_their_turn() {
    let shop = Shop::open_with(&["--database-pool-size", "1"]).await;
    let requests = (0..50).map(|_| shop.api.get("/orders"));
    for reply in futures_util::future::join_all(requests).await {
        assert_eq!(reply.status, 200);
    }
}

#[tokio::test]
async fn the_figures_tell_requests_by_route_and_status() {
    let shop = Shop::open().await;
    let _reply = shop.api.get("/orders/some-id").await;
    let page = shop.api.get("/metrics").await;
    assert!(page.header("content-type").starts_with("text/plain"));
    for line in [
        "ordertally_http_requests_total{route=\"/orders/{event_id}\",method=\"GET\",status=\"404\"}",
        "ordertally_http_request_duration_seconds_bucket{route=\"/orders/{event_id}\",le=\"0.001\"}",
        "ordertally_build_info{version=",
        "ordertally_database_connections{state=\"idle\"}",
        "ordertally_facts_orders 0",
        "ordertally_facts_followed 1",
    ] {
        assert!(page.text.contains(line), "{line} in {}", page.text);
    }
    assert!(!page.text.contains("some-id"));
}
