//! Postgres in trouble: away, cut off, locked, refusing.

use std::collections::BTreeSet;

use ordertally_testkit::eventually;
use ordertally_testkit::proxy::{LOST_COMMIT_ANSWER, Mode, Proxy};
use ordertally_testkit::reckoning::{Circumstances, Coordinates};
use ordertally_testkit::servers::{OwnPostgres, connect, free_port};
use tokio::net::TcpStream;

use crate::stage::{SOON, Stage, order};

#[tokio::test]
async fn stopped_and_started_under_load() {
    let mut postgres = OwnPostgres::start().await;
    let stage = Stage::with_postgres(2, &postgres).await;
    let mut consumer = stage.slow_consumer();
    stage.send_orders(2, 0, 2_000);
    stage.position_reaches(100).await;
    postgres.stop().await; // as in a crash
    eventually(SOON, "the consumer says that it waits", async || {
        consumer.output().contains("trying until it works")
    })
    .await;
    stage.send_orders(2, 2_000, 100);
    postgres.start_again().await;
    stage.position_reaches(1_000).await;
    postgres.stop_in_order().await;
    postgres.start_again().await;
    stage.caught_up().await;
    assert!(consumer.runs(), "{}", consumer.output());
    assert!(consumer.stop().await.success());
    assert_eq!(stage.counts().await, (4_200, 0));
    stage.reckon().await;
}

#[tokio::test]
async fn away_when_the_consumer_starts_and_when_it_stops() {
    let mut postgres = OwnPostgres::start().await;
    let stage = Stage::with_postgres(1, &postgres).await;
    stage.send_orders(1, 0, 100);
    postgres.stop().await;
    let mut consumer = stage.consumer();
    eventually(SOON, "the consumer says that it waits", async || {
        consumer.output().contains("cannot migrate yet")
    })
    .await;
    postgres.start_again().await;
    stage.caught_up().await;
    postgres.stop().await;
    stage.send_orders(1, 100, 100);
    eventually(SOON, "the consumer says that it waits", async || {
        consumer.output().contains("trying until it works")
    })
    .await;
    let status = consumer.stop().await;
    assert_eq!(status.code(), Some(0), "{}", consumer.output());
    postgres.start_again().await;
    let mut consumer = stage.consumer();
    stage.caught_up().await;
    assert!(consumer.stop().await.success());
    stage.reckon().await;
}

#[tokio::test]
async fn an_event_that_only_the_database_refuses_spoils_no_neighbour() {
    let stage = Stage::new(1).await;
    let mut consumer = stage.consumer();
    stage.send_orders(1, 0, 1);
    stage.caught_up().await;
    assert!(consumer.stop().await.success());
    let client = stage.client().await;
    client
        .batch_execute(
            "ALTER TABLE orders ADD CONSTRAINT refused CHECK (event_id NOT LIKE 'refused%')",
        )
        .await
        .unwrap();
    let payloads = (1..200).map(|number| match number {
        50 | 51 | 150 => order(&format!("refused-{number}"), number),
        _ => order(&format!("good-{number}"), number),
    });
    stage.send(0, payloads);
    let mut consumer = stage.consumer();
    stage.caught_up().await;
    assert!(consumer.stop().await.success());
    let refused: BTreeSet<Coordinates> = [50, 51, 150]
        .into_iter()
        .map(|offset| Coordinates {
            partition: 0,
            incarnation: 1,
            offset,
        })
        .collect();
    let circumstances = Circumstances {
        refused_by_database: refused,
        ..Circumstances::default()
    };
    stage
        .reckon_contents(stage.contents().await, circumstances)
        .await;
    assert_eq!(stage.counts().await, (197, 3));
    let named = stage
        .number(
            "SELECT count(*) FROM rejected_events
             WHERE codes = '{refused_by_database}' AND violations->0->>'message' LIKE '%23514%'",
        )
        .await;
    assert_eq!(named, 3);
}

#[tokio::test]
async fn the_same_ids_on_two_partitions_at_once_are_stored_once() {
    let stage = Stage::new(2).await;
    let producer = stage.producer(&[]);
    for number in 0..3_000 {
        for partition in 0..2 {
            let payload = order(&format!("order-{number}"), number);
            crate::stage::put(&producer, &stage.topic, partition, &payload);
        }
    }
    rdkafka::producer::Producer::flush(&producer, SOON).unwrap();
    let program = || {
        stage
            .program()
            .env("MIGRATE", "true")
            .env("BATCH_RECORDS", "200")
    };
    let mut one = program().start();
    let mut other = program().start();
    stage.caught_up().await;
    assert!(one.stop().await.success());
    assert!(other.stop().await.success());
    assert_eq!(stage.counts().await, (3_000, 0));
    stage.reckon().await;
}

#[tokio::test]
async fn a_connection_cut_between_commit_and_its_answer_is_settled() {
    let stage = Stage::new(1).await;
    let (proxy, url) = Proxy::before_postgres(&stage.url).await.unwrap();
    let mut consumer = stage.slow_program().env("DATABASE_URL", url).start();
    stage.send_orders(1, 0, 200);
    stage.position_reaches(100).await;
    for round in 1..6 {
        proxy.trap(LOST_COMMIT_ANSWER);
        stage.send_orders(1, round * 1_000, 100);
        eventually(SOON, "an answer to COMMIT is lost", async || {
            !proxy.is_set(LOST_COMMIT_ANSWER)
        })
        .await;
    }
    stage.caught_up().await;
    assert!(consumer.stop().await.success());
    assert_eq!(stage.counts().await, (700, 0));
    stage.reckon().await;
}

