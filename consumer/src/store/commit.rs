//! One batch, one transaction.
//!
//! Separate statements, prepared once and pipelined where one does not need the other's answer.
//! Each is followed by its own Sync, so after an error the later ones fail as well, and a COMMIT
//! would quietly be a ROLLBACK: every result is looked at before COMMIT is sent. Never cancelled
//! half-way but by its deadline, and then the connection is thrown away and the outcome settled by
//! the position's row.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::SinkExt;
use ordertally_schema::fingerprint::ContentHash;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;

use super::claim::Claim;
use super::connection::{Pool, Session};
use super::failure::StoreError;
use super::{rejected, rows};
use crate::batch::{Batch, NewOrder, Outcomes, Plan};
use crate::facts::FactColumns;
use crate::log_end::LogEnd;

/// Longest that a whole transaction may take. Its statements have a limit of their own; this one
/// is for a connection on which nothing comes back at all.
const COMMIT_TIMEOUT: Duration = Duration::from_secs(60);

/// How often an insert is repeated because another partition stored one of its ids meanwhile.
const RIVALS: usize = 20;

pub const LOCK: &str = "
    SELECT next_offset, facts_next, owner_epoch, coalesce(owner_name, ''), now()
    FROM partition_positions
    WHERE topic = $1 AND partition = $2
    FOR UPDATE";
pub const LOOKUP: &str = "SELECT event_id, content_hash FROM orders WHERE event_id = ANY($1)";
pub const INSERT_FACTS: &str = "
    INSERT INTO order_facts (
        topic, partition, first_ordinal, next_ordinal, created_at_us, customer_ids, currencies,
        order_values, total_discounts, total_taxes, accepts_marketing,
        shipping_provinces, shipping_province_codes, shipping_countries, shipping_country_codes,
        billing_provinces, billing_province_codes, billing_countries, billing_country_codes,
        item_counts, product_ids, quantities, committed_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
            $20, $21, $22, $23)";
/// Counts of another day give way to those of today.
pub const ADVANCE: &str = "
    UPDATE partition_positions
    SET next_offset = $3, facts_next = $4, committed_at = now(),
        log_end = coalesce($5, log_end), log_end_at = coalesce($6, log_end_at),
        day = today,
        day_stored = CASE WHEN day = today THEN day_stored ELSE 0 END + $7,
        day_duplicates = CASE WHEN day = today THEN day_duplicates ELSE 0 END + $8,
        day_rejected = CASE WHEN day = today THEN day_rejected ELSE 0 END + $9,
        day_ignored = CASE WHEN day = today THEN day_ignored ELSE 0 END + $10
    FROM (SELECT (now() AT TIME ZONE 'UTC')::date) AS clock (today)
    WHERE topic = $1 AND partition = $2";

/// What is known of earlier attempts at the same batch, and of the batches before.
#[derive(Debug)]
pub struct Previous {
    /// Whether to look the ids up before the insert. After a batch without a known id the insert
    /// itself finds one soon enough; after one with, the look-up is cheaper than the failed insert.
    pub look_up: bool,
    /// Set while a COMMIT is on its way whose answer may be lost: what it would have committed.
    pub in_doubt: Option<Outcomes>,
}

impl Default for Previous {
    fn default() -> Self {
        Self {
            look_up: true,
            in_doubt: None,
        }
    }
}

/// A batch that is in the database.
#[derive(Clone, Copy, Debug)]
pub struct Committed {
    /// How many records had each outcome.
    pub outcomes: Outcomes,
    /// Orders in the facts row that was written; 0 when there was none.
    pub fact_orders: i64,
}

/// The position's row, locked.
struct Locked {
    facts_next: i64,
    now: DateTime<Utc>,
}

impl Pool {
    /// Commits `batch` under `claim`, whole or not at all.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; nothing of the batch is in the database then, but after
    /// [`StoreError::Outage`] with [`Previous::in_doubt`] set, which the next attempt settles.
    pub async fn commit(
        &self,
        claim: &Claim,
        batch: &Batch,
        previous: &mut Previous,
    ) -> Result<Committed, StoreError> {
        let work = async {
            let lease = self.lease().await?;
            let committed = commit(lease.session(), claim, batch, previous).await?;
            lease.give_back();
            self.committed().notify_one();
            Ok(committed)
        };
        tokio::time::timeout(COMMIT_TIMEOUT, work)
            .await
            .map_err(|_| StoreError::deadline("a transaction"))?
    }
}

