//! The last order that was read of each partition: by it a database is known again.
//!
//! A database that was restored, or a replica that was promoted without its last commits, has other
//! orders under the same ordinals once it has gone on far enough. Whoever follows cannot see that
//! from ordinals alone. It happens to no session that lives on, so it is looked for when another
//! one begins.

use std::collections::BTreeMap;

use tokio_postgres::Client;

const SQL: &str = "
    SELECT known.partition,
           facts.created_at_us[(known.ordinal - facts.first_ordinal)::integer],
           facts.customer_ids[(known.ordinal - facts.first_ordinal)::integer],
           facts.order_values[(known.ordinal - facts.first_ordinal)::integer]
    FROM unnest($1::integer[], $2::bigint[]) AS known (partition, ordinal)
    JOIN partition_positions AS positions ON positions.partition = known.partition
    CROSS JOIN LATERAL (
        SELECT *
        FROM order_facts
        WHERE order_facts.topic = positions.topic
          AND order_facts.partition = positions.partition
          AND order_facts.first_ordinal < known.ordinal
        ORDER BY first_ordinal DESC
        LIMIT 1
    ) AS facts";

/// What tells an order from another that took its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// When it was made, in microseconds since 1970; `None` where there is no such order.
    pub created_at_us: Option<i64>,
    /// Who ordered.
    pub customer_id: Option<String>,
    /// Ten-thousandths.
    pub value: Option<i64>,
}

/// By partition.
pub type Anchors = BTreeMap<i32, Anchor>;

/// The orders before these ordinals.
///
/// # Errors
///
/// When Postgres does not give them.
pub async fn read(
    client: &Client,
    ordinals: &BTreeMap<i32, i64>,
) -> Result<Anchors, tokio_postgres::Error> {
    let (partitions, ordinals): (Vec<i32>, Vec<i64>) = ordinals.iter().unzip();
    let mut anchors = Anchors::new();
    for row in client.query(SQL, &[&partitions, &ordinals]).await? {
        let anchor = Anchor {
            created_at_us: row.try_get(1)?,
            customer_id: row.try_get(2)?,
            value: row.try_get(3)?,
        };
        let _same = anchors.insert(row.try_get(0)?, anchor);
    }
    Ok(anchors)
}
