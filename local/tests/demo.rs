//! The program of `make demo` and `make run`, driven as a person would.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::io::Write;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use ordertally_local::child::Launch;
use ordertally_testkit::process::{Process, Program, Signal};
use ordertally_testkit::servers::free_port;
use ordertally_testkit::{eventually, eventually_some};

const DEADLINE: Duration = Duration::from_secs(240);
const CTRL_C: &[u8] = b"\x03";

/// Ports that nothing else uses, kept from one run to the next as a person keeps the defaults.
struct Place {
    folder: tempfile::TempDir,
    kafka_port: u16,
    postgres_port: u16,
    http_port: u16,
    metrics_port: u16,
}

impl Place {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            kafka_port: free_port(),
            postgres_port: free_port(),
            http_port: free_port(),
            metrics_port: free_port(),
        }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn program(&self, arguments: &[&str]) -> Program {
        let program = arguments
            .iter()
            .fold(Program::new("ordertally-local"), |program, argument| {
                program.argument(argument)
            });
        program
            .env("ORDERTALLY_DIR", self.path().join("work"))
            .env("KAFKA_PORT", self.kafka_port.to_string())
            .env("POSTGRES_PORT", self.postgres_port.to_string())
            .env("HTTP_PORT", self.http_port.to_string())
            .env("METRICS_PORT", self.metrics_port.to_string())
    }

    /// Processes that name this place or have it as their working directory. `ordertally-local`
    /// itself and whoever it started do one or the other, but for our services: those listen.
    fn processes(&self) -> BTreeSet<String> {
        let here = self.path().to_str().unwrap();
        std::fs::read_dir("/proc")
            .unwrap()
            .flatten()
            .filter_map(|entry| {
                let folder = entry.path();
                let command = std::fs::read(folder.join("cmdline")).ok()?;
                let command = String::from_utf8_lossy(&command).replace('\0', " ");
                let cwd = std::fs::read_link(folder.join("cwd")).ok();
                let within =
                    command.contains(here) || cwd.is_some_and(|cwd| cwd.starts_with(self.path()));
                let id = entry.file_name().to_string_lossy().into_owned();
                let is_process = id.bytes().all(|byte| byte.is_ascii_digit());
                (is_process && within).then(|| format!("{id} {command}"))
            })
            .collect()
    }

    fn assert_nothing_left(&self) {
        assert_eq!(self.processes(), BTreeSet::new());
        for port in [
            self.kafka_port,
            self.postgres_port,
            self.http_port,
            self.metrics_port,
        ] {
            assert!(
                TcpListener::bind(("127.0.0.1", port)).is_ok(),
                "something listens on {port} still"
            );
        }
    }
}

/// Runs to the end, and gives back exit code and everything printed.
async fn finished(program: &Program) -> (Option<i32>, String) {
    let mut process = program.start();
    let status = process.end_within(DEADLINE).await;
    (status.code(), process.output())
}

