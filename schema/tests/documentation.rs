//! `docs/events.md` names every field, code and limit, and its examples are read.
#![allow(clippy::unwrap_used)]

mod shown;

use ordertally_schema::event::{self, Reading};
use ordertally_schema::{Code, Explanation, rules};

const PAGE: &str = include_str!("../../docs/events.md");

#[test]
fn the_page_names_every_field_and_status() {
    let names = rules::EVENT_FIELDS
        .iter()
        .chain(&rules::ADDRESS_FIELDS)
        .chain(&rules::LINE_ITEM_FIELDS)
        .chain(&rules::DISCOUNT_CODE_FIELDS)
        .chain(&rules::FINANCIAL_STATUSES);
    for name in names {
        assert!(PAGE.contains(&format!("`{name}`")), "{name}");
    }
}

#[test]
fn the_page_has_a_row_for_every_code_in_order_with_its_explanation() {
    let table = PAGE.split("## Codes").nth(1).unwrap();
    let rows: Vec<_> = table
        .lines()
        .filter(|line| line.starts_with("| `"))
        .collect();
    let expected: Vec<_> = Code::ALL
        .iter()
        .map(|code| {
            let Explanation { meaning, cure } = code.explanation();
            format!("| `{}` | {meaning} | {cure} |", code.as_str())
        })
        .collect();
    assert_eq!(rows, expected);
}

#[test]
fn the_pages_examples_are_the_same_order_but_for_what_they_leave_out() {
    let examples: Vec<_> = PAGE
        .split("```json\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .map(|json| event::read(Some(json.as_bytes()), None))
        .collect();
    let [Reading::Valid(plain), Reading::Valid(other)] = examples.as_slice() else {
        panic!("{examples:?}");
    };
    let (plain, other) = (shown::order(plain), shown::order(other));
    for field in [
        "created_at",
        "email",
        "currency",
        "order_value",
        "discount_codes",
        "buyer_accepts_marketing",
        "line_items",
    ] {
        assert_eq!(plain[field], other[field], "{field}");
    }
    assert_eq!(other["customer_id"], "66");
}

#[test]
fn codes_are_stored_as_they_are_documented() {
    for code in Code::ALL {
        let stored = serde_json::to_value(code).unwrap();
        assert_eq!(stored, code.as_str());
    }
}