async fn commit(
    session: &Session,
    claim: &Claim,
    batch: &Batch,
    previous: &mut Previous,
) -> Result<Committed, StoreError> {
    let first_lookup = async {
        if previous.look_up {
            lookup(session, batch).await
        } else {
            Ok(HashMap::new())
        }
    };
    let key: [&(dyn ToSql + Sync); 2] = [&claim.topic, &claim.partition];
    let (begun, locked, known) = tokio::join!(
        session.client.batch_execute("BEGIN"),
        session.client.query_opt(&session.statements.lock, &key),
        first_lookup,
    );
    begun?;
    let locked = match settle(locked?.as_ref(), claim, batch, previous)? {
        Settled::ToDo(locked) => locked,
        Settled::Done(outcomes) => {
            session.client.batch_execute("ROLLBACK").await?;
            return Ok(Committed {
                outcomes,
                fact_orders: 0,
            });
        }
    };
    let (plan, any_known) = insert(session, claim, batch, known?, locked.now).await?;
    previous.look_up = plan.outcomes.duplicate > 0 || any_known;
    finish(session, claim, batch, &plan, &locked, previous).await
}

enum Settled {
    ToDo(Locked),
    Done(Outcomes),
}

/// Holds the position's row against the claim and the batch: whose it is, and whether an earlier
/// COMMIT whose answer was lost has done this batch already.
fn settle(
    row: Option<&tokio_postgres::Row>,
    claim: &Claim,
    batch: &Batch,
    previous: &mut Previous,
) -> Result<Settled, StoreError> {
    let fenced = |owner: String| StoreError::Fenced {
        partition: claim.partition,
        owner,
    };
    let row = row.ok_or_else(|| fenced("nobody (its row is gone)".into()))?;
    let (next_offset, epoch): (i64, i64) = (row.try_get(0)?, row.try_get(2)?);
    if epoch != claim.epoch {
        return Err(fenced(row.try_get(3)?));
    }
    if let Some(outcomes) = previous.in_doubt {
        if next_offset == batch.next_offset {
            return Ok(Settled::Done(outcomes));
        }
        previous.in_doubt = None;
    }
    if next_offset != batch.first_expected {
        return Err(StoreError::Misplaced {
            partition: claim.partition,
            stored: next_offset,
            expected: batch.first_expected,
        });
    }
    Ok(Settled::ToDo(Locked {
        facts_next: row.try_get(1)?,
        now: row.try_get(4)?,
    }))
}

/// Which of the event ids in `batch` are stored, with their content hashes.
pub(super) async fn lookup(
    session: &Session,
    batch: &Batch,
) -> Result<HashMap<String, ContentHash>, StoreError> {
    let ids = batch.event_ids();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = session
        .client
        .query(&session.statements.lookup, &[&ids])
        .await?;
    let mut known = HashMap::with_capacity(rows.len());
    for row in rows {
        let hash: &[u8] = row.try_get(1)?;
        let hash = hash.try_into().map_err(|_| {
            StoreError::Outage(anyhow::anyhow!("a stored content hash has not 16 bytes"))
        })?;
        known.insert(row.try_get(0)?, hash);
    }
    Ok(known)
}

/// Inserts the new orders among `batch`, of whose event ids `known` were stored when they were
/// looked up. What becomes of each record, and whether any id was known.
pub(super) async fn insert<'a>(
    session: &Session,
    claim: &Claim,
    batch: &'a Batch,
    mut known: HashMap<String, ContentHash>,
    now: DateTime<Utc>,
) -> Result<(Plan<'a>, bool), StoreError> {
    for _ in 0..=RIVALS {
        let plan = Plan::of(batch, &known);
        if plan.orders.is_empty() || insert_unrivalled(session, claim, &plan, now).await? {
            return Ok((plan, !known.is_empty()));
        }
        known = lookup(session, batch).await?;
    }
    Err(StoreError::Outage(anyhow::anyhow!(
        "other partitions keep storing the same orders"
    )))
}

/// Inserts under a savepoint; false when one of the ids was stored meanwhile through another
/// partition, and nothing is inserted then. The look-up is a hint, the primary key the judge.
async fn insert_unrivalled(
    session: &Session,
    claim: &Claim,
    plan: &Plan<'_>,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let (saved, inserted) = tokio::join!(
        session.client.batch_execute("SAVEPOINT orders"),
        insert_orders(session, claim, &plan.orders, now),
    );
    saved?;
    match inserted {
        Ok(()) => Ok(true),
        Err(error) if is_rival(&error) => {
            session
                .client
                .batch_execute("ROLLBACK TO SAVEPOINT orders")
                .await?;
            Ok(false)
        }
        Err(error) => Err(error.into()),
    }
}

fn is_rival(error: &tokio_postgres::Error) -> bool {
    error.as_db_error().is_some_and(|refusal| {
        *refusal.code() == SqlState::UNIQUE_VIOLATION && refusal.constraint() == Some("orders_pkey")
    })
}

