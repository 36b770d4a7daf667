//! Every file of `testdata/events`, read by the decoder: a new case is a new file.
#![allow(clippy::unwrap_used)]

mod shown;

use std::collections::{BTreeMap, BTreeSet};

use ordertally_schema::event::{self, Reading};
use ordertally_schema::{Code, Violation};
use ordertally_testkit::event_cases::{self, EventCase, ExpectedViolation, Outcome};

fn read(case: &EventCase) -> Reading {
    event::read(case.payload.as_deref(), case.record_timestamp_ms)
}

/// What is wrong with a reading, in a line; nothing when it is as the case expects.
fn difference(case: &EventCase, reading: &Reading) -> Option<String> {
    match (case.outcome, reading) {
        (Outcome::Ignored, Reading::Ignored) => None,
        (Outcome::Stored, Reading::Valid(order)) => {
            let shown = shown::order(order);
            let differing: Vec<_> = case
                .order
                .iter()
                .filter(|(field, expected)| shown.get(field) != Some(expected))
                .map(|(field, expected)| {
                    format!("{field}: expected {expected}, not {}", shown[field])
                })
                .collect();
            (!differing.is_empty()).then(|| differing.join("; "))
        }
        (Outcome::Rejected, Reading::Rejected(violations)) => {
            let found = sorted(violations);
            (found != case.violations)
                .then(|| format!("expected {:?}, found {found:?}", case.violations))
        }
        (expected, Reading::Valid(_)) => Some(format!("expected {expected:?}, found an order")),
        (expected, found) => Some(format!("expected {expected:?}, found {found:?}")),
    }
}

fn sorted(violations: &[Violation]) -> Vec<ExpectedViolation> {
    let mut found: Vec<_> = violations
        .iter()
        .map(|violation| ExpectedViolation {
            field: violation.field.clone(),
            code: violation.code.as_str().to_owned(),
        })
        .collect();
    found.sort();
    found
}

#[test]
fn every_case_becomes_what_its_file_says() {
    let cases = event_cases::load().unwrap();
    let failures: Vec<_> = cases
        .iter()
        .filter_map(|case| {
            let difference = difference(case, &read(case))?;
            Some(format!("{} ({}): {difference}", case.name, case.says))
        })
        .collect();
    assert!(
        failures.is_empty(),
        "{} of {} cases:\n{}",
        failures.len(),
        cases.len(),
        failures.join("\n")
    );
}

#[test]
fn the_cases_are_many_and_distinct() {
    let cases = event_cases::load().unwrap();
    assert!(cases.len() >= 300, "only {} cases", cases.len());
    // All of them can go through one topic: none is another's duplicate.
    let mut names = BTreeMap::new();
    for case in &cases {
        if let Reading::Valid(order) = read(case) {
            let other = names.insert(order.event_id, &case.name);
            assert_eq!(other, None, "{} has the event id of another", case.name);
        }
    }
}

#[test]
fn every_code_of_the_decoder_is_in_a_case() {
    let expected: BTreeSet<_> = event_cases::load()
        .unwrap()
        .into_iter()
        .flat_map(|case| case.violations)
        .map(|violation| violation.code)
        .collect();
    for code in Code::ALL {
        // What only the database knows, and what takes a thousand faults (see `event_limits.rs`).
        let elsewhere = matches!(
            code,
            Code::ConflictingDuplicate | Code::RefusedByDatabase | Code::MoreViolations
        );
        let code = code.as_str();
        assert_eq!(expected.contains(code), !elsewhere, "{code}");
    }
}
