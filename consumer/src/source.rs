//! Kafka's side of the consumer: a thread of its own that polls, and nothing else speaks to the
//! group. It hands each partition's records to that partition's writer and does what writers ask:
//! start at an offset, hold still, tell the broker how far they are.
//!
//! It never decides where to start: a partition is assigned paused, and stays so until its writer
//! has a claim in the database and says from which offset. It never waits for a database.

mod context;
mod lane;
mod poller;

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError, mpsc as blocking};
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::consumer::BaseConsumer;
use rdkafka::error::KafkaError;
use tokio::sync::{mpsc, oneshot, watch};

pub use self::context::QuietContext;
use crate::record::Record;
use crate::settings::GroupProtocol;
use crate::stop::LoudStop;

/// Counts the assignments of this process: one partition assigned twice has two ids.
pub type AssignmentId = u64;

/// Counts the claims of this process. Records carry the claim that they were polled under.
pub type ClaimId = u64;

/// What the source tells the service.
#[derive(Debug)]
pub enum Event {
    /// A partition is ours: start a writer for it.
    Assigned(Assignment),
    /// The group has given us our part, which may be nothing.
    Rebalanced,
    /// A fetch failed in a way that may mean another topic or a lost position: look at once.
    FetchFailed,
    /// The group has not let go of the member that had our instance id: join again.
    NotReleased,
    /// The client is of no use any more.
    Failed(LoudStop),
}

/// A partition for as long as it is ours. Dropping it tells the source that its writer has ended.
#[derive(Debug)]
pub struct Assignment {
    /// Kafka partition.
    pub partition: i32,
    /// Which assignment this is.
    pub id: AssignmentId,
    /// The partition's records, in order.
    pub chunks: mpsc::UnboundedReceiver<Chunk>,
    /// Becomes true when the partition is taken away: finish the transaction in flight and end.
    pub revoked: watch::Receiver<bool>,
    /// What was handed over and is not done with. Bounds the channel above.
    pub backlog: Arc<Backlog>,
    /// The other end notices when this is dropped.
    pub(crate) _writing: blocking::Sender<std::convert::Infallible>,
}

/// A piece of a partition's log, in order.
#[derive(Debug)]
pub enum Chunk {
    /// Records.
    Records {
        /// The claim that they were polled under.
        claim: ClaimId,
        /// At least one.
        records: Vec<Record>,
    },
    /// The end of the log was reached with nothing in hand; what lies before `next_offset` and
    /// after the records so far are control records.
    End {
        /// The claim that it was polled under.
        claim: ClaimId,
        /// The offset after the last record handed over.
        expected_offset: i64,
        /// The end.
        next_offset: i64,
    },
}

/// What was handed to a writer and is not committed yet, and how far the writer has committed.
#[derive(Debug)]
pub struct Backlog {
    records: AtomicUsize,
    bytes: AtomicUsize,
    committed: AtomicI64,
    room: Arc<Room>,
}

const NOTHING_COMMITTED: i64 = -1;

/// Wakes the polling thread when a writer has made room.
#[derive(Debug, Default)]
pub struct Room {
    changed: Mutex<()>,
    wake: Condvar,
}

impl Room {
    fn notify(&self) {
        let guard = self.changed.lock().unwrap_or_else(PoisonError::into_inner);
        drop(guard);
        self.wake.notify_one();
    }

    fn wait(&self, longest: Duration) {
        let guard = self.changed.lock().unwrap_or_else(PoisonError::into_inner);
        drop(
            self.wake
                .wait_timeout(guard, longest)
                .unwrap_or_else(PoisonError::into_inner),
        );
    }
}

impl Backlog {
    fn new(room: Arc<Room>) -> Self {
        Self {
            records: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
            committed: AtomicI64::new(NOTHING_COMMITTED),
            room,
        }
    }

    /// A backlog that no source looks at.
    #[cfg(test)]
    pub(crate) fn unwatched() -> Self {
        Self::new(Arc::default())
    }

    /// Told when records are handed over.
    pub(crate) fn add(&self, records: usize, bytes: usize) {
        self.records.fetch_add(records, Ordering::AcqRel);
        self.bytes.fetch_add(bytes, Ordering::AcqRel);
    }

    /// Told by the writer once `records` of `bytes` are committed or dropped.
    pub fn done(&self, records: usize, bytes: usize) {
        self.bytes.fetch_sub(bytes, Ordering::AcqRel);
        self.records.fetch_sub(records, Ordering::AcqRel);
        self.room.notify();
    }

    /// Told by the writer once everything below `next_offset` is done, for the broker's information.
    pub fn committed(&self, next_offset: i64) {
        self.committed.store(next_offset, Ordering::Release);
    }

    fn next_offset(&self) -> Option<i64> {
        let next_offset = self.committed.load(Ordering::Acquire);
        (next_offset != NOTHING_COMMITTED).then_some(next_offset)
    }

    /// Records that were handed over and are not done with.
    #[must_use]
    pub fn records(&self) -> usize {
        self.records.load(Ordering::Acquire)
    }

    /// Whether everything that was handed over is done with.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records() == 0
    }

    fn exceeds(&self, limit: Limit) -> bool {
        let records = self.records();
        let bytes = self.bytes.load(Ordering::Acquire);
        records >= limit.records || held_bytes(records, bytes) >= limit.bytes
    }
}

/// What a decoded order takes beside its texts, or a record that is none.
pub(crate) const DECODED_BYTES: usize = 512;

/// Memory that records hold once they are decoded, at most: the record, which is kept until it is
/// committed, and the order, whose texts are together no longer than the record.
fn held_bytes(records: usize, bytes: usize) -> usize {
    2 * bytes + records * DECODED_BYTES
}

