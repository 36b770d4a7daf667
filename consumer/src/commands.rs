//! What an operator can do: look at positions, rejected records and facts, and settle them.

pub mod facts;
pub mod positions;
pub mod rejects;

pub use self::facts::FactsCommand;
pub use self::positions::PositionsCommand;
pub use self::rejects::RejectsCommand;
