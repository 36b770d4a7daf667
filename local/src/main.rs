//! Kafka and Postgres as child processes on this machine, with the demo on top of them.
fn main() {}
