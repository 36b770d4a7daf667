//! What was committed since the facts were last looked at, by one statement.

use std::mem;
use std::ops::Range;
use std::pin::pin;
use std::time::Duration;

use futures_util::TryStreamExt as _;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row, Statement};

use super::anchor::{Anchor, Anchors};
use super::dictionary::Dictionary;
use super::head::{self, Head};
use super::load::{FactsError, State};
use super::row::{self, COLUMNS, Damaged};
use super::rows::{Order, Rows};

/// How long Postgres may take to answer.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Orders that are taken apart at once while there is much to take over.
const TAKE: i64 = 65_536;

/// What came since the ordinals in `$2` of the partitions in `$1`. Of the rows before, only the one
/// that may have been merged with later ones is looked at. Partition by partition, by the key:
/// `OFFSET 0` keeps the planner from turning the look-ups into joins of the whole table.
const NEWS: &str = "
    FROM facts_generation
    LEFT JOIN partition_positions AS positions ON true
    LEFT JOIN LATERAL (
        SELECT coalesce(max(ordinal), 0) AS ordinal
        FROM unnest($1::integer[], $2::bigint[]) AS known (partition, ordinal)
        WHERE known.partition = positions.partition
    ) AS known ON true
    LEFT JOIN LATERAL (
        SELECT first_ordinal
        FROM order_facts
        WHERE order_facts.topic = positions.topic
          AND order_facts.partition = positions.partition
          AND order_facts.first_ordinal <= known.ordinal
        ORDER BY first_ordinal DESC
        LIMIT 1
    ) AS last ON true
    LEFT JOIN LATERAL (
        SELECT *
        FROM order_facts
        WHERE order_facts.topic = positions.topic
          AND order_facts.partition = positions.partition
          AND order_facts.first_ordinal >= coalesce(last.first_ordinal, 0)
          AND order_facts.next_ordinal > known.ordinal
          AND positions.facts_next > known.ordinal
        OFFSET 0
    ) AS facts ON true
    ORDER BY positions.partition, facts.first_ordinal";

/// The column of [`NEWS`] that the ordinals begin in, after those of the [`head`].
const ORDINALS: usize = head::COLUMN_COUNT;

/// The statement that [`News::read`] reads with.
#[must_use]
pub fn sql() -> String {
    let head = head::COLUMNS;
    format!("SELECT {head}, facts.first_ordinal, facts.next_ordinal, {COLUMNS} {NEWS}")
}

/// Positions, and the orders that came with them.
#[derive(Debug)]
pub struct News {
    /// How far the facts go now.
    pub head: Head,
    /// Not sorted yet.
    pub orders: Rows,
    /// The last of them of each partition.
    pub anchors: Anchors,
}

impl News {
    /// Reads with the statement [`sql`]; `None` when the facts were written anew.
    ///
    /// # Errors
    ///
    /// [`FactsError`]; `state` is as it was then.
    pub async fn read(
        state: &mut State,
        client: &Client,
        look: &Statement,
    ) -> Result<Option<Self>, FactsError> {
        let (partitions, ordinals): (Vec<i32>, Vec<i64>) = state.seen.iter().unzip();
        let parameters: [&(dyn ToSql + Sync); 2] = [&partitions, &ordinals];
        let rows = timeout(PATIENCE, client.query_raw(look, parameters));
        let mut rows = pin!(rows.await.map_err(|_| FactsError::TooSlow)??);
        let (mut head, mut taken_over) = (Head::default(), Taken::default());
        let (mut taken, mut taken_orders) = (Vec::new(), 0);
        loop {
            let next = timeout(PATIENCE, rows.try_next()).await;
            let Some(row) = next.map_err(|_| FactsError::TooSlow)?? else {
                break;
            };
            let partition = head.take(&row)?;
            if head.generation != state.facts.generation {
                return Ok(None);
            }
            // The first ordinal is null where a partition has no news.
            if let (Some(partition), Some(_)) =
                (partition, row.try_get::<_, Option<i64>>(ORDINALS)?)
            {
                let ordinals = row::ordinals(&row, ORDINALS)?;
                taken_orders += ordinals.end - ordinals.start;
                taken.push(NewRow {
                    partition,
                    seen: state.seen.get(&partition).copied().unwrap_or(0),
                    ordinals,
                    row,
                });
            }
            if taken_orders >= TAKE {
                taken_over = take(state, mem::take(&mut taken), taken_over).await?;
                taken_orders = 0;
            }
        }
        let Taken { orders, anchors } = take(state, taken, taken_over).await?;
        let known = head.ordinals();
        let grown = |(partition, seen)| known.get(partition).is_some_and(|next| next >= seen);
        Ok(state.seen.iter().all(grown).then_some(Self {
            head,
            orders,
            anchors,
        }))
    }
}

/// A row of facts that is not known yet, or not to its end.
struct NewRow {
    partition: i32,
    /// Orders before this ordinal are known.
    seen: i64,
    ordinals: Range<i64>,
    row: Row,
}

/// What was taken out of rows so far.
#[derive(Default)]
struct Taken {
    orders: Rows,
    anchors: Anchors,
}

/// Adds what the rows hold, off the async threads.
async fn take(state: &mut State, rows: Vec<NewRow>, mut taken: Taken) -> Result<Taken, FactsError> {
    if rows.is_empty() {
        return Ok(taken);
    }
    let mut dictionary = mem::take(&mut state.dictionary);
    let taking = spawn_blocking(move || {
        let mut rows = rows.into_iter();
        let read = rows.try_for_each(|row| taken.take(row, &mut dictionary));
        (dictionary, read.map(|()| taken))
    });
    let (dictionary, taken) = taking.await.map_err(|_| FactsError::Ended)?;
    state.dictionary = dictionary;
    Ok(taken?)
}

impl Taken {
    fn take(&mut self, new: NewRow, dictionary: &mut Dictionary) -> Result<(), Damaged> {
        let mut last = None;
        let taker = |order: &Order<'_>| {
            last = Some((order.created_at_us, order.kind, order.customer, order.value));
            self.orders.push(order);
        };
        let columns = ORDINALS + 2;
        row::read(&new.row, columns, new.ordinals, new.seen, dictionary, taker)?;
        if let Some((created_at_us, kind, customer, value)) = last {
            let anchor = Anchor {
                created_at_us: Some(created_at_us),
                customer_id: Some(dictionary.customer_id(kind, customer).to_owned()),
                value: Some(value),
            };
            let _earlier = self.anchors.insert(new.partition, anchor);
        }
        Ok(())
    }
}
