//! What waits for a partition's writer: decoded while the batch before is being committed.
//!
//! Natural batching: the writer takes everything that waits, up to a limit. There is no linger, so
//! a lone record is committed at once, and under load batches fill by themselves. It waits only for
//! what was polled already and is being decoded.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, mpsc};

use crate::batch::{Batch, Judge, Judged};
use crate::record::Record;
use crate::source::{Backlog, Chunk, ClaimId, Limit};

/// A partition's intake. One side decodes ([`Intake::fill`]), the other takes ([`Intake::take`]).
#[derive(Debug)]
pub struct Intake {
    waiting: Mutex<Waiting>,
    backlog: Arc<Backlog>,
    limit: Limit,
    filled: Notify,
    emptied: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    claim: ClaimId,
    pieces: VecDeque<Piece>,
    records: usize,
    bytes: usize,
    written: usize,
}

#[derive(Debug)]
enum Piece {
    Record {
        judged: Judged,
        bytes: usize,
    },
    End {
        expected_offset: i64,
        next_offset: i64,
    },
}

impl Piece {
    fn expected_offset(&self) -> i64 {
        match self {
            Self::Record { judged, .. } => judged.record.expected_offset,
            Self::End {
                expected_offset, ..
            } => *expected_offset,
        }
    }

    fn next_offset(&self) -> i64 {
        match self {
            Self::Record { judged, .. } => judged.record.offset + 1,
            Self::End { next_offset, .. } => *next_offset,
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Record { bytes, .. } => *bytes,
            Self::End { .. } => 0,
        }
    }

    /// Bytes that its batch writes for it: the record, and what is wrong with it.
    fn written(&self) -> usize {
        match self {
            Self::Record { judged, bytes } => bytes + judged.verdict.violations_bytes(),
            Self::End { .. } => 0,
        }
    }
}

/// Records decoded in one go, before other tasks get their turn.
const DECODE_RUN: usize = 250;

/// What part of the limit a batch is small below.
const SMALL_BATCH: usize = 4;

impl Intake {
    /// An empty intake that holds, and gives at once, no more than `limit`; one larger record is
    /// a batch of its own.
    #[must_use]
    pub fn new(backlog: Arc<Backlog>, limit: Limit) -> Self {
        Self {
            waiting: Mutex::default(),
            backlog,
            limit,
            filled: Notify::new(),
            emptied: Notify::new(),
        }
    }

    /// Forgets what waits and takes only what is polled under `claim` from now on.
    pub fn reset(&self, claim: ClaimId) {
        let dropped = {
            let mut waiting = self.waiting();
            let dropped = (waiting.records, waiting.bytes);
            *waiting = Waiting {
                claim,
                ..Waiting::default()
            };
            dropped
        };
        self.backlog.done(dropped.0, dropped.1);
        self.emptied.notify_one();
    }

    /// Decodes what the source hands over until the source closes `chunks`.
    pub async fn fill(&self, chunks: &mut mpsc::UnboundedReceiver<Chunk>) {
        while let Some(chunk) = chunks.recv().await {
            match chunk {
                Chunk::Records { claim, records } => self.decode(claim, records).await,
                Chunk::End {
                    claim,
                    expected_offset,
                    next_offset,
                } => self.push(
                    claim,
                    [Piece::End {
                        expected_offset,
                        next_offset,
                    }],
                ),
            }
        }
    }

    async fn decode(&self, claim: ClaimId, records: Vec<Record>) {
        let mut judge = Judge::default();
        let mut records = records.into_iter().peekable();
        while records.peek().is_some() {
            self.room(claim).await;
            let pieces: Vec<Piece> = records
                .by_ref()
                .take(DECODE_RUN)
                .map(|record| Piece::Record {
                    bytes: record.size(),
                    judged: judge.judge(record),
                })
                .collect();
            self.push(claim, pieces);
            tokio::task::yield_now().await;
        }
    }

    /// Waits until there is room, or what is decoded is not wanted any more.
    async fn room(&self, claim: ClaimId) {
        loop {
            let emptied = self.emptied.notified();
            {
                let waiting = self.waiting();
                let full =
                    waiting.records >= self.limit.records || waiting.bytes >= self.limit.bytes;
                if !full || waiting.claim != claim {
                    return;
                }
            }
            emptied.await;
        }
    }

    fn push(&self, claim: ClaimId, pieces: impl IntoIterator<Item = Piece>) {
        let mut dropped = (0, 0);
        {
            let mut waiting = self.waiting();
            for piece in pieces {
                let bytes = piece.bytes();
                let records = usize::from(matches!(piece, Piece::Record { .. }));
                if waiting.claim == claim {
                    waiting.bytes += bytes;
                    waiting.written += piece.written();
                    waiting.records += records;
                    waiting.pieces.push_back(piece);
                } else {
                    dropped.0 += records;
                    dropped.1 += bytes;
                }
            }
        }
        if dropped.0 > 0 {
            self.backlog.done(dropped.0, dropped.1);
        }
        self.filled.notify_one();
    }

