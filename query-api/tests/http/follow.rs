//! The facts in memory follow what is committed, whatever becomes of its rows.

use ordertally_testkit::reckoning::order::Order;
use ordertally_testkit::servers;

use crate::support::{Api, Shop, migrate, order, until};

const TOTAL: &str = "/orders/value?start_date=2000-01-01&end_date=2009-12-31&mode=TOTAL";

fn orders(numbers: std::ops::Range<i64>) -> Vec<Order> {
    numbers
        .map(|number| {
            let mut order = order(&format!("e{number}"), "2005-03-01T10:00:00Z");
            order.created_at_us += number * 7_000_000_000;
            order.order_value = 10_000 << number;
            // So that elements that are left out by mistake take their neighbours' items.
            order.line_items = (0..number).map(|_| (format!("p{number}"), 1)).collect();
            order
        })
        .collect()
}

/// Orders and their value. Each order's value is a bit of its own, so none can stand for another.
async fn total<D>(shop: &Shop<D>) -> (i64, String) {
    let rows = shop.rows(TOTAL).await;
    let row = rows.first().cloned().unwrap_or_default();
    let value = row["order_value"].as_str().unwrap_or_default().to_owned();
    (row["orders"].as_i64().unwrap_or(0), value)
}

async fn units<D>(shop: &Shop<D>) -> i64 {
    let rows = shop
        .rows("/sales/province?start_date=2000-01-01&end_date=2009-12-31")
        .await;
    rows.iter().map(|row| row["units"].as_i64().unwrap()).sum()
}

#[tokio::test]
async fn rows_that_are_merged_while_they_are_followed_count_once() {
    let shop = Shop::open().await;
    let all = orders(0..8);
    shop.store(&all[..2]).await;
    shop.store(&all[2..3]).await;
    // Merged with what is new, before the service has seen it.
    shop.execute("BEGIN").await;
    shop.add(&all[3..6]).await;
    shop.merge(&all[..6]).await;
    shop.execute("COMMIT").await;
    shop.followed().await;
    assert_eq!(total(&shop).await, (6, "63.00".to_owned()));
    // Merged alone, and then followed by new ones.
    shop.merge(&all[..6]).await;
    shop.store(&all[6..]).await;
    assert_eq!(total(&shop).await, (8, "255.00".to_owned()));
    assert_eq!(units(&shop).await, (0..8).sum::<i64>());
    // As if it had been read at once.
    let anew = Api::start(shop.database.url(), &[]).await;
    anew.until_ready().await;
    assert_eq!(anew.ask(TOTAL).await["data"], shop.ask(TOTAL).await["data"]);
}

#[tokio::test]
async fn orders_that_are_stored_behind_the_position_arrive() {
    let shop = Shop::open().await;
    let all = orders(0..3);
    shop.store(&all[..2]).await;
    shop.commit(0, 100, "2020-09-01T10:00:00Z").await;
    // A position that was rewound, or a topic made anew, counts its offsets from below.
    shop.commit(0, 0, "2020-09-01T10:00:00Z").await;
    shop.store(&all[2..]).await;
    assert_eq!(total(&shop).await, (3, "7.00".to_owned()));
    let reply = shop.api.get(TOTAL).await;
    assert_eq!(reply.header("ordertally-position"), "0=1");
}

#[tokio::test]
async fn another_generation_is_read_anew() {
    let shop = Shop::open().await;
    let all = orders(0..3);
    shop.store(&all).await;
    shop.execute(
        "BEGIN;
             UPDATE order_facts SET order_values[1] = 1000000;
             UPDATE facts_generation SET generation = generation + 1;
             COMMIT",
    )
    .await;
    until("the facts are read anew", async || {
        total(&shop).await == (3, "106.00".to_owned())
    })
    .await;
    shop.store(&orders(3..4)).await;
    assert_eq!(total(&shop).await, (4, "114.00".to_owned()));
}

#[tokio::test]
async fn ordinals_that_fall_are_read_anew() {
    let shop = Shop::open().await;
    shop.store(&orders(0..3)).await;
    // A database that was restored from an older backup: no generation tells of it.
    shop.execute(
        "BEGIN;
             DELETE FROM order_facts;
             UPDATE partition_positions SET facts_next = 0, next_offset = 0;
             COMMIT",
    )
    .await;
    until("the facts are gone", async || total(&shop).await.0 == 0).await;
    shop.store(&orders(5..7)).await;
    assert_eq!(total(&shop).await, (2, "96.00".to_owned()));
}

#[tokio::test]
async fn a_lost_connection_is_made_anew() {
    let shop = Shop::open().await;
    shop.store(&orders(0..1)).await;
    for number in 1..4 {
        shop.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                 WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .await;
        shop.store(&orders(number..number + 1)).await;
    }
    assert_eq!(total(&shop).await, (4, "15.00".to_owned()));
}

#[tokio::test]
async fn a_partition_that_was_added_is_followed_from_its_start() {
    let shop = Shop::open().await;
    shop.store(&orders(0..2)).await;
    shop.execute("BEGIN;
             CREATE TEMPORARY TABLE added ON COMMIT DROP AS SELECT * FROM order_facts;
             UPDATE added SET partition = 7;
             INSERT INTO order_facts SELECT * FROM added;
             INSERT INTO partition_positions (topic, partition, incarnation, next_offset, facts_next)
             VALUES ('orders', 7, 1, 2, 2);
             COMMIT").await;
    shop.followed().await;
    assert_eq!(total(&shop).await, (4, "6.00".to_owned()));
}

#[tokio::test]
async fn damaged_facts_are_told_of_and_read_once_they_are_whole() {
    let database = servers::database().await;
    migrate(database.url()).await;
    let shop = Shop::over(database.url(), &[]).await;
    shop.store(&orders(0..3)).await;
    let damage = "UPDATE order_facts SET total_taxes = total_taxes[1:2]";
    shop.execute(damage).await;
    let api = Api::start(database.url(), &[]).await;
    until("the damage is told of", async || {
        let ready = api.get("/readyz").await.problem(503);
        ready["detail"].as_str().unwrap().contains("facts verify")
    })
    .await;
    let _problem = api.get(TOTAL).await.problem(503);
    let mend = "UPDATE order_facts SET total_taxes = total_taxes || 0::bigint";
    shop.execute(mend).await;
    api.until_ready().await;
    assert_eq!(api.ask(TOTAL).await["data"][0]["orders"], 3);
}

#[tokio::test]
async fn a_database_that_was_restored_and_has_gone_on_is_read_anew() {
    let shop = Shop::open().await;
    shop.store(&orders(0..3)).await;
    assert_eq!(total(&shop).await, (3, "7.00".to_owned()));
    // A backup that held the first order alone, which two of the records after it were read into
    // again and two new ones: more than there were. Nobody sees it until it is done.
    shop.execute(
        "BEGIN;
         LOCK TABLE partition_positions, order_facts IN ACCESS EXCLUSIVE MODE;
         DELETE FROM orders WHERE event_id <> 'e0';
         UPDATE partition_positions SET next_offset = 1, facts_next = 1",
    )
    .await;
    shop.merge(&orders(0..1)).await;
    shop.add(&orders(5..9)).await;
    shop.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid();
         COMMIT",
    )
    .await;
    shop.followed().await;
    assert_eq!(total(&shop).await, (5, "481.00".to_owned()));
}
