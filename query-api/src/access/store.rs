//! Tokens in the database.

use chrono::{DateTime, Utc};
use diesel::dsl::now;
use diesel::prelude::*;
use diesel::result::Error::DeserializationError;
use diesel_async::{AnsiTransactionManager, AsyncPgConnection, RunQueryDsl, TransactionManager};
use ordertally_schema::tables::api_tokens;

use super::scope::Scopes;
use super::token::Hash;

/// A token that is to be made.
#[derive(Clone, Debug)]
pub struct NewToken<'a> {
    /// What it is called.
    pub name: &'a str,
    /// What is kept of it.
    pub hash: Hash,
    /// What it is for.
    pub scopes: &'a Scopes,
    /// When its time is over.
    pub expires_at: Option<DateTime<Utc>>,
}

/// A token as it is listed: everything but itself.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = api_tokens, check_for_backend(diesel::pg::Pg))]
#[allow(missing_docs)] // the columns' own comments
pub struct ListedToken {
    pub id: i64,
    pub name: String,
    pub scopes: Vec<String>,
    pub created_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub last_used_at: Option<DateTime<Utc>>,
}

/// A token that is not revoked.
#[derive(Clone, Debug)]
pub struct ValidToken {
    /// Its identity.
    pub id: i64,
    /// What is kept of it.
    pub hash: Hash,
    /// What it is for.
    pub scopes: Scopes,
    /// When its time is over.
    pub expires_at: Option<DateTime<Utc>>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = api_tokens, check_for_backend(diesel::pg::Pg))]
struct ValidRow {
    id: i64,
    hash: Vec<u8>,
    scopes: Vec<String>,
    expires_at: Option<DateTime<Utc>>,
}

impl TryFrom<ValidRow> for ValidToken {
    type Error = diesel::result::Error;

    fn try_from(row: ValidRow) -> QueryResult<Self> {
        let hash = Hash::try_from(row.hash);
        let hash = hash.map_err(|_| DeserializationError("a hash has 32 bytes".into()))?;
        // A scope of a newer release is none that this one could grant.
        let scopes = row.scopes.iter().filter_map(|name| name.parse().ok());
        Ok(Self {
            id: row.id,
            hash,
            scopes: scopes.collect(),
            expires_at: row.expires_at,
        })
    }
}

/// Keeps a new token. Returns its identity.
///
/// # Errors
///
/// When Postgres refuses; so for each function here.
pub async fn create(connection: &mut AsyncPgConnection, token: &NewToken<'_>) -> QueryResult<i64> {
    diesel::insert_into(api_tokens::table)
        .values((
            api_tokens::name.eq(token.name),
            api_tokens::hash.eq(&token.hash[..]),
            api_tokens::scopes.eq(token.scopes.names()),
            api_tokens::expires_at.eq(token.expires_at),
        ))
        .returning(api_tokens::id)
        .get_result(connection)
        .await
}

/// All tokens, those revoked too, in the order in which they were made.
pub async fn list(connection: &mut AsyncPgConnection) -> QueryResult<Vec<ListedToken>> {
    api_tokens::table
        .select(ListedToken::as_select())
        .order(api_tokens::id)
        .load(connection)
        .await
}

/// Revokes a token; `None` when there is none of this identity. A token that was revoked before
/// keeps its time.
pub async fn revoke(
    connection: &mut AsyncPgConnection,
    id: i64,
) -> QueryResult<Option<ListedToken>> {
    let _updated = diesel::update(api_tokens::table.find(id))
        .filter(api_tokens::revoked_at.is_null())
        .set(api_tokens::revoked_at.eq(now))
        .execute(connection)
        .await?;
    api_tokens::table
        .find(id)
        .select(ListedToken::as_select())
        .first(connection)
        .await
        .optional()
}

/// Every token that was not revoked. One whose time is over is among them: it is told so.
pub async fn valid(connection: &mut AsyncPgConnection) -> QueryResult<Vec<ValidToken>> {
    let rows: Vec<ValidRow> = api_tokens::table
        .filter(api_tokens::revoked_at.is_null())
        .select(ValidRow::as_select())
        .load(connection)
        .await?;
    rows.into_iter().map(ValidToken::try_from).collect()
}

/// Notes when tokens were used last.
pub async fn note_use(
    connection: &mut AsyncPgConnection,
    used: &[(i64, DateTime<Utc>)],
) -> QueryResult<()> {
    // The only thing that the service writes; its sessions write nothing unless told so.
    let begin = "BEGIN READ WRITE";
    AnsiTransactionManager::begin_transaction_sql(connection, begin).await?;
    for (id, at) in used {
        let later = api_tokens::last_used_at
            .is_null()
            .or(api_tokens::last_used_at.lt(at));
        let _updated = diesel::update(api_tokens::table.find(id))
            .filter(later)
            .set(api_tokens::last_used_at.eq(at))
            .execute(connection)
            .await?;
    }
    AnsiTransactionManager::commit_transaction(connection).await
}
