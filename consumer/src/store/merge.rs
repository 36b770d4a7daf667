//! Many small rows of facts become one, by the partition's owner, under its row lock.
//!
//! Readers follow by ordinal: of a merged row they take the elements past what they have seen, so
//! a merge never shows an order twice.

use std::fmt::Write as _;
use std::sync::LazyLock;
use std::time::Duration;

use super::claim::Claim;
use super::connection::{Pool, Session};
use super::failure::StoreError;
use crate::facts::{self, FAN_IN};

/// Longest that a merge may take.
const MERGE_TIMEOUT: Duration = Duration::from_secs(60);

/// Rows looked at from a partition's end: enough for a full run of every class.
const TAIL: i64 = 8 * FAN_IN as i64;

/// A row's size in orders; one whose orders have very many items counts by their bytes, so that no
/// merged column comes near the gigabyte that a field of Postgres may have.
const TAIL_ROWS: &str = "
    SELECT first_ordinal, greatest(next_ordinal - first_ordinal, pg_column_size(product_ids) / 1024)
    FROM order_facts
    WHERE topic = $1 AND partition = $2
    ORDER BY first_ordinal DESC
    LIMIT $3";

/// The array columns of `order_facts`. What is parallel stays so, since all are put one after the
/// other in the order of their rows.
const COLUMNS: [&str; 18] = [
    "created_at_us",
    "customer_ids",
    "currencies",
    "order_values",
    "total_discounts",
    "total_taxes",
    "accepts_marketing",
    "shipping_provinces",
    "shipping_province_codes",
    "shipping_countries",
    "shipping_country_codes",
    "billing_provinces",
    "billing_province_codes",
    "billing_countries",
    "billing_country_codes",
    "item_counts",
    "product_ids",
    "quantities",
];

/// Takes the rows out and puts their columns back, each one after the other, as one row.
static MERGE: LazyLock<String> = LazyLock::new(|| {
    let mut sql = String::from(
        "WITH merged AS (
            DELETE FROM order_facts
            WHERE topic = $1 AND partition = $2 AND first_ordinal >= $3
            RETURNING *
        )
        INSERT INTO order_facts (
            topic, partition, first_ordinal, next_ordinal, committed_at",
    );
    for column in COLUMNS {
        write!(sql, ", {column}").expect("a string takes what is written to it");
    }
    sql.push_str(") SELECT $1, $2, min(first_ordinal), max(next_ordinal), max(committed_at)");
    for column in COLUMNS {
        write!(
            sql,
            ", ARRAY(SELECT element FROM merged, unnest(merged.{column})
                     WITH ORDINALITY AS part (element, place)
                     ORDER BY merged.first_ordinal, place)"
        )
        .expect("a string takes what is written to it");
    }
    sql.push_str(" FROM merged");
    sql
});

/// Merges the newest rows of the claimed partition where enough of them are small. Returns how
/// many rows became one.
///
/// # Errors
///
/// [`StoreError`] as every transaction; the facts are as they were then.
pub async fn merge_facts(pool: &Pool, claim: &Claim) -> Result<usize, StoreError> {
    let work = async {
        let lease = pool.lease().await?;
        let merged = merge(lease.session(), claim).await?;
        lease.give_back();
        Ok(merged)
    };
    tokio::time::timeout(MERGE_TIMEOUT, work)
        .await
        .map_err(|_| StoreError::deadline("a merge of facts"))?
}

async fn merge(session: &Session, claim: &Claim) -> Result<usize, StoreError> {
    let client = &session.client;
    client.batch_execute("BEGIN").await?;
    let position = client
        .query_opt(&session.statements.lock, &[&claim.topic, &claim.partition])
        .await?;
    let epoch = position
        .as_ref()
        .map(|row| row.try_get::<_, i64>(2))
        .transpose()?;
    if epoch != Some(claim.epoch) {
        let owner = position.map_or(Ok(String::new()), |row| row.try_get(3))?;
        return Err(StoreError::Fenced {
            partition: claim.partition,
            owner,
        });
    }
    let mut rows = client
        .query(TAIL_ROWS, &[&claim.topic, &claim.partition, &TAIL])
        .await?;
    rows.reverse();
    let mut firsts = Vec::with_capacity(rows.len());
    let mut sizes = Vec::with_capacity(rows.len());
    for row in &rows {
        firsts.push(row.try_get::<_, i64>(0)?);
        sizes.push(row.try_get::<_, i64>(1)?);
    }
    let run = facts::merge_run(&sizes);
    if run > 0 {
        let first = firsts[firsts.len() - run];
        client
            .execute(MERGE.as_str(), &[&claim.topic, &claim.partition, &first])
            .await?;
    }
    client.batch_execute("COMMIT").await?;
    Ok(run)
}
