//! A Postgres of its own with a database full of generated orders, exactly as the consumer would
//! have left it.

mod indexes;
mod orders;
mod server;
mod writers;

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use ordertally_local::postgres::connect;
use tokio_postgres::Client;

use crate::programs;
use crate::report::{count, grouped};
use crate::settings::FillSettings;
use indexes::{Indexes, Pages};
pub use orders::Orders;
use server::OwnServer;

/// The topic that the orders are said to come from.
pub const TOPIC: &str = "orders";
/// The group that is said to have consumed it.
pub const GROUP: &str = "ordertally";
/// The database while it is being filled: one that was cut off has this name, and is made anew.
const UNFINISHED: &str = "unfinished";

/// Making an index leaves its pages to the kernel; inserting would have left them here.
const READ_INDEXES: &str = "
    CREATE EXTENSION pg_prewarm;
    SELECT pg_prewarm(indexrelid::regclass) FROM pg_index WHERE indrelid = 'orders'::regclass;
    DROP EXTENSION pg_prewarm";

/// A running server whose database is full.
#[derive(Debug)]
pub struct Filled {
    server: OwnServer,
    database: String,
    /// How long filling took, its indexes included; nothing where it was kept from an earlier run.
    pub took: Option<Duration>,
}

impl Filled {
    /// Starts a server, and fills a database where none of these orders was kept.
    ///
    /// # Errors
    ///
    /// When the server, the folder or a statement fails.
    pub async fn open(orders: &Orders, settings: &FillSettings) -> Result<Self> {
        let server = OwnServer::start(settings.keep.as_deref()).await?;
        let database = orders.name.clone();
        let took = if server.has_database(&database).await? {
            eprintln!("{} orders are there already", grouped(count(orders.count)));
            None
        } else {
            eprintln!(
                "filling a database with {} orders",
                grouped(count(orders.count))
            );
            let started = Instant::now();
            make(&server, orders).await?;
            Some(started.elapsed())
        };
        // A newer release may want more than an older one left.
        programs::migrate(&server.url(&database)?).await?;
        Ok(Self {
            server,
            database,
            took,
        })
    }

    /// The address of the full database.
    ///
    /// # Errors
    ///
    /// When the server's password is gone.
    pub fn url(&self) -> Result<String> {
        self.server.url(&self.database)
    }

    /// A copy of it for a benchmark that writes. Returns its address.
    ///
    /// # Errors
    ///
    /// When Postgres refuses.
    pub async fn copy(&self, name: &str) -> Result<String> {
        self.server.drop_database(name).await?;
        self.server.disconnect(&self.database).await?; // a template is nobody's meanwhile
        let client = self.server.client().await?;
        // Pages are copied as files: through the log, which is the default, each is written twice.
        let copy = format!(
            "CREATE DATABASE {name} TEMPLATE {} STRATEGY file_copy",
            self.database
        );
        client.batch_execute(&copy).await?;
        self.server.url(name)
    }

    /// Deletes a copy.
    ///
    /// # Errors
    ///
    /// When Postgres refuses.
    pub async fn drop_copy(&self, name: &str) -> Result<()> {
        self.server.drop_database(name).await
    }

    /// The version of the Postgres that runs.
    ///
    /// # Errors
    ///
    /// When Postgres does not answer.
    pub async fn postgres_version(&self) -> Result<String> {
        let client = self.server.client().await?;
        let row = client
            .query_one("SELECT current_setting('server_version')", &[])
            .await?;
        Ok(row.try_get(0)?)
    }

    /// Stops the server in order, so that the next start finds nothing to recover.
    ///
    /// # Errors
    ///
    /// When its process does not end.
    pub async fn close(self) -> Result<()> {
        self.server.stop().await
    }
}

async fn make(server: &OwnServer, orders: &Orders) -> Result<()> {
    server.drop_database(UNFINISHED).await?;
    let client = server.client().await?;
    client
        .batch_execute(&format!("CREATE DATABASE {UNFINISHED}"))
        .await?;
    let url = server.url(UNFINISHED)?;
    programs::migrate(&url).await?;
    fill(&url, orders).await?;
    let rename = format!("ALTER DATABASE {UNFINISHED} RENAME TO {}", orders.name);
    // The sessions that have just ended take a moment to leave.
    server.disconnect(UNFINISHED).await?;
    client
        .batch_execute(&rename)
        .await
        .context("cannot give the full database its name")
}

async fn fill(url: &str, orders: &Orders) -> Result<()> {
    let client = connect(url).await?;
    let indexes = Indexes::take_off(&client, "orders").await?;
    writers::write(url, orders).await?;
    indexes.put_on(&client, Pages::Full).await?;
    settle(&client).await
}

/// Fills a database that has the product's tables, and nothing in them, and leaves it as it would be
/// between two checkpoints after long work: pages of the indexes are two thirds full, whole in the
/// log already, and in the server's memory as far as it goes.
///
/// # Errors
///
/// When the database refuses.
pub async fn fill_for_more(url: &str, orders: &Orders) -> Result<()> {
    let client = connect(url).await?;
    let indexes = Indexes::take_off(&client, "orders").await?;
    writers::write(url, orders).await?;
    settle(&client).await?;
    indexes.put_on(&client, Pages::WithRoom).await?;
    client.batch_execute(READ_INDEXES).await?;
    Ok(())
}

/// Does now what the server would do later by itself, in the middle of a measurement.
async fn settle(client: &Client) -> Result<()> {
    for statement in [
        "VACUUM (FREEZE, ANALYZE) orders",
        "VACUUM (FREEZE, ANALYZE) order_facts",
        "CHECKPOINT",
    ] {
        client.batch_execute(statement).await?;
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_full_database_is_as_the_consumer_would_have_left_it() {
        let (fill, common) = orders::tests::settings(2_500);
        let mut orders = Orders::of(&fill, &common);
        orders.row_orders = 300; // the last row of a partition is a smaller one
        let filled = Filled::open(&orders, &fill).await.unwrap();
        assert!(filled.took.is_some());
        let url = filled.url().unwrap();
        let mut verify = programs::command("ordertally-consumer").unwrap();
        verify.args(["facts", "verify"]).env("DATABASE_URL", &url);
        programs::run("facts verify", verify).await.unwrap();

        let client = connect(&url).await.unwrap();
        let row = client
            .query_one(
                "SELECT (SELECT count(*) FROM orders), (SELECT count(*) FROM order_facts),
                    (SELECT sum(next_offset)::bigint FROM partition_positions),
                    (SELECT count(*) FROM pg_indexes WHERE tablename = 'orders'),
                    (SELECT count(DISTINCT customer_id) > 100 FROM orders)",
                &[],
            )
            .await
            .unwrap();
        let counts: [i64; 4] = std::array::from_fn(|place| row.get(place));
        assert_eq!(counts, [2_500, 9, 2_500, 3]);
        assert!(row.get::<_, bool>(4), "there are 425 customers");

        let copy = filled.copy("other").await.unwrap();
        drop(connect(&copy).await.unwrap());
        filled.drop_copy("other").await.unwrap();
        filled.close().await.unwrap();
    }
}
