//! What the best customers are called: the one thing that the facts do not hold.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use futures_util::{TryStreamExt as _, stream};
use tokio::time::timeout;

use super::top_customers::TopCustomer;
use crate::database::{AskError, Database};

/// By customer, time and currency of the newest order counted; among orders of one instant the
/// greatest event id, in byte order, gives the name.
const SQL: &str = r#"
SELECT best.place, newest.email, newest.first_name, newest.last_name
FROM unnest($1, $2, $3) WITH ORDINALITY AS best (customer_id, created_at, currency, place)
CROSS JOIN LATERAL (
    SELECT email, first_name, last_name
    FROM orders
    WHERE orders.customer_id = best.customer_id
      AND orders.created_at = best.created_at
      AND orders.currency = best.currency
      AND ($4 IS NULL OR buyer_accepts_marketing = $4)
    ORDER BY event_id COLLATE "C" DESC
    LIMIT 1
) AS newest
"#;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    place: i64,
    #[diesel(sql_type = Text)]
    email: String,
    #[diesel(sql_type = Nullable<Text>)]
    first_name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    last_name: Option<String>,
}

/// Customers named by one query; more are named by several, side by side.
const AT_ONCE: usize = 128;

/// Connections that one answer uses at most.
const CONNECTIONS: usize = 4;

/// Puts the names on `customers`.
///
/// # Errors
///
/// [`AskError`] when the database does not give all of them in time.
pub async fn put_on(
    customers: &mut [TopCustomer],
    accepts_marketing: Option<bool>,
    database: &Database,
) -> Result<(), AskError> {
    let naming = stream::iter(customers.chunks_mut(AT_ONCE).map(Ok))
        .try_for_each_concurrent(CONNECTIONS, async |chunk| {
            name(chunk, accepts_marketing, database).await
        });
    timeout(database.request_timeout(), naming)
        .await
        .map_err(|_| AskError::TooSlow(database.request_timeout()))?
}

async fn name(
    customers: &mut [TopCustomer],
    accepts_marketing: Option<bool>,
    database: &Database,
) -> Result<(), AskError> {
    let ids: Vec<&str> = customers.iter().map(|best| &*best.customer_id).collect();
    let newest: Vec<DateTime<Utc>> = customers.iter().map(|best| best.newest).collect();
    let currencies: Vec<&str> = customers.iter().map(|best| &*best.currency).collect();
    let mut connection = database.connection().await?;
    let rows: Vec<Row> = diesel::sql_query(SQL)
        .bind::<Array<Text>, _>(ids)
        .bind::<Array<Timestamptz>, _>(newest)
        .bind::<Array<Text>, _>(currencies)
        .bind::<Nullable<Bool>, _>(accepts_marketing)
        .load(&mut connection)
        .await?;
    for row in rows {
        let place = usize::try_from(row.place - 1).ok();
        if let Some(customer) = place.and_then(|place| customers.get_mut(place)) {
            customer.email = Some(row.email);
            customer.first_name = row.first_name;
            customer.last_name = row.last_name;
        }
    }
    Ok(())
}
