//! Order events from a Kafka topic into Postgres, exactly once.
//!
//! The way of a record:
//!
//! ```text
//! source ──▶ intake ──▶ batch ──▶ store ──▶ source
//! (Kafka,    (decode,   (what     (one       (offsets for the
//!  its own    validate,  becomes   transaction) broker's information)
//!  thread)    encode)    of each)
//! ```
//!
//! [`source`] polls Kafka on a thread of its own and hands each partition's records to that
//! partition's [`writer`], a task that first makes a claim in the database, then takes whatever
//! waits in its [`intake`], valid orders as the [`row`] that they become, asks [`batch`] what becomes
//! of each record and has [`store`] commit it all in one transaction. [`service`] starts and ends all
//! of them, once [`start`] has found what they need. Only `source` and `probe`
//! speak to the broker, with `native` for what the client's crate does not wrap; only `store` and the operator's [`commands`] speak SQL.

pub mod batch;
pub mod commands;
pub mod facts;
pub mod health;
pub mod intake;
pub mod log_end;
mod native;
pub mod probe;
pub mod record;
pub mod row;
pub mod service;
pub mod settings;
pub mod signals;
pub mod source;
pub mod start;
pub mod stop;
pub mod store;
pub mod watch;
pub mod writer;
