//! The views that people query with SQL, over rows written by hand.
#![allow(clippy::unwrap_used)]

use diesel_async::{AsyncConnection, AsyncPgConnection};
use ordertally_schema::migrations;
use ordertally_testkit::servers::{self, TestDatabase};
use tokio_postgres::Client;

async fn migrated() -> (TestDatabase, Client) {
    let database = servers::database().await;
    let connection = AsyncPgConnection::establish(database.url()).await.unwrap();
    migrations::run(connection).await.unwrap();
    let client = database.connect().await;
    (database, client)
}

/// Rows of a query, each as one text.
async fn rows(client: &Client, sql: &str) -> Vec<String> {
    let sql = format!("SELECT shown::text FROM ({sql}) AS shown");
    let rows = client.query(&sql, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn line_items_are_one_row_an_item_in_the_orders_order() {
    let (_database, client) = migrated().await;
    client
        .batch_execute(
            "INSERT INTO orders (
                event_id, event_version, created_at, created_at_given, customer_id, email,
                billing_same, shipping_province, shipping_country, currency, financial_status,
                order_value, total_discounts, total_tax, discount_codes, buyer_accepts_marketing,
                product_ids, quantities, content_hash, topic, partition, incarnation, \"offset\",
                ingested_at)
             SELECT event_id, '1.0.0', now(), true, 'c', 'e', true, 'Idaho', 'US', 'USD', 'paid',
                5, 0, 0, '{}', true, product_ids, quantities, '', 'orders', 0, 1, 0, now()
             FROM (VALUES
                ('a', '{p,q,p}'::text[], '{3,1,2}'::integer[]), ('b', '{}', '{}'), ('c', '{r}', '{4}')
             ) AS sample (event_id, product_ids, quantities)",
        )
        .await
        .unwrap();
    let found = rows(
        &client,
        "SELECT event_id, line_number, product_id, quantity FROM line_items ORDER BY 1, 2",
    )
    .await;
    assert_eq!(found, ["(a,1,p,3)", "(a,2,q,1)", "(a,3,p,2)", "(c,1,r,4)"]);
}

#[tokio::test]
async fn fact_rows_give_each_order_its_ordinal_amounts_and_items() {
    let (_database, client) = migrated().await;
    client
        .batch_execute(
            "INSERT INTO order_facts VALUES
                ('orders', 0, 7, 10, '{1598963400123456,0,-1}', '{c1,c2,c3}', '{USD,EUR,JPY}',
                 '{123400,0,999999999999999999}', '{1,0,0}', '{0,20000,0}', '{true,false,true}',
                 '{Idaho,Ohio,Tokyo}', '{ID,NULL,NULL}', '{US,US,JP}', '{NULL,US,NULL}',
                 '{NULL,Ohio,Tokyo}', '{NULL,OH,NULL}', '{NULL,US,JP}', '{NULL,NULL,JP}',
                 '{2,0,1}', '{p,q,p}', '{3,1,2}', '2020-09-01T12:30:00Z'),
                ('orders', 0, 10, 11, '{0}', '{c4}', '{USD}', '{10000}', '{0}', '{0}', '{true}',
                 '{Idaho}', '{NULL}', '{US}', '{NULL}', '{NULL}', '{NULL}', '{NULL}', '{NULL}',
                 '{1}', '{z}', '{9}', '2020-09-01T12:30:00Z')",
        )
        .await
        .unwrap();
    let found = rows(
        &client,
        "SELECT ordinal, extract(epoch FROM created_at) AS created_at, customer_id, currency,
                order_value, total_discounts, total_tax, accepts_marketing, product_ids, quantities
         FROM order_facts_rows ORDER BY topic, partition, ordinal",
    )
    .await;
    assert_eq!(
        found,
        [
            r#"(7,1598963400.123456,c1,USD,12.3400,0.0001,0.0000,t,"{p,q}","{3,1}")"#,
            "(8,0.000000,c2,EUR,0.0000,0.0000,2.0000,f,{},{})",
            "(9,-0.000001,c3,JPY,99999999999999.9999,0.0000,0.0000,t,{p},{2})",
            "(10,0.000000,c4,USD,1.0000,0.0000,0.0000,t,{z},{9})",
        ]
    );
    let places = rows(
        &client,
        "SELECT shipping_province, shipping_province_code, shipping_country, shipping_country_code,
                billing_province, billing_province_code, billing_country, billing_country_code
         FROM order_facts_rows WHERE ordinal < 10 ORDER BY ordinal",
    )
    .await;
    assert_eq!(
        places,
        [
            "(Idaho,ID,US,,,,,)",
            "(Ohio,,US,US,Ohio,OH,US,)",
            "(Tokyo,,JP,,Tokyo,,JP,JP)",
        ]
    );
}
