//! What came out of following.

use anyhow::{Context, Result};
use ordertally_local::resident::Resident;
use serde::Serialize;

use super::watching::Watched;
use crate::looks::Looks;
use crate::report::{grouped, mebibytes, table};
use crate::send::Run;
use crate::settings::FollowSettings;
use crate::statistics::{Percentiles, ms};

/// What was noted while it ran.
pub struct Followed<'a> {
    /// The records.
    pub sent: &'a Run,
    /// When positions could be read in the database.
    pub committed: &'a Looks,
    /// When answers included them.
    pub answered: &'a Watched,
    /// How long questions took before the orders came, milliseconds.
    pub quiet_ms: Vec<f64>,
    /// While they came.
    pub busy_ms: Vec<f64>,
    /// While orders came.
    pub consumer_cpu_seconds: f64,
    /// While orders came.
    pub service_cpu_seconds: f64,
    /// What the service held in the end.
    pub resident: Resident,
}

/// The figures.
#[derive(Debug, Serialize)]
pub struct Figures {
    records: usize,
    /// How far sending fell behind its plan at most.
    send_late_ms_max: f64,
    commits: usize,
    /// From a position being readable in the database to an answer that includes it.
    behind_commit_ms: Percentiles,
    /// From sending a record to an answer that includes it.
    record_to_answer_ms: Percentiles,
    /// Between two looks at the database, and two answers that were looked at: how exact these are.
    look_ms: Percentiles,
    answer_look_ms: Percentiles,
    quiet_questions: usize,
    quiet_ms: Percentiles,
    busy_questions: usize,
    busy_ms: Percentiles,
    /// The p99 while orders came over the quiet one.
    busy_over_quiet_p99: f64,
    consumer_cpu_seconds: f64,
    service_cpu_seconds: f64,
    resident_bytes: u64,
    resident_peak_bytes: u64,
}

impl Figures {
    /// Of what was noted.
    ///
    /// # Errors
    ///
    /// When a record or position was never seen.
    pub fn of(of: &Followed<'_>) -> Result<Self> {
        let there = &of.answered.sightings;
        let behind = of.committed.sightings.lags(there);
        let behind = behind.context("a position was in no answer")?;
        let visible: Option<Vec<f64>> = of
            .sent
            .records
            .iter()
            .map(|record| there.delay(record).map(ms))
            .collect();
        let percentiles = |values: &[f64]| Percentiles::of(values.iter().copied());
        let (quiet, busy) = (percentiles(&of.quiet_ms), percentiles(&of.busy_ms));
        Ok(Self {
            records: of.sent.records.len(),
            send_late_ms_max: ms(of.sent.late_max),
            commits: behind.len(),
            behind_commit_ms: Percentiles::of(behind.into_iter().map(ms)),
            record_to_answer_ms: Percentiles::of(visible.context("a record was in no answer")?),
            look_ms: percentiles(&of.committed.intervals_ms),
            answer_look_ms: percentiles(&of.answered.intervals_ms),
            quiet_questions: of.quiet_ms.len(),
            quiet_ms: quiet,
            busy_questions: of.busy_ms.len(),
            busy_ms: busy,
            busy_over_quiet_p99: busy.p99 / quiet.p99,
            consumer_cpu_seconds: of.consumer_cpu_seconds,
            service_cpu_seconds: of.service_cpu_seconds,
            resident_bytes: of.resident.now_bytes,
            resident_peak_bytes: of.resident.peak_bytes,
        })
    }

    /// For people.
    pub fn print(&self, settings: &FollowSettings) {
        let mut times = table(&["ms", "p50", "p90", "p99", "p99.9", "max"]);
        for (name, of) in [
            ("commit to answer", &self.behind_commit_ms),
            ("record to answer", &self.record_to_answer_ms),
            ("(between two looks at the database)", &self.look_ms),
            ("(between two answers looked at)", &self.answer_look_ms),
            ("questions, quiet", &self.quiet_ms),
            ("questions, orders coming", &self.busy_ms),
        ] {
            let shown = [of.p50, of.p90, of.p99, of.p999, of.max].map(|ms| format!("{ms:.1}"));
            times.add_row(std::iter::once(name.to_owned()).chain(shown));
        }
        println!("{times}");
        println!(
            "{} orders at {}/s (sent {:.1} ms late at most) onto {}, {} commits seen; {} questions/s: \
             p99 {:.2} times the quiet one; CPU: consumer {:.1} s, service {:.1} s; service \
             {:.0} MiB, {:.0} at most\n",
            grouped(f64::from(u32::try_from(self.records).unwrap_or(u32::MAX))),
            settings.rate,
            self.send_late_ms_max,
            settings.fill.orders,
            self.commits,
            settings.question_rate,
            self.busy_over_quiet_p99,
            self.consumer_cpu_seconds,
            self.service_cpu_seconds,
            mebibytes(self.resident_bytes),
            mebibytes(self.resident_peak_bytes),
        );
    }
}
