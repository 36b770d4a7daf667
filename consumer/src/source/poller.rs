//! The polling loop.

use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use rdkafka::consumer::base_consumer::BaseConsumer;
use rdkafka::consumer::{Consumer, RebalanceProtocol};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::{Offset, TopicPartitionList};
use tokio::sync::oneshot;

use super::context::GroupContext;
use super::lane::{Flow, Lane};
use super::{Command, Event, Limit, Room, is_about_position};
use crate::native;
use crate::record::Record;
use crate::settings::GroupProtocol;
use crate::stop::LoudStop;

/// How long one poll waits for a record; also how soon a command is seen when none comes.
const POLL: Duration = Duration::from_millis(10);
/// Records taken in one go before the writers are given them, and whether they have room is asked.
const GATHER: usize = 1_000;
/// Their bytes, the last one's aside: with less, large records would pass the writers' bounds by
/// gigabytes; small ones never come to it.
const GATHER_BYTES: usize = 2 << 20;
/// How long the loop waits for a writer to make room before it pauses the partition. Pausing
/// throws away what the client has fetched ahead, so a moment's wait is cheaper.
const ROOM_WAIT: Duration = Duration::from_secs(1);
/// How often the broker is told the positions.
const TELL_BROKER: Duration = Duration::from_secs(1);
/// Wait before a seek is tried again.
const SEEK_AGAIN: Duration = Duration::from_millis(50);
/// How long the client may refuse to seek, as it does until an assignment is through, before the
/// partition is taken to be one that it has stopped fetching.
const SEEK_REFUSED: Duration = Duration::from_secs(1);
/// Longest that a seek may take.
const SEEK_TIMEOUT: Duration = Duration::from_secs(2);
/// Longest that waking the client up may take for all partitions that were opened at once.
const WAKE_TIMEOUT: Duration = Duration::from_millis(100);
/// How long a stop waits for transactions in flight: longer than a statement may take.
const STOP_WAIT: Duration = Duration::from_secs(40);

/// The polling thread's state.
pub struct Poller {
    consumer: BaseConsumer<GroupContext>,
    topic: String,
    commands: Receiver<Command>,
    room: Arc<Room>,
    limit: Limit,
    after_poll: Vec<oneshot::Sender<()>>,
    told_broker_at: Instant,
    /// Whether the group is still to take us in, and nothing else would tell.
    joining: bool,
}

impl Poller {
    pub fn new(
        consumer: BaseConsumer<GroupContext>,
        topic: String,
        commands: Receiver<Command>,
        room: Arc<Room>,
        limit: Limit,
        protocol: GroupProtocol,
    ) -> Self {
        Self {
            consumer,
            topic,
            commands,
            room,
            limit,
            after_poll: Vec::new(),
            told_broker_at: Instant::now(),
            // A member that gets no partition of a KIP-848 group is never called back.
            joining: protocol == GroupProtocol::Consumer,
        }
    }

    /// Polls until told to stop, then leaves the group.
    pub fn run(mut self) {
        if let Err(error) = self.consumer.subscribe(&[&self.topic]) {
            self.fail(&error);
        }
        while self.obey() {
            self.open_lanes();
            if self.wait_for_room() {
                self.poll();
            }
            self.hand_over();
            if self.told_broker_at.elapsed() >= TELL_BROKER {
                self.consumer.context().tell_broker(&self.consumer);
                self.told_broker_at = Instant::now();
            }
        }
        self.leave();
    }

    /// Does what writers asked; false once asked to stop.
    fn obey(&mut self) -> bool {
        while let Ok(command) = self.commands.try_recv() {
            match command {
                Command::Start {
                    partition,
                    assignment,
                    claim,
                    next_offset,
                } => self.with_lane(partition, assignment, |lane| lane.start(claim, next_offset)),
                Command::Suspend {
                    partition,
                    assignment,
                } => {
                    self.with_lane(partition, assignment, Lane::hold);
                    self.pause(partition);
                }
                Command::AfterPoll(done) => self.after_poll.push(done),
                Command::Stop => return false,
            }
        }
        true
    }

    /// Does nothing when the partition has been assigned anew since.
    fn with_lane(&self, partition: i32, assignment: u64, act: impl FnOnce(&mut Lane)) {
        if let Some(lane) = self.consumer.context().lanes().get_mut(&partition)
            && lane.assignment == assignment
        {
            act(lane);
        }
    }

