//! The table that the others write to: that of the consumer as far as they can fill it.

use anyhow::{Result, ensure};
use tokio_postgres::Client;

/// The same columns and the same three indexes as the consumer's table. What the others cannot tell
/// is null, and lists are the text of JSON: Debezium's sink takes no arrays in arrays of a column's
/// values.
const CREATE: &str = r#"
CREATE TABLE peer_orders (LIKE orders INCLUDING ALL);
ALTER TABLE peer_orders
    ALTER created_at_given DROP NOT NULL,
    ALTER content_hash DROP NOT NULL,
    ALTER topic DROP NOT NULL,
    ALTER partition DROP NOT NULL,
    ALTER incarnation DROP NOT NULL,
    ALTER "offset" DROP NOT NULL,
    ALTER ingested_at SET DEFAULT now(),
    ALTER discount_codes TYPE text USING NULL,
    ALTER product_ids TYPE text USING NULL,
    ALTER quantities TYPE text USING NULL;
CHECKPOINT;
"#;

/// Makes it.
pub(super) async fn create(client: &Client) -> Result<()> {
    Ok(client.batch_execute(CREATE).await?)
}

/// Sums over all rows of a table: two that hold the same orders have the same.
pub(super) async fn sums(client: &Client, table: &str) -> Result<String> {
    let texts = "event_id, customer_id, email, currency, financial_status, billing_city, \
                 shipping_address1, shipping_address2, shipping_province, shipping_zip";
    let row = client
        .query_one(
            &format!(
                "SELECT concat_ws(' ', count(*), sum(order_value), sum(total_tax),
                                  sum(extract(epoch FROM created_at)),
                                  sum(length(concat({texts}))),
                                  count(*) FILTER (WHERE buyer_accepts_marketing))
                 FROM {table}"
            ),
            &[],
        )
        .await?;
    Ok(row.try_get(0)?)
}

/// A run counts only if every order is there, and what it says.
pub(super) async fn check(client: &Client, expected: &str) -> Result<()> {
    let stored = sums(client, "peer_orders").await?;
    ensure!(
        stored == expected,
        "the rows' sums are {stored} where the consumer's are {expected}"
    );
    Ok(())
}