/// How much may be in one batch, or wait for a writer.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// Records.
    pub records: usize,
    /// Bytes: of the records in a batch and of all that is wrong with them; of what waits, with its
    /// records decoded.
    pub bytes: usize,
}

impl Limit {
    /// Shares the bytes out among several partitions; the records as well.
    fn share(self, partitions: usize) -> Self {
        let parts = partitions.max(1);
        Self {
            records: (self.records / parts).max(1),
            bytes: (self.bytes / parts).max(1),
        }
    }

    fn half(self) -> Self {
        Self {
            records: (self.records / 2).max(1),
            bytes: (self.bytes / 2).max(1),
        }
    }
}

/// What a writer asks of the source.
#[derive(Debug)]
pub(crate) enum Command {
    /// Hand over the records from `next_offset` on, under `claim`.
    Start {
        partition: i32,
        assignment: AssignmentId,
        claim: ClaimId,
        next_offset: i64,
    },
    /// Hand over nothing until the next start.
    Suspend {
        partition: i32,
        assignment: AssignmentId,
    },
    /// Answer once the group has been polled anew.
    AfterPoll(oneshot::Sender<()>),
    /// Take every partition from its writer, leave the group and end.
    Stop,
}

/// The way to the polling thread.
#[derive(Clone, Debug)]
pub struct SourceHandle {
    commands: blocking::Sender<Command>,
    room: Arc<Room>,
}

impl SourceHandle {
    /// Hand over the records from `next_offset` on, under `claim`.
    pub fn start(
        &self,
        partition: i32,
        assignment: AssignmentId,
        claim: ClaimId,
        next_offset: i64,
    ) {
        self.send(Command::Start {
            partition,
            assignment,
            claim,
            next_offset,
        });
    }

    /// Hand over nothing until the next start.
    pub fn suspend(&self, partition: i32, assignment: AssignmentId) {
        self.send(Command::Suspend {
            partition,
            assignment,
        });
    }

    /// Returns once the group has been polled anew after this call, so that a partition that was
    /// lost meanwhile is known to be lost.
    pub async fn polled(&self) {
        let (done, polled) = oneshot::channel();
        self.send(Command::AfterPoll(done));
        if polled.await.is_err() {
            tracing::debug!("the source ended before it polled again");
        }
    }

    /// Take every partition from its writer, leave the group and end.
    pub fn stop(&self) {
        self.send(Command::Stop);
    }

    fn send(&self, command: Command) {
        if self.commands.send(command).is_err() {
            tracing::debug!("the source has ended already");
        }
        self.room.notify();
    }
}

/// The polling thread, started.
pub struct Source {
    /// The way to it.
    pub handle: SourceHandle,
    /// What it tells. Bounded by the number of partitions.
    pub events: mpsc::UnboundedReceiver<Event>,
    thread: std::thread::JoinHandle<()>,
}

impl Source {
    /// Joins the group and starts to poll.
    ///
    /// # Errors
    ///
    /// When librdkafka cannot make a client from `config`, or the system no thread.
    pub fn start(
        config: &ClientConfig,
        protocol: GroupProtocol,
        topic: &str,
        limit: Limit,
    ) -> anyhow::Result<Self> {
        let (commands, inbox) = blocking::channel();
        let (told, events) = mpsc::unbounded_channel();
        let room = Arc::new(Room::default());
        let context = context::GroupContext::new(topic, told, Arc::clone(&room));
        let consumer: BaseConsumer<context::GroupContext> = config.create_with_context(context)?;
        let poller = poller::Poller::new(
            consumer,
            topic.to_owned(),
            inbox,
            Arc::clone(&room),
            limit,
            protocol,
        );
        let thread = std::thread::Builder::new()
            .name("kafka-poll".into())
            .spawn(move || poller.run())?;
        Ok(Self {
            handle: SourceHandle { commands, room },
            events,
            thread,
        })
    }

    /// Waits for the thread to end, after [`SourceHandle::stop`].
    pub async fn ended(self) {
        let thread = self.thread;
        match tokio::task::spawn_blocking(move || thread.join()).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) | Err(_) => tracing::error!("the polling thread ended with a panic"),
        }
    }
}

/// Whether an error of the client means that a position may be lost or the topic another.
fn is_about_position(error: &KafkaError) -> bool {
    use rdkafka::error::RDKafkaErrorCode::{
        AutoOffsetReset, OffsetOutOfRange, UnknownPartition, UnknownTopic, UnknownTopicOrPartition,
    };
    matches!(
        error.rdkafka_error_code(),
        Some(
            AutoOffsetReset
                | OffsetOutOfRange
                | UnknownPartition
                | UnknownTopic
                | UnknownTopicOrPartition
        )
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_counts_with_all_that_it_holds_once_decoded() {
        let backlog = Backlog::unwatched();
        let limit = |bytes| Limit {
            records: usize::MAX,
            bytes,
        };
        backlog.add(3, 10_000);
        let held = 2 * 10_000 + 3 * DECODED_BYTES;
        assert!(backlog.exceeds(limit(held)));
        assert!(!backlog.exceeds(limit(held + 1)));
        backlog.add(1_000, 0); // records without a payload hold memory as well
        assert!(backlog.exceeds(limit(held + 1_000 * DECODED_BYTES)));
        backlog.done(1_003, 10_000);
        assert!(!backlog.exceeds(limit(1)));
    }

    #[test]
    fn the_share_of_many_partitions_is_no_more_than_one_may_have() {
        let limit = Limit {
            records: 20_000,
            bytes: 1 << 20,
        };
        for partitions in [1, 3, 64] {
            let share = limit.share(partitions);
            assert!(share.records * partitions <= limit.records);
            assert!(share.bytes * partitions <= limit.bytes);
        }
    }
}
