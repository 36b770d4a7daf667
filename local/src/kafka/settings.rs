//! The node's `server.properties`. The settings that Ordertally relies on are the same as in
//! `docker-compose.yml`; a test compares the two.

use std::path::Path;

/// Settings that matter wherever Ordertally runs, each with its reason.
pub const RELIED_ON: [(&str, &str); 12] = [
    // Orders of 2020 would otherwise be deleted at the first retention check.
    ("log.retention.ms", "-1"),
    // A payload may have 1 MiB; with key and headers it passes Kafka's default of 1 MiB.
    ("message.max.bytes", "8388608"),
    ("replica.fetch.max.bytes", "8388608"),
    ("fetch.max.bytes", "57671680"),
    // A KIP-848 group takes its timeouts from the broker, whose own minimum is 45 s: a partition
    // of a consumer that was killed would wait that long.
    ("group.consumer.session.timeout.ms", "6000"),
    ("group.consumer.min.session.timeout.ms", "6000"),
    ("group.consumer.heartbeat.interval.ms", "1000"),
    ("group.consumer.min.heartbeat.interval.ms", "1000"),
    // A misspelt topic is an error, not a new topic.
    ("auto.create.topics.enable", "false"),
    // One node: what Kafka keeps for itself cannot have more copies.
    ("offsets.topic.replication.factor", "1"),
    ("transaction.state.log.replication.factor", "1"),
    ("transaction.state.log.min.isr", "1"),
];

/// Settings that only make one node on a shared machine quick and small.
const SMALL: [(&str, &str); 11] = [
    ("group.initial.rebalance.delay.ms", "0"),
    ("offsets.topic.num.partitions", "4"),
    ("transaction.state.log.num.partitions", "4"),
    ("share.coordinator.state.topic.num.partitions", "1"),
    ("share.coordinator.state.topic.replication.factor", "1"),
    ("share.coordinator.state.topic.min.isr", "1"),
    // The default of 128 MiB is a quarter of the heap.
    ("log.cleaner.dedupe.buffer.size", "16777216"),
    // A broker that is killed forgets the deletions after its last note of them.
    ("log.flush.start.offset.checkpoint.interval.ms", "100"),
    // A compaction that a test waits for begins at once.
    ("log.cleaner.backoff.ms", "500"),
    // Deleted topics and segments leave the disk after this rather than a minute.
    ("log.segment.delete.delay.ms", "1000"),
    ("broker.heartbeat.interval.ms", "1000"),
];

/// A second way in, for clients that go through something on another port.
#[derive(Clone, Copy, Debug)]
pub struct Detour {
    /// Where the node listens for it.
    pub port: u16,
    /// Where its clients are told to connect.
    pub advertised: u16,
}

/// The whole file for a node with its data in `data`.
pub(super) fn properties(
    data: &Path,
    broker_port: u16,
    controller_port: u16,
    detour: Option<Detour>,
) -> String {
    // A backslash starts an escape in this format.
    let data = data.display().to_string().replace('\\', "\\\\");
    let listener = |port| format!(",DETOUR://127.0.0.1:{port}");
    let detour_listener = detour.map_or_else(String::new, |detour| listener(detour.port));
    let detour_advertised = detour.map_or_else(String::new, |detour| listener(detour.advertised));
    let mut text = format!(
        "node.id=1\n\
         process.roles=broker,controller\n\
         listeners=BROKER://127.0.0.1:{broker_port},CONTROLLER://127.0.0.1:{controller_port}{detour_listener}\n\
         advertised.listeners=BROKER://127.0.0.1:{broker_port}{detour_advertised}\n\
         listener.security.protocol.map=BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT,DETOUR:PLAINTEXT\n\
         inter.broker.listener.name=BROKER\n\
         controller.listener.names=CONTROLLER\n\
         controller.quorum.voters=1@127.0.0.1:{controller_port}\n\
         log.dirs={data}\n"
    );
    for (name, value) in RELIED_ON.iter().chain(&SMALL) {
        text.push_str(&format!("{name}={value}\n"));
    }
    text
}
