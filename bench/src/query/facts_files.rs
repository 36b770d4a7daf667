//! The facts for other engines: a file a column, as plain arrays of numbers, and the names that
//! the numbers stand for.
//!
//! Texts become small integers here, once: no engine is slowed down by comparing texts.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use futures_util::TryStreamExt;
use ordertally_local::postgres::connect;
use tokio_postgres::Row;

use super::names::{Names, PlaceText};

const FACTS: &str = "
    SELECT created_at_us, customer_ids, currencies, order_values, total_discounts, total_taxes,
        accepts_marketing,
        shipping_provinces, shipping_province_codes, shipping_countries, shipping_country_codes,
        billing_provinces, billing_province_codes, billing_countries, billing_country_codes,
        item_counts, product_ids, quantities
    FROM order_facts ORDER BY partition, first_ordinal";

/// Writes every fact of the database at `url` into `folder`. Returns the names.
///
/// # Errors
///
/// When Postgres or the disk refuses, or there are not `orders` facts.
pub async fn write(url: &str, folder: &Path, orders: u64) -> Result<Names> {
    let client = connect(url).await?;
    let none: [&str; 0] = [];
    let rows = client.query_raw(FACTS, none).await?;
    let mut rows = std::pin::pin!(rows);
    let mut names = Names::default();
    let mut columns = Columns::create(folder)?;
    while let Some(row) = rows.try_next().await? {
        columns.add(&row, &mut names)?;
    }
    ensure!(
        columns.orders == orders,
        "{} of {orders} orders are in the facts",
        columns.orders
    );
    columns.end()?;
    column(folder, "customer_ranks")?.all(names.customer_ranks(), u32::to_le_bytes)?;
    let text = serde_json::to_vec(&names.of_numbers())?;
    std::fs::write(folder.join("names.json"), text).context("cannot write the names")?;
    Ok(names)
}

/// One file.
struct Column(BufWriter<File>);

fn column(folder: &Path, name: &str) -> Result<Column> {
    let path = folder.join(name);
    let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(Column(BufWriter::new(file)))
}

impl Column {
    fn all<T, const N: usize>(
        &mut self,
        values: impl IntoIterator<Item = T>,
        bytes: impl Fn(T) -> [u8; N],
    ) -> Result<()> {
        for value in values {
            self.0.write_all(&bytes(value))?;
        }
        Ok(())
    }
}

/// All of them, little-endian.
struct Columns {
    orders: u64,
    created_at_us: Column,
    customer: Column,
    currency: Column,
    amounts: [Column; 3],
    accepts_marketing: Column,
    places: [Column; 2],
    item_count: Column,
    product: Column,
    quantity: Column,
}

impl Columns {
    fn create(folder: &Path) -> Result<Self> {
        let column = |name| column(folder, name);
        Ok(Self {
            orders: 0,
            created_at_us: column("created_at_us")?,
            customer: column("customer")?,
            currency: column("currency")?,
            amounts: [
                column("order_value")?,
                column("total_discounts")?,
                column("total_tax")?,
            ],
            accepts_marketing: column("accepts_marketing")?,
            places: [column("shipping_place")?, column("billing_place")?],
            item_count: column("item_count")?,
            product: column("product")?,
            quantity: column("quantity")?,
        })
    }

    fn add(&mut self, row: &Row, names: &mut Names) -> Result<()> {
        let times: Vec<i64> = row.try_get(0)?;
        self.orders += u64::try_from(times.len())?;
        self.created_at_us.all(times, i64::to_le_bytes)?;
        for customer in row.try_get::<_, Vec<&str>>(1)? {
            let number = names.customers.number(customer);
            self.customer.all([number], u32::to_le_bytes)?;
        }
        for currency in row.try_get::<_, Vec<&str>>(2)? {
            let number = u8::try_from(names.currencies.number(currency))?;
            self.currency.all([number], u8::to_le_bytes)?;
        }
        for (place, amount) in self.amounts.iter_mut().enumerate() {
            amount.all(row.try_get::<_, Vec<i64>>(3 + place)?, i64::to_le_bytes)?;
        }
        let accepts: Vec<bool> = row.try_get(6)?;
        self.accepts_marketing
            .all(accepts.into_iter().map(u8::from), u8::to_le_bytes)?;
        for (kind, places) in self.places.iter_mut().enumerate() {
            for text in addresses(row, 7 + 4 * kind)? {
                let number = u16::try_from(names.places.number(&text))?;
                places.all([number], u16::to_le_bytes)?;
            }
        }
        self.item_count
            .all(row.try_get::<_, Vec<i32>>(15)?, i32::to_le_bytes)?;
        for product in row.try_get::<_, Vec<&str>>(16)? {
            let number = u16::try_from(names.products.number(product))?;
            self.product.all([number], u16::to_le_bytes)?;
        }
        self.quantity
            .all(row.try_get::<_, Vec<i32>>(17)?, i32::to_le_bytes)
    }

    fn end(self) -> Result<()> {
        let [value, discounts, tax] = self.amounts;
        let [shipping, billing] = self.places;
        for mut column in [
            self.created_at_us,
            self.customer,
            self.currency,
            value,
            discounts,
            tax,
            self.accepts_marketing,
            shipping,
            billing,
            self.item_count,
            self.product,
            self.quantity,
        ] {
            column.0.flush()?;
        }
        Ok(())
    }
}

/// The four columns that begin with `first`, an order at a time.
fn addresses(row: &Row, first: usize) -> Result<impl Iterator<Item = PlaceText<'_>>> {
    let part = |part: usize| row.try_get::<_, Vec<Option<&str>>>(first + part);
    let provinces = part(0)?.into_iter().zip(part(1)?);
    let countries = part(2)?.into_iter().zip(part(3)?);
    Ok(provinces
        .zip(countries)
        .map(|((province, code), (country, country_code))| [province, code, country, country_code]))
}
