//! One order as the facts have it, read from either side.

use std::ops::Range;

use chrono::{DateTime, Utc};
use tokio_postgres::Row;

use crate::facts::FactColumns;

/// What an order is among the facts: [`Fact::of`] reads it back.
pub const OF_ORDERS: &str = r#"
    SELECT partition, event_id, "offset", ingested_at, created_at, customer_id, currency,
        (order_value * 10000)::bigint, (total_discounts * 10000)::bigint,
        (total_tax * 10000)::bigint, buyer_accepts_marketing,
        shipping_province, shipping_province_code, shipping_country, shipping_country_code,
        CASE WHEN billing_same THEN shipping_province ELSE billing_province END,
        CASE WHEN billing_same THEN shipping_province_code ELSE billing_province_code END,
        CASE WHEN billing_same THEN shipping_country ELSE billing_country END,
        CASE WHEN billing_same THEN shipping_country_code ELSE billing_country_code END,
        product_ids, quantities
    FROM orders"#;

/// Rows of facts as they are stored: [`StoredFacts::of`] reads one back.
pub const STORED: &str = "
    SELECT partition, first_ordinal, next_ordinal, created_at_us, customer_ids, currencies,
        order_values, total_discounts, total_taxes, accepts_marketing,
        shipping_provinces, shipping_province_codes, shipping_countries, shipping_country_codes,
        billing_provinces, billing_province_codes, billing_countries, billing_country_codes,
        item_counts, product_ids, quantities
    FROM order_facts";