    /// Takes everything that waits, up to the limit; waits until there is something. Nothing of a
    /// batch that was taken before may be in hand any more.
    pub async fn take(&self) -> Batch {
        loop {
            let filled = self.filled.notified();
            if let Some(batch) = self.take_waiting() {
                self.emptied.notify_one();
                return batch;
            }
            filled.await;
        }
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting().pieces.is_empty()
    }

    fn take_waiting(&self) -> Option<Batch> {
        let mut waiting = self.waiting();
        if self.is_worth_waiting(&waiting) {
            return None;
        }
        let first = waiting.pieces.front()?;
        let mut batch = Batch {
            first_expected: first.expected_offset(),
            next_offset: first.expected_offset(),
            ..Batch::default()
        };
        let mut written = 0;
        while let Some(piece) = waiting.pieces.front() {
            let full = batch.records.len() >= self.limit.records
                || written + piece.written() > self.limit.bytes;
            // A piece that does not follow the one before starts a batch of its own, which the
            // database will refuse: something was dropped on the way.
            let follows = piece.expected_offset() == batch.next_offset;
            if (full && !batch.records.is_empty()) || !follows {
                break;
            }
            batch.next_offset = piece.next_offset();
            batch.bytes += piece.bytes();
            written += piece.written();
            if let Some(Piece::Record { judged, .. }) = waiting.pieces.pop_front() {
                batch.records.push(judged);
            }
        }
        waiting.records -= batch.records.len();
        waiting.bytes -= batch.bytes;
        waiting.written -= written;
        Some(batch)
    }

    /// Whether so little waits that it is cheaper to let more be decoded first: of what is in hand
    /// already, so that nothing waits for records that may never come.
    fn is_worth_waiting(&self, waiting: &Waiting) -> bool {
        let is_small = waiting.records < self.limit.records / SMALL_BATCH
            && waiting.written < self.limit.bytes / SMALL_BATCH;
        is_small && self.backlog.records() > waiting.records
    }

