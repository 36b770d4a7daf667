//! Rows of facts, cut and merged in any way, hold every order once, in its place.
#![allow(clippy::unwrap_used)]

use ordertally_consumer::facts::{FAN_IN, FactColumns, LARGE, merge_run};
use ordertally_consumer::row::OrderRow;
use ordertally_schema::{Reading, ValidOrder, event};
use proptest::collection::vec;
use proptest::prelude::*;

/// Commits by their orders, and whether rows are merged after each. How large they are at most
/// decides which class of rows fills up.
fn commits() -> impl Strategy<Value = Vec<(i64, bool)>> {
    prop::sample::select(vec![20, 5_000, 60_000, 2 * LARGE])
        .prop_flat_map(|most| vec((1..=most, prop::bool::weighted(0.3)), 0..300))
}

fn order() -> impl Strategy<Value = ValidOrder> {
    let item = (0..50_u8, 1..9_u8)
        .prop_map(|(id, quantity)| format!(r#"{{"id": {id}, "quantity": {quantity}}}"#));
    (any::<u32>(), any::<bool>(), vec(item, 0..4)).prop_map(|(number, in_us, items)| {
        let (code, country) = if in_us { ("\"ID\"", "US") } else { ("null", "Ísland") };
        let event = format!(
            r#"{{"event_type": "order.created", "event_id": "x", "event_version": "1.0.0",
            "user_id": {number}, "email": "dan@example.com", "billing_address": {{}},
            "shipping_address": {{"province": "{number}", "province_code": {code}, "country": "{country}"}},
            "currency": "USD", "financial_status": "paid", "order_value": {number},
            "buyer_accepts_marketing": {in_us}, "line_items": [{}]}}"#,
            items.join(",")
        );
        match event::read(Some(event.as_bytes()), Some(1_600_000_000_000)) {
            Reading::Valid(order) => *order,
            other => panic!("{other:?}"),
        }
    })
}

/// Puts `next` behind `columns`, as a merge does with rows.
fn append<'a>(columns: &mut FactColumns<'a>, next: FactColumns<'a>) {
    columns.created_at_us.extend(next.created_at_us);
    columns.customer_ids.extend(next.customer_ids);
    columns.currencies.extend(next.currencies);
    columns.order_values.extend(next.order_values);
    columns.total_discounts.extend(next.total_discounts);
    columns.total_taxes.extend(next.total_taxes);
    columns.accepts_marketing.extend(next.accepts_marketing);
    for (texts, next) in columns.shipping.iter_mut().zip(next.shipping) {
        texts.extend(next);
    }
    for (texts, next) in columns.billing.iter_mut().zip(next.billing) {
        texts.extend(next);
    }
    columns.item_counts.extend(next.item_counts);
    columns.product_ids.extend(next.product_ids);
    columns.quantities.extend(next.quantities);
}

proptest! {
    #[test]
    fn the_columns_of_parts_put_behind_each_other_are_the_columns_of_all(
        parts in vec(vec(order(), 0..4), 0..6)
    ) {
        let rows: Vec<Vec<OrderRow>> = parts
            .iter()
            .map(|part| part.iter().map(|order| OrderRow::of(order, &mut Vec::new())).collect())
            .collect();
        let mut merged = FactColumns::default();
        for part in &rows {
            append(&mut merged, FactColumns::of(part));
        }
        let all = FactColumns::of(rows.iter().flatten());
        prop_assert_eq!(format!("{merged:?}"), format!("{all:?}"));
        // Every order is found at its place, and its items by the counts before it.
        let mut first = 0;
        for (place, order) in parts.iter().flatten().enumerate() {
            let next = first + usize::try_from(merged.item_counts[place]).unwrap();
            let products: Vec<_> = order.line_items.iter().map(|item| item.id.as_str()).collect();
            prop_assert_eq!(&merged.product_ids[first..next], products);
            first = next;
            prop_assert_eq!(merged.customer_ids[place], &order.customer_id);
            let texts = [&merged.shipping, &merged.billing].map(|columns| {
                columns.each_ref().map(|column| column.get(place).copied().flatten())
            });
            let expected = [&order.shipping_address, &order.billing_address].map(|address| {
                [
                    address.province.as_deref(),
                    address.province_code.as_deref(),
                    address.country.as_deref(),
                    address.country_code.as_deref(),
                ]
            });
            prop_assert_eq!(texts, expected);
        }
        prop_assert_eq!(first, merged.quantities.len());
    }

    #[test]
    fn whatever_is_committed_and_whenever_it_is_merged_each_order_is_in_one_row(
        commits in commits()
    ) {
        let mut rows: Vec<(i64, i64)> = Vec::new();
        let mut orders = 0;
        for (size, merge) in commits {
            rows.push((orders, orders + size));
            orders += size;
            if merge {
                let sizes: Vec<i64> = rows.iter().map(|(first, next)| next - first).collect();
                let run = merge_run(&sizes);
                if run == 0 {
                    continue;
                }
                prop_assert!((FAN_IN..=rows.len()).contains(&run), "{} of {}", run, rows.len());
                let merged = rows.split_off(rows.len() - run);
                prop_assert!(merged.iter().all(|(first, next)| next - first < LARGE));
                rows.push((merged[0].0, orders));
                prop_assert!(orders - merged[0].0 <= 2 * LARGE);
            }
        }
        let mut next = 0;
        for row in &rows {
            prop_assert_eq!(row.0, next);
            next = row.1;
        }
        prop_assert_eq!(next, orders);
    }

    #[test]
    fn where_every_commit_may_merge_rows_stay_few_and_orders_move_once_a_class(
        commits in vec(1..=200_i64, 0..2_000)
    ) {
        let (mut sizes, mut moved, mut orders) = (Vec::new(), 0, 0);
        for size in commits {
            sizes.push(size);
            orders += size;
            let run = merge_run(&sizes);
            if run > 0 {
                let merged: i64 = sizes.drain(sizes.len() - run..).sum();
                moved += merged;
                sizes.push(merged);
            }
        }
        let classes = LARGE.ilog(i64::try_from(FAN_IN).unwrap()) as usize;
        prop_assert!(sizes.len() <= (classes + 2) * FAN_IN, "{} rows", sizes.len());
        prop_assert!(moved <= 2 * i64::try_from(classes).unwrap() * orders, "{} of {}", moved, orders);
    }
}