/// Copies the orders in.
async fn insert_orders(
    session: &Session,
    claim: &Claim,
    orders: &[NewOrder<'_>],
    ingested_at: DateTime<Utc>,
) -> Result<(), tokio_postgres::Error> {
    let mut sink = Box::pin(
        session
            .client
            .copy_in(&session.statements.copy_orders)
            .await?,
    );
    // A refusal half-way closes the sink; its reason is the answer to `finish`.
    let mut sent = Ok(());
    for rows in rows::encode(orders, claim, ingested_at) {
        sent = sink.feed(rows).await;
        if sent.is_err() {
            break;
        }
    }
    sink.as_mut().finish().await?;
    sent
}

/// The columns of new orders in the order of the log, which a rebuild from the orders gives again.
pub(super) fn in_log_order<'a>(orders: &[NewOrder<'a>]) -> FactColumns<'a> {
    let mut in_log_order: Vec<&NewOrder<'a>> = orders.iter().collect();
    in_log_order.sort_unstable_by_key(|new| new.offset);
    FactColumns::of(in_log_order.into_iter().map(|new| new.order))
}

async fn finish(
    session: &Session,
    claim: &Claim,
    batch: &Batch,
    plan: &Plan<'_>,
    locked: &Locked,
    previous: &mut Previous,
) -> Result<Committed, StoreError> {
    let columns = in_log_order(&plan.orders);
    let facts_next = locked.facts_next + columns.len();
    let add_facts = async {
        if columns.is_empty() {
            return Ok(());
        }
        insert_facts(session, claim, locked.facts_next, &columns, locked.now).await
    };
    let reject = rejected::keep(session, claim, &plan.rejections, locked.now);
    let accept = async {
        if batch.first_expected < claim.rejected_below {
            rejected::supersede(session, claim, &plan.accepted).await
        } else {
            Ok(())
        }
    };
    let advance = Advance {
        next_offset: batch.next_offset,
        facts_next,
        log_end: batch.log_end,
        outcomes: plan.outcomes,
    };
    let (added, kept, accepted, advanced) =
        tokio::join!(add_facts, reject, accept, advance.make(session, claim));
    added.and(kept).and(accepted)?;
    advanced?;
    // Not pipelined with the others: only now is it sure that it would commit all of them.
    previous.in_doubt = Some(plan.outcomes);
    // Any error leaves the doubt: a backend told to end may have committed before it said so.
    session.client.batch_execute("COMMIT").await?;
    previous.in_doubt = None;
    Ok(Committed {
        outcomes: plan.outcomes,
        fact_orders: columns.len(),
    })
}

/// How far a transaction moves its partition.
pub(super) struct Advance {
    pub next_offset: i64,
    pub facts_next: i64,
    pub log_end: Option<LogEnd>,
    /// What is added to the day's counts.
    pub outcomes: Outcomes,
}

impl Advance {
    pub(super) async fn make(
        &self,
        session: &Session,
        claim: &Claim,
    ) -> Result<u64, tokio_postgres::Error> {
        let Outcomes {
            stored,
            duplicate,
            rejected,
            ignored,
        } = self.outcomes;
        let [stored, duplicate, rejected, ignored] = [stored, duplicate, rejected, ignored]
            .map(|records| i64::try_from(records).expect("a batch has far fewer records"));
        let (log_end, seen_at) = self
            .log_end
            .map(|log_end| (log_end.offset, log_end.seen_at))
            .unzip();
        let values: [&(dyn ToSql + Sync); 10] = [
            &claim.topic,
            &claim.partition,
            &self.next_offset,
            &self.facts_next,
            &log_end,
            &seen_at,
            &stored,
            &duplicate,
            &rejected,
            &ignored,
        ];
        let advance = &session.statements.advance;
        session.client.execute(advance, &values).await
    }
}

/// Adds one row of facts whose first order has the ordinal `first`.
pub(crate) async fn insert_facts(
    session: &Session,
    claim: &Claim,
    first: i64,
    columns: &FactColumns<'_>,
    committed_at: DateTime<Utc>,
) -> Result<(), StoreError> {
    let next = first + columns.len();
    let [provinces, province_codes, countries, country_codes] = &columns.shipping;
    let [
        billing_provinces,
        billing_province_codes,
        billing_countries,
        billing_country_codes,
    ] = &columns.billing;
    session
        .client
        .execute(
            &session.statements.insert_facts,
            &[
                &claim.topic,
                &claim.partition,
                &first,
                &next,
                &columns.created_at_us,
                &columns.customer_ids,
                &columns.currencies,
                &columns.order_values,
                &columns.total_discounts,
                &columns.total_taxes,
                &columns.accepts_marketing,
                provinces,
                province_codes,
                countries,
                country_codes,
                billing_provinces,
                billing_province_codes,
                billing_countries,
                billing_country_codes,
                &columns.item_counts,
                &columns.product_ids,
                &columns.quantities,
                &committed_at,
            ],
        )
        .await?;
    Ok(())
}