#[tokio::test]
async fn connections_ended_by_an_administrator_are_made_anew() {
    let stage = Stage::new(2).await;
    let mut consumer = stage.slow_consumer();
    stage.send_orders(2, 0, 1_500);
    let client = stage.client().await;
    for round in 1..6 {
        stage.position_reaches(round * 300).await;
        client
            .execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                 WHERE datname = current_database() AND pid <> pg_backend_pid()",
                &[],
            )
            .await
            .unwrap();
    }
    stage.caught_up().await;
    assert!(consumer.stop().await.success());
    assert_eq!(stage.counts().await, (3_000, 0));
    stage.reckon().await;
}

#[tokio::test]
async fn a_table_that_is_locked_for_a_while_pauses_the_work() {
    let stage = Stage::new(1).await;
    let mut consumer = stage.consumer();
    stage.send_orders(1, 0, 10);
    stage.caught_up().await;
    let mut client = connect(&stage.url).await;
    let transaction = client.transaction().await.unwrap();
    transaction
        .batch_execute("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE")
        .await
        .unwrap();
    stage.send_orders(1, 10, 10);
    eventually(
        SOON,
        "the consumer gives up waiting for the lock",
        async || consumer.output().contains("trying until it works"),
    )
    .await;
    transaction.rollback().await.unwrap();
    stage.caught_up().await;
    assert!(consumer.stop().await.success());
    assert_eq!(stage.counts().await, (20, 0));
    stage.reckon().await;
}

#[tokio::test]
async fn a_database_without_our_tables_is_a_loud_stop_that_names_the_command() {
    let stage = Stage::new(1).await;
    let mut consumer = stage.program().start();
    let status = consumer.end_within(SOON).await;
    assert_eq!(status.code(), Some(3), "{}", consumer.output());
    let output = consumer.output();
    assert!(output.contains("ordertally-consumer migrate"), "{output}");
}

#[tokio::test]
async fn a_password_that_is_missing_is_told_before_the_group_is_joined() {
    let stage = Stage::new(1).await;
    let (_, place) = stage.url.rsplit_once('@').unwrap();
    let url = format!("postgres://nobody@{place}");
    let mut consumer = stage.program().env("DATABASE_URL", url).start();
    let status = consumer.end_within(SOON).await;
    let output = consumer.output();
    assert_eq!(status.code(), Some(3), "{output}");
    assert!(
        output.contains("DATABASE_URL (password missing)"),
        "{output}"
    );
    assert!(!output.contains("assigned"), "{output}");
}

#[tokio::test]
async fn a_database_that_takes_no_connections_for_a_while_pauses_the_work() {
    let postgres = OwnPostgres::start().await;
    let stage = Stage::with_postgres(1, &postgres).await;
    let mut consumer = stage.consumer();
    stage.send_orders(1, 0, 10);
    stage.caught_up().await;
    let (server, database) = stage.url.rsplit_once('/').unwrap();
    let maintenance = connect(&format!("{server}/template1")).await;
    let allow =
        |allowed: bool| format!("ALTER DATABASE \"{database}\" ALLOW_CONNECTIONS {allowed}");
    maintenance.batch_execute(&allow(false)).await.unwrap();
    maintenance
        .execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1",
            &[&database],
        )
        .await
        .unwrap();
    stage.send_orders(1, 10, 10);
    eventually(SOON, "the consumer says that it waits", async || {
        consumer.output().contains("trying until it works")
    })
    .await;
    maintenance.batch_execute(&allow(true)).await.unwrap();
    stage.caught_up().await;
    assert!(consumer.stop().await.success());
    stage.reckon().await;
}

#[tokio::test]
async fn a_postgres_that_hangs_shows_and_does_not_hold_up_the_end() {
    let stage = Stage::new(1).await;
    let (proxy, url) = Proxy::before_postgres(&stage.url).await.unwrap();
    let port = free_port();
    let mut consumer = stage
        .program()
        .env("MIGRATE", "true")
        .env("DATABASE_URL", url)
        .env("METRICS_ADDR", format!("127.0.0.1:{port}"))
        .start();
    stage.send_orders(1, 0, 10);
    stage.caught_up().await;
    assert!(Stage::readiness(port).await.unwrap().0);
    proxy.set(Mode::Hang);
    stage.send_orders(1, 10, 10);
    eventually(SOON, "the consumer is not ready", async || {
        let readiness = Stage::readiness(port).await;
        readiness.is_some_and(|(ready, why)| !ready && why.contains("has not committed"))
    })
    .await;
    let status = consumer.stop().await;
    assert_eq!(status.code(), Some(0), "{}", consumer.output());
    assert!(
        consumer
            .output()
            .contains("without the answer to a transaction"),
        "{}",
        consumer.output()
    );
    let mut consumer = stage.consumer();
    stage.caught_up().await;
    assert!(consumer.stop().await.success());
    stage.reckon().await;
}

#[tokio::test]
async fn a_wrong_password_never_shows() {
    let stage = Stage::new(1).await;
    let url = stage.url.replacen("://", "://nobody:s3cret@", 1);
    let url = match url.rsplit_once('@') {
        Some((_, host)) => format!("postgres://nobody:s3cret@{host}"),
        None => url,
    };
    let mut consumer = stage.program().env("DATABASE_URL", url).start();
    let status = consumer.end_within(SOON).await;
    assert_eq!(status.code(), Some(3), "{}", consumer.output());
    assert!(
        !consumer.output().contains("s3cret"),
        "{}",
        consumer.output()
    );
    // The shared server is there all the same.
    let address = stage
        .url
        .split('@')
        .nth(1)
        .unwrap()
        .split('/')
        .next()
        .unwrap();
    assert!(TcpStream::connect(address).await.is_ok());
}
