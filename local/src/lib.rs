//! Kafka and Postgres as child processes on this machine, with the demo on top of them.
//!
//! [`folder`] is the place a run works in and locks, [`child`] one process that dies with this
//! one, [`kafka`] and [`postgres`] the two servers, [`topics`] what is asked of the broker about
//! its topics. [`services`] starts our own programs, [`stack`] all of it in order. [`demo`] and
//! [`exec`] are what people and tests run on top.
//!
//! Everything listens on the loopback address only. Nothing here is used by the consumer or the
//! query service.

pub mod child;
pub mod demo;
pub mod exec;
pub mod folder;
pub mod kafka;
pub mod port;
pub mod postgres;
pub mod resident;
pub mod services;
pub mod stack;
pub mod temporary;
pub mod topics;
