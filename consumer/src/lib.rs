//! Order events from a Kafka topic into Postgres, exactly once.
