//! The servers that tests rely on behave as their names say.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use ordertally_testkit::eventually;
use ordertally_testkit::servers::{self, OwnKafka, OwnPostgres};
use rdkafka::ClientConfig;
use rdkafka::producer::{FutureProducer, FutureRecord};

const DEADLINE: Duration = Duration::from_secs(30);

async fn produce(brokers: &str, topic: &str, partition: i32, payload: &[u8]) {
    let producer: FutureProducer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("message.max.bytes", "8388608")
        .create()
        .unwrap();
    let record = FutureRecord::<(), [u8]>::to(topic)
        .partition(partition)
        .payload(payload);
    producer.send(record, DEADLINE).await.unwrap();
}

#[tokio::test]
async fn a_database_is_new_and_empty_and_gone_after_use() {
    let first = servers::database().await;
    let second = servers::database().await;
    let client = first.connect().await;
    client.batch_execute("CREATE TABLE t ()").await.unwrap();
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
    let count = second.connect().await.query_one(tables, &[]).await.unwrap();
    assert_eq!(count.get::<_, i64>(0), 0);

    let name = first.name().to_owned();
    drop(first); // though `client` is connected
    let known = second
        .connect()
        .await
        .query_opt("SELECT 1 FROM pg_database WHERE datname = $1", &[&name])
        .await
        .unwrap();
    assert!(known.is_none());
}

#[tokio::test]
async fn a_topic_takes_what_its_test_does_to_it() {
    let topic = servers::topic(2).await;
    let topics = servers::topics().await;
    let brokers = servers::brokers().await;
    assert_eq!(topics.end_offsets(&topic).unwrap(), [0, 0]);
    for payload in [b"a", b"b", b"c"] {
        produce(&brokers, &topic, 1, payload).await;
    }
    topics.delete_records(&topic, 1, 2).await.unwrap();
    assert_eq!(topics.watermarks(&topic).unwrap(), [(0, 0), (2, 3)]);

    topics.add_partitions(&topic, 3).await.unwrap();
    assert_eq!(topics.end_offsets(&topic).unwrap(), [0, 3, 0]);

    assert!(!topics.create(&topic, 3, &[]).await.unwrap());
    topics.delete(&topic).await.unwrap();
    assert_eq!(topics.partition_count(&topic).unwrap(), None);
    assert!(topics.create(&topic, 1, &[]).await.unwrap());
    assert_eq!(topics.end_offsets(&topic).unwrap(), [0]);
}

#[tokio::test]
async fn the_broker_takes_a_payload_of_several_mebibytes() {
    let topic = servers::topic(1).await;
    let payload = vec![b'x'; 7 * 1024 * 1024];
    produce(&servers::brokers().await, &topic, 0, &payload).await;
    let ends = servers::topics().await.end_offsets(&topic).unwrap();
    assert_eq!(ends, [1]);
}

#[tokio::test]
async fn postgres_comes_back_on_its_data_after_a_crash_and_a_stop() {
    let mut postgres = OwnPostgres::start().await;
    let url = postgres.url().to_owned();
    let client = servers::connect(&url).await;
    client
        .batch_execute("CREATE TABLE kept AS SELECT 1 AS value")
        .await
        .unwrap();

    postgres.stop().await;
    assert!(ordertally_local::postgres::connect(&url).await.is_err());
    postgres.start_again().await;
    assert_eq!(value_of(&url).await, 1);

    postgres.stop_in_order().await;
    postgres.start_again().await;
    assert_eq!(value_of(&url).await, 1);
}

async fn value_of(url: &str) -> i32 {
    let client = servers::connect(url).await;
    let row = client.query_one("SELECT value FROM kept", &[]).await;
    row.unwrap().get(0)
}

#[tokio::test]
async fn a_frozen_postgres_answers_nothing_until_it_goes_on() {
    let mut postgres = OwnPostgres::start().await;
    let client = servers::connect(postgres.url()).await;
    postgres.pause();
    let moment = Duration::from_millis(300);
    let asked = tokio::time::timeout(moment, client.simple_query("SELECT 1")).await;
    assert!(asked.is_err(), "it answered though frozen");
    postgres.resume();
    client.simple_query("SELECT 1").await.unwrap();
}

#[tokio::test]
async fn kafka_comes_back_on_its_data_after_a_kill_a_freeze_and_a_stop() {
    let mut kafka = OwnKafka::start().await;
    let brokers = kafka.brokers();
    kafka.create_topic("kept", 1).await;
    produce(&brokers, "kept", 0, b"one").await;

    kafka.kill();
    kafka.start_again().await;
    assert_eq!(kafka.brokers(), brokers);
    assert_eq!(kafka.end_offsets("kept"), [1]);

    kafka.pause();
    let sending = tokio::spawn({
        let brokers = brokers.clone();
        async move { produce(&brokers, "kept", 0, b"two").await }
    });
    let moment = tokio::time::timeout(Duration::from_millis(300), async {
        std::future::pending::<()>().await;
    });
    assert!(moment.await.is_err());
    assert!(!sending.is_finished(), "it answered though frozen");
    kafka.resume();
    sending.await.unwrap();

    kafka.stop().await;
    kafka.start_again().await;
    eventually(DEADLINE, "both records are there", async || {
        kafka.end_offsets("kept") == [2]
    })
    .await;
}
