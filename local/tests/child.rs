//! A child process: told apart alive, ready, dead and stubborn.
#![allow(clippy::unwrap_used)]

use std::process::Command;
use std::time::Duration;

use ordertally_local::child::{Child, ChildError, Launch, Signal};

const DEADLINE: Duration = Duration::from_secs(20);

fn shell(folder: &tempfile::TempDir, script: &str) -> Child {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    let log = folder.path().join("log");
    Launch::new("the child", command, log).start().unwrap()
}

#[tokio::test]
async fn one_that_ends_before_it_is_ready_is_told_with_its_last_words() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = shell(&folder, "echo cannot listen >&2; exit 3");
    let died = child.ready(DEADLINE, async || false).await.unwrap_err();
    let message = died.to_string();
    assert!(
        message.starts_with("the child ended by itself (exit status: 3)"),
        "{message}"
    );
    assert!(message.ends_with("\n  cannot listen"), "{message}");
}

#[tokio::test]
async fn one_that_is_not_ready_in_time_is_told_apart_from_a_dead_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = shell(&folder, "exec sleep 600");
    let late = child.ready(Duration::ZERO, async || false).await;
    assert!(matches!(late, Err(ChildError::NotReady { .. })), "{late:?}");
    child.alive().unwrap();
}

#[tokio::test]
async fn one_that_ignores_the_request_to_stop_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = shell(
        &folder,
        "trap '' TERM; echo up; while :; do sleep 600; done",
    );
    let log = child.log().to_owned();
    let up = async || std::fs::read_to_string(&log).unwrap() == "up\n";
    child.ready(DEADLINE, up).await.unwrap();
    let status = child
        .stop(Signal::TERM, Duration::from_millis(50))
        .await
        .unwrap();
    assert_eq!(
        std::os::unix::process::ExitStatusExt::signal(&status),
        Some(9)
    );
}

#[tokio::test]
async fn one_that_is_dropped_ends_even_while_it_is_frozen() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = shell(&folder, "exec sleep 600");
    let id = child.id();
    child.signal(Signal::STOP).unwrap();
    drop(child);
    assert!(!std::path::Path::new(&format!("/proc/{id}")).exists());
}

#[test]
fn one_outlives_the_thread_that_started_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = std::thread::scope(|scope| {
        let start = scope.spawn(|| shell(&folder, "exec sleep 600"));
        start.join().unwrap()
    });
    // The signal of a parent's death would have been sent when that thread ended.
    assert!(child.ended().unwrap().is_none());
}

#[test]
fn a_program_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let command = Command::new("/no/such/program");
    let missing = Launch::new("the child", command, folder.path().join("log"))
        .start()
        .unwrap_err();
    assert_eq!(
        missing.to_string(),
        "cannot start the child (/no/such/program)"
    );
}
