//! Plays one schedule and judges its end.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use chrono::NaiveDate;
use ordertally_testkit::reckoning::question::{Days, OrderValue, ProvinceSales, TopCustomers};
use ordertally_testkit::reckoning::{Answers, Reckoning, answers};
use ordertally_testkit::topic_reader;
use serde_json::Value;

use crate::cast::Cast;
use crate::fault;
use crate::load::Load;
use crate::scene::{Scene, Servers};
use crate::schedule::Schedule;

/// Longest from the last fault's end until everything is read.
const CATCH_UP: Duration = Duration::from_secs(90);

/// What a schedule came to, where nothing was wrong.
#[derive(Clone, Copy, Debug)]
pub struct Played {
    /// Records that were sent.
    pub records: usize,
    /// From its first program's start to the verdict.
    pub took: Duration,
    /// From the last fault's end to the last record's outcome.
    pub caught_up: Duration,
}

/// Plays a schedule.
///
/// # Errors
///
/// What is wrong with its end.
///
/// # Panics
///
/// When a server cannot be started again, or a program neither starts nor ends.
pub async fn play(servers: &mut Servers, schedule: &Schedule) -> anyhow::Result<Played> {
    let began = Instant::now();
    let scene = Scene::set(servers, schedule.seed, schedule.partitions).await?;
    let mut cast = Cast::enter(&scene, schedule).await;
    let load = Load::start(&scene.brokers, &scene.topic, schedule.seed);
    for step in &schedule.steps {
        tokio::time::sleep(Duration::from_millis(step.after_ms)).await;
        fault::play(step.fault, servers, &scene, &mut cast)
            .await
            .with_context(|| step.fault.name())?;
    }
    let records = load.end().await?;
    scene.proxy.heal();
    let healed = Instant::now();
    let caught_up = caught_up(servers, &scene).await;
    let judged = match caught_up {
        Ok(()) => judge(&scene, &mut cast).await,
        Err(error) => Err(error),
    };
    let caught_up = healed.elapsed();
    judged.with_context(|| cast.last_words())?;
    cast.leave().await?;
    scene.strike(servers).await?;
    Ok(Played {
        records,
        took: began.elapsed(),
        caught_up,
    })
}

/// Waits until every partition is read to its end.
async fn caught_up(servers: &Servers, scene: &Scene) -> anyhow::Result<()> {
    let began = Instant::now();
    let client = scene.client().await;
    loop {
        let positions = client
            .query(
                "SELECT next_offset FROM partition_positions ORDER BY partition",
                &[],
            )
            .await?;
        let positions: Vec<i64> = positions.iter().map(|row| row.get(0)).collect();
        let ends = servers.kafka.end_offsets(&scene.topic);
        if positions == ends {
            return Ok(());
        }
        ensure!(
            began.elapsed() < CATCH_UP,
            "not caught up after {CATCH_UP:?}: positions {positions:?}, ends {ends:?}"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn judge(scene: &Scene, cast: &mut Cast) -> anyhow::Result<()> {
    cast.is_well()?;
    let contents = topic_reader::read(&scene.brokers, &scene.topic).await?;
    let reckoning = Reckoning::of(contents);
    let settlement = reckoning.settle(&scene.client().await).await?;
    let mut differences = settlement.differences();
    differences.extend(settlement.unread());
    differences.extend(wrong_answers(cast, &settlement.answers()).await?);
    ensure!(differences.is_empty(), "{}", differences.join("\n"));
    Ok(())
}

/// Asks the query service that lived through it.
async fn wrong_answers(cast: &Cast, expected: &Answers) -> anyhow::Result<Vec<String>> {
    let mut wrong = Vec::new();
    for zone in [chrono_tz::UTC, chrono_tz::America::Boise] {
        let day = |day| NaiveDate::from_ymd_opt(2020, 9, day).context("a day of the calendar");
        let days = Days {
            start: day(1)?,
            end: day(30)?,
            zone,
        };
        let top = TopCustomers {
            days,
            count: 50,
            currency: None,
            accepts_marketing: None,
        };
        let value = OrderValue { days, by_day: true };
        let sales = ProvinceSales {
            days,
            province: None,
            country: None,
            currency: None,
            by_billing: false,
        };
        let pairs: [(String, Value); 3] = [
            (top.path(), expected.top_customers(&top)),
            (value.path(), expected.order_value(&value)),
            (sales.path(), expected.province_sales(&sales)),
        ];
        for (path, expected) in pairs {
            let actual = cast.ask(&path).await?;
            for difference in answers::differences(&expected, &actual) {
                wrong.push(format!("{path}: {difference}"));
            }
        }
    }
    Ok(wrong)
}
