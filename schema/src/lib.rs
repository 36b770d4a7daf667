//! The two contracts of Ordertally.
//!
//! On the wire: [`event::read`] turns a record's payload into one [`Reading`] — a [`ValidOrder`],
//! *ignored*, or every [`Violation`] found. It is pure: it knows neither Kafka nor SQL, so the
//! consumer, the replay tool and the tests judge an event by the same rules.
//!
//! In the database: [`migrations`] makes the tables, [`tables`] is Diesel's view of them,
//! [`database`] opens connections.

pub mod database;
pub mod event;
pub mod explanation;
pub mod fingerprint;
pub mod migrations;
pub mod money;
pub mod number;
pub mod order;
pub mod rules;
pub mod tables;
pub mod violation;

pub use event::Reading;
pub use explanation::Explanation;
pub use order::{Address, LineItem, ValidOrder};
pub use violation::{Code, Violation};
