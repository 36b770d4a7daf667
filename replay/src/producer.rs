//! How the broker's client is set up: idempotent, ordered, accounted for.

use ordertally_settings::kafka::{Brokers, KafkaOption, KafkaOptionError};
use rdkafka::config::ClientConfig;

use crate::settings::KafkaSettings;

/// Options that sending relies on, each set below with the reason.
const PROTECTED: [&str; 17] = [
    "bootstrap.servers",
    "metadata.broker.list",
    "enable.idempotence",
    "acks",
    "request.required.acks",
    "max.in.flight",
    "max.in.flight.requests.per.connection",
    "retries",
    "message.send.max.retries",
    "message.timeout.ms",
    "delivery.timeout.ms",
    "allow.auto.create.topics",
    "delivery.report.only.error",
    "enable.gapless.guarantee",
    "transactional.id",
    "partitioner",
    "queuing.strategy",
];

/// The client's configuration.
///
/// # Errors
///
/// [`KafkaOptionError::Protected`] when an option is given that sending relies on.
pub fn configuration(
    settings: &KafkaSettings,
    brokers: &Brokers,
) -> Result<ClientConfig, KafkaOptionError> {
    let mut config = ClientConfig::new();
    // Throughput; any of these may be overridden by an option of the command line.
    config
        .set("client.id", "ordertally-replay")
        .set("compression.codec", "lz4")
        .set("linger.ms", "20")
        .set("queue.buffering.max.messages", "100000")
        .set("queue.buffering.max.kbytes", "65536")
        // An event of 1 MiB must reach the consumer's rules, and an invalid one its rejections.
        .set("message.max.bytes", "8388608");
    for KafkaOption { key, value } in settings.options.checked(&PROTECTED)? {
        config.set(key, value);
    }
    let timeout_ms = u64::from(settings.delivery_timeout_s) * 1000;
    config
        .set("bootstrap.servers", brokers.as_str())
        // No retry doubles or reorders an event; implies acks=all and endless retries.
        .set("enable.idempotence", "true")
        .set("acks", "all")
        // A broker that stays away ends the run; a restart of it does not.
        .set("message.timeout.ms", timeout_ms.to_string())
        // A misspelled topic is an error, not a new topic.
        .set("allow.auto.create.topics", "false")
        // Java's partitioner: a customer keeps the partition that other producers use.
        .set("partitioner", "murmur2_random");
    Ok(config)
}
