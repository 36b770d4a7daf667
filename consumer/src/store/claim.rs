//! Who may write: the newest claimant.

use std::time::Duration;

use tokio_postgres::{Client, Row};

use super::connection::Pool;
use super::failure::StoreError;
use crate::log_end::LogEnd;
use crate::probe::{TopicDescription, Watermarks};
use crate::stop::{LoudStop, outside};

/// Longest that a claim may take; then its connection is thrown away and it is made anew.
const CLAIM_TIMEOUT: Duration = Duration::from_secs(20);

/// A partition as its newest claimant knows it.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Kafka topic.
    pub topic: String,
    /// Its partition.
    pub partition: i32,
    /// The topic's incarnation that the position belongs to.
    pub incarnation: i32,
    /// The topic's id in this incarnation.
    pub topic_id: String,
    /// The owner's epoch that every transaction compares.
    pub epoch: i64,
    /// Where to go on.
    pub next_offset: i64,
    /// The highest offset at or above which nothing of this partition was ever rejected: below it
    /// a record that is read again may leave the rejected ones.
    pub rejected_below: i64,
}

/// What the broker says of the partition, found before the claim is made.
#[derive(Clone, Debug)]
pub struct Found {
    /// The topic.
    pub topic: TopicDescription,
    /// Where the partition's log begins and ends.
    pub log: Watermarks,
}

const BIND: &str = "INSERT INTO streams (topic, group_id) VALUES ($1, $2) ON CONFLICT DO NOTHING";
const BOUND: &str = "SELECT topic, group_id FROM streams";
const FIRST_INCARNATION: &str = "
    INSERT INTO topic_incarnations (topic, incarnation, topic_id)
    SELECT $1, 1, $2
    WHERE NOT EXISTS (SELECT FROM topic_incarnations WHERE topic = $1)
    ON CONFLICT DO NOTHING";
const INCARNATION_OF: &str = "
    SELECT incarnation FROM topic_incarnations WHERE topic = $1 AND topic_id = $2";
const LATEST_TOPIC_ID: &str = "
    SELECT topic_id FROM topic_incarnations WHERE topic = $1 ORDER BY incarnation DESC LIMIT 1";
const FIRST_POSITION: &str = "
    INSERT INTO partition_positions (topic, partition, incarnation, next_offset)
    VALUES ($1, $2, $3, $4)
    ON CONFLICT DO NOTHING";
const LOCK: &str = "
    SELECT position.next_offset, position.incarnation, incarnation.topic_id
    FROM partition_positions AS position
    JOIN topic_incarnations AS incarnation USING (topic, incarnation)
    WHERE position.topic = $1 AND position.partition = $2
    FOR UPDATE OF position";
const TAKE: &str = "
    UPDATE partition_positions
    SET owner_epoch = owner_epoch + 1, owner_name = $3, claimed_at = now()
    WHERE topic = $1 AND partition = $2
    RETURNING owner_epoch";
const NEWEST_CLAIM: &str = "
    SELECT owner_epoch, coalesce(owner_name, '') FROM partition_positions
    WHERE topic = $1 AND partition = $2";
/// Of the newest claimant alone, like a claim that is looked at.
const LEAVE_WORD: &str = "
    WITH mine AS (
        SELECT topic, partition FROM partition_positions
        WHERE topic = $1 AND partition = $2 AND owner_epoch = $3
        FOR UPDATE SKIP LOCKED
    )
    UPDATE partition_positions AS position
    SET log_end = $4, log_end_at = $5
    FROM mine
    WHERE position.topic = mine.topic AND position.partition = mine.partition";
/// Sessions of ours that have waited for their client in the middle of a COPY for longer than any
/// client takes: it is frozen. No timeout of Postgres 15 ends such a session, since a COPY that
/// reads is neither idle nor cancelled, and it would keep its locks for as long as it is frozen.
const END_FROZEN_COPIES: &str = "
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()
      AND state = 'active' AND wait_event = 'ClientRead' AND query LIKE '%COPY orders%'
      AND query_start < clock_timestamp() - interval '10 seconds'";
const REJECTED_BELOW: &str = r#"
    SELECT coalesce(max("offset") + 1, 0) FROM rejected_events
    WHERE topic = $1 AND incarnation = $2 AND partition = $3"#;

impl Pool {
    /// Claims a partition: from its commit on, every older claimant's next transaction fails. A
    /// partition without a stored position starts at the log's beginning.
    ///
    /// # Errors
    ///
    /// [`StoreError::Stop`] where the stored position is not in the log, belongs to another topic
    /// of the same name, or the database serves another topic or group; nothing is changed then.
    /// [`StoreError::Outage`] when it should be tried again.
    pub async fn claim(
        &self,
        topic: &str,
        group: &str,
        partition: i32,
        owner: &str,
        found: &Found,
    ) -> Result<Claim, StoreError> {
        let work = async {
            let lease = self.lease().await?;
            match claim(lease.client(), topic, group, partition, owner, found).await {
                Ok(claim) => {
                    lease.give_back();
                    Ok(claim)
                }
                Err(error) => {
                    drop(lease);
                    if error.is_lock_timeout() {
                        self.end_frozen_copies(partition).await?;
                    }
                    Err(error)
                }
            }
        };
        tokio::time::timeout(CLAIM_TIMEOUT, work)
            .await
            .map_err(|_| StoreError::deadline("a claim"))?
    }

