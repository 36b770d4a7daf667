//! The service as its callers meet it: over HTTP, on a real Postgres.
#![allow(clippy::unwrap_used)] // a test may end where it stands

mod access;
mod analytics;
mod browser;
mod conditional;
mod correlation;
mod cors;
mod described;
mod description;
mod docs;
mod fault_table;
mod faults;
mod filters;
mod follow;
mod freshness;
mod generated_client;
mod limits;
mod lists;
mod outage;
mod periods;
mod process;
mod provinces;
mod rejected;
mod representations;
mod seeded;
mod status;
mod support;
mod zones;
