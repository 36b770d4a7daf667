//! What the tests of every crate share: real servers, fixtures, and an independent reckoning.

pub mod event_cases;
pub mod reckoning;
pub mod topic_reader;
