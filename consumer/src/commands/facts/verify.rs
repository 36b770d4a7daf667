//! `facts verify`: the facts against a recomputation from the orders, in one snapshot.
//!
//! Both sides are read once, in pieces. Of each partition a few sums of hashes are kept, in which
//! a fact and its order cancel out; where a sum is left over, a second reading of the same
//! snapshot finds the orders and facts that belong to it. So memory does not grow with the orders.

mod tally;

use std::collections::BTreeMap;

use ordertally_settings::{ExitStatus, cli};
use tokio_postgres::Client;

use super::VerifySettings;
use super::fact::{Fact, OF_ORDERS, STORED, StoredFacts};
use super::scan::Scan;
use crate::store::StoreError;
use tally::{Differing, Tally};

/// Orders read at a time.
const ORDERS: usize = 4_096;
/// Rows of facts read at a time; each may hold some 65,536 orders or more.
const ROWS: usize = 1;

const SNAPSHOT: &str = "
    BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
    SET LOCAL statement_timeout = '1h'";
const POSITIONS: &str = "
    SELECT partition, facts_next FROM partition_positions WHERE topic = $1 ORDER BY partition";

pub async fn run(settings: &VerifySettings) -> anyhow::Result<ExitStatus> {
    let topic = settings.stream.kafka_topic.as_str();
    let pool = settings.stream.open().await?;
    let lease = pool.lease().await?;
    let client = lease.client();
    client
        .batch_execute(SNAPSHOT)
        .await
        .map_err(StoreError::from)?;
    let partitions = Snapshot { client, topic }.compare().await?;
    client
        .batch_execute("ROLLBACK")
        .await
        .map_err(StoreError::from)?;
    lease.give_back();
    let mut orders = 0;
    let mut faults = 0;
    for (partition, compared) in &partitions {
        orders += compared.orders;
        for fault in &compared.faults {
            faults += 1;
            cli::print(format_args!("partition {partition}: {fault}"))?;
        }
    }
    let count = partitions.len();
    if faults == 0 {
        cli::print(format_args!(
            "the facts of {count} partition(s) equal a recomputation from their {orders} orders"
        ))?;
        return Ok(ExitStatus::Done);
    }
    cli::print("the facts differ from the orders: 'facts rebuild' writes them anew")?;
    Ok(ExitStatus::Failed)
}

/// What was found of one partition.
#[derive(Debug, Default)]
struct Compared {
    orders: i64,
    facts: i64,
    /// The ordinal that the next row of facts must begin with.
    next_ordinal: i64,
    facts_next: Option<i64>,
    tally: Tally,
    faults: Vec<String>,
}

/// The topic's rows as one snapshot shows them.
struct Snapshot<'a> {
    client: &'a Client,
    topic: &'a str,
}

impl Snapshot<'_> {
    async fn compare(&self) -> Result<BTreeMap<i32, Compared>, StoreError> {
        let mut partitions: BTreeMap<i32, Compared> = BTreeMap::new();
        for row in self.client.query(POSITIONS, &[&self.topic]).await? {
            let compared = partitions.entry(row.try_get(0)?).or_default();
            compared.facts_next = Some(row.try_get(1)?);
        }
        self.each_order("count_orders", |partition, _, hash| {
            let compared = partitions.entry(partition).or_default();
            compared.orders += 1;
            compared.tally.add(hash);
        })
        .await?;
        self.each_row("count_facts", |row| count(&mut partitions, row))
            .await?;
        for compared in partitions.values_mut() {
            compared.check_counts();
        }
        if partitions
            .values()
            .any(|compared| !compared.tally.is_settled())
        {
            self.find(&mut partitions).await?;
        }
        Ok(partitions)
    }

    /// Reads both sides again for what is left over.
    async fn find(&self, partitions: &mut BTreeMap<i32, Compared>) -> Result<(), StoreError> {
        let mut differing: BTreeMap<i32, Differing> = partitions
            .iter()
            .filter(|(_, compared)| !compared.tally.is_settled())
            .map(|(partition, compared)| {
                let rows = compared.orders.max(compared.facts);
                (*partition, Differing::of(&compared.tally, rows))
            })
            .collect();
        self.each_order("find_orders", |partition, event_id, hash| {
            if let Some(differing) = differing.get_mut(&partition) {
                differing.order(hash, event_id);
            }
        })
        .await?;
        self.each_row("find_facts", |row| {
            let Some(differing) = differing.get_mut(&row.partition) else {
                return;
            };
            for (ordinal, fact) in row.ordinals.clone().zip(row.facts().unwrap_or_default()) {
                differing.fact(fact.hash(), ordinal);
            }
        })
        .await?;
        for (partition, differing) in differing {
            if let Some(compared) = partitions.get_mut(&partition) {
                compared.faults.extend(differing.faults());
            }
        }
        Ok(())
    }

    /// Shows each order's partition, id and hash as a fact.
    async fn each_order(
        &self,
        name: &str,
        mut act: impl FnMut(i32, &str, u128),
    ) -> Result<(), StoreError> {
        let sql = format!("{OF_ORDERS} WHERE topic = $1");
        let scan = Scan::open(self.client, name, &sql, &[&self.topic], ORDERS).await?;
        loop {
            let rows = scan.next().await?;
            if rows.is_empty() {
                return Ok(());
            }
            for row in &rows {
                act(row.try_get(0)?, row.try_get(1)?, Fact::of(row)?.hash());
            }
        }
    }

    /// Shows each row of facts, by partition and ordinal.
    async fn each_row(
        &self,
        name: &str,
        mut act: impl FnMut(&StoredFacts<'_>),
    ) -> Result<(), StoreError> {
        let sql = format!("{STORED} WHERE topic = $1 ORDER BY topic, partition, first_ordinal");
        let scan = Scan::open(self.client, name, &sql, &[&self.topic], ROWS).await?;
        loop {
            let rows = scan.next().await?;
            if rows.is_empty() {
                return Ok(());
            }
            for row in &rows {
                act(&StoredFacts::of(row)?);
            }
        }
    }
}

fn count(partitions: &mut BTreeMap<i32, Compared>, row: &StoredFacts<'_>) {
    let compared = partitions.entry(row.partition).or_default();
    let ordinals = &row.ordinals;
    if ordinals.start != compared.next_ordinal {
        compared.faults.push(format!(
            "a row of facts begins at ordinal {}, where {} is due",
            ordinals.start, compared.next_ordinal
        ));
    }
    compared.next_ordinal = ordinals.end;
    let Some(facts) = row.facts() else {
        compared.faults.push(format!(
            "the arrays of the row of facts at ordinal {} do not fit together",
            ordinals.start
        ));
        return;
    };
    for fact in facts {
        compared.facts += 1;
        compared.tally.remove(fact.hash());
    }
}

impl Compared {
    fn check_counts(&mut self) {
        match self.facts_next {
            None => self
                .faults
                .push("has orders or facts and no stored position".to_owned()),
            Some(facts_next) if facts_next != self.next_ordinal => self.faults.push(format!(
                "facts_next is {facts_next}, but the facts end at ordinal {}",
                self.next_ordinal
            )),
            Some(_) => {}
        }
        if self.orders != self.facts {
            self.faults
                .push(format!("{} orders, {} facts", self.orders, self.facts));
        }
    }
}
