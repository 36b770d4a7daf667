//! An event's text, cleaned, judged by the consumer's own rules and put into a batch.

use chrono::{DateTime, Utc};
use ordertally_schema::event::Texts;
use ordertally_schema::{Reading, Violation, event, fingerprint};

use crate::batch::{Batch, Judged, Verdict};
use crate::clean::Clean;

/// Judges a cleaned event as a record of this moment, and puts it into `batch`.
pub fn judge(batch: &mut Batch, line: u64, event: &Clean<'_>) {
    let now_ms = now_ms();
    let payload = batch.keep(&event.text);
    let texts = Texts::default();
    let (verdict, key) = match event::read_in(Some(&event.text), Some(now_ms), &texts) {
        Reading::Valid(order) => {
            let verdict = Verdict::Valid {
                content_hash: fingerprint::content_hash(&order),
                event_id: batch.keep(order.event_id.as_bytes()),
                created_at_ms: order
                    .created_at_given
                    .as_ref()
                    .map(DateTime::timestamp_millis),
            };
            (verdict, Some(batch.keep(order.customer_id.as_bytes())))
        }
        reading => {
            let verdict = match reading {
                Reading::Rejected(violations) => Verdict::Rejected(violations),
                _ => Verdict::Ignored,
            };
            let key = event.customer_id.as_ref();
            (verdict, key.map(|key| batch.keep(key.as_bytes())))
        }
    };
    batch.events.push(Judged {
        line,
        verdict,
        payload: Some(payload),
        key,
        now_ms,
    });
}

/// Puts a row that no event could be made of into `batch`.
pub fn misfit(batch: &mut Batch, line: u64, violation: Violation) {
    batch.events.push(Judged {
        line,
        verdict: Verdict::Rejected(vec![violation]),
        payload: None,
        key: None,
        now_ms: now_ms(),
    });
}

/// Milliseconds since 1970.
pub fn now_ms() -> i64 {
    Utc::now().timestamp_millis()
}
