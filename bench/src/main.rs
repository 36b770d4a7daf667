//! Benchmarks of ingest and answers, each beside something measured in the same run.
fn main() {}
