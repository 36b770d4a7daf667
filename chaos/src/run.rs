//! Plays one schedule and judges its end.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use chrono::NaiveDate;
use ordertally_testkit::proxy::LOST_COMMIT_ANSWER;
use ordertally_testkit::reckoning::question::{Days, OrderValue, ProvinceSales, TopCustomers};
use ordertally_testkit::reckoning::{Answers, answers};
use serde_json::Value;
use tokio::sync::Mutex;

use crate::cast::Cast;
use crate::history::History;
use crate::lane::operator::Operator;
use crate::lane::{self, broker, connections, consumers, database};
use crate::load::Load;
use crate::scene::{Scene, Servers};
use crate::schedule::Schedule;

/// How long the query service may be behind once everything is read: longer than it waits for the
/// answer to one of its looks.
const FOLLOWED_WITHIN: Duration = Duration::from_secs(30);

/// What a schedule came to, where nothing was wrong.
#[derive(Clone, Debug)]
pub struct Played {
    /// Records that were sent.
    pub records: usize,
    /// From its first program's start to the verdict.
    pub took: Duration,
    /// From the last fault's end to the last record's outcome.
    pub caught_up: Duration,
    /// Faults that found nothing to strike.
    pub missed: Vec<String>,
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
    let scene = Scene::set(servers, schedule).await?;
    let cast = Mutex::new(Cast::enter(&scene, schedule).await?);
    let load = Load::start(&scene.brokers, &scene.topic, schedule.seed)?;
    let mut operator = Operator::new(&scene, &cast, load);
    let played = lanes(servers, &scene, &cast, &mut operator, schedule).await;
    let Operator {
        mut load, history, ..
    } = operator;
    let mut cast = cast.into_inner();
    let ended = async {
        played?;
        let records = load.rest().await?;
        for way in &scene.ways {
            if way.proxy.disarm(LOST_COMMIT_ANSWER) {
                scene.not_reached("a COMMIT to lose the answer of".to_owned());
            }
        }
        let healed = Instant::now();
        scene.caught_up().await?;
        let caught_up = healed.elapsed();
        cast.is_well(&scene).await?;
        judge(&scene, &cast, &history).await?;
        anyhow::Ok((records, caught_up))
    };
    let ended = ended.await;
    let (records, caught_up) = ended.with_context(|| cast.last_words())?;
    cast.leave().await?;
    let missed = scene.missed();
    scene.strike(servers).await?;
    Ok(Played {
        records,
        took: began.elapsed(),
        caught_up,
        missed,
    })
}

/// Plays the lanes side by side.
async fn lanes(
    servers: &mut Servers,
    scene: &Scene,
    cast: &Mutex<Cast>,
    operator: &mut Operator<'_>,
    schedule: &Schedule,
) -> anyhow::Result<()> {
    let Servers {
        kafka,
        broker_way,
        postgres,
        disk,
    } = servers;
    tokio::try_join!(
        lane::play(&schedule.consumer_faults, async |fault| {
            consumers::play(fault, scene, cast).await
        }),
        lane::play(&schedule.database_faults, async |fault| {
            database::play(fault, postgres, disk.as_ref(), scene).await
        }),
        lane::play(&schedule.connection_faults, async |fault| {
            connections::play(fault, scene, broker_way).await;
            Ok(())
        }),
        lane::play(&schedule.broker_faults, async |fault| {
            broker::play(fault, kafka).await;
            Ok(())
        }),
        lane::play(&schedule.acts, async |act| operator.play(act).await),
    )?;
    Ok(())
}

async fn judge(scene: &Scene, cast: &Cast, history: &History) -> anyhow::Result<()> {
    let reckoning = history.reckoning(scene).await?;
    let settlement = reckoning.settle(&scene.client().await?).await?;
    let mut differences = settlement.differences();
    differences.extend(settlement.unread());
    let records = reckoning.records_named_in(&differences);
    differences.extend(wrong_answers(cast, &settlement.answers()).await?);
    ensure!(
        differences.is_empty(),
        "{}\n{}",
        differences.join("\n"),
        records.join("\n")
    );
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
            let began = Instant::now();
            let mut differences = answers::differences(&expected, &cast.ask(&path).await?);
            // It follows what is committed, and may have to find out first that it lost a connection.
            while !differences.is_empty() && began.elapsed() < FOLLOWED_WITHIN {
                tokio::time::sleep(Duration::from_millis(50)).await;
                differences = answers::differences(&expected, &cast.ask(&path).await?);
            }
            wrong.extend(
                differences
                    .iter()
                    .map(|difference| format!("{path}: {difference}")),
            );
        }
    }
    Ok(wrong)
}
