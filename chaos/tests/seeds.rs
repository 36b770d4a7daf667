//! A handful of schedules with every test run; `make chaos` plays as many as you like.
#![allow(clippy::unwrap_used)]

use ordertally_chaos::lane::consumers::Fault;
use ordertally_chaos::run::{self, Played};
use ordertally_chaos::scene::Servers;
use ordertally_chaos::schedule::{Assignment, Schedule, Step};
use ordertally_testkit::proxy::Point;

const SEEDS: [u64; 2] = [4, 5];

#[tokio::test(flavor = "multi_thread")]
async fn a_few_schedules_end_as_the_reckoning_says() {
    let mut servers = Servers::start().await.unwrap();
    for seed in SEEDS {
        play(&mut servers, &Schedule::draw(seed)).await;
    }
    let played = play(&mut servers, &killed_at_every_point()).await;
    assert_eq!(played.missed, [""; 0], "every point is come to");
}

async fn play(servers: &mut Servers, schedule: &Schedule) -> Played {
    let played = run::play(servers, schedule).await;
    let played = played.unwrap_or_else(|error| panic!("{schedule:?}: {error:#}"));
    assert!(played.records > 100, "{played:?}");
    played
}

fn killed_at_every_point() -> Schedule {
    let mut schedule = Schedule::draw(1);
    schedule.partitions = 4;
    schedule.consumers = 2;
    schedule.batch_records = 5;
    schedule.assignment = Assignment::Range;
    schedule.static_members = false;
    schedule.database_faults.clear();
    schedule.connection_faults.clear();
    schedule.broker_faults.clear();
    schedule.acts.clear();
    schedule.consumer_faults = Point::ALL
        .into_iter()
        .flat_map(|point| [(point, false), (point, true)])
        .map(|(point, after)| Step {
            after_ms: 0,
            fault: Fault::KillAtPoint { point, after },
        })
        .collect();
    schedule
}
