//! Watches the topic while partitions are consumed: is it still the one that the positions belong
//! to, and are they in its log?

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use crate::log_end::LogEnd;
use crate::probe::ProbeError;
use crate::signals;
use crate::stop::{LoudStop, outside};
use crate::writer::Desk;

/// How often the broker is asked for the topic's id. A topic that is deleted and made anew is
/// noticed within this time; ARCHITECTURE.md says what that leaves open.
pub const WATCH: Duration = Duration::from_millis(200);

/// At which of these looks, each time, the ends of the logs are asked for as well: every second.
const LOG_LOOK: u32 = 5;

/// Looks in a row that must find a position outside its log before it is believed: records in hand
/// may lie beyond it, and a broker that has just come back may not have the end yet.
const LOOKS: u32 = 3;

/// Asks the broker again and again, and at once after a fetch failed, whether the topic is still the
/// one that the positions belong to, and where its logs begin and end.
pub async fn watch(desk: Arc<Desk>, mut looks: mpsc::Receiver<()>) {
    let mut missing = false;
    let mut until_log_look = LOG_LOOK;
    let mut suspects: HashMap<(i32, i64), u32> = HashMap::new();
    loop {
        tokio::select! {
            () = tokio::time::sleep(WATCH) => until_log_look -= 1,
            Some(()) = looks.recv() => until_log_look = 0,
        }
        let look_at_logs = until_log_look == 0;
        if look_at_logs {
            until_log_look = LOG_LOOK;
        }
        let found = match desk.probe.describe().await {
            Ok(found) => found,
            Err(error) => {
                let gone = matches!(error, ProbeError::NoTopic(_));
                if gone && !missing {
                    tracing::warn!("{error} any more: waiting");
                }
                missing = gone;
                continue;
            }
        };
        missing = false;
        let mut still_suspect = HashMap::new();
        for (partition, position) in desk.health.positions() {
            if position.topic_id != found.topic_id {
                let stop = LoudStop::AnotherTopic {
                    topic: desk.topic.clone(),
                    partition,
                    next_offset: position.next_offset,
                    stored: position.topic_id,
                    found: found.topic_id,
                };
                return stop_loudly(&desk, stop);
            }
            if !look_at_logs {
                continue;
            }
            let next_offset = position.next_offset;
            if let Some(stop) = look_at_log(&desk, partition, next_offset).await {
                let key = (partition, next_offset);
                let seen = suspects.get(&key).copied().unwrap_or(0) + 1;
                if seen >= LOOKS {
                    return stop_loudly(&desk, stop);
                }
                still_suspect.insert(key, seen);
            }
        }
        if look_at_logs {
            suspects = still_suspect;
        }
    }
}

fn stop_loudly(desk: &Desk, stop: LoudStop) {
    if desk.stops.send(stop).is_err() {
        tracing::debug!("the service is ending already");
    }
}

/// Notes how far a partition is behind, and finds a position that is not in its log.
async fn look_at_log(desk: &Desk, partition: i32, next_offset: i64) -> Option<LoudStop> {
    // While the broker is away there is nothing to see; the source says so.
    let log = desk.probe.watermarks(partition).await.ok()?;
    signals::lag(partition, (log.log_end - next_offset).max(0));
    let log_end = LogEnd::seen_now(log.log_end);
    desk.health.log_ends(partition, log_end);
    if !desk.health.is_idle(partition) {
        return None; // what is in hand may lie above
    }
    outside(&desk.topic, partition, next_offset, log)
}
