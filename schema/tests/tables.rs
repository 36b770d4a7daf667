//! The migrated database against Diesel's view of it, on a real Postgres.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};

use diesel_async::{AsyncConnection, AsyncMigrationHarness, AsyncPgConnection};
use diesel_migrations::MigrationHarness;
use ordertally_schema::migrations::{self, MIGRATIONS};
use ordertally_testkit::servers::{self, TestDatabase};
use tokio_postgres::Client;

async fn connect(database: &TestDatabase) -> AsyncPgConnection {
    AsyncPgConnection::establish(database.url()).await.unwrap()
}

async fn migrated() -> (TestDatabase, Client) {
    let database = servers::database().await;
    migrations::run(connect(&database).await).await.unwrap();
    let client = database.connect().await;
    (database, client)
}

/// A table: its columns in order as (name, type, nullable), and its primary key.
#[derive(Debug, Default, PartialEq, Eq)]
struct Table {
    columns: Vec<(String, String, bool)>,
    primary_key: Vec<String>,
}

/// What `tables.rs` declares. Its macro keeps no names at run time, so its text is read.
fn declared() -> BTreeMap<String, Table> {
    let mut tables = BTreeMap::new();
    for block in include_str!("../src/tables.rs")
        .split("diesel::table! {")
        .skip(1)
    {
        let (head, rest) = block.split_once('{').unwrap();
        let (name, key) = head.trim().split_once('(').unwrap();
        let body = rest.split_once('}').unwrap().0;
        let columns = body.split_terminator(",\n").filter_map(|line| {
            let (name, declared) = line.trim().split_once(" -> ")?;
            let inner = declared
                .strip_prefix("Nullable<")
                .and_then(|rest| rest.strip_suffix('>'));
            let sql_type = sql_type(inner.unwrap_or(declared));
            Some((name.to_owned(), sql_type, inner.is_some()))
        });
        let key = key.trim_end().trim_end_matches(')');
        let table = Table {
            columns: columns.collect(),
            primary_key: key.split(',').map(|name| name.trim().to_owned()).collect(),
        };
        tables.insert(name.trim().to_owned(), table);
    }
    tables
}

/// Postgres' name of a type of Diesel's.
fn sql_type(diesel: &str) -> String {
    if let Some(element) = diesel
        .strip_prefix("Array<")
        .and_then(|rest| rest.strip_suffix('>'))
    {
        // Postgres does not say of an array whether its elements may be null.
        let element = element
            .strip_prefix("Nullable<")
            .and_then(|rest| rest.strip_suffix('>'))
            .unwrap_or(element);
        return format!("{}[]", sql_type(element));
    }
    match diesel {
        "Text" => "text",
        "Bool" => "boolean",
        "Integer" => "integer",
        "BigInt" => "bigint",
        "Numeric" => "numeric",
        "Binary" => "bytea",
        "Jsonb" => "jsonb",
        "Date" => "date",
        "Timestamptz" => "timestamp with time zone",
        other => panic!("a type that this test does not know: {other}"),
    }
    .to_owned()
}

const OF_TABLES: &str = "
    FROM pg_class AS class
    JOIN pg_namespace AS namespace ON namespace.oid = class.relnamespace
    WHERE namespace.nspname = 'public' AND class.relname <> '__diesel_schema_migrations'";

/// What the database has.
async fn existing(client: &Client) -> BTreeMap<String, Table> {
    let mut tables: BTreeMap<String, Table> = BTreeMap::new();
    let columns = format!(
        "SELECT class.relname::text, attribute.attname::text, attribute.attnotnull,
                split_part(format_type(attribute.atttypid, NULL), '(', 1)
         FROM pg_attribute AS attribute
         JOIN (SELECT class.oid, class.relname {OF_TABLES} AND class.relkind = 'r') AS class
           ON class.oid = attribute.attrelid
         WHERE attribute.attnum > 0 AND NOT attribute.attisdropped
         ORDER BY class.relname, attribute.attnum"
    );
    for row in client.query(&columns, &[]).await.unwrap() {
        let (table, column, not_null, sql_type): (String, String, bool, String) =
            (row.get(0), row.get(1), row.get(2), row.get(3));
        let table = tables.entry(table).or_default();
        table.columns.push((column, sql_type, !not_null));
    }
    let keys = format!(
        "SELECT class.relname::text, attribute.attname::text
         FROM pg_index AS index
         JOIN (SELECT class.oid, class.relname {OF_TABLES} AND class.relkind = 'r') AS class
           ON class.oid = index.indrelid
         CROSS JOIN LATERAL unnest(index.indkey) WITH ORDINALITY AS key (attnum, place)
         JOIN pg_attribute AS attribute
           ON attribute.attrelid = class.oid AND attribute.attnum = key.attnum
         WHERE index.indisprimary
         ORDER BY class.relname, key.place"
    );
    for row in client.query(&keys, &[]).await.unwrap() {
        let (table, column): (String, String) = (row.get(0), row.get(1));
        tables.get_mut(&table).unwrap().primary_key.push(column);
    }
    tables
}

