//! The demo: sample and generated orders through Kafka into Postgres, and the three questions.

mod arrival;
mod questions;

use std::io::IsTerminal;
use std::time::Instant;

use anyhow::Context;
use ordertally_settings::stop::StopSignals;

use crate::services;
use crate::stack::{Stack, StackSettings, TOPIC};
use crate::topics::Topics;
use arrival::Counts;

/// Orders of 2020-09-01 to 2020-09-05.
const SAMPLE: &str = include_str!("../../testdata/orders.ndjson");
/// Enough that the answers are not the sample alone, few enough to take a second.
const GENERATED_ORDERS: u64 = 5_000;
const GENERATED_DAYS: u64 = 30;
const GENERATED_CUSTOMERS: u64 = 800;

/// How the demo ends.
#[derive(clap::Args, Clone, Debug)]
pub struct DemoSettings {
    /// End after the answers, also in a terminal
    #[arg(long, env = "ONCE", value_parser = clap::builder::BoolishValueParser::new())]
    pub once: bool,
    /// Where everything lives and listens.
    #[command(flatten)]
    pub stack: StackSettings,
}

/// Runs the demo to its end, or until a signal. Either way everything that it started is stopped.
///
/// # Errors
///
/// What did not work, in a message that says what to do.
pub async fn demo(settings: &DemoSettings, stop: &mut StopSignals) -> anyhow::Result<()> {
    let stay = std::io::stdout().is_terminal() && !settings.once;
    with_stack(&settings.stack, stop, async |stack| {
        show(stack).await?;
        if stay {
            println!("\nEverything is at work here:\n{}", stack.described());
            println!("\nPress Ctrl-C to end it. The data stays for the next run.");
            std::future::pending::<()>().await;
        }
        Ok(())
    })
    .await
}

/// Runs everything without any data of ours until a signal.
///
/// # Errors
///
/// What did not work, in a message that says what to do.
pub async fn run(settings: &StackSettings, stop: &mut StopSignals) -> anyhow::Result<()> {
    with_stack(settings, stop, async |stack| {
        println!("\nEverything is at work:\n{}", stack.described());
        println!("\nPress Ctrl-C to end it. The data stays for the next run.");
        std::future::pending::<()>().await;
        Ok(())
    })
    .await
}

/// What a visit to the stack came to.
enum Ended {
    Done(anyhow::Result<()>),
    Failed(anyhow::Error),
    Stopped,
}

async fn with_stack<F>(
    settings: &StackSettings,
    stop: &mut StopSignals,
    work: F,
) -> anyhow::Result<()>
where
    F: AsyncFnOnce(&View) -> anyhow::Result<()>,
{
    let started = tokio::select! {
        started = Stack::start(settings, tell) => started?,
        // Dropping what was started so far ends it.
        signal = stop.received() => {
            println!("{signal}: stopped while starting");
            return Ok(());
        }
    };
    let mut stack = started;
    let view = View {
        addresses: stack.addresses().clone(),
        logs: stack.logs(),
        described: stack.described(),
    };
    let ended = tokio::select! {
        done = work(&view) => Ended::Done(done),
        error = stack.failure() => Ended::Failed(error),
        signal = stop.received() => {
            println!("\n{signal}: stopping");
            Ended::Stopped
        }
    };
    let stopped = stack.stop().await;
    match ended {
        Ended::Done(Err(error)) | Ended::Failed(error) => Err(error),
        Ended::Done(Ok(())) | Ended::Stopped => {
            stopped?;
            println!("Everything is stopped.");
            Ok(())
        }
    }
}

/// What the work sees of the stack while others look after its processes.
struct View {
    addresses: services::Addresses,
    logs: std::path::PathBuf,
    described: String,
}

impl View {
    fn described(&self) -> &str {
        &self.described
    }
}

async fn show(stack: &View) -> anyhow::Result<()> {
    let database = crate::postgres::connect(&stack.addresses.database_url)
        .await
        .context("cannot connect to the demo's database")?;
    let topics = Topics::of(&stack.addresses.brokers);
    let sent_before: i64 = topics.end_offsets(TOPIC)?.iter().sum();
    let before = Counts::read(&database).await?;
    let started = Instant::now();
    send(stack, before.orders).await?;
    let ends = topics.end_offsets(TOPIC)?;
    arrival::all_in(&database, TOPIC, &ends).await?;
    let after = Counts::read(&database).await?;
    let sent = ends.iter().sum::<i64>() - sent_before;
    println!(
        "{}",
        arrival::summary(sent, before, after, started.elapsed())
    );
    questions::ask_all(&stack.addresses.http, &ends).await
}

/// Sends the sample, then generated orders: others in each run, as the seed is the number of
/// orders that were there before.
async fn send(stack: &View, orders_before: i64) -> anyhow::Result<()> {
    let sample_orders = SAMPLE.lines().count();
    println!(
        "Sending the sample ({sample_orders} orders of 2020-09-01 to 2020-09-05) and \
         {GENERATED_ORDERS} generated orders to Kafka"
    );
    let sample = stack.logs.join("sample.ndjson");
    std::fs::write(&sample, SAMPLE)
        .with_context(|| format!("cannot write {}", sample.display()))?;
    let log = stack.logs.join("replay.log");
    let brokers = &stack.addresses.brokers;
    services::replay([&sample], brokers, &log).await?;
    let generate = [
        "generate".to_owned(),
        format!("--orders={GENERATED_ORDERS}"),
        format!("--days={GENERATED_DAYS}"),
        format!("--customers={GENERATED_CUSTOMERS}"),
        "--start=2020-09-01".to_owned(),
        format!("--seed={orders_before}"),
    ];
    Ok(services::replay(generate, brokers, &log).await?)
}

fn tell(step: &str) {
    println!("{step} …");
}
