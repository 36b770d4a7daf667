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
/// Rows handed to the connection in one go, bytes: as much as is held of a transaction's rows,
/// whatever its size. With 64 KiB Postgres wakes up so often that a row costs it a fifth more CPU.
const CHUNK_BYTES: usize = 512 * 1024;
/// About what a row takes, so that a chunk's buffer is made once.
const ROW_BYTES: usize = 700;

/// The orders as COPY reads them, encoded while they are sent: in chunks of whole rows, each cut
/// once it has reached [`CHUNK_BYTES`].
pub fn encode<'a>(
    orders: &'a [NewOrder<'a>],
    claim: &'a Claim,
    ingested_at: DateTime<Utc>,
) -> impl Iterator<Item = Bytes> {
    let mut rows = Rows(BytesMut::new());
    rows.0.put_slice(SIGNATURE);
    rows.0.put_i32(0); // flags
    rows.0.put_i32(0); // no extension of the header
    let mut orders = orders.iter();
    let mut ended = false;
    std::iter::from_fn(move || {
        if ended {
            return None;
        }
        let left = ROW_BYTES * (orders.len() + 1);
        rows.0.reserve(left.min(CHUNK_BYTES + ROW_BYTES));
        while rows.0.len() < CHUNK_BYTES {
            let Some(order) = orders.next() else {
                rows.0.put_i16(-1);
                ended = true;
                break;
            };
            rows.order(order, claim, ingested_at);
        }
        Some(rows.0.split().freeze())
    })
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
        for (_, text) in address.fields() {
            self.optional(text);
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::batch::{Judged, Verdict};
    use crate::record::Record;
    use ordertally_testkit::event_cases;

    const TIMESTAMP: i64 = 1_600_000_000_000;

    fn an_order() -> Judged {
        let cases = event_cases::load().unwrap();
        let case = cases.into_iter().find(|case| case.name == "order").unwrap();
        Judged::of(Record {
            timestamp_ms: Some(case.record_timestamp_ms.unwrap_or(TIMESTAMP)),
            payload: case.payload.map(Vec::into_boxed_slice),
            ..Record::default()
        })
    }

    fn chunks(orders: usize) -> Vec<Bytes> {
        let judged = an_order();
        let Verdict::Order(order, hash) = &judged.verdict else {
            panic!("the case is no valid order");
        };
        let orders: Vec<NewOrder<'_>> = (0..)
            .take(orders)
            .map(|offset| NewOrder {
                order,
                hash,
                offset,
            })
            .collect();
        let claim = Claim {
            topic: "orders".into(),
            partition: 0,
            incarnation: 1,
            topic_id: String::new(),
            epoch: 1,
            next_offset: 0,
            rejected_below: 0,
        };
        encode(&orders, &claim, DateTime::UNIX_EPOCH).collect()
    }

    #[test]
    fn many_rows_come_in_chunks_and_together_are_one_copy() {
        let header = SIGNATURE.len() + 8;
        let one = chunks(1).concat().len() - header - 2;
        let rows = 10 * CHUNK_BYTES / one;
        let chunks = chunks(rows);
        assert!(chunks.len() >= 9, "{} chunks", chunks.len());
        for chunk in &chunks {
            assert!(chunk.len() < CHUNK_BYTES + one + 2, "{} bytes", chunk.len());
        }
        let copy = chunks.concat();
        assert!(copy.starts_with(SIGNATURE));
        assert!(copy.ends_with(&(-1_i16).to_be_bytes()));
        assert_eq!(copy.len(), header + rows * one + 2);
    }

    #[test]
    fn no_rows_are_a_copy_as_well() {
        let copy = chunks(0).concat();
        assert_eq!(copy.len(), SIGNATURE.len() + 8 + 2);
    }
}