#[tokio::test]
async fn diesels_tables_are_those_of_the_migrated_database() {
    let (_database, client) = migrated().await;
    let (existing, declared) = (existing(&client).await, declared());
    assert!(
        declared.len() >= 9,
        "only {} tables were read",
        declared.len()
    );
    assert_eq!(
        existing.keys().collect::<Vec<_>>(),
        declared.keys().collect::<Vec<_>>()
    );
    for (name, table) in declared {
        assert_eq!(existing[&name], table, "{name}");
    }
}

#[tokio::test]
async fn every_table_view_and_column_has_a_comment() {
    let (_database, client) = migrated().await;
    let sql = format!(
        "SELECT class.relname::text, attribute.attname::text
         FROM (SELECT class.oid, class.relname {OF_TABLES} AND class.relkind IN ('r', 'v')) AS class
         LEFT JOIN pg_attribute AS attribute
           ON attribute.attrelid = class.oid AND attribute.attnum > 0 AND NOT attribute.attisdropped
         WHERE col_description(class.oid, attribute.attnum) IS NULL
            OR obj_description(class.oid, 'pg_class') IS NULL"
    );
    let bare: Vec<(String, String)> = client
        .query(&sql, &[])
        .await
        .unwrap()
        .iter()
        .map(|row| (row.get(0), row.get(1)))
        .collect();
    assert!(bare.is_empty(), "without a comment: {bare:?}");
}

/// Everything that a migration may make: relations, columns, constraints, indexes and comments.
async fn structure(client: &Client) -> BTreeSet<String> {
    let sql = format!(
        "SELECT format('%s %s', class.relkind, class.relname) {OF_TABLES}
         UNION ALL
         SELECT format('%s.%s %s %s %s %s', class.relname, attribute.attname, attribute.atttypid::regtype,
                       attribute.attnotnull, attribute.attstorage, col_description(class.oid, attnum))
         FROM pg_attribute AS attribute JOIN pg_class AS class ON class.oid = attribute.attrelid
         WHERE class.relnamespace = 'public'::regnamespace AND attribute.attnum > 0
         UNION ALL
         SELECT format('%s %s', conrelid::regclass, pg_get_constraintdef(oid))
         FROM pg_constraint WHERE connamespace = 'public'::regnamespace
         UNION ALL
         SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
         UNION ALL
         SELECT definition FROM pg_views WHERE schemaname = 'public'"
    );
    let rows = client.query(&sql, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn migrations_can_be_taken_back_and_run_again() {
    let (database, client) = migrated().await;
    let before = structure(&client).await;
    let mut harness = AsyncMigrationHarness::new(connect(&database).await);
    let reverted = tokio::task::spawn_blocking(move || {
        harness.revert_all_migrations(MIGRATIONS).unwrap().len()
    })
    .await
    .unwrap();
    assert!(reverted >= 2, "{reverted} migrations were taken back");
    assert!(existing(&client).await.is_empty());
    let left = format!(
        "SELECT class.relname::text {OF_TABLES} AND class.relname NOT LIKE '\\_\\_diesel%'"
    );
    assert_eq!(client.query(&left, &[]).await.unwrap().len(), 0);

    let pending = migrations::pending(&mut connect(&database).await)
        .await
        .unwrap();
    assert_eq!(pending.len(), reverted);
    let applied = migrations::run(connect(&database).await).await.unwrap();
    assert_eq!(applied.len(), reverted);
    assert_eq!(structure(&client).await, before);
}

#[tokio::test]
async fn three_programs_that_migrate_at_once_all_succeed() {
    let database = servers::database().await;
    let runs = [
        connect(&database).await,
        connect(&database).await,
        connect(&database).await,
    ]
    .map(|connection| tokio::spawn(migrations::run(connection)));
    let mut working = 0;
    for run in runs {
        working += usize::from(!run.await.unwrap().unwrap().is_empty());
    }
    assert_eq!(working, 1, "one of them did the work");
    let pending = migrations::pending(&mut connect(&database).await)
        .await
        .unwrap();
    assert_eq!(pending, Vec::<String>::new());
}

#[tokio::test]
async fn a_current_database_is_not_written_to() {
    let database = servers::database().await;
    migrations::run(connect(&database).await).await.unwrap();
    let read_only = format!(
        "ALTER DATABASE {} SET default_transaction_read_only = on",
        database.name()
    );
    let client = database.connect().await;
    client.batch_execute(&read_only).await.unwrap();
    let applied = migrations::run(connect(&database).await).await.unwrap();
    assert_eq!(applied, Vec::<String>::new());
}

#[tokio::test]
async fn a_database_without_tables_is_told_to_be_behind() {
    let database = servers::database().await;
    let pending = migrations::pending(&mut connect(&database).await)
        .await
        .unwrap();
    assert!(pending.len() >= 2, "{pending:?}");
}
