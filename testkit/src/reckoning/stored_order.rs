//! Rows of `orders`.

use anyhow::{Context, Result};
use tokio_postgres::Row;

use super::log::Coordinates;
use super::number::{Amount, Number};
use super::order::{ADDRESS_FIELDS, Address, Order};
use super::tables::coordinates;

/// Every order of a topic.
pub const SQL: &str = r#"
SELECT *,
    (extract(epoch FROM created_at) * 1000000)::bigint AS created_at_us,
    order_value::text AS order_value_text,
    total_discounts::text AS total_discounts_text,
    total_tax::text AS total_tax_text
FROM orders WHERE topic = $1
"#;
/// A row of `orders`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredOrder {
    /// The record that it came from.
    pub coordinates: Option<Coordinates>,
    /// What it says.
    pub order: Order,
    /// What is wrong in the way it is stored.
    pub faults: Vec<String>,
}

/// Reads a row of [`SQL`].
pub fn read(row: &Row) -> Result<StoredOrder> {
    let mut faults = Vec::new();
    let shipping_address = address(row, "shipping")?;
    let billing_columns = address(row, "billing")?;
    let billing_same: bool = row.try_get("billing_same")?;
    let billing_address = match billing_same {
        true if !billing_columns.is_empty() => {
            faults.push("billing_same is true beside billing columns".to_owned());
            billing_columns
        }
        true => shipping_address.clone(),
        false if billing_columns == shipping_address => {
            faults.push("billing_same is false, and the addresses are equal".to_owned());
            billing_columns
        }
        false => billing_columns,
    };
    let hash: Vec<u8> = row.try_get("content_hash")?;
    if hash.len() != 16 {
        faults.push(format!("the content hash has {} bytes", hash.len()));
    }
    let products: Vec<String> = row.try_get("product_ids")?;
    let quantities: Vec<i32> = row.try_get("quantities")?;
    if products.len() != quantities.len() {
        faults.push("product_ids and quantities differ in length".to_owned());
    }
    let order = Order {
        event_id: row.try_get("event_id")?,
        event_version: row.try_get("event_version")?,
        created_at_us: row.try_get("created_at_us")?,
        created_at_given: row.try_get("created_at_given")?,
        customer_id: row.try_get("customer_id")?,
        email: row.try_get("email")?,
        first_name: row.try_get("first_name")?,
        last_name: row.try_get("last_name")?,
        billing_address,
        shipping_address,
        currency: row.try_get("currency")?,
        financial_status: row.try_get("financial_status")?,
        order_value: amount(row, "order_value_text")?,
        total_discounts: amount(row, "total_discounts_text")?,
        total_tax: amount(row, "total_tax_text")?,
        discount_codes: row.try_get("discount_codes")?,
        buyer_accepts_marketing: row.try_get("buyer_accepts_marketing")?,
        line_items: products.into_iter().zip(quantities).collect(),
    };
    Ok(StoredOrder {
        coordinates: Some(coordinates(row)?),
        order,
        faults,
    })
}

fn address(row: &Row, which: &str) -> Result<Address> {
    let mut address = Address::new();
    for field in ADDRESS_FIELDS {
        let text: Option<String> = row.try_get(format!("{which}_{field}").as_str())?;
        address.extend(text.map(|text| (field, text)));
    }
    Ok(address)
}

fn amount(row: &Row, column: &str) -> Result<Amount> {
    let text: &str = row.try_get(column)?;
    Number::read(text)
        .and_then(|number| number.amount())
        .with_context(|| format!("{column} holds no amount: {text}"))
}
