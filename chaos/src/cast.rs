//! The programs between the servers: some consumers, and a query service that lives through it.

use std::time::Duration;

use anyhow::{Context, ensure};
use ordertally_testkit::eventually;
use ordertally_testkit::process::{Process, Program, Signal};
use ordertally_testkit::servers::free_port;
use serde_json::Value;

use crate::scene::Scene;
use crate::schedule::{Assignment, Schedule};

/// Longest that a program may take to start or to end.
const SOON: Duration = Duration::from_secs(60);

/// Most resident memory of a consumer, in KiB: a debug build's code is larger than what it ships as.
const RESIDENT_KIB_MAX: u64 = 200 << 10;

/// Most open files of a consumer: sockets to one broker and at most four sessions of Postgres.
const FILES_MAX: usize = 64;

/// The programs of a schedule.
pub struct Cast {
    consumer: Program,
    consumers: Vec<Process>,
    service: Process,
    address: String,
}

impl Cast {
    /// Starts them, and waits until the tables are there.
    pub async fn enter(scene: &Scene, schedule: &Schedule) -> Self {
        let consumer = Program::new("ordertally-consumer")
            .env("KAFKA_BROKERS", &scene.brokers)
            .env("KAFKA_TOPIC", &scene.topic)
            .env("KAFKA_GROUP_ID", &scene.topic)
            .env("DATABASE_URL", scene.proxy.url())
            .env("METRICS_ADDR", "127.0.0.1:0")
            .env("MIGRATE", "true")
            .env("BATCH_RECORDS", schedule.batch_records.to_string());
        let consumer = match schedule.assignment {
            Assignment::Range => consumer.env("ASSIGNOR", "range"),
            Assignment::CooperativeSticky => consumer.env("ASSIGNOR", "cooperative-sticky"),
            Assignment::Consumer => consumer.env("GROUP_PROTOCOL", "consumer"),
        };
        let consumers = (0..schedule.consumers).map(|_| consumer.start()).collect();
        let address = format!("127.0.0.1:{}", free_port());
        let service = Program::new("ordertally-query-api")
            .env("DATABASE_URL", scene.proxy.url())
            .env("HTTP_ADDR", &address)
            .start();
        eventually(SOON, "the tables are there", async || {
            let client = scene.client().await;
            client
                .query("SELECT FROM facts_generation", &[])
                .await
                .is_ok()
        })
        .await;
        Self {
            consumer,
            consumers,
            service,
            address,
        }
    }

    /// Ends a consumer with SIGKILL and starts it again.
    pub async fn kill(&mut self, consumer: usize) {
        let process = &mut self.consumers[consumer];
        process.signal(Signal::KILL);
        process.end_within(SOON).await;
        *process = self.consumer.start();
    }

    /// Stops a consumer in order, and starts it again later.
    ///
    /// # Errors
    ///
    /// When it does not end with 0.
    pub async fn stop_for(&mut self, consumer: usize, away: Duration) -> anyhow::Result<()> {
        stop(&mut self.consumers[consumer]).await?;
        tokio::time::sleep(away).await;
        self.consumers[consumer] = self.consumer.start();
        Ok(())
    }

    /// One more consumer comes and goes.
    ///
    /// # Errors
    ///
    /// When it does not end with 0.
    pub async fn visit(&self, stay: Duration) -> anyhow::Result<()> {
        let mut visitor = self.consumer.start();
        tokio::time::sleep(stay).await;
        stop(&mut visitor).await
    }

    /// The process of a consumer.
    #[must_use]
    pub fn process(&self, consumer: usize) -> u32 {
        self.consumers[consumer].id()
    }

    /// Does something while no consumer runs.
    ///
    /// # Errors
    ///
    /// When a consumer does not end with 0.
    pub async fn without_consumers(&mut self, act: impl AsyncFnOnce()) -> anyhow::Result<()> {
        for consumer in &mut self.consumers {
            stop(consumer).await?;
        }
        act().await;
        for consumer in &mut self.consumers {
            *consumer = self.consumer.start();
        }
        Ok(())
    }

    /// Whether every program still runs, in the bounds of its memory and files.
    ///
    /// # Errors
    ///
    /// Which does not, and what it said.
    pub fn is_well(&mut self) -> anyhow::Result<()> {
        for consumer in &mut self.consumers {
            ensure!(
                consumer.runs(),
                "a consumer has ended by itself:\n{}",
                consumer.output()
            );
            let resident_kib = resident_kib(consumer.id())?;
            ensure!(
                resident_kib <= RESIDENT_KIB_MAX,
                "a consumer holds {resident_kib} KiB of memory"
            );
            let files = std::fs::read_dir(format!("/proc/{}/fd", consumer.id()))?.count();
            ensure!(files <= FILES_MAX, "a consumer holds {files} files open");
        }
        ensure!(
            self.service.runs(),
            "the query service has ended by itself:\n{}",
            self.service.output()
        );
        Ok(())
    }

    /// Asks the query service, and again while the database's way is only just healed.
    ///
    /// # Errors
    ///
    /// When there is no answer to be had.
    pub async fn ask(&self, path: &str) -> anyhow::Result<Value> {
        let url = format!("http://{}{path}", self.address);
        let mut asked = reqwest::get(&url).await;
        for _ in 0..20 {
            match &asked {
                Ok(answer) if answer.status().is_success() => break,
                _ => tokio::time::sleep(Duration::from_millis(500)).await,
            }
            asked = reqwest::get(&url).await;
        }
        let answer = asked?.error_for_status()?;
        Ok(answer.json().await?)
    }

    /// Stops everybody.
    ///
    /// # Errors
    ///
    /// When a program does not end with 0.
    pub async fn leave(mut self) -> anyhow::Result<()> {
        for consumer in &mut self.consumers {
            stop(consumer).await?;
        }
        stop(&mut self.service).await
    }

    /// The last words of each, for a report.
    #[must_use]
    pub fn last_words(&self) -> String {
        let programs = self.consumers.iter().chain([&self.service]);
        programs
            .map(|program| {
                let output = program.output();
                let lines: Vec<_> = output.lines().rev().take(30).collect();
                let lines: Vec<_> = lines.into_iter().rev().collect();
                format!("--- {}\n{}\n", program.id(), lines.join("\n"))
            })
            .collect()
    }
}

async fn stop(process: &mut Process) -> anyhow::Result<()> {
    if process.runs() {
        process.signal(Signal::TERM);
    }
    let status = process.end_within(SOON).await;
    ensure!(
        status.success(),
        "a program ended with {status}:\n{}",
        process.output()
    );
    Ok(())
}

fn resident_kib(process: u32) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .context("the process has no memory")?;
    let kib = line.trim().trim_end_matches("kB").trim();
    Ok(kib.parse()?)
}
