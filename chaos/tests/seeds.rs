//! A handful of schedules with every test run; `make chaos` plays as many as you like.
#![allow(clippy::unwrap_used)]

use ordertally_chaos::run;
use ordertally_chaos::scene::Servers;
use ordertally_chaos::schedule::Schedule;

const SEEDS: [u64; 3] = [1, 2, 3];

#[tokio::test(flavor = "multi_thread")]
async fn a_few_schedules_end_as_the_reckoning_says() {
    let mut servers = Servers::start().await;
    for seed in SEEDS {
        let schedule = Schedule::draw(seed);
        let played = run::play(&mut servers, &schedule).await;
        let played = played.unwrap_or_else(|error| panic!("{schedule:?}: {error:#}"));
        assert!(played.records > 100, "{played:?}");
    }
}
