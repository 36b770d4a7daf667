//! Tells those who follow the facts that there is something new, after it is committed.
//!
//! On a connection of its own: within a batch's transaction `NOTIFY` would make all commits wait
//! for each other. Many commits are told of at once. Nobody relies on being told: whoever follows
//! also looks by itself.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use ordertally_schema::database::{self, COMMITS_CHANNEL};

use super::connection::{AbortOnDrop, Pool};
use crate::writer::waits;

/// Between two notifications at least: the price of each is half a millisecond of Postgres' time.
const PAUSE: Duration = Duration::from_millis(5);

/// Postgres is tried again after this long at most.
const RETRY_MAX: Duration = Duration::from_secs(5);

impl Pool {
    /// Tells of what this pool commits, for as long as it is polled.
    pub async fn herald(&self) -> Infallible {
        let mut trouble = waits();
        loop {
            let began = Instant::now();
            let Err(error) = self.tell().await;
            // What was to be told may not have been.
            self.committed().notify_one();
            if began.elapsed() > RETRY_MAX {
                trouble = waits();
            }
            tracing::debug!("commits are not told of now: {error:#}");
            tokio::time::sleep(trouble.next().unwrap_or(RETRY_MAX)).await;
        }
    }

    async fn tell(&self) -> anyhow::Result<Infallible> {
        let (client, driver) = database::connect(self.config()).await?;
        let _driver = AbortOnDrop(driver);
        let notify = client.prepare(&format!("NOTIFY {COMMITS_CHANNEL}")).await?;
        loop {
            self.committed().notified().await;
            let _none = client.execute(&notify, &[]).await?;
            tokio::time::sleep(PAUSE).await;
        }
    }
}
