//! The HTTP service that answers from the orders in Postgres.
//!
//! A request goes one way: [`routes`] finds the resource, [`requests`] turns its text into a
//! checked question (with [`params`], [`calendar`] and [`position`]), [`answers`] or [`lists`]
//! ask it in one snapshot of the [`database`], and [`reply`] or [`problem`] put the outcome into
//! words. [`server`] carries connections, [`startup`] puts the parts together.
//!
//! [`answers`] is the seam for the analytics: handlers know its questions and answers and nothing
//! of where the figures come from. Only [`database`], [`answers`], [`lists`] and [`health`] speak
//! SQL. This service writes nothing.

pub mod amount;
pub mod answers;
pub mod calendar;
pub mod database;
pub mod facts;
pub mod handlers;
pub mod health;
pub mod healthcheck;
pub mod lists;
pub mod observe;
pub mod params;
pub mod position;
pub mod problem;
pub mod reply;
pub mod requests;
pub mod routes;
pub mod server;
pub mod settings;
pub mod startup;

pub use settings::Settings;
pub use startup::Startup;
