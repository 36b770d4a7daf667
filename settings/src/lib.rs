//! Settings that every Ordertally program reads the same way.
//!
//! Each program declares one `clap` struct whose fields use the types of this crate, so that a
//! wrong value is one clear error before anything connects. [`cli::parse`] reads the struct,
//! [`logs::start`] opens the log, [`stop::StopSignals`] tells when to end.
//!
//! This crate never connects to anything.

pub mod cli;
pub mod database_url;
pub mod kafka;
pub mod logs;
pub mod stop;
pub mod time_zone;

pub use cli::ExitStatus;
pub use database_url::DatabaseUrl;
pub use time_zone::TimeZone;
