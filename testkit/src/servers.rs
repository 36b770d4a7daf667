//! Real servers for tests: one Kafka and one Postgres shared by a whole run, a database or a topic
//! for each test, and servers of a test's own where it stops and starts them.
//!
//! `ordertally-local exec -- cargo test …` starts the shared ones once for all test programs and
//! says where they are; without it each test program starts its own when the first test asks.
//!
//! A test cannot go on without its server, so everything here panics with the whole reason.

mod kafka;
mod postgres;

pub use kafka::{OwnKafka, brokers, topic, topics};
pub use ordertally_local::port::free as free_port;
pub use ordertally_local::topics::Topics;
pub use postgres::{OwnPostgres, TestDatabase, connect, database};

use std::fmt::Display;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// A name that no other test has, in this run or an earlier one against the same servers.
fn unique_name(kind: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis());
    let process = std::process::id();
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("{kind}_{now:x}_{process}_{count}")
}

/// The value, or a panic that tells the whole chain of reasons.
#[track_caller]
fn must<T, E: Into<anyhow::Error>>(what: impl Display, result: Result<T, E>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => {
            let error: anyhow::Error = error.into();
            panic!("{what}: {error:#}")
        }
    }
}
