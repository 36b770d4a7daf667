//! One partition moved: what is passed over is recorded, what is read again is no longer skipped.

use std::fmt;

use tokio_postgres::Client;

use crate::store::StoreError;

/// Where one partition is to go on.
#[derive(Clone, Debug)]
pub struct Choice {
    /// Kafka partition.
    pub partition: i32,
    /// The id that the topic has now.
    pub topic_id: String,
    /// Where the partition's log begins.
    pub log_start: i64,
    /// Where to go on.
    pub next_offset: i64,
    /// The operator's words, for the record.
    pub command: String,
}

/// What moving a partition means: from where, to where, what is passed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    partition: i32,
    before: Option<Place>,
    after: Place,
    skipped: Option<(i64, i64)>,
    /// How many ranges that were skipped before lie ahead again.
    unskipped: u64,
}

/// A position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    incarnation: i32,
    next_offset: i64,
}

/// Under which the new claimant of this command is told to the one that it fences.
const OWNER: &str = "an operator (positions reset)";

const BIND: &str = "
    INSERT INTO streams (topic, group_id) VALUES ($1, $2) ON CONFLICT DO NOTHING";
const STORED: &str = "
    SELECT incarnation, next_offset FROM partition_positions WHERE topic = $1 AND partition = $2";
const LOCK: &str = "
    SELECT incarnation, next_offset FROM partition_positions WHERE topic = $1 AND partition = $2
    FOR UPDATE";
const INCARNATIONS: &str = "
    SELECT max(incarnation) FILTER (WHERE topic_id = $2), coalesce(max(incarnation), 0)
    FROM topic_incarnations
    WHERE topic = $1";
const NEW_INCARNATION: &str = "
    INSERT INTO topic_incarnations (topic, incarnation, topic_id) VALUES ($1, $2, $3)
    ON CONFLICT DO NOTHING";
const FIRST_POSITION: &str = "
    INSERT INTO partition_positions (topic, partition, incarnation, next_offset)
    VALUES ($1, $2, $3, $4)
    ON CONFLICT DO NOTHING";
const MOVE: &str = "
    UPDATE partition_positions
    SET incarnation = $3, next_offset = $4, owner_epoch = owner_epoch + 1, owner_name = $5,
        claimed_at = now(), log_end = NULL, log_end_at = NULL
    WHERE topic = $1 AND partition = $2";
const SKIP: &str = "
    INSERT INTO skipped_ranges (topic, partition, incarnation, first_offset, next_offset, reason)
    VALUES ($1, $2, $3, $4, $5, $6)";
const READ_AGAIN: &str = "
    DELETE FROM skipped_ranges
    WHERE topic = $1 AND partition = $2 AND incarnation = $3 AND first_offset >= $4";
const READ_AGAIN_FROM_WITHIN: &str = "
    UPDATE skipped_ranges SET next_offset = $4
    WHERE topic = $1 AND partition = $2 AND incarnation = $3 AND next_offset > $4";

/// What `choice` would do now. Changes nothing.
pub async fn preview(client: &Client, topic: &str, choice: &Choice) -> Result<Moved, StoreError> {
    let stored = client
        .query_opt(STORED, &[&topic, &choice.partition])
        .await?;
    let before = match stored {
        Some(row) => Some(place(&row)?),
        None => None,
    };
    let (found, highest) = incarnations(client, topic, choice).await?;
    Ok(choice.move_from(before, found.unwrap_or(highest + 1)))
}

/// Moves the partition. Changes nothing where it is there already.
pub async fn apply(
    client: &Client,
    topic: &str,
    group: &str,
    choice: &Choice,
) -> Result<Moved, StoreError> {
    let partition = choice.partition;
    client.batch_execute("BEGIN").await?;
    client.execute(BIND, &[&topic, &group]).await?;
    let locked = client.query_opt(LOCK, &[&topic, &partition]).await?;
    let incarnation = registered(client, topic, choice).await?;
    let before = match locked {
        Some(row) => Some(place(&row)?),
        None => {
            // A consumer may make its first claim at the same moment; then the row is its row.
            let made: [&(dyn tokio_postgres::types::ToSql + Sync); 4] =
                [&topic, &partition, &incarnation, &choice.log_start];
            let made = client.execute(FIRST_POSITION, &made).await?;
            let row = client.query_one(LOCK, &[&topic, &partition]).await?;
            if made == 1 { None } else { Some(place(&row)?) }
        }
    };
    let mut moved = choice.move_from(before, incarnation);
    if moved.before == Some(moved.after) {
        client.batch_execute("ROLLBACK").await?;
        return Ok(moved);
    }
    let next_offset = choice.next_offset;
    if let Some((first, next)) = moved.skipped {
        client
            .execute(
                SKIP,
                &[
                    &topic,
                    &partition,
                    &incarnation,
                    &first,
                    &next,
                    &choice.command,
                ],
            )
            .await?;
    } else {
        for sql in [READ_AGAIN, READ_AGAIN_FROM_WITHIN] {
            moved.unskipped += client
                .execute(sql, &[&topic, &partition, &incarnation, &next_offset])
                .await?;
        }
    }
    client
        .execute(
            MOVE,
            &[&topic, &partition, &incarnation, &next_offset, &OWNER],
        )
        .await?;
    client.batch_execute("COMMIT").await?;
    Ok(moved)
}

