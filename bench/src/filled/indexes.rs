//! A table's indexes, taken off while it is filled: made afterwards, in one sort each, they cost a
//! fraction.

use anyhow::{Context, Result};
use tokio_postgres::Client;

/// Enough for the keys of some ten million orders to be sorted in memory.
const SORT_MEMORY: &str = "SET maintenance_work_mem = '1GB'";

const CONSTRAINTS: &str = "
    SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE conrelid = $1::text::regclass AND contype IN ('p', 'u') ORDER BY oid";
const INDEXES: &str = "
    SELECT index.indexrelid::regclass::text, pg_get_indexdef(index.indexrelid)
    FROM pg_index AS index
    WHERE index.indrelid = $1::text::regclass
      AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = index.indexrelid)
    ORDER BY index.indexrelid";

/// How full an index's pages are once it is made.
#[derive(Clone, Copy, Debug)]
pub enum Pages {
    /// As full as making an index leaves them, for reading.
    Full,
    /// As inserting in no order leaves them: two thirds full, 70 % at the nearest.
    WithRoom,
}

/// What was taken off, as the statements that make it again.
#[derive(Debug)]
pub struct Indexes {
    table: String,
    statements: Vec<String>,
}

impl Indexes {
    /// Takes every index off `table`, that of its primary key included.
    ///
    /// # Errors
    ///
    /// When Postgres refuses.
    pub async fn take_off(client: &Client, table: &str) -> Result<Self> {
        let mut statements = Vec::new();
        for row in client.query(CONSTRAINTS, &[&table]).await? {
            let (name, definition): (String, String) = (row.try_get(0)?, row.try_get(1)?);
            statements.push(format!(
                "ALTER TABLE {table} ADD CONSTRAINT {name} {definition}"
            ));
            client
                .batch_execute(&format!("ALTER TABLE {table} DROP CONSTRAINT {name}"))
                .await?;
        }
        for row in client.query(INDEXES, &[&table]).await? {
            let (name, definition): (String, String) = (row.try_get(0)?, row.try_get(1)?);
            statements.push(definition);
            client.batch_execute(&format!("DROP INDEX {name}")).await?;
        }
        Ok(Self {
            table: table.to_owned(),
            statements,
        })
    }

    /// Makes them again.
    ///
    /// # Errors
    ///
    /// When Postgres refuses, or the rows are not unique where they must be.
    pub async fn put_on(&self, client: &Client, pages: Pages) -> Result<()> {
        eprintln!("making the indexes");
        let option = match pages {
            Pages::Full => "",
            Pages::WithRoom => " WITH (fillfactor = 70)",
        };
        client.batch_execute(SORT_MEMORY).await?;
        for statement in &self.statements {
            client
                .batch_execute(&format!("{statement}{option}"))
                .await
                .with_context(|| format!("cannot give {} its index: {statement}", self.table))?;
        }
        Ok(())
    }
}
