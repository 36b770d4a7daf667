//! The three questions as plain SQL over `orders`: what answers from anywhere else are held
//! against, however many orders there are.
//!
//! Written the obvious way, with Postgres' own calendar, and sharing nothing with the service: the
//! local date is `AT TIME ZONE`, lower case is ICU's. The [reckoning](crate::reckoning) computes
//! the same from the topic's records alone; this starts from what is stored.

use anyhow::{Context, Result};
use iso_currency::Currency;
use serde_json::{Value, json};
use tokio_postgres::{Client, Row};

use crate::reckoning::number::money;
use crate::reckoning::question::{Days, OrderValue, ProvinceSales, TopCustomers};

const TOP_CUSTOMERS: &str = include_str!("judge/top_customers.sql");
const DAILY_VALUE: &str = include_str!("judge/daily_value.sql");
const TOTAL_VALUE: &str = include_str!("judge/total_value.sql");
const PROVINCE_SALES: &str = include_str!("judge/province_sales.sql");

/// `/customers/top`.
///
/// # Errors
///
/// When the database does not answer.
pub async fn top_customers(client: &Client, question: &TopCustomers) -> Result<Value> {
    let TopCustomers {
        days,
        count,
        currency,
        accepts_marketing,
    } = question;
    let count = i64::try_from(*count)?;
    let rows = client
        .query(
            TOP_CUSTOMERS,
            &[
                &days.zone.name(),
                &days.start,
                &days.end,
                currency,
                accepts_marketing,
                &count,
            ],
        )
        .await
        .context("ask for the top customers")?;
    answer(days, &rows, |row| {
        Ok(json!({
            "rank": row.try_get::<_, i64>("rank")?,
            "customer_id": row.try_get::<_, String>("customer_id")?,
            "email": row.try_get::<_, String>("email")?,
            "first_name": row.try_get::<_, Option<String>>("first_name")?,
            "last_name": row.try_get::<_, Option<String>>("last_name")?,
            "currency": row.try_get::<_, String>("currency")?,
            "orders": row.try_get::<_, i64>("orders")?,
            "order_value": amount(row, "order_value")?,
        }))
    })
}

/// `/orders/value`.
///
/// # Errors
///
/// When the database does not answer.
pub async fn order_value(client: &Client, question: &OrderValue) -> Result<Value> {
    let OrderValue { days, by_day } = question;
    let statement = if *by_day { DAILY_VALUE } else { TOTAL_VALUE };
    let rows = client
        .query(statement, &[&days.zone.name(), &days.start, &days.end])
        .await
        .context("ask for the order value")?;
    answer(days, &rows, |row| {
        let mut value = json!({
            "currency": row.try_get::<_, String>("currency")?,
            "orders": row.try_get::<_, i64>("orders")?,
            "order_value": amount(row, "order_value")?,
            "total_discounts": amount(row, "total_discounts")?,
            "total_tax": amount(row, "total_tax")?,
        });
        if *by_day {
            value["date"] = row.try_get::<_, String>("date")?.into();
        }
        Ok(value)
    })
}

/// `/sales/province`.
///
/// # Errors
///
/// When the database does not answer.
pub async fn province_sales(client: &Client, question: &ProvinceSales) -> Result<Value> {
    let ProvinceSales {
        days,
        province,
        country,
        currency,
        by_billing,
    } = question;
    let rows = client
        .query(
            PROVINCE_SALES,
            &[
                &days.zone.name(),
                &days.start,
                &days.end,
                currency,
                by_billing,
                province,
                country,
                &blanks(),
            ],
        )
        .await
        .context("ask for the sales by province")?;
    answer(days, &rows, |row| {
        Ok(json!({
            "country": row.try_get::<_, Option<String>>("country")?,
            "province": row.try_get::<_, Option<String>>("province")?,
            "currency": row.try_get::<_, String>("currency")?,
            "orders": row.try_get::<_, i64>("orders")?,
            "order_value": amount(row, "order_value")?,
            "units": row.try_get::<_, i64>("units")?,
            "products": row.try_get::<_, Value>("products")?,
        }))
    })
}

fn answer(days: &Days, rows: &[Row], row: impl Fn(&Row) -> Result<Value>) -> Result<Value> {
    Ok(json!({
        "start_date": days.start.to_string(),
        "end_date": days.end.to_string(),
        "time_zone": days.zone.name(),
        "data": rows.iter().map(row).collect::<Result<Vec<_>>>()?,
    }))
}

/// An amount that the statement gives as the text of ten-thousandths, whole.
fn amount(row: &Row, column: &str) -> Result<String> {
    let ten_thousandths: i128 = row.try_get::<_, &str>(column)?.parse()?;
    let places = Currency::from_code(row.try_get("currency")?)
        .and_then(Currency::exponent)
        .unwrap_or(0);
    Ok(money(ten_thousandths, usize::from(places)))
}

/// Every character that Unicode calls white space, for `btrim`.
fn blanks() -> String {
    ('\0'..=char::MAX)
        .filter(|letter| letter.is_whitespace())
        .collect()
}