    /// Whether nothing that was handed over is still to be committed.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.backlog.is_empty()
    }

    /// Told once a batch is committed up to `next_offset`.
    pub fn committed(&self, batch: &Batch) {
        self.backlog.committed(batch.next_offset);
        self.backlog.done(batch.records.len(), batch.bytes);
    }

    /// Told when a batch is given up.
    pub fn dropped(&self, batch: &Batch) {
        self.backlog.done(batch.records.len(), batch.bytes);
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use ordertally_schema::rules::VIOLATIONS_MAX;

    use super::*;
    use crate::batch::{Plan, Verdict};
    use crate::source::DECODED_BYTES;

    fn intake(records: usize) -> Intake {
        let limit = Limit {
            records,
            bytes: 1 << 20,
        };
        Intake::new(Arc::new(Backlog::unwatched()), limit)
    }

    fn record(expected_offset: i64, offset: i64) -> Record {
        Record {
            offset,
            expected_offset,
            ..Record::default()
        }
    }

    /// 1.5 KB with more violations than are listed.
    fn poison(offset: i64) -> Record {
        let items = vec!["{}"; 500].join(",");
        let event = format!(r#"{{"event_type":"order.created","line_items":[{items}]}}"#);
        Record {
            timestamp_ms: Some(1_600_000_000_000),
            payload: Some(event.into_bytes().into()),
            ..record(offset, offset)
        }
    }

    async fn filled(intake: &Intake, chunks: Vec<Chunk>) {
        let (sender, mut receiver) = mpsc::unbounded_channel();
        for chunk in chunks {
            sender.send(chunk).expect("the receiver is there");
        }
        drop(sender);
        intake.fill(&mut receiver).await;
    }

    fn records(claim: ClaimId, pairs: &[(i64, i64)]) -> Chunk {
        Chunk::Records {
            claim,
            records: pairs
                .iter()
                .map(|&(expected, offset)| record(expected, offset))
                .collect(),
        }
    }

    #[tokio::test]
    async fn gaps_are_legal_and_belong_to_the_batch() {
        let intake = intake(10);
        filled(&intake, vec![records(0, &[(5, 5), (6, 9), (10, 10)])]).await;
        let batch = intake.take().await;
        assert_eq!((batch.first_expected, batch.next_offset), (5, 11));
        assert_eq!(batch.records.len(), 3);
    }

    #[tokio::test]
    async fn a_record_that_does_not_follow_starts_another_batch() {
        let intake = intake(10);
        filled(&intake, vec![records(0, &[(0, 0), (7, 7)])]).await;
        assert_eq!(intake.take().await.next_offset, 1);
        let second = intake.take().await;
        assert_eq!((second.first_expected, second.next_offset), (7, 8));
    }

    #[tokio::test]
    async fn the_end_of_the_log_moves_the_batch_past_control_records() {
        let intake = intake(10);
        let end = Chunk::End {
            claim: 0,
            expected_offset: 1,
            next_offset: 4,
        };
        filled(&intake, vec![records(0, &[(0, 0)]), end]).await;
        let batch = intake.take().await;
        assert_eq!((batch.records.len(), batch.next_offset), (1, 4));
    }

    #[tokio::test]
    async fn what_was_polled_under_another_claim_is_dropped() {
        let intake = intake(10);
        filled(&intake, vec![records(1, &[(0, 0)])]).await;
        assert!(intake.is_empty());
        intake.reset(1);
        filled(&intake, vec![records(1, &[(0, 0)])]).await;
        assert!(!intake.is_empty());
        intake.reset(2);
        assert!(intake.is_empty());
    }

    #[test]
    fn a_decoded_order_takes_what_the_bound_on_memory_counts_for_it() {
        let texts = "x1.0.07dan@example.comIdahoUSUSDpaid";
        let event = r#"{"event_type": "order.created", "event_id": "x", "event_version": "1.0.0",
            "user_id": 7, "email": "dan@example.com", "billing_address": {},
            "shipping_address": {"province": "Idaho", "country": "US"}, "currency": "USD",
            "financial_status": "paid", "order_value": 99999999999999.9999,
            "buyer_accepts_marketing": true, "line_items": []}"#;
        let judged = Judged::of(Record {
            timestamp_ms: Some(1_600_000_000_000),
            payload: Some(event.as_bytes().into()),
            ..Record::default()
        });
        let Verdict::Order(order) = judged.verdict else {
            panic!("{judged:?}");
        };
        let order = size_of::<Piece>() + order.fields().len() - texts.len();
        assert!(order <= DECODED_BYTES, "{order} bytes");
        assert!(2 * order > DECODED_BYTES, "{order} bytes");
    }

    #[test]
    fn a_rejected_record_holds_no_more_the_more_is_wrong_with_it() {
        let judged = Judged::of(poison(0));
        assert!(judged.verdict.violations_bytes() > 70 * judged.record.size());
        // All that it is: the verdict points to nothing.
        assert!(matches!(judged.verdict, Verdict::Rejected { .. }));
        assert!(size_of::<Piece>() <= DECODED_BYTES);
    }

    #[tokio::test]
    async fn a_batch_ends_at_the_bytes_of_what_is_wrong_and_nothing_is_lost() {
        let intake = intake(1_000);
        let poisons = (0..100).map(poison).collect();
        let chunk = Chunk::Records {
            claim: 0,
            records: poisons,
        };
        filled(&intake, vec![chunk]).await;
        let mut next_offset = 0;
        while !intake.is_empty() {
            let batch = intake.take().await;
            assert_eq!(batch.first_expected, next_offset);
            next_offset = batch.next_offset;
            let known = HashMap::new();
            let plan = Plan::of(&batch, &known);
            assert_eq!(plan.rejections.len(), batch.records.len());
            let mut written = 0;
            for rejection in &plan.rejections {
                let violations = rejection.violations();
                assert_eq!(violations.len(), VIOLATIONS_MAX + 1);
                written += rejection.size();
            }
            assert!(written <= intake.limit.bytes, "{written} bytes in a batch");
        }
        assert_eq!(next_offset, 100);
        let waiting = intake.waiting();
        assert_eq!((waiting.records, waiting.bytes, waiting.written), (0, 0, 0));
    }

    #[tokio::test]
    async fn a_record_with_more_wrong_than_a_batch_may_write_is_a_batch_of_its_own() {
        let limit = Limit {
            records: 10,
            bytes: 64 << 10,
        };
        let intake = Intake::new(Arc::new(Backlog::unwatched()), limit);
        let chunk = Chunk::Records {
            claim: 0,
            records: vec![poison(0), poison(1)],
        };
        filled(&intake, vec![chunk]).await;
        for _ in 0..2 {
            assert_eq!(intake.take().await.records.len(), 1);
        }
    }

    #[tokio::test]
    async fn little_waits_while_more_of_what_is_in_hand_is_decoded() {
        let intake = intake(2 * SMALL_BATCH);
        intake.backlog.add(2, 0);
        filled(&intake, vec![records(0, &[(0, 0)])]).await;
        assert!(intake.take_waiting().is_none(), "the other one is coming");
        filled(&intake, vec![records(0, &[(1, 1)])]).await;
        assert_eq!(intake.take().await.records.len(), 2);
    }

    #[tokio::test]
    async fn a_lone_record_waits_for_nothing() {
        let intake = intake(2 * SMALL_BATCH);
        intake.backlog.add(1, 0);
        filled(&intake, vec![records(0, &[(0, 0)])]).await;
        assert_eq!(intake.take().await.records.len(), 1);
    }

    #[tokio::test]
    async fn what_is_no_small_batch_any_more_is_taken_whatever_is_decoded() {
        let intake = intake(2 * SMALL_BATCH);
        intake.backlog.add(9, 0);
        filled(&intake, vec![records(0, &[(0, 0), (1, 1)])]).await;
        assert_eq!(intake.take().await.records.len(), 2);
    }

    #[tokio::test]
    async fn a_batch_ends_at_its_limit() {
        let intake = intake(2);
        filled(&intake, vec![records(0, &[(0, 0), (1, 1), (2, 2)])]).await;
        assert_eq!(intake.take().await.records.len(), 2);
        assert_eq!(intake.take().await.records.len(), 1);
    }
}
