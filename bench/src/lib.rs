//! Benchmarks of ingest and answers, each beside something measured in the same run.
//!
//! A benchmark of ingest ([`mod@ingest`], [`sinks`], [`latency`], [`backlog`]) sets its [`stage`] — a
//! Kafka and a Postgres of its own, and the product's own [`programs`] — measures with [`usage`] (CPU
//! of processes), [`memory`] (over time), [`scrape`] (what the consumer tells of itself), [`copy`]
//! (what Postgres can do at best), [`runs`] (one of each over a full topic) and [`send`], [`looks`] and
//! [`timeline`] (when a record was sent, when it could be seen). `sinks` holds the consumer against
//! what people would use instead.
//!
//! A benchmark of answers ([`query`], [`follow`]) starts from a [`filled`] database and asks a
//! running [`service`]; `query` holds times and answers against those of other engines, which the
//! Python program in `bench/peers` drives.
//!
//! All hand their figures to [`report`], which writes them down with the [`machine`] they were made
//! on; [`plot`] draws what lies there.
//!
//! Nothing here is used by the product.

pub mod backlog;
pub mod copy;
pub mod filled;
pub mod follow;
pub mod ingest;
pub mod latency;
pub mod looks;
pub mod machine;
pub mod memory;
pub mod plot;
pub mod programs;
pub mod query;
pub mod report;
pub mod runs;
pub mod scrape;
pub mod send;
pub mod service;
pub mod settings;
pub mod sinks;
pub mod stage;
pub mod statistics;
pub mod timeline;
pub mod usage;
