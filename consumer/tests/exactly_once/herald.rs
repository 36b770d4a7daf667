//! Those who follow the facts are told of commits.

use std::sync::Arc;

use ordertally_consumer::store::Previous;
use ordertally_schema::database::{self, COMMITS_CHANNEL};
use ordertally_settings::DatabaseUrl;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::stage::{SOON, order};
use crate::store::{batch, found_with_partitions, migrated};

#[tokio::test]
async fn a_commit_is_told_of_once_it_can_be_seen_also_after_a_lost_connection() {
    let (test, pool) = migrated().await;
    let url: DatabaseUrl = test.url().parse().unwrap();
    let noticed = Arc::new(Notify::new());
    let (follower, _driver) = database::connect_noticing(url.config(), Arc::clone(&noticed))
        .await
        .unwrap();
    follower
        .batch_execute(&format!("LISTEN {COMMITS_CHANNEL}"))
        .await
        .unwrap();
    let mut heralding = JoinSet::new();
    let herald = pool.clone();
    heralding.spawn(async move { herald.herald().await });
    let found = found_with_partitions(1);
    let claim = pool.claim("t", "g", 0, "owner", &found).await.unwrap();
    for (offset, id) in (0..).zip(["a", "b", "c"]) {
        let work = batch(offset, &[order(id, 1)]);
        pool.commit(&claim, &work, &mut Previous::default())
            .await
            .unwrap();
        timeout(SOON, noticed.notified()).await.unwrap();
        let stored = follower
            .query_one("SELECT count(*) FROM orders", &[])
            .await
            .unwrap();
        assert_eq!(stored.get::<_, i64>(0), offset + 1);
        follower
            .execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                 WHERE datname = current_database() AND query LIKE 'NOTIFY%'",
                &[],
            )
            .await
            .unwrap();
    }
}