fn place(row: &tokio_postgres::Row) -> Result<Place, tokio_postgres::Error> {
    Ok(Place {
        incarnation: row.try_get(0)?,
        next_offset: row.try_get(1)?,
    })
}

/// The incarnation of the topic's id, where it is known, and the highest of all.
async fn incarnations(
    client: &Client,
    topic: &str,
    choice: &Choice,
) -> Result<(Option<i32>, i32), StoreError> {
    let row = client
        .query_one(INCARNATIONS, &[&topic, &choice.topic_id])
        .await?;
    Ok((row.try_get(0)?, row.try_get(1)?))
}

/// The incarnation of the topic's id, registered where it is new. Incarnations count topic ids.
async fn registered(client: &Client, topic: &str, choice: &Choice) -> Result<i32, StoreError> {
    let (found, highest) = incarnations(client, topic, choice).await?;
    if let Some(found) = found {
        return Ok(found);
    }
    client
        .execute(NEW_INCARNATION, &[&topic, &(highest + 1), &choice.topic_id])
        .await?;
    let (found, _) = incarnations(client, topic, choice).await?;
    found.ok_or_else(|| {
        StoreError::Outage(anyhow::anyhow!(
            "another command registered another topic id at the same moment"
        ))
    })
}

impl Choice {
    fn move_from(&self, before: Option<Place>, incarnation: i32) -> Moved {
        let unread = match before {
            Some(place) if place.incarnation == incarnation => place.next_offset,
            // Of a topic made anew, or a partition never read, nothing has been read.
            _ => self.log_start,
        };
        Moved {
            partition: self.partition,
            before,
            after: Place {
                incarnation,
                next_offset: self.next_offset,
            },
            skipped: (unread < self.next_offset).then_some((unread, self.next_offset)),
            unskipped: 0,
        }
    }
}

impl fmt::Display for Moved {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place {
            incarnation,
            next_offset,
        } = self.after;
        write!(formatter, "partition {}: ", self.partition)?;
        match self.before {
            Some(before) if before == self.after => {
                return write!(formatter, "is at {next_offset} already; nothing changes");
            }
            Some(before) if before.incarnation == incarnation => {
                write!(formatter, "{} → {next_offset}", before.next_offset)?;
            }
            Some(before) => write!(
                formatter,
                "{} of incarnation {} → {next_offset} of incarnation {incarnation}; what the \
                 earlier topic held from {} on was not read, and how much cannot be known",
                before.next_offset, before.incarnation, before.next_offset
            )?,
            None => write!(formatter, "no position → {next_offset}")?,
        }
        match self.skipped {
            Some((first, next)) => write!(
                formatter,
                "; skipped unread: offsets {first} to {} ({} records at most)",
                next - 1,
                next - first
            )?,
            None => write!(formatter, "; nothing skipped")?,
        }
        match self.unskipped {
            0 => Ok(()),
            count => write!(
                formatter,
                "; {count} range(s) skipped before lie ahead again, and are no longer listed"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(next_offset: i64) -> Choice {
        Choice {
            partition: 0,
            topic_id: "id".into(),
            log_start: 30,
            next_offset,
            command: "positions reset".into(),
        }
    }

    fn at(incarnation: i32, next_offset: i64) -> Option<Place> {
        Some(Place {
            incarnation,
            next_offset,
        })
    }

    #[test]
    fn exactly_the_unread_offsets_that_are_passed_over_are_skipped() {
        for (before, next_offset, expected) in [
            (at(1, 50), 70, Some((50, 70))), // forward
            (at(1, 50), 50, None),
            (at(1, 50), 30, None),           // back
            (at(1, 10), 30, Some((10, 30))), // what retention deleted
            (at(1, 10), 60, Some((10, 60))), // and more
            (at(2, 70), 60, None),           // of the earlier topic nothing can be known
            (None, 30, None),
            (None, 60, Some((30, 60))), // of a partition never read, what it holds
        ] {
            let moved = choice(next_offset).move_from(before, 1);
            let moved = if before.is_some_and(|place| place.incarnation == 2) {
                choice(30).move_from(before, 3)
            } else {
                moved
            };
            assert_eq!(moved.skipped, expected, "{before:?} to {next_offset}");
        }
        let anew = choice(60).move_from(at(1, 90), 2);
        assert_eq!(anew.skipped, Some((30, 60)));
        assert!(anew.to_string().contains("cannot be known"), "{anew}");
    }
}