fn counts(output: &str) -> (u32, u32, u32) {
    let line = output
        .lines()
        .find(|line| line.contains("events sent and committed"))
        .unwrap_or_else(|| panic!("no summary in:\n{output}"));
    let count_of = |word: &str| {
        let (before, _) = line.split_once(word).unwrap();
        before.split_whitespace().last().unwrap().parse().unwrap()
    };
    (
        count_of(" stored"),
        count_of(" duplicates"),
        count_of(" rejected"),
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_answers_and_leaves_nothing_behind_continues_and_starts_anew() {
    let place = Place::new();
    // Standard output is no terminal here, so it ends by itself.
    let (code, output) = finished(&place.program(&[])).await;
    assert_eq!(code, Some(0), "{output}");
    for expected in [
        "/customers/top?start_date=2020-09-01&end_date=2020-09-05&count=5'",
        "/orders/value?start_date=2020-09-01&end_date=2020-09-05&mode=DAY'",
        "/sales/province?start_date=2020-09-01&end_date=2020-09-05&province=Idaho'",
        "order_value",
        "2020-09-05",
        "Idaho",
        "Everything is stopped.",
    ] {
        assert!(output.contains(expected), "{expected} is not in:\n{output}");
    }
    let (stored, duplicates, rejected) = counts(&output);
    assert_eq!((duplicates, rejected), (0, 0), "{output}");
    assert!(stored > 5_000, "{output}");
    place.assert_nothing_left();

    let (code, output) = finished(&place.program(&["demo", "--once"])).await;
    assert_eq!(code, Some(0), "{output}");
    let sample = stored - 5_000;
    assert_eq!(counts(&output), (5_000, sample, 0), "{output}");
    let all = format!("{} orders in all", stored + 5_000);
    assert!(
        output.contains(&all),
        "it continues with its data:\n{output}"
    );
    place.assert_nothing_left();

    let (code, output) = finished(&place.program(&["--once", "--fresh"])).await;
    assert_eq!(code, Some(0), "{output}");
    assert_eq!(counts(&output), (stored, 0, 0), "{output}");
    place.assert_nothing_left();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_terminal_the_demo_stays_until_ctrl_c() {
    let place = Place::new();
    let program = place.program(&[]).command();
    // `script` gives its command a terminal, and ends with its exit code. The shell in between,
    // whichever it is, makes way for the program.
    let mut script = Command::new("script");
    script
        .args(["--quiet", "--return", "--command"])
        .arg(format!("exec {}", program.get_program().display()))
        .arg("/dev/null");
    for (name, value) in program.get_envs() {
        if let Some(value) = value {
            script.env(name, value);
        }
    }
    let log = place.path().join("terminal.log");
    let (keys, mut keyboard) = std::io::pipe().unwrap();
    let mut terminal = Launch::new("script", script, &log)
        .input(keys)
        .start()
        .unwrap();
    let output = || std::fs::read_to_string(&log).unwrap();
    eventually(DEADLINE, "the demo has answered", async || {
        terminal.alive().unwrap();
        output().contains("Press Ctrl-C to end it")
    })
    .await;
    assert!(output().contains("Idaho"), "{}", output());

    keyboard.write_all(CTRL_C).unwrap();
    let status = terminal.end_within(DEADLINE).await.unwrap();
    assert_eq!(
        status.and_then(|status| status.code()),
        Some(0),
        "{}",
        output()
    );
    assert!(output().contains("Everything is stopped."), "{}", output());
    place.assert_nothing_left();
}

fn kill(process: u32, signal: Signal) {
    let process = rustix::process::Pid::from_raw(process.cast_signed()).unwrap();
    rustix::process::kill_process(process, signal).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn run_stays_until_it_is_told_to_stop_and_tells_of_a_dead_child() {
    let place = Place::new();
    let mut process = place.program(&["run"]).start();
    until_at_work(&mut process).await;
    assert!(process.runs());

    let second = Place {
        folder: tempfile::tempdir().unwrap(),
        ..Place::new()
    };
    let same_folder = second
        .program(&["run"])
        .env("ORDERTALLY_DIR", place.path().join("work"));
    let (code, output) = finished(&same_folder).await;
    assert_eq!(code, Some(1));
    assert!(
        output.contains("another ordertally-local works in"),
        "{output}"
    );

    let same_ports = place
        .program(&["run"])
        .env("ORDERTALLY_DIR", second.path().join("work"));
    let (code, output) = finished(&same_ports).await;
    assert_eq!(code, Some(1));
    let port = place.kafka_port;
    let message = format!(
        "error: port {port} is in use, and Kafka needs it: stop what listens there, or choose another with --kafka-port\n"
    );
    assert_eq!(output, message);

    process.signal(Signal::INT);
    let status = process.end_within(DEADLINE).await;
    assert_eq!(status.code(), Some(0), "{}", process.output());
    assert!(process.output().contains("SIGINT: stopping"));
    place.assert_nothing_left();

    // A child that dies ends the whole, with its name.
    let mut process = place.program(&["run"]).start();
    until_at_work(&mut process).await;
    let kafka = eventually_some(DEADLINE, "Kafka is found", async || {
        let processes = place.processes();
        let kafka = processes.iter().find(|line| line.contains("kafka.Kafka"));
        kafka.and_then(|line| line.split(' ').next()?.parse().ok())
    })
    .await;
    kill(kafka, Signal::KILL);
    let status = process.end_within(DEADLINE).await;
    assert_eq!(status.code(), Some(1));
    let output = process.output();
    assert!(output.contains("error: Kafka ended by itself"), "{output}");
    place.assert_nothing_left();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_it_takes_its_children_along_and_the_next_run_recovers() {
    let place = Place::new();
    let mut process = place.program(&["run"]).start();
    until_at_work(&mut process).await;
    process.signal(Signal::KILL);
    assert!(!process.end_within(DEADLINE).await.success());
    eventually(DEADLINE, "the children die too", async || {
        place.processes().is_empty()
    })
    .await;

    let mut process = place.program(&["run"]).start();
    until_at_work(&mut process).await;
    assert!(process.stop().await.success(), "{}", process.output());
    place.assert_nothing_left();
}

async fn until_at_work(process: &mut Process) {
    eventually(DEADLINE, "everything is at work", async || {
        let output = process.output();
        assert!(process.runs(), "it ended:\n{output}");
        output.contains("Press Ctrl-C to end it")
    })
    .await;
}

#[tokio::test]
async fn wrong_settings_are_one_line_and_exit_code_2() {
    let place = Place::new();
    let twice = place.http_port.to_string();
    for (name, value, expected) in [
        ("KAFKA_PORT", "70000", "KAFKA_PORT"),
        (
            "METRICS_PORT",
            twice.as_str(),
            "--http-port and --metrics-port are both",
        ),
    ] {
        let (code, output) = finished(&place.program(&["run"]).env(name, value)).await;
        assert_eq!(code, Some(2), "{output}");
        assert!(output.contains(expected), "{output}");
        assert_eq!(output.lines().count(), 1, "{output}");
    }
    place.assert_nothing_left();
    assert!(!place.path().join("work").exists());
}
