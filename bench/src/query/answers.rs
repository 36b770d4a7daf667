//! Answers in one form, so that those of the service and of other engines can be held against each
//! other: rows of whole numbers. Pure.

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::names::Names;
use super::questions::{Kind, Question};

/// A row: numbers in place of names, amounts in ten-thousandths.
pub type Row = Vec<i64>;

/// How many differences are told.
const EXAMPLES: usize = 3;

/// The service's answer to a question, its rows sorted:
///
/// - top customers: currency, rank among its best, customer, orders, value;
/// - order value: day of the range (0 in total), currency, orders, value, discounts, tax; days
///   without orders are left out;
/// - provinces: 0, province, currency, orders, value; and 1, province, currency, product, units.
///
/// # Errors
///
/// When the answer has another form or names what is in no fact.
pub fn of_service(question: &Question, body: &[u8], names: &Names) -> Result<Vec<Row>> {
    let answer: Value = serde_json::from_slice(body).context("an answer is no JSON")?;
    let data = answer["data"].as_array().context("an answer has no data")?;
    let mut rows = Vec::with_capacity(data.len());
    for entry in data {
        let currency = names.currencies.find(text(entry, "currency")?)?;
        let orders = whole(entry, "orders")?;
        let value = ten_thousandths(text(entry, "order_value")?)?;
        match question.kind() {
            Kind::Customers => {
                let customer = names.customer_rank(text(entry, "customer_id")?)?;
                rows.push(vec![
                    currency,
                    whole(entry, "rank")?,
                    customer,
                    orders,
                    value,
                ]);
            }
            Kind::Value if orders == 0 => {}
            Kind::Value => {
                let discounts = ten_thousandths(text(entry, "total_discounts")?)?;
                let tax = ten_thousandths(text(entry, "total_tax")?)?;
                let day = day(question, entry)?;
                rows.push(vec![day, currency, orders, value, discounts, tax]);
            }
            Kind::Provinces => {
                let province = names
                    .places
                    .find_province(entry["country"].as_str(), entry["province"].as_str())?;
                rows.push(vec![0, province, currency, orders, value]);
                add_products(&mut rows, entry, province, currency, names)?;
            }
        }
    }
    rows.sort_unstable();
    Ok(rows)
}

fn day(question: &Question, entry: &Value) -> Result<i64> {
    let Some(date) = entry["date"].as_str() else {
        return Ok(0);
    };
    let date: chrono::NaiveDate = date.parse().context("a date is none")?;
    Ok((date - question.days.start).num_days())
}

fn add_products(
    rows: &mut Vec<Row>,
    entry: &Value,
    province: i64,
    currency: i64,
    names: &Names,
) -> Result<()> {
    let products = entry["products"].as_array().context("no products")?;
    let mut units = 0;
    for product in products {
        let quantity = whole(product, "quantity")?;
        units += quantity;
        let product = names.products.find(text(product, "product_id")?)?;
        rows.push(vec![1, province, currency, product, quantity]);
    }
    ensure!(
        units == whole(entry, "units")?,
        "units are not the sum of those of the products"
    );
    Ok(())
}

fn text<'a>(entry: &'a Value, name: &str) -> Result<&'a str> {
    entry[name]
        .as_str()
        .with_context(|| format!("{name} is no text"))
}

fn whole(entry: &Value, name: &str) -> Result<i64> {
    entry[name]
        .as_i64()
        .with_context(|| format!("{name} is no whole number"))
}

/// `12.5` as 125000.
fn ten_thousandths(text: &str) -> Result<i64> {
    let (units, fraction) = text.split_once('.').unwrap_or((text, ""));
    ensure!(fraction.len() <= 4, "{text} has more than four decimals");
    format!("{units}{fraction:0<4}")
        .parse()
        .with_context(|| format!("{text} is no amount"))
}

