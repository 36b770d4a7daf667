//! Servers on data that an earlier run left, in whatever state it left it.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use ordertally_local::folder::{FolderError, WorkFolder};
use ordertally_local::kafka::jars::Jars;
use ordertally_local::kafka::{KafkaError, Node};
use ordertally_local::port;
use ordertally_local::postgres::{Cluster, PostgresError, connect};
use ordertally_local::topics::Topics;

fn cluster(folder: &Path) -> Cluster {
    let log = folder.join("postgres.log");
    Cluster::new(folder.join("postgres"), log, port::free()).unwrap()
}

async fn number_kept(cluster: &Cluster) -> i32 {
    let client = connect(&cluster.url("postgres").unwrap()).await.unwrap();
    let row = client.query_one("SELECT number FROM kept", &[]).await;
    row.unwrap().get(0)
}

#[tokio::test]
async fn postgres_starts_on_its_data_again_though_its_process_id_belongs_to_another_now() {
    // Nobody but its owner may enter the folder above: a home directory is like that.
    let folder = WorkFolder::temporary().unwrap();
    let cluster = cluster(folder.path());
    let server = cluster.start().await.unwrap();
    let client = connect(&cluster.url("postgres").unwrap()).await.unwrap();
    client
        .batch_execute("CREATE TABLE kept AS SELECT 7 AS number")
        .await
        .unwrap();
    let left_behind = fs::read_to_string(folder.path().join("postgres/postmaster.pid")).unwrap();
    server.crash().await.unwrap();

    // As after a power cut, with the id given to a process that is not a server: this test.
    let (_, rest) = left_behind.split_once('\n').unwrap();
    let reused = format!("{}\n{rest}", std::process::id());
    fs::write(folder.path().join("postgres/postmaster.pid"), reused).unwrap();
    let server = cluster.start().await.unwrap();
    assert_eq!(number_kept(&cluster).await, 7);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_second_postgres_on_the_same_data_is_refused_by_name() {
    let folder = WorkFolder::temporary().unwrap();
    let first = cluster(folder.path());
    let mut server = first.start().await.unwrap();
    let second = cluster(folder.path()); // on another port
    let refused = second.start().await.unwrap_err();
    let PostgresError::StillRunning { process, .. } = refused else {
        panic!("{refused}");
    };
    assert_eq!(process, server.process().id());
    server.stop().await.unwrap();
}

#[tokio::test]
async fn data_that_was_half_made_is_made_anew_and_that_of_another_version_is_refused() {
    let folder = WorkFolder::temporary().unwrap();
    let cluster = cluster(folder.path());
    fs::create_dir(folder.path().join("postgres.draft")).unwrap();
    fs::write(folder.path().join("postgres.draft/PG_VERSION"), "15").unwrap();
    let server = cluster.start().await.unwrap();
    server.create_database("orders").await.unwrap();
    server.create_database("orders").await.unwrap();
    connect(&server.url("orders").unwrap()).await.unwrap();
    server.stop().await.unwrap();

    fs::write(folder.path().join("postgres/PG_VERSION"), "9\n").unwrap();
    let refused = cluster.start().await.unwrap_err().to_string();
    assert!(refused.contains("is of Postgres 9"), "{refused}");
    assert!(refused.contains("--fresh"), "{refused}");
}

#[tokio::test]
async fn the_password_is_needed_and_only_its_owner_reads_it() {
    use std::os::unix::fs::PermissionsExt;
    let folder = WorkFolder::temporary().unwrap();
    let cluster = cluster(folder.path());
    let server = cluster.start().await.unwrap();
    let url = server.url("postgres").unwrap();
    let password = url.split([':', '@']).nth(2).unwrap().to_owned();
    let wrong = url.replace(&password, "wrong");
    assert!(connect(&url).await.is_ok());
    assert!(connect(&wrong).await.is_err());
    let mode = fs::metadata(cluster.password_file()).unwrap().permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);
    assert!(!folder.path().join("postgres.password").exists());
    server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kafka_starts_on_its_data_again_and_never_twice_at_once() {
    let folder = WorkFolder::temporary().unwrap();
    let jars = Jars::get(|_| {}).unwrap();
    let node = |log: &str| {
        let data = folder.path().join("kafka");
        Node::new(jars.clone(), data, folder.path().join(log), port::free())
    };
    let broker = node("first.log").start().await.unwrap();
    let topics = Topics::of(broker.brokers());
    assert!(topics.create("kept", 3, &[]).await.unwrap());
    let refused = node("second.log").start().await.unwrap_err();
    assert!(matches!(refused, KafkaError::StillRunning(_)), "{refused}");
    broker.stop().await.unwrap();

    // On another port, controller and all.
    let broker = node("third.log").start().await.unwrap();
    let kept = Topics::of(broker.brokers())
        .partition_count("kept")
        .unwrap();
    assert_eq!(kept, Some(3));
    broker.stop().await.unwrap();
}

#[test]
fn a_folder_is_for_one_run_at_a_time_and_a_temporary_one_goes_with_its_run() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("work");
    let folder = WorkFolder::open(&path).unwrap();
    assert!(matches!(
        WorkFolder::open(&path),
        Err(FolderError::InUse(_))
    ));
    fs::write(path.join("kept"), "").unwrap();
    fs::create_dir(path.join("logs")).unwrap();
    folder.delete(&["logs", "not there"]).unwrap();
    drop(folder);
    WorkFolder::open(&path).unwrap();
    assert!(path.join("kept").exists() && !path.join("logs").exists());

    let temporary = WorkFolder::temporary().unwrap();
    let kept = temporary.path().to_owned();
    assert!(kept.is_dir());
    drop(temporary);
    assert!(!kept.exists());
}

#[test]
fn a_temporary_folder_whose_maker_was_killed_is_deleted_by_the_next() {
    let abandoned = tempfile::Builder::new()
        .prefix("ordertally-")
        .tempdir()
        .unwrap()
        .keep();
    fs::write(abandoned.join("lock"), "").unwrap();
    let in_use = WorkFolder::temporary().unwrap();
    let next = WorkFolder::temporary().unwrap();
    assert!(!abandoned.exists());
    assert!(in_use.path().is_dir() && next.path().is_dir());
}
