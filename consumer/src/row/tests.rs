//! Rows against Postgres' own reading of them.

use super::*;
use ordertally_schema::{Reading, event};
use ordertally_testkit::event_cases;
use proptest::prelude::*;
use tokio_postgres::types::FromSql;

fn orders() -> impl Iterator<Item = ValidOrder> {
    event_cases::load().unwrap().into_iter().filter_map(|case| {
        match event::read(case.payload.as_deref(), case.record_timestamp_ms) {
            Reading::Valid(order) => Some(*order),
            _ => None,
        }
    })
}

fn columns() -> Vec<&'static str> {
    COLUMNS.split(',').map(str::trim).collect()
}

#[test]
fn every_column_has_its_field() {
    assert_eq!(columns().len(), FIELDS);
    for (place, name) in [
        (CREATED_AT, "created_at"),
        (CUSTOMER_ID, "customer_id"),
        (BILLING_SAME, "billing_same"),
        (BILLING + PLACE.start, "billing_province"),
        (BILLING + PLACE.end - 1, "billing_country_code"),
        (SHIPPING + PLACE.start, "shipping_province"),
        (SHIPPING + PLACE.end - 1, "shipping_country_code"),
        (CURRENCY, "currency"),
        (ACCEPTS_MARKETING, "buyer_accepts_marketing"),
        (PRODUCT_IDS, "product_ids"),
        (QUANTITIES, "quantities"),
    ] {
        assert_eq!(columns()[place], name);
    }
    for order in orders() {
        let row = OrderRow::of(&order, &mut Vec::new());
        assert_eq!(Elements(row.fields()).count(), FIELDS);
    }
}

#[test]
fn every_field_reads_as_what_the_order_says() {
    let mut buffer = Vec::new();
    let mut seen = 0;
    for order in orders() {
        let row = OrderRow::of(&order, &mut buffer);
        assert_eq!(row.event_id(), order.event_id);
        assert_eq!(*row.hash(), content_hash(&order));
        let fields: Vec<Option<&[u8]>> = Elements(row.fields()).collect();
        let field = |name: &str| fields[columns().iter().position(|it| *it == name).unwrap()];
        let text = |name: &str| field(name).map(|bytes| str::from_utf8(bytes).unwrap());
        let texts =
            |name: &str| Vec::<String>::from_sql(&Type::TEXT_ARRAY, field(name).unwrap()).unwrap();
        let amount = |name| Decimal::from_sql(&Type::NUMERIC, field(name).unwrap()).unwrap();
        assert_eq!(text("event_version"), Some(order.event_version.as_str()));
        let created_at = field("created_at").unwrap();
        let created_at =
            chrono::DateTime::<chrono::Utc>::from_sql(&Type::TIMESTAMPTZ, created_at).unwrap();
        assert_eq!(created_at, order.created_at());
        assert_eq!(text("customer_id"), Some(order.customer_id.as_str()));
        assert_eq!(text("email"), Some(order.email.as_str()));
        assert_eq!(text("first_name"), order.first_name.as_deref());
        assert_eq!(text("last_name"), order.last_name.as_deref());
        assert_eq!(
            text("shipping_phone"),
            order.shipping_address.phone.as_deref()
        );
        let same = order.billing_address == order.shipping_address;
        let billing_zip = order.billing_address.zip.as_deref().filter(|_| !same);
        assert_eq!(text("billing_zip"), billing_zip);
        assert_eq!(text("currency"), Some(order.currency.as_str()));
        assert_eq!(
            text("financial_status"),
            Some(order.financial_status.as_str())
        );
        assert_eq!(amount("order_value"), order.order_value);
        assert_eq!(amount("total_discounts"), order.total_discounts);
        assert_eq!(amount("total_tax"), order.total_tax);
        assert_eq!(texts("discount_codes"), order.discount_codes);
        let items = texts("product_ids")
            .into_iter()
            .zip(Vec::<i32>::from_sql(&Type::INT4_ARRAY, field("quantities").unwrap()).unwrap());
        let said = order.line_items.iter();
        assert!(items.eq(said.map(|item| (item.id.clone(), item.quantity))));
        seen += 1;
    }
    assert!(seen > 10, "{seen} orders");
}

proptest! {
    #[test]
    fn every_amount_is_read_back(amount in 0..=999_999_999_999_999_999_i64, zeros in 0..18_u32) {
        let amount = amount / 10_i64.pow(zeros) * 10_i64.pow(zeros);
        let mut encoded = Vec::new();
        Encoder(&mut encoded).numeric(amount);
        let read = Decimal::from_sql(&Type::NUMERIC, &encoded[4..]).unwrap();
        prop_assert_eq!(read, Decimal::new(amount, 4));
    }
}
