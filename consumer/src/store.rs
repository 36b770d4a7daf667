//! The consumer's side of Postgres: claims, and the one transaction that a batch is.
//!
//! What a batch leaves in the database — orders with their line items, facts, rejected records and
//! the partition's position — is committed together or not at all. Every transaction locks the
//! position's row first and compares the owner's epoch, so that of two consumers that both believe
//! they own a partition only the newest claimant can advance it.

mod claim;
mod commit;
mod connection;
mod failure;
mod herald;
mod merge;
mod rejected;
mod retry;
mod rows;

pub use self::claim::{Claim, Found};
pub use self::commit::{Committed, Previous};
pub use self::connection::{Lease, Pool};
pub use self::failure::{StoreError, stop_for};
pub use self::merge::merge_facts;
pub use self::retry::{Retried, Retry};

pub(crate) use self::commit::insert_facts;
pub(crate) use self::connection::watchful;
