//! What the consumer tells the outside: counters, gauges and histograms by name.
//!
//! Each is described in docs/operations.md.

use std::time::Duration;

use metrics::{
    Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

use crate::batch::Outcomes;

const RECORDS: &str = "ordertally_records_total";
const LAG: &str = "ordertally_lag_records";
const COMMIT: &str = "ordertally_commit_duration_seconds";
const BATCH: &str = "ordertally_batch_records";
const RETRIES: &str = "ordertally_retries_total";
const PAUSED: &str = "ordertally_paused_partitions";
const ASSIGNED: &str = "ordertally_assigned_partitions";
const FRESHNESS: &str = "ordertally_freshness_seconds";
const FENCED: &str = "ordertally_fenced_total";
const BUILD: &str = "ordertally_build_info";

/// Installs the recorder; what it gathered is read from the handle.
///
/// # Errors
///
/// When another recorder is installed already.
pub fn install() -> Result<PrometheusHandle, BuildError> {
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(
            Matcher::Full(COMMIT.into()),
            &[
                0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0,
            ],
        )?
        .set_buckets_for_metric(
            Matcher::Full(BATCH.into()),
            &[
                1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1e3, 2e3, 5e3, 1e4, 1e5,
            ],
        )?
        .install_recorder()?;
    describe();
    Ok(handle)
}

fn describe() {
    describe_counter!(RECORDS, "Records that had their outcome, by outcome");
    describe_gauge!(
        LAG,
        "Records of a partition that are in the log and not committed here"
    );
    describe_histogram!(
        COMMIT,
        Unit::Seconds,
        "Time that a batch's transaction took"
    );
    describe_histogram!(BATCH, "Records in a batch");
    describe_counter!(
        RETRIES,
        "Attempts that were repeated, by what was attempted"
    );
    describe_gauge!(
        PAUSED,
        "Partitions assigned here whose work waits for Postgres or the broker"
    );
    describe_gauge!(ASSIGNED, "Partitions assigned here");
    describe_gauge!(
        FRESHNESS,
        Unit::Seconds,
        "Age of the newest committed record"
    );
    describe_counter!(
        FENCED,
        "Times that another claimant was found to own a partition"
    );
    describe_gauge!(BUILD, "Always 1; the release is in its label");
    gauge!(BUILD, "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    for outcome in ["stored", "duplicate", "rejected", "ignored"] {
        counter!(RECORDS, "outcome" => outcome).absolute(0);
    }
    for what in ["claim", "commit", "broker"] {
        counter!(RETRIES, "operation" => what).absolute(0);
    }
    counter!(FENCED).absolute(0);
    gauge!(PAUSED).set(0.0);
    gauge!(ASSIGNED).set(0.0);
}

/// A batch is committed.
pub fn committed(outcomes: Outcomes, took: Duration) {
    counter!(RECORDS, "outcome" => "stored").increment(outcomes.stored);
    counter!(RECORDS, "outcome" => "duplicate").increment(outcomes.duplicate);
    counter!(RECORDS, "outcome" => "rejected").increment(outcomes.rejected);
    counter!(RECORDS, "outcome" => "ignored").increment(outcomes.ignored);
    histogram!(COMMIT).record(took.as_secs_f64());
    let records = outcomes.stored + outcomes.duplicate + outcomes.rejected + outcomes.ignored;
    #[allow(clippy::cast_precision_loss)] // a batch has far fewer than 2^52 records
    histogram!(BATCH).record(records as f64);
}

/// An attempt failed and is repeated.
pub fn retried(operation: &'static str) {
    counter!(RETRIES, "operation" => operation).increment(1);
}

/// Another claimant owns the partition.
pub fn fenced() {
    counter!(FENCED).increment(1);
}

/// How many partitions are assigned here, and how many of them wait.
#[allow(clippy::cast_precision_loss)] // far fewer than 2^52 partitions
pub fn partitions(assigned: usize, paused: usize) {
    gauge!(ASSIGNED).set(assigned as f64);
    gauge!(PAUSED).set(paused as f64);
}

/// How far a partition is behind its log.
#[allow(clippy::cast_precision_loss)] // a log of 2^52 records does not exist
pub fn lag(partition: i32, records: i64) {
    gauge!(LAG, "partition" => partition.to_string()).set(records as f64);
}

/// How old the newest committed record is.
pub fn freshness(age: Duration) {
    gauge!(FRESHNESS).set(age.as_secs_f64());
}

/// The partition is somebody else's now.
pub fn released(partition: i32) {
    gauge!(LAG, "partition" => partition.to_string()).set(f64::NAN);
}
