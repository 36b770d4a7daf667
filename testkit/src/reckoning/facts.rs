//! What an order leaves in `order_facts`, and the rows of that table.

use anyhow::{Result, bail};
use tokio_postgres::Row;

use super::number::Amount;
use super::order::{Address, Order};

/// Province, its code, country, its code.
pub type Place = [Option<String>; 4];

/// One element of the facts' arrays.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fact {
    /// Microseconds since 1970.
    pub created_at_us: i64,
    /// The customer.
    pub customer_id: String,
    /// ISO 4217 code.
    pub currency: String,
    /// Value, discounts and tax in ten-thousandths.
    pub amounts: [Amount; 3],
    /// Whether the buyer accepts marketing.
    pub accepts_marketing: bool,
    /// Of the shipping address.
    pub shipping: Place,
    /// Of the billing address.
    pub billing: Place,
    /// Product and units of each line item.
    pub line_items: Vec<(String, i32)>,
}

impl Fact {
    /// What `order` leaves.
    pub fn of(order: &Order) -> Self {
        Self {
            created_at_us: order.created_at_us,
            customer_id: order.customer_id.clone(),
            currency: order.currency.clone(),
            amounts: [order.order_value, order.total_discounts, order.total_tax],
            accepts_marketing: order.buyer_accepts_marketing,
            shipping: place(&order.shipping_address),
            billing: place(&order.billing_address),
            line_items: order.line_items.clone(),
        }
    }
}

fn place(address: &Address) -> Place {
    ["province", "province_code", "country", "country_code"]
        .map(|field| address.get(field).cloned())
}

/// A row of `order_facts`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactRow {
    /// Partition.
    pub partition: i32,
    /// Ordinal of the first fact.
    pub first_ordinal: i64,
    /// Ordinal after the last.
    pub next_ordinal: i64,
    /// Its elements, or what is wrong with its arrays.
    pub facts: std::result::Result<Vec<Fact>, String>,
}

/// Every row of a topic, in the order of partition and ordinal.
pub const SQL: &str =
    "SELECT * FROM order_facts WHERE topic = $1 ORDER BY partition, first_ordinal";

/// Reads a row of [`SQL`].
pub fn read(row: &Row) -> Result<FactRow> {
    let first_ordinal: i64 = row.try_get("first_ordinal")?;
    let next_ordinal: i64 = row.try_get("next_ordinal")?;
    let count = usize::try_from(next_ordinal - first_ordinal)?;
    Ok(FactRow {
        partition: row.try_get("partition")?,
        first_ordinal,
        next_ordinal,
        facts: facts(row, count).map_err(|error| format!("{error:#}")),
    })
}

/// The arrays' elements, which must be `count` in each.
fn facts(row: &Row, count: usize) -> Result<Vec<Fact>> {
    let customers: Vec<String> = column(row, "customer_ids", count)?;
    let currencies: Vec<String> = column(row, "currencies", count)?;
    let times: Vec<i64> = column(row, "created_at_us", count)?;
    let values: Vec<i64> = column(row, "order_values", count)?;
    let discounts: Vec<i64> = column(row, "total_discounts", count)?;
    let taxes: Vec<i64> = column(row, "total_taxes", count)?;
    let accepts: Vec<bool> = column(row, "accepts_marketing", count)?;
    let shipping = places(row, "shipping", count)?;
    let billing = places(row, "billing", count)?;
    let mut line_items = line_items(row, count)?.into_iter();
    Ok((0..count)
        .map(|at| Fact {
            created_at_us: times[at],
            customer_id: customers[at].clone(),
            currency: currencies[at].clone(),
            amounts: [values[at], discounts[at], taxes[at]],
            accepts_marketing: accepts[at],
            shipping: shipping[at].clone(),
            billing: billing[at].clone(),
            line_items: line_items.next().unwrap_or_default(),
        })
        .collect())
}

fn column<T>(row: &Row, name: &str, count: usize) -> Result<Vec<T>>
where
    Vec<T>: for<'a> tokio_postgres::types::FromSql<'a>,
{
    let values: Vec<T> = row.try_get(name)?;
    if values.len() != count {
        bail!("{name} has {} elements for {count} ordinals", values.len());
    }
    Ok(values)
}

fn places(row: &Row, which: &str, count: usize) -> Result<Vec<Place>> {
    let named = |part: &str| column::<Option<String>>(row, &format!("{which}_{part}"), count);
    let columns = [
        named("provinces")?,
        named("province_codes")?,
        named("countries")?,
        named("country_codes")?,
    ];
    Ok((0..count)
        .map(|at| columns.each_ref().map(|column| column[at].clone()))
        .collect())
}

fn line_items(row: &Row, count: usize) -> Result<Vec<Vec<(String, i32)>>> {
    let counts: Vec<i32> = column(row, "item_counts", count)?;
    let total: i64 = counts.iter().copied().map(i64::from).sum();
    let total = usize::try_from(total)?;
    let products: Vec<String> = column(row, "product_ids", total)?;
    let quantities: Vec<i32> = column(row, "quantities", total)?;
    let mut items = products.into_iter().zip(quantities);
    counts
        .into_iter()
        .map(|count| Ok(items.by_ref().take(usize::try_from(count)?).collect()))
        .collect()
}
