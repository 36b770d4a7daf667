//! `ordertally-chaos`: schedules of faults, one after the other, until one fails or time is up.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::Parser;
use ordertally_chaos::run;
use ordertally_chaos::scene::Servers;
use ordertally_chaos::schedule::Schedule;
use tokio::task::LocalSet;

/// Plays schedules of faults against real servers, and holds every table and every answer against
/// an independent reckoning after each.
#[derive(Parser, Debug)]
struct Settings {
    /// Where the first schedule is drawn from; the next ones follow by counting up. Drawn when not
    /// given
    #[arg(long, env = "SEED")]
    seed: Option<u64>,
    /// How many schedules
    #[arg(long, env = "SCHEDULES")]
    schedules: Option<u64>,
    /// No further schedule begins after so many minutes
    #[arg(long, env = "MINUTES")]
    minutes: Option<u64>,
    /// Play the one schedule in this file, in the form in which it was printed
    #[arg(long, env = "SCHEDULE", value_name = "FILE", conflicts_with_all = ["seed", "schedules", "minutes"])]
    schedule: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match play(Settings::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether every schedule ended well.
async fn play(settings: Settings) -> anyhow::Result<bool> {
    if let Some(path) = &settings.schedule {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let schedule: Schedule = serde_json::from_str(&text)
            .with_context(|| format!("{} is not a schedule", path.display()))?;
        return Ok(play_one(Servers::start().await, &schedule).await.is_some());
    }
    let seed = settings.seed.unwrap_or_else(rand::random);
    println!("the first seed is {seed}");
    let minutes = settings
        .minutes
        .map(|minutes| Duration::from_secs(60 * minutes));
    let schedules = match (settings.schedules, minutes) {
        (Some(schedules), _) => schedules,
        (None, Some(_)) => u64::MAX,
        (None, None) => 1,
    };
    let began = Instant::now();
    let mut servers = Some(Servers::start().await);
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    let (mut played, mut failed) = (0, Vec::new());
    for seed in (0..schedules).map(|number| seed.wrapping_add(number)) {
        if minutes.is_some_and(|minutes| began.elapsed() > minutes) {
            break;
        }
        let schedule = Schedule::draw(seed);
        let before = match servers.take() {
            Some(servers) => servers,
            None => Servers::start().await,
        };
        servers = play_one(before, &schedule).await;
        played += 1;
        if servers.is_none() {
            failed.push(seed);
        }
        for kind in kinds(&schedule) {
            *counts.entry(kind).or_default() += 1;
        }
    }
    println!(
        "{played} schedules played in {:.0?}, {} failed {failed:?}",
        began.elapsed(),
        failed.len()
    );
    for (kind, count) in counts {
        println!("  {count:>5} × {kind}");
    }
    Ok(failed.is_empty())
}

fn kinds(schedule: &Schedule) -> Vec<String> {
    schedule
        .steps
        .iter()
        .map(|step| step.fault.name())
        .collect()
}

/// Plays a schedule; the servers for the next one, where it ended well.
async fn play_one(mut servers: Servers, schedule: &Schedule) -> Option<Servers> {
    let printed = serde_json::to_string(schedule).unwrap_or_default();
    let playing = schedule.clone();
    // On a task, so that a panic is this schedule's alone.
    let tasks = LocalSet::new();
    let playing = tasks.spawn_local(async move {
        let played = run::play(&mut servers, &playing).await;
        (servers, played)
    });
    let played = tasks.run_until(playing).await;
    match played {
        Ok((servers, Ok(played))) => {
            println!(
                "seed {}: {} records, {:.1?}, caught up after {:.1?}: {}",
                schedule.seed,
                played.records,
                played.took,
                played.caught_up,
                kinds(schedule).join(", ")
            );
            Some(servers)
        }
        Ok((_, Err(error))) => {
            println!("seed {} FAILED: {error:#}\n{printed}", schedule.seed);
            None
        }
        Err(panic) => {
            println!("seed {} FAILED: {panic}\n{printed}", schedule.seed);
            None
        }
    }
}
