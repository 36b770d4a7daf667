//! The programs between the servers: some consumers, and a query service that lives through it.

use std::os::unix::process::ExitStatusExt;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use ordertally_local::resident::resident;
use ordertally_testkit::process::{Process, Program, Signal};
use ordertally_testkit::servers::free_port;
use serde_json::Value;

use crate::patience::until_it_works;
use crate::scene::Scene;
use crate::schedule::{Assignment, Schedule};

/// Longest that a program may take to end.
const SOON: Duration = Duration::from_secs(60);

/// Longest until every consumer has met what an operator must settle: each in turn may have to be
/// missed by its group first.
const LOUD_STOPS: Duration = Duration::from_secs(120);

/// The exit status of a loud stop.
const LOUD_STOP: i32 = 3;

/// Most resident memory of a consumer at any time.
const RESIDENT_BYTES_MAX: u64 = 150_000_000;

/// Most open files of a consumer: sockets to one broker and its sessions of Postgres.
const FILES_MAX: usize = 64;

/// Sessions of Postgres that the writers of a consumer may hold.
const SESSIONS_MAX: usize = 4;

/// The session that tells of commits.
const HERALD: usize = 1;

/// The programs of a schedule.
pub struct Cast {
    consumers: Vec<Consumer>,
    visitor: Program,
    service: Process,
    address: String,
}

struct Consumer {
    program: Program,
    process: Process,
    metrics: String,
}

impl Consumer {
    async fn stop(&mut self) -> anyhow::Result<()> {
        stop(&mut self.process).await
    }

    fn start(&mut self) {
        self.process = self.program.start();
    }

    fn runs(&mut self) -> anyhow::Result<()> {
        ensure!(
            self.process.runs(),
            "a consumer has ended by itself:\n{}",
            self.process.output()
        );
        Ok(())
    }
}

impl Cast {
    /// Starts them, and waits until the tables are there.
    ///
    /// # Errors
    ///
    /// When they do not come.
    pub async fn enter(scene: &Scene, schedule: &Schedule) -> anyhow::Result<Self> {
        let plain = plain(scene, schedule);
        let mut consumers = Vec::new();
        for number in 0..schedule.consumers {
            let metrics = format!("127.0.0.1:{}", free_port());
            let mut program = plain
                .clone()
                .env("DATABASE_URL", &scene.ways[number].url)
                .env("METRICS_ADDR", &metrics);
            if schedule.static_members {
                let instance = format!("group.instance.id=consumer-{number}");
                program = program.env("KAFKA_CONFIG", instance);
            }
            consumers.push(Consumer {
                process: program.start(),
                program,
                metrics,
            });
        }
        let way = scene.ways.last().context("the service has a way")?;
        let address = format!("127.0.0.1:{}", free_port());
        let service = Program::new("ordertally-query-api")
            .env("DATABASE_URL", &way.url)
            .env("HTTP_ADDR", &address)
            .start();
        until_it_works("the tables are there", async || {
            let client = scene.client().await?;
            Ok(client.query("SELECT FROM facts_generation", &[]).await?)
        })
        .await?;
        Ok(Self {
            consumers,
            visitor: plain,
            service,
            address,
        })
    }

    /// Ends a consumer with SIGKILL and starts it again.
    ///
    /// # Errors
    ///
    /// When it has ended already.
    pub async fn kill(&mut self, consumer: usize) -> anyhow::Result<()> {
        let consumer = &mut self.consumers[consumer];
        consumer.runs()?;
        consumer.process.signal(Signal::KILL);
        consumer.process.end_within(SOON).await;
        consumer.start();
        Ok(())
    }

    /// Stops a consumer in order, and starts it again later.
    ///
    /// # Errors
    ///
    /// When it does not end with 0.
    pub async fn stop_for(&mut self, consumer: usize, ms: u64) -> anyhow::Result<()> {
        let consumer = &mut self.consumers[consumer];
        consumer.stop().await?;
        tokio::time::sleep(Duration::from_millis(ms)).await;
        consumer.start();
        Ok(())
    }

    /// One more consumer comes and goes.
    ///
    /// # Errors
    ///
    /// When it does not end with 0.
    pub async fn visit(&self, ms: u64) -> anyhow::Result<()> {
        let mut visitor = self.visitor.start();
        tokio::time::sleep(Duration::from_millis(ms)).await;
        stop(&mut visitor).await
    }

    /// The process of a consumer.
    #[must_use]
    pub fn process(&self, consumer: usize) -> u32 {
        self.consumers[consumer].process.id()
    }

    /// Stops all consumers in order.
    ///
    /// # Errors
    ///
    /// When one does not end with 0.
    pub async fn stop_consumers(&mut self) -> anyhow::Result<()> {
        for consumer in &mut self.consumers {
            consumer.stop().await?;
        }
        Ok(())
    }

    /// Starts all consumers, which have ended.
    pub fn start_consumers(&mut self) {
        for consumer in &mut self.consumers {
            consumer.start();
        }
    }

