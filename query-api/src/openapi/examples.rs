//! One answer of each kind, as values of the types that are sent.

use chrono::{DateTime, NaiveDate, Utc};

use crate::answers::{DailyValue, ProductUnits, ProvinceSales, TopCustomer, TotalValue};
use crate::health::{Check, Checks};
use crate::lists::RejectedCount;
use crate::lists::order::{AddressDocument, LineItemDocument, OrderDocument};
use crate::lists::rejected_event::{HeaderDocument, RejectedDocument, ViolationDocument};
use crate::position::Positions;
use crate::status::{
    CodeCount, DatabaseStatus, FactsStatus, Outcomes, OutcomesAsOf, Partition, PartitionsAsOf,
    RejectedToday, StatusDocument,
};

/// The first day of the examples.
pub(super) const START: NaiveDate = day(1);

/// The last day of the examples.
pub(super) const END: NaiveDate = day(5);

/// When the newest record was committed that they include.
pub(super) const AS_OF: &str = "2026-11-21T08:24:02.757Z";

/// Where a next page begins.
pub(super) const CURSOR: &str = "AZUppw2w2NhxAAWukiSJ";

/// What Prometheus reads.
pub(super) const FIGURES: &str =
    "# TYPE ordertally_facts_orders gauge\nordertally_facts_orders 5040\n";

/// A page for people.
pub(super) const PAGE: &str = "<!DOCTYPE html>\n<html lang=\"en\">…</html>\n";

const fn day(day: u32) -> NaiveDate {
    match NaiveDate::from_ymd_opt(2020, 9, day) {
        Some(date) => date,
        None => panic!("a day of September"),
    }
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

pub(super) fn top_customer() -> TopCustomer {
    TopCustomer {
        rank: 1,
        customer_id: "66f6".to_owned(),
        email: some("customer.66f6@example.com"),
        first_name: some("Søren"),
        last_name: some("Okafor"),
        currency: "USD".to_owned(),
        orders: 92,
        order_value: "12224.17".to_owned(),
        newest: DateTime::UNIX_EPOCH,
    }
}

pub(super) fn daily_value() -> DailyValue {
    DailyValue {
        date: START,
        value: TotalValue {
            currency: "USD".to_owned(),
            orders: 129,
            order_value: "14765.11".to_owned(),
            total_discounts: "239.98".to_owned(),
            total_tax: "680.79".to_owned(),
        },
    }
}

pub(super) fn province_sales() -> ProvinceSales<'static> {
    ProvinceSales {
        country: Some("United States"),
        province: Some("Idaho"),
        currency: "USD",
        orders: 29,
        order_value: "3242.29".to_owned(),
        units: 81,
        products: vec![
            ProductUnits {
                product_id: "392a9bddeefcb5ec",
                quantity: 75,
            },
            ProductUnits {
                product_id: "2f31244085395571",
                quantity: 6,
            },
        ],
    }
}

pub(super) fn order() -> OrderDocument {
    let address = AddressDocument {
        first_name: some("Aiko"),
        last_name: some("田中"),
        address1: some("1-1 Chiyoda"),
        address2: None,
        city: some("千代田区"),
        province: some("東京都"),
        province_code: None,
        country: some("Japan"),
        country_code: None,
        zip: some("100-0001"),
        phone: some("03-5555-0100"),
    };
    OrderDocument {
        event_id: "41e587e3-2c31-4338-8f6a-4f85d2df4c6a".to_owned(),
        event_version: "1.0.0".to_owned(),
        created_at: "2020-09-05T14:53:05Z".to_owned(),
        customer_id: "e870".to_owned(),
        email: "aiko@example.jp".to_owned(),
        first_name: some("Aiko"),
        last_name: some("田中"),
        billing_address: address.clone(),
        shipping_address: address,
        currency: "JPY".to_owned(),
        financial_status: "paid".to_owned(),
        order_value: "5771".to_owned(),
        total_discounts: "605".to_owned(),
        total_tax: "326".to_owned(),
        discount_codes: vec!["FALL2020".to_owned()],
        buyer_accepts_marketing: true,
        line_items: vec![LineItemDocument {
            id: "play-kit-01".to_owned(),
            quantity: 1,
        }],
        ingested_at: "2026-11-21T08:24:02.702126Z".to_owned(),
        topic: "orders".to_owned(),
        partition: 1,
        offset: 9,
    }
}

pub(super) fn rejected_event<V: From<ViolationDocument>>() -> RejectedDocument<V> {
    RejectedDocument {
        id: 30,
        topic: "orders".to_owned(),
        partition: 1,
        offset: 1710,
        timestamp: some("2026-11-21T08:25:02.884Z"),
        key: some("6963ef62ae"),
        key_base64: None,
        headers: vec![HeaderDocument {
            name: "source".to_owned(),
            value: some("shop"),
            value_base64: None,
        }],
        payload: some("{\"event_type\":\"order.created\",\"currency\":\"usd\"}"),
        payload_base64: None,
        violations: vec![V::from(ViolationDocument {
            field: "currency".to_owned(),
            code: "unknown_currency".to_owned(),
            message: "expected a code of ISO 4217 in upper case, such as USD".to_owned(),
        })],
        rejected_at: "2026-11-21T08:25:02.910593Z".to_owned(),
    }
}

pub(super) fn positions() -> Positions {
    Positions::from_iter([(0, 2026), (1, 1660), (2, 1354)])
}

pub(super) fn failed_checks() -> Checks {
    Checks {
        database: Check::Failed("the database does not answer".to_owned()),
        migrations: Check::Unknown,
        facts: Check::Ok,
        tokens: Check::Ok,
    }
}

pub(super) fn checks() -> Checks {
    Checks {
        database: Check::Ok,
        migrations: Check::Ok,
        facts: Check::Ok,
        tokens: Check::Ok,
    }
}

pub(super) fn rejected_count() -> RejectedCount {
    RejectedCount {
        date: START,
        code: "unknown_currency".to_owned(),
        rejected: 12,
    }
}

pub(super) fn status() -> StatusDocument {
    let as_of: DateTime<Utc> = AS_OF.parse().expect("a time");
    let partition = Partition {
        topic: "orders".to_owned(),
        partition: 0,
        incarnation: 1,
        next_offset: 2026,
        committed_at: Some(as_of),
        log_end: Some(2030),
        log_end_as_of: Some(as_of),
        lag: Some(4),
    };
    let today = Outcomes {
        date: as_of.date_naive(),
        stored: 1990,
        duplicate: 6,
        rejected: 30,
        ignored: 0,
    };
    let code = CodeCount {
        code: "unknown_currency".to_owned(),
        records: 12,
    };
    StatusDocument {
        version: env!("CARGO_PKG_VERSION"),
        started_at: as_of,
        uptime_seconds: 3600,
        as_of,
        database: Some(DatabaseStatus {
            as_of,
            answers: true,
        }),
        partitions: Some(PartitionsAsOf {
            as_of,
            data: vec![partition],
        }),
        today: Some(OutcomesAsOf { as_of, data: today }),
        rejected_today: Some(RejectedToday {
            as_of,
            date: as_of.date_naive(),
            by_code: vec![code],
        }),
        facts: FactsStatus {
            state: "read".to_owned(),
            orders: Some(1990),
            positions: Some(positions().to_string()),
            as_of: Some(as_of),
            followed: true,
        },
    }
}
