//! What the database holds, read in one snapshot: the only part of the reckoning that speaks SQL.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use tokio_postgres::{Client, Row};

use super::facts::{Fact, FactRow, Place};
use super::json::{self, Json};
use super::log::{Coordinates, TopicRecord};
use super::number::{Amount, Number};
use super::order::{ADDRESS_FIELDS, Address, Order};

/// The tables' rows.
#[derive(Clone, Debug, Default)]
pub struct Tables {
    /// The topics that the database is bound to.
    pub streams: Vec<String>,
    /// By partition.
    pub positions: BTreeMap<i32, Position>,
    /// Offsets that an operator passed over.
    pub skipped: Vec<SkippedRange>,
    /// Orders with what is wrong in the way that a row stores them.
    pub orders: BTreeMap<String, StoredOrder>,
    /// Rejected records.
    pub rejected: BTreeMap<Coordinates, StoredRejection>,
    /// Records that a retry brought to another outcome, which is the value.
    pub retried: BTreeMap<Coordinates, String>,
    /// Facts in the order of partition and ordinal.
    pub facts: Vec<FactRow>,
}

/// A partition's position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The topic's incarnation that it belongs to.
    pub incarnation: i32,
    /// Every record below has had its outcome.
    pub next_offset: i64,
    /// Orders ever stored through the partition.
    pub facts_next: i64,
}

/// A range of offsets, the last one exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SkippedRange {
    /// Its first offset.
    pub first: Coordinates,
    /// The offset after its last.
    pub next_offset: i64,
}

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

/// A row of `rejected_events`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredRejection {
    /// The record that was kept.
    pub record: TopicRecord,
    /// Fields and codes.
    pub violations: BTreeSet<(String, String)>,
    /// What is wrong in the way it is stored.
    pub faults: Vec<String>,
}

const ORDERS: &str = r#"
SELECT *,
    (extract(epoch FROM created_at) * 1000000)::bigint AS created_at_us,
    order_value::text AS order_value_text,
    total_discounts::text AS total_discounts_text,
    total_tax::text AS total_tax_text
FROM orders WHERE topic = $1
"#;
const REJECTED: &str =
    "SELECT *, violations::text AS violations_text FROM rejected_events WHERE topic = $1";
const FACTS: &str = "SELECT * FROM order_facts WHERE topic = $1 ORDER BY partition, first_ordinal";

impl Tables {
    /// Reads everything that the database holds of `topic`.
    ///
    /// # Errors
    ///
    /// When the database cannot be asked or a row has another form than the migrations give it.
    pub async fn read(client: &Client, topic: &str) -> Result<Self> {
        client
            .batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            .await
            .context("cannot open a snapshot")?;
        let tables = Self::read_snapshot(client, topic).await;
        let closed = client.batch_execute("ROLLBACK").await;
        let tables = tables.context("cannot read the tables")?;
        closed.context("cannot close the snapshot")?;
        Ok(tables)
    }

    async fn read_snapshot(client: &Client, topic: &str) -> Result<Self> {
        let mut tables = Self::default();
        for row in client.query("SELECT topic FROM streams", &[]).await? {
            tables.streams.push(row.try_get(0)?);
        }
        let positions = "SELECT * FROM partition_positions WHERE topic = $1";
        for row in client.query(positions, &[&topic]).await? {
            tables
                .positions
                .insert(row.try_get("partition")?, position(&row)?);
        }
        let skipped = "SELECT *, first_offset AS \"offset\" FROM skipped_ranges WHERE topic = $1";
        for row in client.query(skipped, &[&topic]).await? {
            tables.skipped.push(SkippedRange {
                first: coordinates(&row)?,
                next_offset: row.try_get("next_offset")?,
            });
        }
        for row in client.query(ORDERS, &[&topic]).await? {
            let stored = stored_order(&row)?;
            tables.orders.insert(stored.order.event_id.clone(), stored);
        }
        for row in client.query(REJECTED, &[&topic]).await? {
            tables
                .rejected
                .insert(coordinates(&row)?, stored_rejection(&row)?);
        }
        let retried = "SELECT * FROM retried_events WHERE topic = $1";
        for row in client.query(retried, &[&topic]).await? {
            tables
                .retried
                .insert(coordinates(&row)?, row.try_get("outcome")?);
        }
        for row in client.query(FACTS, &[&topic]).await? {
            tables.facts.push(fact_row(&row)?);
        }
        Ok(tables)
    }
}

fn coordinates(row: &Row) -> Result<Coordinates> {
    Ok(Coordinates {
        partition: row.try_get("partition")?,
        incarnation: row.try_get("incarnation")?,
        offset: row.try_get("offset")?,
    })
}

fn position(row: &Row) -> Result<Position> {
    Ok(Position {
        incarnation: row.try_get("incarnation")?,
        next_offset: row.try_get("next_offset")?,
        facts_next: row.try_get("facts_next")?,
    })
}

fn stored_order(row: &Row) -> Result<StoredOrder> {
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

fn stored_rejection(row: &Row) -> Result<StoredRejection> {
    let names: Vec<Vec<u8>> = row.try_get("header_names")?;
    let values: Vec<Option<Vec<u8>>> = row.try_get("header_values")?;
    let mut faults = Vec::new();
    if names.len() != values.len() {
        faults.push("header_names and header_values differ in length".to_owned());
    }
    let listed = violations(row.try_get("violations_text")?)?;
    let violations: BTreeSet<_> = listed.iter().cloned().collect();
    if violations.len() != listed.len() {
        faults.push("a violation is listed twice".to_owned());
    }
    let mut codes: Vec<String> = row.try_get("codes")?;
    codes.sort();
    let expected: BTreeSet<&String> = violations.iter().map(|(_, code)| code).collect();
    if !codes.iter().eq(expected) {
        faults.push(format!("codes {codes:?} are not those of the violations"));
    }
    Ok(StoredRejection {
        record: TopicRecord {
            offset: row.try_get("offset")?,
            timestamp_ms: row.try_get("record_timestamp_ms")?,
            key: row.try_get("key")?,
            headers: names.into_iter().zip(values).collect(),
            payload: row.try_get("payload")?,
        },
        violations,
        faults,
    })
}

/// Field and code of each violation; each must have a message.
fn violations(text: &str) -> Result<Vec<(String, String)>> {
    let Some(Json::List(list)) = json::read(text) else {
        bail!("the violations are no list: {text}");
    };
    let text_of = |members: &[(json::Text, Json)], name: &str| {
        members.iter().find_map(|(key, value)| match value {
            Json::Text(text) if key.as_deref() == Some(name) => text.clone(),
            _ => None,
        })
    };
    list.iter()
        .map(|violation| match violation {
            Json::Object(members) => {
                let message = text_of(members, "message").filter(|message| !message.is_empty());
                message
                    .and(text_of(members, "field"))
                    .zip(text_of(members, "code"))
                    .with_context(|| format!("a violation lacks a part: {text}"))
            }
            _ => bail!("a violation is no object: {text}"),
        })
        .collect()
}

fn fact_row(row: &Row) -> Result<FactRow> {
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
