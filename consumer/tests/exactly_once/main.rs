//! The consumer's program against a real broker and a real Postgres: whatever is killed, cut off,
//! restarted, rebalanced or replayed, every record has exactly one outcome.
//!
//! Each test has a topic and a database of its own. At its end the independent reckoning of
//! `testkit` reads the topic as it lies there and compares every table with what must be in it.
#![allow(clippy::unwrap_used)]

mod answers;
mod broker;
mod crashes;
mod groups;
mod herald;
mod merges;
mod migrations;
mod outcomes;
mod postgres;
mod stage;
mod store;
mod topics;
mod words;
