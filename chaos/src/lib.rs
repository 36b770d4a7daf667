//! Tries to break the guarantees: faults of every kind, drawn from a seed, against real consumers,
//! a real Kafka and a real Postgres under load; after each schedule the reckoning of `testkit`
//! over every table and every answer.
//!
//! [`schedule`] draws what happens; [`scene`] holds the servers, [`cast`] the programs between them,
//! [`load`] sends every kind of record meanwhile, [`fault`] does the faults, and
//! [`run`] plays a schedule and judges its end.

pub mod cast;
pub mod fault;
pub mod load;
pub mod run;
pub mod scene;
pub mod schedule;
