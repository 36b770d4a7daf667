//! The HTTP service that answers from the orders in Postgres.
//!
//! A request goes one way: the [`service`] says who asks ([`access`], [`client`]), counts it
//! ([`limits`]) and gives it an id ([`correlation`]); [`routes`] find the resource, a [`call`] is
//! agreed on (its [`representation`] and [`coding`]), [`requests`] turn its text into a checked
//! question (with [`params`], [`calendar`] and [`position`]); [`answers`] computes the analytics
//! from the [`facts`] in memory, [`lists`] asks one snapshot of the [`database`] for records;
//! [`reply`] (with [`table`] and [`etag`]) or [`problem`] put the outcome into words. [`server`]
//! carries connections, [`startup`] puts the parts together.
//!
//! [`openapi`] describes all of it, out of the same types and parameters, and [`docs`] hands out the
//! description and a page that shows it.
//!
//! Beside the requests the facts' follower keeps them up to date. Only [`database`], [`lists`],
//! [`health`], [`status`], the follower and the names of [`answers`] speak SQL. This service writes nothing.

pub mod access;
pub mod amount;
pub mod answers;
pub mod calendar;
pub mod call;
pub mod client;
pub mod code_page;
pub mod coding;
pub mod commands;
pub mod correlation;
pub mod cors;
pub mod database;
pub mod docs;
pub mod etag;
pub mod facts;
pub mod handlers;
pub mod health;
pub mod healthcheck;
pub mod limits;
pub mod lists;
pub mod observe;
pub mod openapi;
pub mod params;
pub mod position;
pub mod problem;
pub mod reply;
pub mod representation;
pub mod requests;
pub mod routes;
pub mod server;
pub mod service;
pub mod settings;
pub mod startup;
pub mod status;
pub mod table;

pub use settings::Settings;
pub use startup::Startup;