/// Nothing where both have the same rows; else what differs, for people.
#[must_use]
pub fn difference(service: &[Row], other: &[Row]) -> Option<String> {
    let mut other = other.to_vec();
    other.sort_unstable();
    if service == other {
        return None;
    }
    let only = |one: &[Row], two: &[Row]| -> Vec<Row> {
        one.iter()
            .filter(|row| two.binary_search(row).is_err())
            .take(EXAMPLES)
            .cloned()
            .collect()
    };
    Some(format!(
        "{} rows here, {} there; only here {:?}; only there {:?}",
        service.len(),
        other.len(),
        only(service, &other),
        only(&other, service),
    ))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::query::drawing::fixed;
    use crate::query::questions::Asked;
    use serde_json::json;

    fn question(kind: Kind) -> Question {
        let questions = fixed("2020-09-01".parse().unwrap(), 30);
        let found = questions.iter().find(|question| question.kind() == kind);
        *found.unwrap()
    }

    fn names() -> Names {
        let mut names = Names::default();
        for currency in ["EUR", "USD"] {
            names.currencies.number(currency);
        }
        for id in ["y", "x"] {
            names.customers.number(id);
            names.products.number(id);
        }
        names.customer_ranks();
        names
            .places
            .number(&[Some("Idaho"), None, Some("United States"), None]);
        names
    }

    fn rows(kind: Kind, data: &Value) -> Result<Vec<Row>> {
        let body = serde_json::to_vec(&json!({ "data": data })).unwrap();
        of_service(&question(kind), &body, &names())
    }

    #[test]
    fn amounts_are_read_exactly() {
        for (text, expected) in [
            ("0", 0),
            ("150.00", 1_500_000),
            ("150", 1_500_000),
            ("0.0001", 1),
            ("92233720368547.7580", 922_337_203_685_477_580),
        ] {
            assert_eq!(ten_thousandths(text).unwrap(), expected, "{text}");
        }
        assert!(ten_thousandths("1.00001").is_err());
        assert!(ten_thousandths("x").is_err());
    }

    #[test]
    fn each_kind_of_answer_becomes_numbers() {
        let customers = json!([{"rank": 1, "customer_id": "x", "currency": "USD", "orders": 3,
            "order_value": "1.5"}]);
        let expected = [[1, 1, 0, 3, 15_000]];
        assert_eq!(rows(Kind::Customers, &customers).unwrap(), expected);

        let day = |date: &str, orders: i64| {
            json!({"date": date, "currency": "EUR", "orders": orders, "order_value": "2.00",
                "total_discounts": "0.00", "total_tax": "0.10"})
        };
        let value = json!([day("2020-09-03", 1), day("2020-09-04", 0)]);
        let expected = [[2, 0, 1, 20_000, 0, 1_000]];
        assert_eq!(rows(Kind::Value, &value).unwrap(), expected);

        let provinces = json!([{"country": "United States", "province": "Idaho",
            "currency": "USD", "orders": 2, "order_value": "9", "units": 7,
            "products": [{"product_id": "y", "quantity": 7}]}]);
        let expected = [[0, 0, 1, 2, 90_000], [1, 0, 1, 0, 7]];
        assert_eq!(rows(Kind::Provinces, &provinces).unwrap(), expected);
    }

    #[test]
    fn units_that_do_not_add_up_are_an_error() {
        let provinces = json!([{"country": "United States", "province": "Idaho",
            "currency": "USD", "orders": 2, "order_value": "9", "units": 8,
            "products": [{"product_id": "y", "quantity": 7}]}]);
        assert!(rows(Kind::Provinces, &provinces).is_err());
    }

    #[test]
    fn rows_may_come_in_any_order_and_every_number_counts() {
        let service = [vec![0, 1], vec![2, 3]];
        assert_eq!(difference(&service, &[vec![2, 3], vec![0, 1]]), None);
        let told = difference(&service, &[vec![2, 4], vec![0, 1]]).unwrap();
        assert!(told.contains("only here [[2, 3]]"), "{told}");
        assert!(told.contains("only there [[2, 4]]"), "{told}");
        assert!(difference(&service, &service[..1]).is_some());
        assert!(matches!(question(Kind::Value).asked, Asked::Value { .. }));
    }
}
