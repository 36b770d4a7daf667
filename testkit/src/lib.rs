//! What the tests of every crate share: real servers, fixtures, and an independent reckoning.
//!
//! [`servers`] gives each test its database and topic, [`process`] runs the product's programs,
//! [`stopped`] freezes them, [`eventually`] waits. [`event_cases`] reads `testdata/events/`,
//! [`topic_reader`] a topic as it lies there, and [`reckoning`] says what must come of it.

pub mod event_cases;
mod eventually;
pub mod process;
pub mod reckoning;
pub mod servers;
pub mod stopped;
pub mod topic_reader;

pub use eventually::{eventually, eventually_some};
