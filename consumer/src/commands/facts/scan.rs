//! Rows of a long question, a piece at a time, so that memory stays small.

use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row};

use crate::store::StoreError;

/// A cursor of the transaction that is open on `client`. Closed at its end.
pub struct Scan<'a> {
    client: &'a Client,
    fetch: String,
}

impl<'a> Scan<'a> {
    /// Opens a cursor over `sql`, which gives `rows` rows at a time. `name` is one of ours.
    pub async fn open(
        client: &'a Client,
        name: &str,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
        rows: usize,
    ) -> Result<Self, StoreError> {
        let declare = format!("DECLARE {name} NO SCROLL CURSOR FOR {sql}");
        client.execute(&declare, parameters).await?;
        Ok(Self {
            client,
            fetch: format!("FETCH {rows} FROM {name}"),
        })
    }

    /// The next rows; none at the end.
    pub async fn next(&self) -> Result<Vec<Row>, StoreError> {
        Ok(self.client.query(&self.fetch, &[]).await?)
    }
}
