//! Rejected records: kept whole, found again, and gone from the list once they are accepted.

use chrono::{DateTime, Utc};
use futures_util::TryStreamExt;
use futures_util::stream::FuturesOrdered;
use ordertally_schema::Violation;
use tokio_postgres::types::Json;

use super::claim::Claim;
use super::connection::Session;
use super::failure::StoreError;
use crate::batch::{Accepted, Rejection};

/// The same record rejected again (a rewound position) is there already.
pub const KEEP: &str = r#"
    INSERT INTO rejected_events (
        topic, incarnation, partition, "offset", record_timestamp_ms, key, header_names,
        header_values, payload, violations, codes, rejected_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
    ON CONFLICT (topic, incarnation, partition, "offset") DO NOTHING"#;

/// Records that were rejected once and are accepted now.
pub const SUPERSEDE: &str = r#"
    WITH accepted AS (
        SELECT * FROM unnest($4::bigint[], $5::text[], $6::text[]) AS a ("offset", outcome, event_id)
    ), superseded AS (
        DELETE FROM rejected_events
        WHERE topic = $1 AND incarnation = $2 AND partition = $3
            AND "offset" IN (SELECT "offset" FROM accepted)
        RETURNING *
    )
    INSERT INTO retried_events (
        rejected_id, topic, incarnation, partition, "offset", outcome, event_id, violations,
        rejected_at, retried_at)
    SELECT
        superseded.id, superseded.topic, superseded.incarnation, superseded.partition,
        superseded."offset", accepted.outcome, accepted.event_id, superseded.violations,
        superseded.rejected_at, now()
    FROM superseded
    JOIN accepted USING ("offset")"#;

/// Bytes of rejections that are encoded and on their way at the same moment; a larger one goes alone.
/// The client's queue has no bound of its own, and what is wrong with the records of a batch may take
/// far more than they do.
const ON_THE_WAY_BYTES: usize = 512 * 1024;

/// Keeps the records, each with every violation.
pub async fn keep(
    session: &Session,
    claim: &Claim,
    rejections: &[Rejection<'_>],
    rejected_at: DateTime<Utc>,
) -> Result<(), StoreError> {
    let mut on_the_way = FuturesOrdered::new();
    let mut bytes = 0;
    for rejection in rejections {
        let size = rejection.size();
        while bytes + size > ON_THE_WAY_BYTES
            && let Some(kept) = on_the_way.try_next().await?
        {
            bytes -= kept;
        }
        bytes += size;
        // Each is a statement of its own: arrays of headers do not fit into arrays of records.
        on_the_way.push_back(keep_one(session, claim, rejection, size, rejected_at));
    }
    while on_the_way.try_next().await?.is_some() {}
    Ok(())
}

/// Keeps one record; gives back its `size`.
async fn keep_one(
    session: &Session,
    claim: &Claim,
    rejection: &Rejection<'_>,
    size: usize,
    rejected_at: DateTime<Utc>,
) -> Result<usize, tokio_postgres::Error> {
    let record = rejection.record;
    let violations = rejection.violations();
    let codes = codes(&violations);
    let names: Vec<&[u8]> = record.headers.iter().map(|header| &*header.name).collect();
    let values: Vec<Option<&[u8]>> = record
        .headers
        .iter()
        .map(|header| header.value.as_deref())
        .collect();
    session
        .client
        .execute(
            &session.statements.keep_rejected,
            &[
                &claim.topic,
                &claim.incarnation,
                &claim.partition,
                &record.offset,
                &record.timestamp_ms,
                &record.key.as_deref(),
                &names,
                &values,
                &record.payload.as_deref(),
                &Json(&violations),
                &codes,
                &rejected_at,
            ],
        )
        .await?;
    Ok(size)
}

/// The distinct codes among `violations`, sorted.
pub fn codes(violations: &[Violation]) -> Vec<&'static str> {
    let mut codes: Vec<&str> = violations
        .iter()
        .map(|violation| violation.code.as_str())
        .collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

/// Takes records that are accepted now from the list of rejected ones, leaving a trace.
pub async fn supersede(
    session: &Session,
    claim: &Claim,
    accepted: &[Accepted<'_>],
) -> Result<(), StoreError> {
    if accepted.is_empty() {
        return Ok(());
    }
    let offsets: Vec<i64> = accepted.iter().map(|accepted| accepted.offset).collect();
    let outcomes: Vec<&str> = accepted.iter().map(|accepted| accepted.outcome).collect();
    let event_ids: Vec<Option<&str>> = accepted.iter().map(|accepted| accepted.event_id).collect();
    session
        .client
        .execute(
            &session.statements.supersede,
            &[
                &claim.topic,
                &claim.incarnation,
                &claim.partition,
                &offsets,
                &outcomes,
                &event_ids,
            ],
        )
        .await?;
    Ok(())
}
