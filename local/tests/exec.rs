//! `ordertally-local exec`: a command with servers of its own.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use ordertally_testkit::process::{Program, Signal};
use ordertally_testkit::{eventually, eventually_some};

const DEADLINE: Duration = Duration::from_secs(120);

fn exec(script: &str) -> Program {
    ["exec", "--", "sh", "-c", script]
        .iter()
        .fold(Program::new("ordertally-local"), |program, argument| {
            program.argument(argument)
        })
}

fn lives(process: u32) -> bool {
    std::path::Path::new(&format!("/proc/{process}")).exists()
}

#[tokio::test]
async fn the_command_finds_both_servers_and_its_exit_code_is_passed_on() {
    let script =
        "echo kafka=$ORDERTALLY_TEST_KAFKA_BROKERS url=$ORDERTALLY_TEST_DATABASE_URL; exit 7";
    let mut process = exec(script).start();
    let status = process.end_within(DEADLINE).await;
    let output = process.output();
    assert_eq!(status.code(), Some(7), "{output}");
    let line = output
        .lines()
        .find(|line| line.starts_with("kafka="))
        .unwrap();
    let (kafka, url) = line
        .strip_prefix("kafka=")
        .unwrap()
        .split_once(" url=")
        .unwrap();
    assert!(kafka.starts_with("127.0.0.1:"), "{line}");
    assert!(
        url.starts_with("postgres://postgres:") && url.ends_with("/postgres"),
        "{line}"
    );
    // Both are gone with the command.
    assert!(tokio::net::TcpStream::connect(kafka).await.is_err());
    assert!(ordertally_local::postgres::connect(url).await.is_err());
}

#[tokio::test]
async fn a_signal_reaches_the_command_and_all_that_it_started() {
    // The inner sleep is what a test program is to cargo.
    let mut process = exec("trap 'exit 9' TERM; sleep 600 & echo child=$!; wait").start();
    let child: u32 = eventually_some(DEADLINE, "the command has started", async || {
        let output = process.output();
        let line = output.lines().find_map(|line| line.strip_prefix("child="));
        line.and_then(|id| id.parse().ok())
    })
    .await;
    assert!(lives(child));
    process.signal(Signal::TERM);
    let status = process.end_within(DEADLINE).await;
    assert_eq!(status.code(), Some(9), "{}", process.output());
    eventually(DEADLINE, "what the command started has ended", async || {
        !lives(child)
    })
    .await;
}

#[tokio::test]
async fn a_command_that_is_not_there_is_one_clear_line() {
    let program = ["exec", "--", "/no/such/command"]
        .iter()
        .fold(Program::new("ordertally-local"), |program, argument| {
            program.argument(argument)
        });
    let mut process = program.start();
    let status = process.end_within(DEADLINE).await;
    assert_eq!(status.code(), Some(1));
    let output = process.output();
    assert!(
        output.contains("error: cannot run /no/such/command"),
        "{output}"
    );
}
