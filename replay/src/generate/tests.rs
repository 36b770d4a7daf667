#![allow(clippy::unwrap_used)]
use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use ordertally_schema::{Reading, ValidOrder, event};

use super::*;

const NOW_MS: i64 = 1_700_000_000_000;

fn settings(orders: u64, duplicates: f64, invalid: f64) -> GenerateSettings {
    GenerateSettings {
        orders,
        seed: 7,
        days: 5,
        customers: 50,
        start: NaiveDate::from_ymd_opt(2020, 9, 1).unwrap(),
        duplicates,
        invalid,
        output: None,
    }
}

fn events(settings: &GenerateSettings) -> Vec<(Vec<u8>, String)> {
    let mut events = Vec::new();
    let plan = Plan::new(settings);
    assert!(plan.make(&invalid::codes(), |made| {
        events.push((made.payload.clone(), made.customer_id.clone()));
        true
    }));
    assert_eq!(events.len() as u64, plan.events());
    events
}

fn valid(payload: &[u8]) -> ValidOrder {
    match event::read(Some(payload), Some(NOW_MS)) {
        Reading::Valid(order) => *order,
        other => panic!("{other:?}: {}", String::from_utf8_lossy(payload)),
    }
}

#[test]
fn every_order_is_valid_in_range_and_has_an_id_of_its_own() {
    let events = events(&settings(3000, 0.0, 0.0));
    let orders: Vec<ValidOrder> = events.iter().map(|(payload, _)| valid(payload)).collect();
    let ids: BTreeSet<&str> = orders.iter().map(|order| order.event_id.as_str()).collect();
    assert_eq!(ids.len(), 3000);
    assert!(orders.is_sorted_by_key(ValidOrder::created_at));
    let day = |order: &ValidOrder| order.created_at().date_naive().to_string();
    assert_eq!(day(&orders[0]), "2020-09-01");
    assert_eq!(day(&orders[2999]), "2020-09-05");
    for (order, (_, key)) in orders.iter().zip(&events) {
        assert_eq!(&order.customer_id, key);
    }
}

#[test]
fn few_customers_order_much_and_several_currencies_occur() {
    let events = events(&settings(3000, 0.0, 0.0));
    let mut by_customer = BTreeMap::<String, u64>::new();
    let mut currencies = BTreeSet::new();
    for (payload, _) in &events {
        let order = valid(payload);
        *by_customer.entry(order.customer_id).or_default() += 1;
        currencies.insert(order.currency);
    }
    let mut counts: Vec<u64> = by_customer.into_values().collect();
    counts.sort_unstable();
    assert!(
        counts[counts.len() - 1] > 5 * counts[counts.len() / 2],
        "{counts:?}"
    );
    assert!(currencies.len() >= 4, "{currencies:?}");
}

#[test]
fn equal_settings_give_equal_bytes_and_others_other_ids() {
    let first = settings(500, 0.1, 0.1);
    assert_eq!(events(&first), events(&first.clone()));
    let ids = |settings: &GenerateSettings| -> BTreeSet<String> {
        let plain = GenerateSettings {
            duplicates: 0.0,
            invalid: 0.0,
            ..settings.clone()
        };
        events(&plain)
            .iter()
            .map(|(payload, _)| valid(payload).event_id)
            .collect()
    };
    let more = GenerateSettings {
        orders: 501,
        ..first.clone()
    };
    let other_seed = GenerateSettings {
        seed: 8,
        ..first.clone()
    };
    assert!(ids(&first).is_disjoint(&ids(&more)));
    assert!(ids(&first).is_disjoint(&ids(&other_seed)));
}

#[test]
fn duplicates_say_what_an_earlier_order_said() {
    let events = events(&settings(1000, 0.25, 0.0));
    assert_eq!(events.len(), 1250);
    let mut seen = BTreeMap::new();
    let (mut repeated, mut otherwise) = (0, 0);
    for (payload, _) in events {
        let order = valid(&payload);
        match seen.get(&order.event_id) {
            None => {
                seen.insert(order.event_id.clone(), (order, payload));
            }
            Some((first, bytes)) => {
                assert_eq!(first, &order);
                repeated += 1;
                otherwise += u32::from(*bytes != payload);
            }
        }
    }
    assert_eq!(repeated, 250);
    assert!((120..=125).contains(&otherwise), "{otherwise}");
}

#[test]
fn each_kind_of_fault_earns_its_code() {
    let plan = Plan::new(&settings(100, 0.0, 0.0));
    let mut made = Made::default();
    for code in invalid::codes() {
        invalid::write(&plan.order(3), code, &mut made);
        if code == Code::ConflictingDuplicate {
            assert_ne!(valid(&made.payload).order_value, {
                let mut plain = Made::default();
                plan.order(3)
                    .write(&mut plain, &Spelling::default(), &Change::default());
                valid(&plain.payload).order_value
            });
            continue;
        }
        let Reading::Rejected(violations) = event::read(Some(&made.payload), Some(NOW_MS)) else {
            panic!("{code:?} passes");
        };
        let codes: Vec<_> = violations.iter().map(|violation| violation.code).collect();
        assert_eq!(codes, [code]);
    }
}

#[test]
fn the_invalid_share_has_every_kind_and_leaves_the_orders_whole() {
    let events = events(&settings(360, 0.0, 0.5));
    assert_eq!(events.len(), 540);
    let mut codes = BTreeMap::<_, u32>::new();
    let mut ids = BTreeSet::new();
    let mut repeated = 0;
    for (payload, _) in &events {
        match event::read(Some(payload), Some(NOW_MS)) {
            Reading::Rejected(violations) => *codes.entry(violations[0].code).or_default() += 1,
            Reading::Valid(order) => repeated += u32::from(!ids.insert(order.event_id)),
            Reading::Ignored => panic!("no other type is made"),
        }
    }
    assert_eq!(ids.len(), 360);
    assert_eq!((codes.len(), repeated), (17, 10));
    assert!(codes.values().all(|count| *count == 10), "{codes:?}");
}
