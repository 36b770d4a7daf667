//! What the tests of every crate share: real servers, fixtures, and an independent reckoning.
//!
//! [`servers`] gives each test its database and topic, [`process`] runs the product's programs,
//! [`stopped`] freezes them, [`proxy`] makes their way to Postgres fail, [`eventually`] waits. [`event_cases`] reads `testdata/events/`, [`fuzz_corpus`] `fuzz/corpus/`,
//! [`topic_reader`] a topic as it lies there, and [`reckoning`] says what must come of it.
//! [`judge`] answers the three questions in plain SQL from what is stored.

pub mod event_cases;
mod eventually;
pub mod fuzz_corpus;
pub mod judge;
pub mod process;
pub mod proxy;
pub mod reckoning;
pub mod servers;
pub mod stopped;
pub mod topic_reader;

pub use eventually::{eventually, eventually_some};
