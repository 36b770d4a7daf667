//! Orders in the binary form of COPY.
//!
//! Form: PostgreSQL documentation, COPY, "Binary Format".

use bytes::{BufMut, Bytes, BytesMut};
use chrono::{DateTime, Utc};
use tokio_postgres::types::{IsNull, ToSql, Type};

use super::claim::Claim;
use crate::batch::NewOrder;
use ordertally_schema::Address;

/// The statement whose input [`encode`] makes.
pub const COPY: &str = r#"
    COPY orders (
        event_id, event_version, created_at, created_at_given, customer_id, email, first_name,
        last_name, billing_same,
        billing_first_name, billing_last_name, billing_address1, billing_address2, billing_city,
        billing_province, billing_province_code, billing_country, billing_country_code,
        billing_zip, billing_phone,
        shipping_first_name, shipping_last_name, shipping_address1, shipping_address2,
        shipping_city, shipping_province, shipping_province_code, shipping_country,
        shipping_country_code, shipping_zip, shipping_phone,
        currency, financial_status, order_value, total_discounts, total_tax, discount_codes,
        buyer_accepts_marketing, product_ids, quantities, content_hash,
        topic, partition, incarnation, "offset", ingested_at)
    FROM STDIN (FORMAT binary)"#;

const COLUMNS: i16 = 46;
const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";
/// About what a row takes, so that the buffer is made once.
const ROW_BYTES: usize = 700;

/// The orders as COPY reads them.
pub fn encode(orders: &[NewOrder<'_>], claim: &Claim, ingested_at: DateTime<Utc>) -> Bytes {
    let mut rows = Rows(BytesMut::with_capacity(ROW_BYTES * orders.len() + 64));
    rows.0.put_slice(SIGNATURE);
    rows.0.put_i32(0); // flags
    rows.0.put_i32(0); // no extension of the header
    for order in orders {
        rows.order(order, claim, ingested_at);
    }
    rows.0.put_i16(-1);
    rows.0.freeze()
}

struct Rows(BytesMut);

impl Rows {
    fn order(&mut self, new: &NewOrder<'_>, claim: &Claim, ingested_at: DateTime<Utc>) {
        let order = new.order;
        let billing_same = order.billing_address == order.shipping_address;
        self.0.put_i16(COLUMNS);
        self.text(&order.event_id);
        self.text(&order.event_version);
        self.field(&order.created_at(), &Type::TIMESTAMPTZ);
        self.field(&order.created_at_given.is_some(), &Type::BOOL);
        self.text(&order.customer_id);
        self.text(&order.email);
        self.optional(order.first_name.as_deref());
        self.optional(order.last_name.as_deref());
        self.field(&billing_same, &Type::BOOL);
        if billing_same {
            self.address(&Address::default());
        } else {
            self.address(&order.billing_address);
        }
        self.address(&order.shipping_address);
        self.text(&order.currency);
        self.text(&order.financial_status);
        self.field(&order.order_value, &Type::NUMERIC);
        self.field(&order.total_discounts, &Type::NUMERIC);
        self.field(&order.total_tax, &Type::NUMERIC);
        self.field(&order.discount_codes, &Type::TEXT_ARRAY);
        self.field(&order.buyer_accepts_marketing, &Type::BOOL);
        let products: Vec<&str> = order
            .line_items
            .iter()
            .map(|item| item.id.as_str())
            .collect();
        self.field(&products, &Type::TEXT_ARRAY);
        let quantities: Vec<i32> = order.line_items.iter().map(|item| item.quantity).collect();
        self.field(&quantities, &Type::INT4_ARRAY);
        self.field(&new.hash.as_slice(), &Type::BYTEA);
        self.text(&claim.topic);
        self.field(&claim.partition, &Type::INT4);
        self.field(&claim.incarnation, &Type::INT4);
        self.field(&new.offset, &Type::INT8);
        self.field(&ingested_at, &Type::TIMESTAMPTZ);
    }

    fn address(&mut self, address: &Address) {
        for value in [
            &address.first_name,
            &address.last_name,
            &address.address1,
            &address.address2,
            &address.city,
            &address.province,
            &address.province_code,
            &address.country,
            &address.country_code,
            &address.zip,
            &address.phone,
        ] {
            self.optional(value.as_deref());
        }
    }

    fn optional(&mut self, value: Option<&str>) {
        match value {
            Some(value) => self.text(value),
            None => self.0.put_i32(-1),
        }
    }

    fn text(&mut self, value: &str) {
        self.0.put_i32(length(value.len()));
        self.0.put_slice(value.as_bytes());
    }

    fn field<T: ToSql>(&mut self, value: &T, column: &Type) {
        let at = self.0.len();
        self.0.put_i32(0);
        let written = value
            .to_sql(column, &mut self.0)
            .expect("a validated value fits its column");
        let bytes = match written {
            IsNull::No => length(self.0.len() - at - 4),
            IsNull::Yes => -1,
        };
        self.0[at..at + 4].copy_from_slice(&bytes.to_be_bytes());
    }
}

fn length(bytes: usize) -> i32 {
    i32::try_from(bytes).expect("a validated text is far shorter")
}