    /// Frees the locks of an owner that froze in the middle of a COPY. Its next transaction would
    /// have failed anyway once the claim is made.
    async fn end_frozen_copies(&self, partition: i32) -> Result<(), StoreError> {
        let lease = self.lease().await?;
        let row = lease.client().query_one(END_FROZEN_COPIES, &[]).await?;
        let ended: i64 = row.try_get(0)?;
        lease.give_back();
        if ended > 0 {
            tracing::warn!(
                kafka.partition = partition,
                sessions = ended,
                "ended sessions of a frozen consumer that held locks"
            );
        }
        Ok(())
    }

    /// Looks whether `claim` is still the newest one of its partition, and leaves the word of where
    /// the log ends, if there is one and nobody holds the row. Waits for no lock.
    ///
    /// # Errors
    ///
    /// [`StoreError::Fenced`] when it is not; otherwise as every transaction.
    pub async fn look_at(&self, claim: &Claim, word: Option<LogEnd>) -> Result<(), StoreError> {
        let work = async {
            let lease = self.lease().await?;
            let client = lease.client();
            let Claim {
                topic,
                partition,
                epoch,
                ..
            } = claim;
            if let Some(LogEnd { offset, seen_at }) = word {
                let left = client
                    .execute(LEAVE_WORD, &[topic, partition, epoch, &offset, &seen_at])
                    .await?;
                if left > 0 {
                    lease.give_back();
                    return Ok(());
                }
            }
            let row = client.query_opt(NEWEST_CLAIM, &[topic, partition]).await?;
            lease.give_back();
            let owner = match row {
                Some(row) if row.try_get::<_, i64>(0)? == claim.epoch => return Ok(()),
                Some(row) => row.try_get(1)?,
                None => "nobody (its row is gone)".to_owned(),
            };
            Err(StoreError::Fenced {
                partition: claim.partition,
                owner,
            })
        };
        tokio::time::timeout(CLAIM_TIMEOUT, work)
            .await
            .map_err(|_| StoreError::deadline("a look at a claim"))?
    }
}

async fn claim(
    client: &Client,
    topic: &str,
    group: &str,
    partition: i32,
    owner: &str,
    found: &Found,
) -> Result<Claim, StoreError> {
    client.batch_execute("BEGIN").await?;
    bind(client, topic, group).await?;
    let position = position(client, topic, partition, found).await?;
    let next_offset: i64 = position.try_get(0)?;
    let incarnation: i32 = position.try_get(1)?;
    let topic_id: String = position.try_get(2)?;
    check(topic, partition, next_offset, &topic_id, found)?;
    let epoch = client
        .query_one(TAKE, &[&topic, &partition, &owner])
        .await?
        .try_get(0)?;
    let rejected_below = client
        .query_one(REJECTED_BELOW, &[&topic, &incarnation, &partition])
        .await?
        .try_get(0)?;
    client.batch_execute("COMMIT").await?;
    Ok(Claim {
        topic: topic.to_owned(),
        partition,
        incarnation,
        topic_id,
        epoch,
        next_offset,
        rejected_below,
    })
}

/// One database serves one topic and one group.
async fn bind(client: &Client, topic: &str, group: &str) -> Result<(), StoreError> {
    client.execute(BIND, &[&topic, &group]).await?;
    let bound = client.query_one(BOUND, &[]).await?;
    let (bound_topic, bound_group): (String, String) = (bound.try_get(0)?, bound.try_get(1)?);
    if (bound_topic.as_str(), bound_group.as_str()) == (topic, group) {
        return Ok(());
    }
    Err(LoudStop::AnotherStream {
        topic: bound_topic,
        group: bound_group,
    }
    .into())
}

/// The partition's row, locked; made where it is not there yet.
async fn position(
    client: &Client,
    topic: &str,
    partition: i32,
    found: &Found,
) -> Result<Row, StoreError> {
    if let Some(row) = client.query_opt(LOCK, &[&topic, &partition]).await? {
        return Ok(row);
    }
    let topic_id = &found.topic.topic_id;
    client
        .execute(FIRST_INCARNATION, &[&topic, topic_id])
        .await?;
    let incarnation = client
        .query_opt(INCARNATION_OF, &[&topic, topic_id])
        .await?;
    let Some(incarnation) = incarnation else {
        // The name belongs to another topic already, whose positions an operator has to settle.
        let stored = client.query_one(LATEST_TOPIC_ID, &[&topic]).await?;
        return Err(another_topic(topic, partition, 0, stored.try_get(0)?, found).into());
    };
    let incarnation: i32 = incarnation.try_get(0)?;
    client
        .execute(
            FIRST_POSITION,
            &[&topic, &partition, &incarnation, &found.log.log_start],
        )
        .await?;
    Ok(client.query_one(LOCK, &[&topic, &partition]).await?)
}

/// Whether the stored position is one in the log that the broker has now.
fn check(
    topic: &str,
    partition: i32,
    next_offset: i64,
    topic_id: &str,
    found: &Found,
) -> Result<(), LoudStop> {
    if topic_id != found.topic.topic_id {
        let stored = topic_id.to_owned();
        return Err(another_topic(topic, partition, next_offset, stored, found));
    }
    outside(topic, partition, next_offset, found.log).map_or(Ok(()), Err)
}

fn another_topic(
    topic: &str,
    partition: i32,
    next_offset: i64,
    stored: String,
    found: &Found,
) -> LoudStop {
    LoudStop::AnotherTopic {
        topic: topic.to_owned(),
        partition,
        next_offset,
        stored,
        found: found.topic.topic_id.clone(),
    }
}
