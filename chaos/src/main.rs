//! `ordertally-chaos`: schedules of faults, one after the other, until one fails or time is up.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::Parser;
use ordertally_chaos::scene::Servers;
use ordertally_chaos::schedule::Schedule;
use ordertally_chaos::{run, shrink};
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
    /// Leave out of a schedule that failed what its failure does not need, and print the rest
    #[arg(long, env = "SHRINK", default_value_t = false, num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    shrink: bool,
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
    let mut stage = Stage::default();
    if let Some(path) = &settings.schedule {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let schedule: Schedule = serde_json::from_str(&text)
            .with_context(|| format!("{} is not a schedule", path.display()))?;
        return stage.play_and_shrink(&schedule, settings.shrink).await;
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
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    let (mut played, mut failed) = (0, Vec::new());
    for seed in (0..schedules).map(|number| seed.wrapping_add(number)) {
        if minutes.is_some_and(|minutes| began.elapsed() > minutes) {
            break;
        }
        let schedule = Schedule::draw(seed);
        played += 1;
        if !stage.play_and_shrink(&schedule, settings.shrink).await? {
            failed.push(seed);
        }
        for name in schedule.names() {
            *counts.entry(name).or_default() += 1;
        }
    }
    println!(
        "{played} schedules played in {:.0?}, {} failed {failed:?}",
        began.elapsed(),
        failed.len()
    );
    for (name, count) in counts {
        println!("  {count:>5} × {name}");
    }
    Ok(failed.is_empty())
}

/// The servers, which last until a schedule fails.
#[derive(Default)]
struct Stage {
    servers: Option<Servers>,
}

impl Stage {
    async fn play_and_shrink(&mut self, schedule: &Schedule, shrink: bool) -> anyhow::Result<bool> {
        let well = self.play(schedule).await?;
        if !well && shrink {
            let smallest = shrink::shrink(schedule, async |less| match self.play(less).await {
                Ok(well) => !well,
                Err(error) => {
                    println!("not played: {error:#}");
                    false
                }
            })
            .await;
            println!(
                "seed {} shrunk:\n{}",
                schedule.seed,
                serde_json::to_string(&smallest)?
            );
        }
        Ok(well)
    }

    /// Plays a schedule; whether it ended well.
    async fn play(&mut self, schedule: &Schedule) -> anyhow::Result<bool> {
        let printed = serde_json::to_string(schedule)?;
        let mut servers = match self.servers.take() {
            Some(servers) => servers,
            None => Servers::start().await?,
        };
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
                    "seed {}: {} records, {:.1?}, caught up after {:.1?}: {}{}",
                    schedule.seed,
                    played.records,
                    played.took,
                    played.caught_up,
                    schedule.names().join(", "),
                    not_reached(&played.missed)
                );
                self.servers = Some(servers);
                Ok(true)
            }
            Ok((_, Err(error))) => {
                println!("seed {} FAILED: {error:#}\n{printed}", schedule.seed);
                Ok(false)
            }
            Err(panic) => {
                println!("seed {} FAILED: {panic}\n{printed}", schedule.seed);
                Ok(false)
            }
        }
    }
}

fn not_reached(missed: &[String]) -> String {
    if missed.is_empty() {
        String::new()
    } else {
        format!(" (not reached: {})", missed.join(", "))
    }
}
