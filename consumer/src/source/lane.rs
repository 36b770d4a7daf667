//! One assigned partition, as the polling thread sees it.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::mpsc as blocking;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};

use super::{Assignment, AssignmentId, Backlog, Chunk, ClaimId, Room};
use crate::record::Record;

/// How far a lane is from handing records over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Paused: its writer has no claim.
    Held,
    /// Its writer said where to start; the seek has not been done, or has to be done again.
    Seeking,
    /// Handing over.
    Open,
    /// Paused: its writer has as much as it may have.
    Full,
}

/// One assigned partition.
pub struct Lane {
    pub assignment: AssignmentId,
    pub flow: Flow,
    pub claim: ClaimId,
    /// The offset that comes next, gaps aside.
    pub expected_offset: i64,
    /// When the next seek may be tried.
    pub seek_after: Instant,
    /// Since when the client refuses to seek.
    pub seek_refused_since: Option<Instant>,
    /// Since when the writer has had as much as it may have.
    pub full_since: Option<Instant>,
    /// The end of the log was polled, and nothing after it.
    pub at_end: bool,
    /// What the broker was last told.
    told_broker: Option<i64>,
    pub backlog: Arc<Backlog>,
    gathered: Vec<Record>,
    chunks: mpsc::UnboundedSender<Chunk>,
    revoke: watch::Sender<bool>,
    writing: blocking::Receiver<Infallible>,
}

impl Lane {
    /// A lane and its writer's end.
    pub fn new(partition: i32, id: AssignmentId, room: Arc<Room>) -> (Self, Assignment) {
        let (sender, chunks) = mpsc::unbounded_channel();
        let (revoke, revoked) = watch::channel(false);
        let (alive, writing) = blocking::channel();
        let backlog = Arc::new(Backlog::new(room));
        let lane = Self {
            assignment: id,
            flow: Flow::Held,
            claim: 0,
            expected_offset: 0,
            seek_after: Instant::now(),
            seek_refused_since: None,
            full_since: None,
            at_end: false,
            told_broker: None,
            backlog: Arc::clone(&backlog),
            gathered: Vec::new(),
            chunks: sender,
            revoke,
            writing,
        };
        let assignment = Assignment {
            partition,
            id,
            chunks,
            revoked,
            backlog,
            _writing: alive,
        };
        (lane, assignment)
    }

    /// The writer has a claim and says where to start.
    pub fn start(&mut self, claim: ClaimId, next_offset: i64) {
        self.gathered.clear();
        self.claim = claim;
        self.expected_offset = next_offset;
        self.at_end = false;
        self.flow = Flow::Seeking;
        self.seek_after = Instant::now();
        self.seek_refused_since = None;
    }

    /// The writer lost its claim.
    pub fn hold(&mut self) {
        self.gathered.clear();
        self.at_end = false;
        self.flow = Flow::Held;
    }

    /// A record was polled.
    pub fn take(&mut self, mut record: Record) {
        if self.flow != Flow::Open || record.offset < self.expected_offset {
            return; // fetched before the seek
        }
        record.expected_offset = self.expected_offset;
        self.expected_offset = record.offset + 1;
        self.at_end = false;
        self.gathered.push(record);
    }

    /// Gives the writer what was gathered.
    pub fn hand_over(&mut self) {
        if self.gathered.is_empty() {
            return;
        }
        let records = std::mem::take(&mut self.gathered);
        let bytes = records.iter().map(Record::size).sum();
        self.backlog.add(records.len(), bytes);
        let chunk = Chunk::Records {
            claim: self.claim,
            records,
        };
        self.send(chunk);
    }

    /// Whether the end of the log is reached and nothing is in hand.
    pub fn is_idle_at_end(&self) -> bool {
        self.flow == Flow::Open
            && self.at_end
            && self.gathered.is_empty()
            && self.backlog.is_empty()
    }

    /// Tells the writer that everything before `position` is over.
    pub fn end_at(&mut self, position: i64) {
        self.at_end = false;
        if position <= self.expected_offset {
            return;
        }
        let chunk = Chunk::End {
            claim: self.claim,
            expected_offset: self.expected_offset,
            next_offset: position,
        };
        self.expected_offset = position;
        self.send(chunk);
    }

    /// The position that the broker has not been told yet.
    pub fn news_for_broker(&mut self) -> Option<i64> {
        let next_offset = self.backlog.next_offset();
        let news = next_offset.filter(|_| next_offset != self.told_broker);
        self.told_broker = next_offset;
        news
    }

    /// Tells the writer that the partition is taken away.
    pub fn revoke(&self) {
        self.revoke.send_replace(true);
    }

    /// Waits for the writer's end, until `deadline`; whether it has ended.
    pub fn writer_ended(&self, deadline: Instant) -> bool {
        let left = deadline.saturating_duration_since(Instant::now());
        matches!(
            self.writing
                .recv_timeout(left.max(Duration::from_millis(1))),
            Err(blocking::RecvTimeoutError::Disconnected)
        )
    }

    fn send(&self, chunk: Chunk) {
        if self.chunks.send(chunk).is_err() {
            tracing::debug!("a writer ended before its partition was taken away");
        }
    }
}
