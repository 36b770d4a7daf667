//! What the files of `testdata/events` are too small for: floods of faults, and payloads at random.
#![allow(clippy::unwrap_used)]

mod generated;

use generated::{Choices, RECORD_TIMESTAMP_MS, spell};
use ordertally_schema::event::{self, Reading};
use ordertally_schema::{Code, Violation, rules};
use proptest::prelude::*;

fn violations(payload: &str) -> Vec<Violation> {
    match event::read(Some(payload.as_bytes()), Some(RECORD_TIMESTAMP_MS)) {
        Reading::Rejected(violations) => violations,
        other => panic!("{other:?}"),
    }
}

/// An event that lacks all but its line items.
fn with_items(items: &str) -> String {
    format!(r#"{{"event_type": "order.created", "line_items": [{items}]}}"#)
}

/// `with_items` lacks this many required fields.
const MISSING: usize = 10;

#[test]
fn a_thousand_violations_are_all_listed() {
    let items = vec!["0"; rules::VIOLATIONS_MAX - MISSING].join(",");
    let found = violations(&with_items(&items));
    assert_eq!(found.len(), rules::VIOLATIONS_MAX);
    assert!(
        found
            .iter()
            .all(|violation| violation.code != Code::MoreViolations)
    );
}

#[test]
fn beyond_a_thousand_violations_the_last_says_how_many_more_there_were() {
    let items = vec!["{}"; rules::LINE_ITEMS_MAX].join(",");
    let found = violations(&with_items(&items));
    assert_eq!(found.len(), rules::VIOLATIONS_MAX + 1);
    let last = found.last().unwrap();
    let unlisted = 2 * rules::LINE_ITEMS_MAX + MISSING - rules::VIOLATIONS_MAX;
    assert_eq!((last.field.as_str(), last.code), ("", Code::MoreViolations));
    assert!(
        last.message
            .starts_with(&format!("{unlisted} more violations")),
        "{}",
        last.message
    );
}

#[test]
fn messages_never_quote_the_payload() {
    let canary = "s3cret";
    let long = canary.repeat(200);
    let mut seen = 0;
    for value in [
        format!("\"{canary}\""),
        format!("\"{canary}\\u0000\""),
        format!("\"{long}\""),
        format!("[\"{canary}\", {{\"{canary}\": 1}}, 5]"),
        format!("{{\"{canary}\": \"{canary}\", \"city\": [\"{canary}\"]}}"),
        format!("\"{{\\\"zip\\\": {{\\\"{canary}\\\": 1}}}}\""),
    ] {
        for twice in [false, true] {
            let fields: Vec<_> = rules::EVENT_FIELDS[1..]
                .iter()
                .flat_map(|name| vec![format!("\"{name}\": {value}"); 1 + usize::from(twice)])
                .collect();
            let event = format!(
                "{{\"event_type\": \"order.created\", {}}}",
                fields.join(",")
            );
            for violation in violations(&event) {
                seen += 1;
                assert!(!violation.message.contains(canary), "{violation:?}");
                assert!(!violation.field.contains(canary), "{violation:?}");
                assert!(!violation.message.is_empty());
            }
        }
    }
    assert!(seen > 150, "only {seen} violations seen");
}

#[test]
fn no_depth_of_nesting_in_a_known_field_uses_the_stack() {
    // Less than the default stack of a thread would take a frame for each level.
    std::thread::Builder::new()
        .stack_size(128 * 1024)
        .spawn(|| {
            for name in &rules::EVENT_FIELDS[1..] {
                let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
                for value in [deep.clone(), format!("\"{deep}\"")] {
                    let found = violations(&format!("{{\"{name}\": {value}}}"));
                    assert!(!found.is_empty());
                }
            }
        })
        .unwrap()
        .join()
        .unwrap();
}

proptest! {
    #[test]
    fn any_bytes_have_a_reading(payload in prop::collection::vec(any::<u8>(), 0..200)) {
        let reading = event::read(Some(&payload), None);
        prop_assert!(matches!(reading, Reading::Rejected(violations) if !violations.is_empty()));
    }

    #[test]
    fn an_event_with_bytes_changed_has_one_reading(
        order in generated::order(),
        drawn in prop::collection::vec(any::<u8>(), 100),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut payload = spell(&order, &mut Choices::new(&drawn)).into_bytes();
        for (place, byte) in changes {
            let place = place.index(payload.len());
            payload[place] = byte;
        }
        let reading = event::read(Some(&payload), Some(RECORD_TIMESTAMP_MS));
        prop_assert_eq!(&event::read(Some(&payload), Some(RECORD_TIMESTAMP_MS)), &reading);
        if let Reading::Rejected(violations) = reading {
            prop_assert!(!violations.is_empty());
        }
    }
}
