//! The independent reckoning: from a topic's records as they lie on the broker, what each one's
//! outcome must be, what the tables must hold, and what the three questions must be answered.
//!
//! It shares no code with the product that decodes, validates, stores or computes: only the table
//! of ISO currencies and the time zones. It is slow and plain on purpose.
//!
//! In the order of the data: [`log`] is the topic, [`json`], [`number`], [`time`], [`rules`] and
//! [`fields`] read what [`event`] judges, [`order`] is what a valid event says. [`tables`] is what
//! the database holds, row by row in [`stored_order`], [`stored_rejection`] and [`facts`].
//! [`outcome`] settles what became of each record and [`compare`] tells every difference;
//! [`answers`] computes what each [`question`] must be answered from the orders that must be there.

pub mod answers;
#[cfg(test)]
mod answers_tests;
#[cfg(test)]
mod case_tests;
mod compare;
pub mod event;
pub mod facts;
mod fields;
mod json;
pub mod log;
pub mod number;
pub mod order;
mod outcome;
#[cfg(test)]
mod outcome_tests;
pub mod question;
mod rules;
mod stored_order;
mod stored_rejection;
pub mod tables;
mod time;

use std::collections::BTreeMap;

use anyhow::Result;
use tokio_postgres::Client;

pub use answers::Answers;
pub use log::{Coordinates, PartitionLog, TopicContents, TopicRecord};
pub use outcome::{Circumstances, Outcome, Reached};
use outcome::{Judged, Outcomes};
pub use stored_order::StoredOrder;
pub use stored_rejection::StoredRejection;
pub use tables::Tables;

/// How many records a report shows whole.
const DESCRIBED_MAX: usize = 10;

/// A topic's records and what is known of the circumstances in which they were read.
#[derive(Clone, Debug)]
pub struct Reckoning {
    contents: TopicContents,
    circumstances: Circumstances,
}

impl Reckoning {
    /// The reckoning of a topic that was read plainly from its beginning.
    #[must_use]
    pub fn of(mut contents: TopicContents) -> Self {
        contents
            .logs
            .sort_by_key(|log| (log.partition, log.incarnation));
        Self {
            contents,
            circumstances: Circumstances::default(),
        }
    }

    /// The same, with something that a test or an operator did.
    #[must_use]
    pub fn under(mut self, circumstances: Circumstances) -> Self {
        self.circumstances = circumstances;
        self
    }

    /// Reads the tables in one snapshot and settles every record's outcome against them.
    ///
    /// # Errors
    ///
    /// When the database cannot be asked.
    pub async fn settle(&self, client: &Client) -> Result<Settlement<'_>> {
        let tables = Tables::read(client, &self.contents.topic).await?;
        Ok(self.settle_against(tables))
    }

    /// Settles every record's outcome against tables that were read already.
    #[must_use]
    pub fn settle_against(&self, tables: Tables) -> Settlement<'_> {
        let records: Vec<Judged> = self
            .contents
            .logs
            .iter()
            .flat_map(|log| outcome::judge_log(log, &tables, &self.circumstances))
            .collect();
        Settlement {
            outcomes: outcome::settle(&records, &tables, &self.circumstances),
            contents: &self.contents,
            tables,
        }
    }

    /// The first few records that differences name.
    #[must_use]
    pub fn records_named_in(&self, differences: &[String]) -> Vec<String> {
        let logs = self.contents.logs.iter();
        logs.flat_map(|log| {
            let record = |record: &'_ TopicRecord| (log.coordinates(record.offset), record.clone());
            log.records.iter().map(record)
        })
        .filter(|(coordinates, _)| differences.iter().any(|text| coordinates.is_in(text)))
        .map(|(coordinates, record)| format!("{coordinates} is {}", record.described()))
        .take(DESCRIBED_MAX)
        .collect()
    }

    /// Everything in the database that is not as the records say. Empty in every committed state.
    ///
    /// # Errors
    ///
    /// When the database cannot be asked.
    pub async fn differences(&self, client: &Client) -> Result<Vec<String>> {
        Ok(self.settle(client).await?.differences())
    }
}

/// What became of each record, and the tables that it was settled against.
#[derive(Clone, Debug)]
pub struct Settlement<'a> {
    contents: &'a TopicContents,
    tables: Tables,
    outcomes: Outcomes,
}

impl Settlement<'_> {
    /// Everything in the tables that is not as the records say. Empty in every committed state.
    #[must_use]
    pub fn differences(&self) -> Vec<String> {
        compare::differences(
            &self.contents.topic,
            &self.contents.logs,
            &self.outcomes,
            &self.tables,
        )
    }

    /// Partitions that were not read to their end. Empty once the consumer has caught up.
    #[must_use]
    pub fn unread(&self) -> Vec<String> {
        compare::unread(&self.contents.logs, &self.tables)
    }

    /// The outcome of a record; `None` while it was not read.
    #[must_use]
    pub fn outcome(&self, coordinates: Coordinates) -> Option<&Outcome> {
        self.outcomes
            .by_record
            .get(&coordinates)
            .map(|(outcome, _)| outcome)
    }

    /// How many of the records that were surely read had each outcome, by its name in the metrics.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        let mut counts = BTreeMap::new();
        for (outcome, reached) in self.outcomes.by_record.values() {
            if *reached == Reached::Yes {
                *counts.entry(outcome.name()).or_default() += 1;
            }
        }
        counts
    }

    /// What the three questions must be answered.
    #[must_use]
    pub fn answers(&self) -> Answers {
        Answers::from_orders(
            self.outcomes
                .orders
                .values()
                .map(|(_, order)| order.clone()),
        )
    }
}

impl Outcome {
    /// Its name in the metrics.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Duplicate => "duplicate",
            Self::Rejected(_) | Self::RefusedByDatabase => "rejected",
            Self::Ignored => "ignored",
        }
    }
}