    /// Seeks and resumes the lanes that wait for it. A lane that is not assigned through and
    /// through yet refuses the seek, and is tried again.
    fn open_lanes(&self) {
        let now = Instant::now();
        let waiting: Vec<(i32, i64)> = self
            .consumer
            .context()
            .lanes()
            .iter()
            .filter(|(_, lane)| lane.flow == Flow::Seeking && lane.seek_after <= now)
            .map(|(partition, lane)| (*partition, lane.expected_offset))
            .collect();
        let mut opened = Vec::new();
        for (partition, offset) in waiting {
            let target = Offset::Offset(offset);
            let sought = self
                .consumer
                .seek(&self.topic, partition, target, SEEK_TIMEOUT)
                .and_then(|()| self.consumer.resume(&self.one(partition)));
            let mut lanes = self.consumer.context().lanes();
            let Some(lane) = lanes.get_mut(&partition) else {
                continue;
            };
            match sought {
                Ok(()) => {
                    lane.flow = Flow::Open;
                    lane.full_since = None;
                    lane.seek_refused_since = None;
                    opened.push(partition);
                }
                Err(error) => {
                    tracing::debug!(kafka.partition = partition, "cannot seek yet: {error}");
                    let now = Instant::now();
                    lane.seek_after = now + SEEK_AGAIN;
                    let since = *lane.seek_refused_since.get_or_insert(now);
                    if now - since >= SEEK_REFUSED {
                        lane.seek_refused_since = None;
                        drop(lanes);
                        self.assign_again(partition);
                    }
                }
            }
        }
        self.wake_client(&opened);
    }

