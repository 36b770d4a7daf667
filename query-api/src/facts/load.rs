//! Reads all facts, in one state of the database, on several connections at once.
//!
//! The rows of facts are dealt out to the connections; a thread of its own turns what they bring
//! into columns meanwhile, and builds the months at the end.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use ordertally_schema::database::{self, ConnectError};
use thiserror::Error;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config, Row};

use super::anchor::{self, Anchors};
use super::board::Board;
use super::dictionary::Dictionary;
use super::head::Head;
use super::month::{self, Calendar};
use super::row::{self, COLUMNS, Damaged};
use super::snapshot::Facts;

/// Connections that read side by side: Postgres sends an array more slowly than it is taken apart.
const READERS: usize = 2;

/// Rows of facts on their way between the readers and the builder; one has up to some 20 MB.
const ROWS_ON_THE_WAY: usize = 4;

/// How often the log tells of the progress.
const ORDERS_A_LINE: u64 = 1_000_000;

/// Why the facts cannot be read or followed now.
#[derive(Debug, Error)]
pub enum FactsError {
    /// Postgres cannot be reached.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// Postgres refused, or was lost.
    #[error("Postgres does not give the facts")]
    Postgres(#[from] tokio_postgres::Error),
    /// Postgres did not answer in time.
    #[error("Postgres takes too long to give the facts")]
    TooSlow,
    /// What it gave are no facts.
    #[error(transparent)]
    Damaged(#[from] Damaged),
    /// The work was ended before its time, as when the service stops.
    #[error("the reading of the facts was ended")]
    Ended,
}

/// All facts, and what the follower needs to go on from them.
#[derive(Debug)]
pub struct State {
    /// What is shown.
    pub facts: Facts,
    /// Gives the texts of what comes their numbers.
    pub dictionary: Dictionary,
    /// For each partition the ordinal after the last order that is included.
    pub seen: BTreeMap<i32, i64>,
    /// For each partition that last order.
    pub anchors: Anchors,
}

/// The rows that are still to be read, shared by the readers.
type Work = Arc<Mutex<VecDeque<FactRow>>>;

/// Where a row of facts is.
#[derive(Clone, Debug)]
struct FactRow {
    topic: String,
    partition: i32,
    first_ordinal: i64,
}

/// Reads everything.
///
/// # Errors
///
/// [`FactsError`]; to be tried again.
pub async fn load(config: &Config, board: &Arc<Board>) -> Result<State, FactsError> {
    let (client, _driver) = database::connect(config).await?;
    begin(&client, None).await?;
    let snapshot: String = client
        .query_one("SELECT pg_export_snapshot()", &[])
        .await?
        .try_get(0)?;
    let head = Head::read(&client).await?;
    let work = work(&client, board).await?;
    let (rows, received) = mpsc::channel(ROWS_ON_THE_WAY);
    let mut readers = JoinSet::new();
    for _ in 0..READERS {
        let reading = read(
            config.clone(),
            snapshot.clone(),
            Arc::clone(&work),
            rows.clone(),
        );
        let _task = readers.spawn(reading);
    }
    drop(rows);
    let builder = tokio::task::spawn_blocking({
        let board = Arc::clone(board);
        move || build(received, &board)
    });
    while let Some(read) = readers.join_next().await {
        read.map_err(|_| FactsError::Ended)??;
    }
    let (mut facts, dictionary) = builder.await.map_err(|_| FactsError::Ended)??;
    head.put_on(&mut facts);
    facts.texts = dictionary.texts();
    let seen = head.ordinals();
    Ok(State {
        facts,
        dictionary,
        anchors: anchor::read(&client, &seen).await?,
        seen,
    })
}

/// Begins a transaction that sees one state for as long as it takes; the exported one, if any.
async fn begin(client: &Client, snapshot: Option<&str>) -> Result<(), tokio_postgres::Error> {
    client
        .batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .await?;
    if let Some(snapshot) = snapshot {
        // An id that Postgres gave: digits, letters and dashes.
        let sql = format!("SET TRANSACTION SNAPSHOT '{snapshot}'");
        client.batch_execute(&sql).await?;
    }
    client
        .batch_execute(
            "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0",
        )
        .await
}

/// Every row of facts, and how many orders they have told to the board.
async fn work(client: &Client, board: &Board) -> Result<Work, FactsError> {
    let rows = client
        .query(
            "SELECT topic, partition, first_ordinal, next_ordinal - first_ordinal
             FROM order_facts
             ORDER BY topic, partition, first_ordinal",
            &[],
        )
        .await?;
    let mut work = VecDeque::with_capacity(rows.len());
    let mut orders = 0;
    for row in rows {
        work.push_back(FactRow {
            topic: row.try_get(0)?,
            partition: row.try_get(1)?,
            first_ordinal: row.try_get(2)?,
        });
        orders += row.try_get::<_, i64>(3)?.unsigned_abs();
    }
    board.begin(orders);
    tracing::info!(orders, rows = work.len(), "reading the facts");
    Ok(Arc::new(Mutex::new(work)))
}

/// One of the readers: takes rows of the work until there are no more.
async fn read(
    config: Config,
    snapshot: String,
    work: Work,
    rows: mpsc::Sender<Row>,
) -> Result<(), FactsError> {
    let (client, _driver) = database::connect(&config).await?;
    begin(&client, Some(&snapshot)).await?;
    let select = client
        .prepare(&format!(
            "SELECT first_ordinal, next_ordinal, {COLUMNS} FROM order_facts
             WHERE topic = $1 AND partition = $2 AND first_ordinal = $3"
        ))
        .await?;
    while let Some(next) = next(&work) {
        let key: [&(dyn ToSql + Sync); 3] = [&next.topic, &next.partition, &next.first_ordinal];
        let row = client.query_one(&select, &key).await?;
        if rows.send(row).await.is_err() {
            break; // the builder has ended, and tells why itself
        }
    }
    Ok(())
}

fn next(work: &Work) -> Option<FactRow> {
    let mut work = work.lock().unwrap_or_else(PoisonError::into_inner);
    work.pop_front()
}

/// Makes columns of the rows, and months of them when there are no more.
fn build(mut rows: mpsc::Receiver<Row>, board: &Board) -> Result<(Facts, Dictionary), Damaged> {
    let mut dictionary = Dictionary::default();
    let mut calendar = Calendar::default();
    let mut told = 0;
    while let Some(row) = rows.blocking_recv() {
        let ordinals = row::ordinals(&row, 0)?;
        let (orders, seen) = (ordinals.end.abs_diff(ordinals.start), ordinals.start);
        row::read(&row, 2, ordinals, seen, &mut dictionary, |order| {
            calendar.push(order);
        })?;
        let read = board.advance(orders);
        if read / ORDERS_A_LINE > told {
            told = read / ORDERS_A_LINE;
            tracing::info!(orders = read, "facts read");
        }
    }
    let threads = thread::available_parallelism().map_or(1, Into::into);
    let months = month::merged(&[], calendar, threads);
    Ok((Facts::of(months), dictionary))
}
