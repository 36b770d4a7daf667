//! What an operator can do: look at positions, rejected records and facts, and settle them.
//!
//! Each command asks or changes the database once and ends; none waits for an outage to pass. What
//! changes something does so under the partition's row lock, beside a running consumer.

pub mod facts;
pub mod positions;
pub mod rejects;
mod stream;

pub use self::facts::FactsCommand;
pub use self::positions::PositionsCommand;
pub use self::rejects::RejectsCommand;
