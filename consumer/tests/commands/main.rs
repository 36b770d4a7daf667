//! The operator's commands, driven as a person does: the program, its output and its exit status,
//! against a real broker and a real Postgres that the consumer itself has filled.
#![allow(clippy::unwrap_used)]

mod facts;
mod operations;
mod positions;
mod rejects;
mod settings;
mod stage;