/// One order as the facts have it.
#[derive(Debug)]
pub struct Fact<'a> {
    created_at_us: i64,
    customer_id: &'a str,
    currency: &'a str,
    order_value: i64,
    total_discounts: i64,
    total_tax: i64,
    accepts_marketing: bool,
    shipping: [Option<&'a str>; 4],
    billing: [Option<&'a str>; 4],
    product_ids: Vec<&'a str>,
    quantities: Vec<i32>,
}

impl<'a> Fact<'a> {
    /// Reads a row of [`OF_ORDERS`].
    pub fn of(row: &'a Row) -> Result<Self, tokio_postgres::Error> {
        let created_at: DateTime<Utc> = row.try_get(4)?;
        Ok(Self {
            created_at_us: created_at.timestamp_micros(),
            customer_id: row.try_get(5)?,
            currency: row.try_get(6)?,
            order_value: row.try_get(7)?,
            total_discounts: row.try_get(8)?,
            total_tax: row.try_get(9)?,
            accepts_marketing: row.try_get(10)?,
            shipping: [
                row.try_get(11)?,
                row.try_get(12)?,
                row.try_get(13)?,
                row.try_get(14)?,
            ],
            billing: [
                row.try_get(15)?,
                row.try_get(16)?,
                row.try_get(17)?,
                row.try_get(18)?,
            ],
            product_ids: row.try_get(19)?,
            quantities: row.try_get(20)?,
        })
    }

    /// How many line items.
    pub fn items(&self) -> usize {
        self.product_ids.len()
    }

    /// A hash of all of it: equal facts have equal ones, and others differ but for chance.
    pub fn hash(&self) -> u128 {
        let mut hasher = blake3::Hasher::new();
        for number in [
            self.created_at_us,
            self.order_value,
            self.total_discounts,
            self.total_tax,
            i64::from(self.accepts_marketing),
        ] {
            hasher.update(&number.to_le_bytes());
        }
        let mut text = |text: Option<&str>| {
            // The length before the text; a missing one has a length that no text has.
            let length = text.map_or(u64::MAX, |text| text.len() as u64);
            hasher.update(&length.to_le_bytes());
            hasher.update(text.unwrap_or_default().as_bytes());
        };
        text(Some(self.customer_id));
        text(Some(self.currency));
        for value in self.shipping.into_iter().chain(self.billing) {
            text(value);
        }
        for product in &self.product_ids {
            text(Some(product));
        }
        hasher.update(&(self.quantities.len() as u64).to_le_bytes());
        for quantity in &self.quantities {
            hasher.update(&quantity.to_le_bytes());
        }
        let mut hash = [0; 16];
        hash.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        u128::from_le_bytes(hash)
    }

    /// Adds it to a row that is to be written.
    pub fn push_onto(self, columns: &mut FactColumns<'a>) {
        columns.created_at_us.push(self.created_at_us);
        columns.customer_ids.push(self.customer_id);
        columns.currencies.push(self.currency);
        columns.order_values.push(self.order_value);
        columns.total_discounts.push(self.total_discounts);
        columns.total_taxes.push(self.total_tax);
        columns.accepts_marketing.push(self.accepts_marketing);
        for (column, value) in columns.shipping.iter_mut().zip(self.shipping) {
            column.push(value);
        }
        for (column, value) in columns.billing.iter_mut().zip(self.billing) {
            column.push(value);
        }
        let items = i32::try_from(self.product_ids.len());
        columns
            .item_counts
            .push(items.expect("an order has at most 1,000 items"));
        columns.product_ids.extend(self.product_ids);
        columns.quantities.extend(self.quantities);
    }
}

/// One row of stored facts.
#[derive(Debug)]
pub struct StoredFacts<'a> {
    /// Its partition.
    pub partition: i32,
    /// The ordinals that it says it covers.
    pub ordinals: Range<i64>,
    numbers: [Vec<i64>; 4],
    customer_ids: Vec<&'a str>,
    currencies: Vec<&'a str>,
    accepts_marketing: Vec<bool>,
    addresses: [Vec<Option<&'a str>>; 8],
    item_counts: Vec<i32>,
    product_ids: Vec<&'a str>,
    quantities: Vec<i32>,
}

impl<'a> StoredFacts<'a> {
    /// Reads a row of [`STORED`].
    pub fn of(row: &'a Row) -> Result<Self, tokio_postgres::Error> {
        Ok(Self {
            partition: row.try_get(0)?,
            ordinals: row.try_get(1)?..row.try_get(2)?,
            numbers: [
                row.try_get(3)?,
                row.try_get(6)?,
                row.try_get(7)?,
                row.try_get(8)?,
            ],
            customer_ids: row.try_get(4)?,
            currencies: row.try_get(5)?,
            accepts_marketing: row.try_get(9)?,
            addresses: [
                row.try_get(10)?,
                row.try_get(11)?,
                row.try_get(12)?,
                row.try_get(13)?,
                row.try_get(14)?,
                row.try_get(15)?,
                row.try_get(16)?,
                row.try_get(17)?,
            ],
            item_counts: row.try_get(18)?,
            product_ids: row.try_get(19)?,
            quantities: row.try_get(20)?,
        })
    }

    /// Its orders in the order of their ordinals; `None` when its arrays do not fit together.
    pub fn facts(&self) -> Option<Vec<Fact<'a>>> {
        let count = self.numbers[0].len();
        let [created_at_us, order_values, total_discounts, total_taxes] = &self.numbers;
        let fits = i64::try_from(count).ok() == Some(self.ordinals.end - self.ordinals.start)
            && self.numbers.iter().all(|column| column.len() == count)
            && self.addresses.iter().all(|column| column.len() == count)
            && [
                self.customer_ids.len(),
                self.currencies.len(),
                self.accepts_marketing.len(),
                self.item_counts.len(),
            ] == [count; 4]
            && self.product_ids.len() == self.quantities.len();
        if !fits {
            return None;
        }
        let mut facts = Vec::with_capacity(count);
        let mut first_item = 0;
        for place in 0..count {
            let next_item = first_item + usize::try_from(self.item_counts[place]).ok()?;
            let address = |column: usize| self.addresses[column][place];
            facts.push(Fact {
                created_at_us: created_at_us[place],
                customer_id: self.customer_ids[place],
                currency: self.currencies[place],
                order_value: order_values[place],
                total_discounts: total_discounts[place],
                total_tax: total_taxes[place],
                accepts_marketing: self.accepts_marketing[place],
                shipping: [address(0), address(1), address(2), address(3)],
                billing: [address(4), address(5), address(6), address(7)],
                product_ids: self.product_ids.get(first_item..next_item)?.to_vec(),
                quantities: self.quantities.get(first_item..next_item)?.to_vec(),
            });
            first_item = next_item;
        }
        (first_item == self.product_ids.len()).then_some(facts)
    }
}