    /// Makes the client fetch from partitions that were resumed. Where it had nothing to fetch from
    /// a broker it looks again after a second, unless something comes from that broker: the answer
    /// to a question, whatever it says.
    fn wake_client(&self, partitions: &[i32]) {
        let deadline = Instant::now() + WAKE_TIMEOUT;
        for &partition in partitions {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return; // the second is waited
            }
            if let Err(error) = self.consumer.fetch_watermarks(&self.topic, partition, left) {
                tracing::debug!(kafka.partition = partition, "not woken up: {error}");
            }
        }
    }

    /// Assigns a partition anew at the offset that its writer wants. After a fetch from an offset
    /// that is not in the log (the start of an assignment, where retention has deleted records; a
    /// log that was shorter for a moment) the client has stopped fetching for good, and refuses
    /// every seek: only a new assignment starts it again.
    fn assign_again(&self, partition: i32) {
        tracing::debug!(
            kafka.partition = partition,
            "assigned anew: the client had stopped"
        );
        let result = match self.consumer.rebalance_protocol() {
            RebalanceProtocol::Cooperative => {
                let list = self.starts(|other| other == partition);
                self.consumer
                    .incremental_unassign(&list)
                    .and_then(|()| self.consumer.incremental_assign(&list))
                    .and_then(|()| self.consumer.pause(&list))
            }
            _ => {
                // Eager groups know whole assignments alone: every lane starts where it is.
                let list = self.starts(|_| true);
                for lane in self.consumer.context().lanes().values_mut() {
                    if lane.flow == Flow::Open {
                        lane.hand_over();
                        lane.flow = Flow::Seeking;
                    }
                }
                self.consumer
                    .assign(&list)
                    .and_then(|()| self.consumer.pause(&list))
            }
        };
        if let Err(error) = result {
            tracing::warn!(kafka.partition = partition, "cannot assign anew: {error}");
        }
    }

    /// The offsets that come next in the partitions that are `wanted`.
    fn starts(&self, wanted: impl Fn(i32) -> bool) -> TopicPartitionList {
        let mut list = TopicPartitionList::new();
        for (partition, lane) in self.consumer.context().lanes().iter() {
            let start = Offset::Offset(lane.expected_offset);
            if wanted(*partition)
                && let Err(error) = list.add_partition_offset(&self.topic, *partition, start)
            {
                tracing::error!(
                    kafka.partition = partition,
                    "cannot name an offset: {error}"
                );
            }
        }
        list
    }

    /// Whether every open lane has room. Where one has none, waits a moment for it; where that
    /// lasts too long, pauses the partition, so that the others and the group are not kept waiting.
    fn wait_for_room(&self) -> bool {
        let mut waits = false;
        let mut overfull = Vec::new();
        {
            let mut lanes = self.consumer.context().lanes();
            let limit = self.limit.share(lanes.len());
            for (partition, lane) in lanes.iter_mut() {
                match lane.flow {
                    Flow::Open if lane.backlog.exceeds(limit) => {
                        let since = *lane.full_since.get_or_insert_with(Instant::now);
                        if since.elapsed() < ROOM_WAIT {
                            waits = true;
                        } else {
                            lane.hand_over();
                            lane.flow = Flow::Full;
                            overfull.push(*partition);
                        }
                    }
                    Flow::Open => lane.full_since = None,
                    Flow::Full if !lane.backlog.exceeds(limit.half()) => {
                        lane.flow = Flow::Seeking;
                        lane.seek_after = Instant::now();
                    }
                    Flow::Full | Flow::Held | Flow::Seeking => {}
                }
            }
        }
        for partition in overfull {
            tracing::debug!(kafka.partition = partition, "paused: its writer is behind");
            self.pause(partition);
        }
        if waits {
            self.room.wait(POLL);
        }
        !waits
    }

    /// Takes what the client has, waiting a moment for the first.
    fn poll(&mut self) {
        let mut polled = self.consumer.poll(POLL);
        for done in self.after_poll.drain(..) {
            if done.send(()).is_err() {
                tracing::debug!("nobody waits for the poll any more");
            }
        }
        if self.joining && native::is_member(self.consumer.client()) {
            self.joining = false;
            self.consumer.context().tell(Event::Rebalanced);
        }
        let (mut gathered, mut bytes) = (0, 0);
        while let Some(result) = polled {
            match result {
                Ok(message) => bytes += self.take(&message),
                Err(KafkaError::PartitionEOF(partition)) => {
                    if let Some(lane) = self.consumer.context().lanes().get_mut(&partition) {
                        lane.at_end = true;
                    }
                }
                Err(error) => self.fetch_failed(&error),
            }
            gathered += 1;
            if gathered == GATHER || bytes >= GATHER_BYTES {
                break;
            }
            polled = self.consumer.poll(Duration::ZERO);
        }
    }

    /// Gives a record to its lane; its bytes.
    fn take(&self, message: &BorrowedMessage<'_>) -> usize {
        let record = Record {
            offset: message.offset(),
            expected_offset: 0,
            timestamp_ms: message.timestamp().to_millis(),
            key: message.key().map(Into::into),
            headers: native::headers(message),
            payload: message.payload().map(Into::into),
        };
        let bytes = record.size();
        if let Some(lane) = self
            .consumer
            .context()
            .lanes()
            .get_mut(&message.partition())
        {
            lane.take(record);
        }
        bytes
    }

    fn fetch_failed(&self, error: &KafkaError) {
        if let KafkaError::MessageConsumptionFatal(code) = error {
            if *code == RDKafkaErrorCode::UnreleasedInstanceId {
                self.consumer.context().tell(Event::NotReleased);
            } else {
                self.fail(error);
            }
            return;
        }
        tracing::debug!("fetch failed: {error}");
        if !is_about_position(error) {
            return;
        }
        // The client has stopped fetching there. Should the look at the broker find nothing
        // wrong, the partition goes on from where it was.
        for lane in self.consumer.context().lanes().values_mut() {
            if lane.flow == Flow::Open {
                lane.hand_over();
                lane.flow = Flow::Seeking;
                lane.seek_after = Instant::now() + Duration::from_secs(1);
            }
        }
        self.consumer.context().tell(Event::FetchFailed);
    }

    fn fail(&self, error: &KafkaError) {
        let stop = LoudStop::Kafka(error.to_string());
        self.consumer.context().tell(Event::Failed(stop));
    }

    /// Gives each writer what was gathered for it, and the end of the log where it is reached.
    fn hand_over(&self) {
        let mut at_end = Vec::new();
        for (partition, lane) in self.consumer.context().lanes().iter_mut() {
            lane.hand_over();
            if lane.is_idle_at_end() {
                at_end.push(*partition);
            }
        }
        if at_end.is_empty() {
            return;
        }
        // Only here, with nothing in hand, is the client's position that of the log's end.
        let positions = match self.consumer.position() {
            Ok(positions) => positions,
            Err(error) => {
                tracing::debug!("no position from the client: {error}");
                return;
            }
        };
        let mut lanes = self.consumer.context().lanes();
        for partition in at_end {
            let position = positions
                .find_partition(&self.topic, partition)
                .map(|element| element.offset());
            if let (Some(Offset::Offset(position)), Some(lane)) =
                (position, lanes.get_mut(&partition))
            {
                lane.end_at(position);
            }
        }
    }

    /// Ends the writers, tells the broker how far they came, and closes the client, which leaves
    /// the group.
    fn leave(self) {
        let context = self.consumer.context();
        let partitions: Vec<i32> = context.lanes().keys().copied().collect();
        context.release(&self.consumer, &partitions, STOP_WAIT, false);
    }

    fn pause(&self, partition: i32) {
        if let Err(error) = self.consumer.pause(&self.one(partition)) {
            tracing::debug!(kafka.partition = partition, "cannot pause: {error}");
        }
    }

    fn one(&self, partition: i32) -> TopicPartitionList {
        let mut list = TopicPartitionList::new();
        list.add_partition(&self.topic, partition);
        list
    }
}
