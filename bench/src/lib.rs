//! Benchmarks of ingest and answers, each beside something measured in the same run.
//!
//! A benchmark ([`ingest`], [`latency`], [`backlog`]) sets its [`stage`] — a Kafka and a Postgres of its own,
//! and the product's own [`programs`] — measures with [`usage`] (CPU and memory of processes),
//! [`memory`] (the latter over time),
//! [`scrape`] (what the consumer tells of itself), [`copy`] (what Postgres can do at best) and
//! [`send`] and [`timeline`] (when a record was sent, when it could be seen), and hands its figures
//! to [`report`], which writes them down with the [`machine`] they were made on.
//!
//! Nothing here is used by the product.

pub mod backlog;
pub mod copy;
pub mod filled;
pub mod ingest;
pub mod latency;
pub mod machine;
pub mod memory;
pub mod programs;
pub mod query;
pub mod report;
pub mod scrape;
pub mod send;
pub mod service;
pub mod settings;
pub mod stage;
pub mod statistics;
pub mod timeline;
pub mod usage;
