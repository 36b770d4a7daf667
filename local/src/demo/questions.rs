//! The three questions, each as the line that asks it and its answer as a table.

use std::time::Duration;

use anyhow::{Context, bail};
use comfy_table::{CellAlignment, Table, presets};
use serde_json::Value;

use crate::services::http_client;

const TIMEOUT: Duration = Duration::from_secs(30);
/// Longer answers are cut here; the line above the table gets the whole.
const ROWS_SHOWN: usize = 40;
const PRODUCTS_SHOWN: usize = 3;

struct Question {
    words: &'static str,
    path_and_query: &'static str,
    /// Fields of a row, in the order of the columns.
    columns: &'static [&'static str],
}

const QUESTIONS: [Question; 3] = [
    Question {
        words: "Who are the customers with the highest order value?",
        path_and_query: "/customers/top?start_date=2020-09-01&end_date=2020-09-05&count=5",
        columns: &[
            "rank",
            "customer_id",
            "first_name",
            "last_name",
            "email",
            "currency",
            "orders",
            "order_value",
        ],
    },
    Question {
        words: "What was sold on each day?",
        path_and_query: "/orders/value?start_date=2020-09-01&end_date=2020-09-05&mode=DAY",
        columns: &[
            "date",
            "currency",
            "orders",
            "order_value",
            "total_discounts",
            "total_tax",
        ],
    },
    Question {
        words: "How does Idaho do, and with which products?",
        path_and_query: "/sales/province?start_date=2020-09-01&end_date=2020-09-05&province=Idaho",
        columns: &[
            "country",
            "province",
            "currency",
            "orders",
            "order_value",
            "units",
            "products",
        ],
    },
];

/// Asks all of them once the answers include everything below `ends`, and prints each with its
/// answer.
pub(super) async fn ask_all(http_address: &str, ends: &[i64]) -> anyhow::Result<()> {
    let client = http_client(TIMEOUT)?;
    let included = format!("http://{http_address}{}", includes(ends));
    let included = client.get(&included).send().await;
    let included = included.context("the query service does not answer")?;
    if !included.status().is_success() {
        bail!("the query service is behind: {}", included.text().await?);
    }
    for question in &QUESTIONS {
        let url = format!("http://{http_address}{}", question.path_and_query);
        println!("\n{}\n$ curl '{url}'", question.words);
        let response = client.get(&url).send().await;
        let response = response.with_context(|| format!("{url} does not answer"))?;
        let status = response.status();
        let body = response.text().await?;
        if !status.is_success() {
            bail!("{url} answers {status}: {body}");
        }
        let answer: Value = serde_json::from_str(&body)
            .with_context(|| format!("{url} answers no JSON: {body}"))?;
        println!("{}", shown(question.columns, &answer)?);
    }
    Ok(())
}

/// A request that waits until the answers include everything below `ends`.
fn includes(ends: &[i64]) -> String {
    let positions = (0..).zip(ends).filter(|(_, end)| **end > 0);
    let positions: Vec<String> = positions
        .map(|(partition, end): (i32, _)| format!("{partition}={end}"))
        .collect();
    format!(
        "/orders/value?start_date=2020-09-01&end_date=2020-09-01&at_least={}&wait_ms=5000",
        positions.join(",")
    )
}

fn shown(columns: &[&str], answer: &Value) -> anyhow::Result<String> {
    let rows = answer["data"]
        .as_array()
        .with_context(|| format!("the answer has no data: {answer}"))?;
    if rows.is_empty() {
        bail!("the answer is empty: {answer}");
    }
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.set_header(columns.iter().copied());
    for row in rows.iter().take(ROWS_SHOWN) {
        table.add_row(columns.iter().map(|column| cell(&row[*column])));
    }
    for (index, column) in columns.iter().enumerate() {
        let numbers = [
            "rank",
            "orders",
            "order_value",
            "units",
            "total_discounts",
            "total_tax",
        ];
        if numbers.contains(column)
            && let Some(column) = table.column_mut(index)
        {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let mut text = table.to_string();
    if rows.len() > ROWS_SHOWN {
        text.push_str(&format!("\n… and {} more rows", rows.len() - ROWS_SHOWN));
    }
    if let Some(as_of) = answer["as_of"].as_str() {
        text.push_str(&format!("\nas of {as_of}"));
    }
    Ok(text)
}

fn cell(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Array(products) => {
            let mut parts: Vec<String> = products
                .iter()
                .take(PRODUCTS_SHOWN)
                .map(|product| {
                    let id = cell(&product["product_id"]);
                    format!("{} × {id}", product["quantity"])
                })
                .collect();
            if products.len() > PRODUCTS_SHOWN {
                parts.push(format!("{} more", products.len() - PRODUCTS_SHOWN));
            }
            parts.join(", ")
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_shown_by_their_first_few() {
        let products = serde_json::json!([
            {"product_id": "a", "quantity": 9},
            {"product_id": "b", "quantity": 5},
            {"product_id": "c", "quantity": 4},
            {"product_id": "d", "quantity": 1},
            {"product_id": "e", "quantity": 1},
        ]);
        assert_eq!(cell(&products), "9 × a, 5 × b, 4 × c, 2 more");
        assert_eq!(cell(&Value::Null), "");
        assert_eq!(cell(&serde_json::json!("150.00")), "150.00");
    }

    #[test]
    fn an_answer_without_rows_is_an_error() {
        let answer = serde_json::json!({"data": []});
        assert!(shown(&["date"], &answer).is_err());
    }
}
