//! The HTTP service that answers from the orders in Postgres.
fn main() {}
