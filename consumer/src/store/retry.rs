//! Rejected records tried again: one transaction under the partition's row lock.
//!
//! The position stays where it is, and so does the owner's epoch: a running consumer waits for the
//! lock and goes on. What is stored gets the next ordinals, so that readers of the facts see it.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use tokio_postgres::Row;
use tokio_postgres::types::Json;

use super::claim::Claim;
use super::commit::{Advance, in_log_order, insert, insert_facts, lookup};
use super::connection::{Pool, Session};
use super::failure::StoreError;
use super::rejected::{codes, supersede};
use crate::batch::{Batch, Judged, Outcomes, Plan};
use crate::record::{Header, Record};

/// Longest that one such transaction may take.
const RETRY_TIMEOUT: Duration = Duration::from_secs(60);

const RECORDS: &str = r#"
    SELECT id, "offset", record_timestamp_ms, key, header_names, header_values, payload
    FROM rejected_events
    WHERE topic = $1 AND incarnation = $2 AND partition = $3 AND id = ANY($4)
    ORDER BY "offset""#;
const STILL_REJECTED: &str = "
    UPDATE rejected_events SET violations = $2, codes = $3
    WHERE id = $1 AND violations IS DISTINCT FROM $2";

/// Rejected records of one partition and one incarnation of the topic.
#[derive(Clone, Debug)]
pub struct Retry {
    /// Kafka topic.
    pub topic: String,
    /// Its incarnation.
    pub incarnation: i32,
    /// Its partition.
    pub partition: i32,
    /// Their ids in `rejected_events`.
    pub ids: Vec<i64>,
}

/// What became of them.
#[derive(Debug, Default)]
pub struct Retried {
    /// How many had each outcome. Records that are gone from the list meanwhile have none here.
    pub outcomes: Outcomes,
    /// How many of those still rejected have each code.
    pub codes: BTreeMap<String, u64>,
}

impl Pool {
    /// Reads the records through the current rules and stores what is accepted now. With a
    /// `refusal` (SQLSTATE and message of an earlier attempt at the one record) it stays rejected
    /// for that reason.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; nothing is changed then, but after [`StoreError::Outage`] it may be.
    pub async fn retry(
        &self,
        retry: &Retry,
        refusal: Option<(&str, &str)>,
    ) -> Result<Retried, StoreError> {
        let work = async {
            let lease = self.lease().await?;
            let retried = attempt(lease.session(), retry, refusal).await?;
            lease.give_back();
            Ok(retried)
        };
        tokio::time::timeout(RETRY_TIMEOUT, work)
            .await
            .map_err(|_| StoreError::deadline("a retry"))?
    }
}

async fn attempt(
    session: &Session,
    retry: &Retry,
    refusal: Option<(&str, &str)>,
) -> Result<Retried, StoreError> {
    let client = &session.client;
    client.batch_execute("BEGIN").await?;
    let position = client
        .query_opt(&session.statements.lock, &[&retry.topic, &retry.partition])
        .await?;
    let Some(position) = position else {
        return Err(StoreError::Outage(anyhow::anyhow!(
            "partition {} has no stored position to lock",
            retry.partition
        )));
    };
    let now = position.try_get(4)?;
    let claim = claim(retry, &position)?;
    let (batch, ids) = records(session, retry, refusal).await?;
    let known = lookup(session, &batch).await?;
    let (plan, _) = insert(session, &claim, &batch, known, now).await?;
    let columns = in_log_order(&plan.orders);
    if !columns.is_empty() {
        let first: i64 = position.try_get(1)?;
        insert_facts(session, &claim, first, &columns, now).await?;
        let next = first + columns.len();
        let advance = Advance {
            next_offset: claim.next_offset,
            facts_next: next,
            log_end: None,
            // The records were counted as rejected when they were read.
            outcomes: Outcomes {
                stored: plan.outcomes.stored,
                ..Outcomes::default()
            },
        };
        let _moved = advance.make(session, &claim).await?;
    }
    supersede(session, &claim, &plan.accepted).await?;
    let codes = still_rejected(session, &plan, &ids).await?;
    client.batch_execute("COMMIT").await?;
    Ok(Retried {
        outcomes: plan.outcomes,
        codes,
    })
}

/// Whoever holds the row's lock writes for the partition; the records keep their own incarnation.
fn claim(retry: &Retry, position: &Row) -> Result<Claim, StoreError> {
    Ok(Claim {
        topic: retry.topic.clone(),
        partition: retry.partition,
        incarnation: retry.incarnation,
        topic_id: String::new(), // nothing is asked of the broker
        epoch: position.try_get(2)?,
        next_offset: position.try_get(0)?,
        rejected_below: i64::MAX,
    })
}

/// The records as they were polled, judged anew, and the ids that they have by offset.
async fn records(
    session: &Session,
    retry: &Retry,
    refusal: Option<(&str, &str)>,
) -> Result<(Batch, HashMap<i64, i64>), StoreError> {
    let rows = session
        .client
        .query(
            RECORDS,
            &[
                &retry.topic,
                &retry.incarnation,
                &retry.partition,
                &retry.ids,
            ],
        )
        .await?;
    let mut batch = Batch::default();
    let mut ids = HashMap::with_capacity(rows.len());
    for row in rows {
        let record = record(&row)?;
        ids.insert(record.offset, row.try_get(0)?);
        batch.records.push(Judged::of(record));
    }
    if let Some((sqlstate, message)) = refusal {
        batch.refuse(sqlstate, message);
    }
    Ok((batch, ids))
}

fn record(row: &Row) -> Result<Record, tokio_postgres::Error> {
    let offset = row.try_get(1)?;
    let names: Vec<&[u8]> = row.try_get(4)?;
    let values: Vec<Option<&[u8]>> = row.try_get(5)?;
    Ok(Record {
        offset,
        expected_offset: offset,
        timestamp_ms: row.try_get(2)?,
        key: row.try_get::<_, Option<&[u8]>>(3)?.map(Into::into),
        headers: std::iter::zip(names, values)
            .map(|(name, value)| Header {
                name: name.into(),
                value: value.map(Into::into),
            })
            .collect(),
        payload: row.try_get::<_, Option<&[u8]>>(6)?.map(Into::into),
    })
}

/// Notes what is wrong by the current rules.
async fn still_rejected(
    session: &Session,
    plan: &Plan<'_>,
    ids: &HashMap<i64, i64>,
) -> Result<BTreeMap<String, u64>, StoreError> {
    let mut counts = BTreeMap::new();
    if plan.rejections.is_empty() {
        return Ok(counts);
    }
    let update = session.client.prepare(STILL_REJECTED).await?;
    for rejection in &plan.rejections {
        let violations = rejection.violations();
        let codes = codes(&violations);
        let id = ids[&rejection.record.offset];
        session
            .client
            .execute(&update, &[&id, &Json(&violations), &codes])
            .await?;
        for code in codes {
            *counts.entry(code.to_owned()).or_default() += 1;
        }
    }
    Ok(counts)
}
