//! Orders at random, and the many ways in which a producer may spell one.
#![allow(dead_code)] // each test uses its part

mod spelling;

pub use spelling::{Choices, spell};

use chrono::{DateTime, Utc};
use ordertally_schema::{Address, LineItem, ValidOrder, rules};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use rust_decimal::Decimal;

/// The timestamp of the records that generated events come in: the end of 2030.
pub const RECORD_TIMESTAMP_MS: i64 = 1_924_991_999_000;

/// A text as it may be stored: any characters but NUL.
pub fn text() -> impl Strategy<Value = String> {
    "[^\\x00]{1,12}"
}

pub fn amount() -> impl Strategy<Value = Decimal> {
    (0_i64..=999_999_999_999_999_999, 0_u32..=17)
        .prop_map(|(digits, fewer)| Decimal::new(digits / 10_i64.pow(fewer), 4).normalize())
}

fn time() -> impl Strategy<Value = DateTime<Utc>> {
    (946_684_800_000_000..RECORD_TIMESTAMP_MS * 1_000)
        .prop_map(|micros| DateTime::from_timestamp_micros(micros).expect("a time before 2031"))
}

prop_compose! {
    fn address(place: Option<()>)(
        texts in vec(option::of(text()), 9),
        province in text(),
        country in text(),
        with_place in any::<bool>(),
    ) -> Address {
        let mut texts = texts.into_iter();
        let mut next = || texts.next().flatten();
        let place = (with_place || place.is_some()).then_some((province, country));
        Address {
            first_name: next(),
            last_name: next(),
            address1: next(),
            address2: next(),
            city: next(),
            province: place.as_ref().map(|(province, _)| province.clone()),
            province_code: next(),
            country: place.map(|(_, country)| country),
            country_code: next(),
            zip: next(),
            phone: next(),
        }
    }
}

prop_compose! {
    fn head()(
        event_id in text(),
        minor in any::<u16>(),
        created_at_given in option::of(time()),
        customer_id in prop_oneof![text(), "0|-?[1-9][0-9]{0,30}"],
        email in "[a-z]{1,8}@[a-z]{1,8}\\.example",
        names in (option::of(text()), option::of(text())),
    ) -> (String, String, Option<DateTime<Utc>>, String, String, [Option<String>; 2]) {
        (event_id, format!("1.{minor}.0"), created_at_given, customer_id, email, names.into())
    }
}

prop_compose! {
    /// A valid order of any content.
    pub fn order()(
        (event_id, event_version, created_at_given, customer_id, email, [first_name, last_name]) in head(),
        billing_address in address(None),
        shipping_address in address(Some(())),
        currency in prop::sample::select(vec!["USD", "EUR", "JPY", "KWD"]),
        status in prop::sample::select(rules::FINANCIAL_STATUSES.to_vec()),
        amounts in [amount(), amount(), amount()],
        discount_codes in vec(text(), 0..3),
        buyer_accepts_marketing in any::<bool>(),
        items in vec((prop_oneof![text(), "0|[1-9][0-9]{0,5}"], 1..=1_000_000), 0..4),
    ) -> ValidOrder {
        let [order_value, total_discounts, total_tax] = amounts;
        ValidOrder {
            event_id,
            event_version,
            created_at_given,
            record_time: DateTime::from_timestamp_millis(RECORD_TIMESTAMP_MS),
            customer_id,
            email,
            first_name,
            last_name,
            billing_address,
            shipping_address,
            currency: currency.to_owned(),
            financial_status: status.to_owned(),
            order_value,
            total_discounts,
            total_tax,
            discount_codes,
            buyer_accepts_marketing,
            line_items: items
                .into_iter()
                .map(|(id, quantity)| LineItem { id, quantity })
                .collect(),
        }
    }
}
