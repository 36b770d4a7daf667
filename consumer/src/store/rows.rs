//! Orders in the binary form of COPY.
//!
//! Form: PostgreSQL documentation, COPY, "Binary Format".

use std::sync::LazyLock;

use bytes::{BufMut, Bytes, BytesMut};
use chrono::{DateTime, Utc};
use tokio_postgres::types::{ToSql, Type};

use super::claim::Claim;
use crate::batch::NewOrder;
use crate::row::{COLUMNS, FIELDS};

/// The statement whose input [`encode`] makes.
pub static COPY: LazyLock<String> = LazyLock::new(|| {
    format!(
        r#"COPY orders ({COLUMNS}, topic, partition, incarnation, "offset", ingested_at)
           FROM STDIN (FORMAT binary)"#
    )
});

/// Those that the record decides, and the transaction.
const FIELDS_BESIDE: usize = 5;
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
    let mut rows = BytesMut::new();
    rows.put_slice(SIGNATURE);
    rows.put_i32(0); // flags
    rows.put_i32(0); // no extension of the header
    let beside = Beside::of(claim, ingested_at);
    let mut orders = orders.iter();
    let mut ended = false;
    std::iter::from_fn(move || {
        if ended {
            return None;
        }
        let left = ROW_BYTES * (orders.len() + 1);
        rows.reserve(left.min(CHUNK_BYTES + ROW_BYTES));
        while rows.len() < CHUNK_BYTES {
            let Some(new) = orders.next() else {
                rows.put_i16(-1);
                ended = true;
                break;
            };
            rows.put_i16(i16::try_from(FIELDS + FIELDS_BESIDE).expect("a small constant"));
            rows.put_slice(new.order.fields());
            rows.put_slice(&beside.before_offset);
            rows.put_i64(new.offset);
            rows.put_slice(&beside.after_offset);
        }
        Some(rows.split().freeze())
    })
}

/// The fields beside those that the event decides, encoded: but for the offset, the same for all.
struct Beside {
    /// Up to the length of the offset's field.
    before_offset: BytesMut,
    after_offset: BytesMut,
}

impl Beside {
    fn of(claim: &Claim, ingested_at: DateTime<Utc>) -> Self {
        let mut before_offset = BytesMut::new();
        field(&mut before_offset, &claim.topic, &Type::TEXT);
        field(&mut before_offset, &claim.partition, &Type::INT4);
        field(&mut before_offset, &claim.incarnation, &Type::INT4);
        before_offset.put_i32(8);
        let mut after_offset = BytesMut::new();
        field(&mut after_offset, &ingested_at, &Type::TIMESTAMPTZ);
        Self {
            before_offset,
            after_offset,
        }
    }
}

fn field<T: ToSql>(row: &mut BytesMut, value: &T, column: &Type) {
    let at = row.len();
    row.put_i32(0);
    value
        .to_sql(column, row)
        .expect("a value of ours fits its column");
    let bytes = i32::try_from(row.len() - at - 4).expect("a topic's name is short");
    row[at..at + 4].copy_from_slice(&bytes.to_be_bytes());
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
        let Verdict::Order(order) = &judged.verdict else {
            panic!("the case is no valid order");
        };
        let orders: Vec<NewOrder<'_>> = (0..)
            .take(orders)
            .map(|offset| NewOrder { order, offset })
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