    /// Waits until every consumer has ended by a loud stop.
    ///
    /// # Errors
    ///
    /// When one does not, ends otherwise, or says something else.
    pub async fn stop_loudly(&mut self, said: &str) -> anyhow::Result<()> {
        let began = Instant::now();
        for consumer in &mut self.consumers {
            let process = &mut consumer.process;
            while process.runs() {
                ensure!(
                    began.elapsed() < LOUD_STOPS,
                    "{} runs on and should have stopped because `{said}`",
                    process.id()
                );
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            let (status, output) = (process.ended(), process.output());
            ensure!(
                status.and_then(|status| status.code()) == Some(LOUD_STOP) && output.contains(said),
                "a consumer should have stopped because `{said}` and ended with {status:?}:\n{output}"
            );
        }
        Ok(())
    }

    /// Waits until everything is as before: every program runs within its bounds, every partition
    /// has an owner, none waits, no session is left over.
    ///
    /// # Errors
    ///
    /// What is not.
    pub async fn is_well(&mut self, scene: &Scene) -> anyhow::Result<()> {
        for consumer in &mut self.consumers {
            consumer.runs()?;
            let peak_bytes = resident(consumer.process.id())?.peak_bytes;
            ensure!(
                peak_bytes <= RESIDENT_BYTES_MAX,
                "a consumer held {peak_bytes} bytes of memory"
            );
        }
        ensure!(
            self.service.runs(),
            "the query service has ended by itself:\n{}",
            self.service.output()
        );
        until_it_works("everything is as before", async || {
            let (mut assigned, mut paused) = (0.0, 0.0);
            for consumer in &self.consumers {
                let process = consumer.process.id();
                let files = std::fs::read_dir(format!("/proc/{process}/fd"))?.count();
                ensure!(files <= FILES_MAX, "a consumer holds {files} files open");
                get(&consumer.metrics, "/readyz").await?;
                let metrics = get(&consumer.metrics, "/metrics").await?;
                assigned += gauge(&metrics, "ordertally_assigned_partitions")?;
                paused += gauge(&metrics, "ordertally_paused_partitions")?;
            }
            let partitions = scene.ends().await?.len();
            ensure!(
                (assigned, paused) == (partitions as f64, 0.0),
                "{assigned} of {partitions} partitions have an owner, {paused} wait"
            );
            let sessions = sessions(scene).await?;
            ensure!(
                sessions <= (SESSIONS_MAX + HERALD) * self.consumers.len(),
                "the consumers hold {sessions} sessions"
            );
            Ok(())
        })
        .await
    }

    /// Asks the query service, and again while the database's way is only just healed.
    ///
    /// # Errors
    ///
    /// When there is no answer to be had.
    pub async fn ask(&self, path: &str) -> anyhow::Result<Value> {
        until_it_works("the query service answers", async || {
            Ok(serde_json::from_str(&get(&self.address, path).await?)?)
        })
        .await
    }

    /// Stops everybody.
    ///
    /// # Errors
    ///
    /// When a program does not end with 0.
    pub async fn leave(mut self) -> anyhow::Result<()> {
        self.stop_consumers().await?;
        stop(&mut self.service).await
    }

    /// The last words of each, for a report.
    #[must_use]
    pub fn last_words(&self) -> String {
        let consumers = self.consumers.iter().map(|consumer| &consumer.process);
        consumers
            .chain([&self.service])
            .map(|program| {
                let output = program.output();
                let lines: Vec<_> = output.lines().rev().take(30).collect();
                let lines: Vec<_> = lines.into_iter().rev().collect();
                format!("--- {}\n{}\n", program.id(), lines.join("\n"))
            })
            .collect()
    }
}

/// A consumer without an own way to the database.
fn plain(scene: &Scene, schedule: &Schedule) -> Program {
    let program = Program::new("ordertally-consumer")
        .env("KAFKA_BROKERS", &scene.detour)
        .env("KAFKA_TOPIC", &scene.topic)
        .env("KAFKA_GROUP_ID", &scene.topic)
        .env("DATABASE_URL", &scene.url)
        .env("METRICS_ADDR", "127.0.0.1:0")
        .env("MIGRATE", "true")
        .env("BATCH_RECORDS", schedule.batch_records.to_string())
        .env("DATABASE_CONNECTIONS", SESSIONS_MAX.to_string());
    let program = match schedule.assignment {
        Assignment::Range => program.env("ASSIGNOR", "range"),
        Assignment::CooperativeSticky => program.env("ASSIGNOR", "cooperative-sticky"),
        Assignment::Consumer => program.env("GROUP_PROTOCOL", "consumer"),
    };
    if schedule.same_name {
        program.env("OWNER_NAME", "consumer")
    } else {
        program
    }
}

async fn stop(process: &mut Process) -> anyhow::Result<()> {
    if process.runs() {
        process.signal(Signal::TERM);
    }
    let status = process.end_within(SOON).await;
    let output = process.output();
    // One that was asked before it listened ends as any process does.
    let at_once = status.signal() == Some(Signal::TERM.as_raw()) && output.is_empty();
    ensure!(
        status.success() || at_once,
        "a program ended with {status}:\n{output}"
    );
    Ok(())
}

async fn get(address: &str, path: &str) -> anyhow::Result<String> {
    let answer = reqwest::get(format!("http://{address}{path}")).await?;
    let status = answer.status();
    let text = answer.text().await?;
    ensure!(status.is_success(), "{path}: {status}: {text}");
    Ok(text)
}

fn gauge(metrics: &str, name: &str) -> anyhow::Result<f64> {
    let value = metrics
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))
        .with_context(|| format!("no {name} among the metrics"))?;
    Ok(value.trim().parse()?)
}

async fn sessions(scene: &Scene) -> anyhow::Result<usize> {
    let sql = "SELECT count(*) FROM pg_stat_activity
               WHERE datname = $1 AND application_name = 'ordertally-consumer'";
    let administrator = scene.administrator().await?;
    let row = administrator.query_one(sql, &[&scene.database]).await?;
    Ok(usize::try_from(row.try_get::<_, i64>(0)?)?)
}
