//! `rejects retry`: kept records read through the current rules, a few hundred a transaction.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail};
use clap::{ArgGroup, Args};
use ordertally_settings::{ExitStatus, cli};
use tokio_postgres::Client;

use super::{code, show};
use crate::batch::Outcomes;
use crate::commands::stream::StreamSettings;
use crate::store::{Pool, Retried, Retry, StoreError};

/// The settings of `rejects retry`.
#[derive(Args, Clone, Debug)]
#[command(group = ArgGroup::new("which").required(true).args(["ids", "code", "all"]))]
pub struct RetrySettings {
    /// Where.
    #[command(flatten)]
    pub stream: StreamSettings,
    /// Ids of the records, as `rejects list` shows them
    #[arg(value_name = "ID")]
    pub ids: Vec<i64>,
    /// Those with this code among their violations
    #[arg(long, value_name = "CODE", value_parser = code)]
    pub code: Option<&'static str>,
    /// Every rejected record
    #[arg(long)]
    pub all: bool,
}

/// Most records in one transaction: the partition's consumer waits while it lasts.
const RECORDS: i64 = 500;
/// Most payload in one transaction; one larger record is tried alone.
const BYTES: i64 = 8 << 20;

const NEWEST: &str = "SELECT coalesce(max(id), 0) FROM rejected_events WHERE topic = $1";
const PRESENT: &str = "SELECT id FROM rejected_events WHERE topic = $1 AND id = ANY($2)";
/// In log order, so that of several records of one event id the first is stored.
const PAGE: &str = r#"
    SELECT id, incarnation, partition, "offset", coalesce(octet_length(payload), 0)::bigint
    FROM rejected_events
    WHERE topic = $1
        AND (incarnation, partition, "offset") > ($2, $3, $4)
        AND id <= $5
        AND ($6::text IS NULL OR codes @> ARRAY[$6])
        AND ($7::bigint[] IS NULL OR id = ANY($7))
    ORDER BY incarnation, partition, "offset"
    LIMIT $8"#;

/// What became of all that was asked for.
#[derive(Debug, Default)]
struct Summary {
    outcomes: Outcomes,
    codes: BTreeMap<String, u64>,
}

impl Summary {
    fn add(&mut self, retried: Retried) {
        self.outcomes += retried.outcomes;
        for (code, count) in retried.codes {
            *self.codes.entry(code).or_default() += count;
        }
    }

    fn print(&self) -> std::io::Result<()> {
        let Outcomes {
            stored,
            duplicate,
            rejected,
            ignored,
        } = self.outcomes;
        cli::print(format_args!(
            "{stored} stored, {duplicate} duplicate, {ignored} ignored, {rejected} still rejected"
        ))?;
        for (code, count) in &self.codes {
            cli::print(format_args!("  {code}: {count}"))?;
        }
        Ok(())
    }
}

pub async fn run(settings: &RetrySettings) -> anyhow::Result<ExitStatus> {
    let topic = settings.stream.kafka_topic.as_str();
    let pool = settings.stream.open().await?;
    let pages = {
        let lease = pool.lease().await?;
        let client = lease.client();
        let ids = (!settings.ids.is_empty()).then_some(settings.ids.as_slice());
        if let Some(ids) = ids {
            expect_present(client, topic, ids).await?;
        }
        let pages = Pages {
            topic,
            code: settings.code,
            ids,
            newest: newest(client, topic).await?,
            after: (0, -1, -1),
        };
        lease.give_back();
        pages
    };
    let mut summary = Summary::default();
    let done = retry_all(&pool, pages, &mut summary).await;
    let printed = summary.print();
    done.context("those told above are settled; the same command goes on with the others")?;
    printed?;
    Ok(if summary.outcomes.rejected == 0 {
        ExitStatus::Done
    } else {
        ExitStatus::Failed
    })
}

async fn retry_all(
    pool: &Pool,
    mut pages: Pages<'_>,
    summary: &mut Summary,
) -> Result<(), StoreError> {
    loop {
        let lease = pool.lease().await?;
        let page = pages.next(lease.client()).await?;
        lease.give_back();
        if page.is_empty() {
            return Ok(());
        }
        for retry in page {
            retry_one(pool, retry, summary).await?;
        }
    }
}

/// Retries the records, in pieces where Postgres refuses one of them, so that none blocks its
/// neighbours.
async fn retry_one(pool: &Pool, retry: Retry, summary: &mut Summary) -> Result<(), StoreError> {
    let mut pieces = vec![retry];
    while let Some(mut piece) = pieces.pop() {
        match pool.retry(&piece, None).await {
            Ok(retried) => summary.add(retried),
            Err(StoreError::Data { sqlstate, message }) => {
                if piece.ids.len() > 1 {
                    let later = piece.ids.split_off(piece.ids.len() / 2);
                    let second = Retry {
                        ids: later,
                        ..piece.clone()
                    };
                    pieces.push(second);
                    pieces.push(piece);
                } else {
                    summary.add(pool.retry(&piece, Some((&sqlstate, &message))).await?);
                }
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

async fn newest(client: &Client, topic: &str) -> Result<i64, StoreError> {
    Ok(client.query_one(NEWEST, &[&topic]).await?.try_get(0)?)
}

/// Names each id that is not there, before anything is done.
async fn expect_present(client: &Client, topic: &str, ids: &[i64]) -> anyhow::Result<()> {
    let rows = client
        .query(PRESENT, &[&topic, &ids])
        .await
        .map_err(StoreError::from)?;
    let present: Vec<i64> = rows.iter().map(|row| row.get(0)).collect();
    let mut reasons = Vec::new();
    for id in ids.iter().filter(|id| !present.contains(id)) {
        reasons.push(show::absent(client, topic, *id).await?);
    }
    if !reasons.is_empty() {
        bail!("nothing was retried: {}", reasons.join("; "));
    }
    Ok(())
}

/// Walks over the records asked for that were there at the start, whatever leaves the list
/// meanwhile.
struct Pages<'a> {
    topic: &'a str,
    code: Option<&'static str>,
    ids: Option<&'a [i64]>,
    newest: i64,
    after: (i32, i32, i64),
}

impl Pages<'_> {
    /// The next records, cut where partition or incarnation changes, or a transaction is full.
    async fn next(&mut self, client: &Client) -> Result<Vec<Retry>, StoreError> {
        let (incarnation, partition, offset) = self.after;
        let rows = client
            .query(
                PAGE,
                &[
                    &self.topic,
                    &incarnation,
                    &partition,
                    &offset,
                    &self.newest,
                    &self.code,
                    &self.ids,
                    &RECORDS,
                ],
            )
            .await?;
        let mut page: Vec<Retry> = Vec::new();
        let mut bytes = 0;
        for row in rows {
            self.after = (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
            let size: i64 = row.try_get(4)?;
            let (incarnation, partition, _) = self.after;
            bytes += size;
            let id = row.try_get(0)?;
            match page.last_mut() {
                Some(last)
                    if (last.incarnation, last.partition) == (incarnation, partition)
                        && bytes <= BYTES =>
                {
                    last.ids.push(id);
                }
                _ => {
                    bytes = size;
                    page.push(Retry {
                        topic: self.topic.to_owned(),
                        incarnation,
                        partition,
                        ids: vec![id],
                    });
                }
            }
        }
        Ok(page)
    }
}
