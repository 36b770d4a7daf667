//! Answers that the client has already.

use crate::support::{Api, Shop, order};

const DAYS: &str = "start_date=2020-09-01&end_date=2020-09-02";

fn targets() -> [String; 7] {
    [
        format!("/customers/top?{DAYS}"),
        format!("/orders/value?{DAYS}"),
        format!("/sales/province.csv?{DAYS}"),
        "/orders?limit=1".to_owned(),
        "/orders/e1".to_owned(),
        "/customers/c1/orders.ndjson".to_owned(),
        "/rejected-events".to_owned(),
    ]
}

#[tokio::test]
async fn an_answer_that_the_client_has_is_not_sent_again_until_it_changes() {
    let shop = Shop::open().await;
    shop.store(&[order("e1", "2020-09-01T10:00:00Z")]).await;
    for target in targets() {
        let first = shop.api.get(&target).await;
        assert_eq!(first.header("cache-control"), "private, no-cache");
        let tag = first.header("etag");
        assert!(tag.starts_with('"'), "{tag} is strong");
        let again = shop.api.get_with(&target, &[("if-none-match", tag)]).await;
        assert_eq!(again.status, 304, "{target}");
        assert!(again.bytes.is_empty());
        for name in ["etag", "cache-control", "vary", "ordertally-position"] {
            assert_eq!(again.header(name), first.header(name), "{target}: {name}");
        }
        let many = format!("\"x\", W/{tag}");
        for known in [&*many, "*"] {
            let reply = shop
                .api
                .get_with(&target, &[("if-none-match", known)])
                .await;
            assert_eq!(reply.status, 304, "{target}: {known}");
        }
        let other = [("if-none-match", tag), ("accept-encoding", "gzip")];
        assert_eq!(shop.api.get_with(&target, &other).await.status, 200);
    }
    let before = shop.api.get(&targets()[1]).await;
    shop.store(&[order("e2", "2020-09-02T10:00:00Z")]).await;
    let known = [("if-none-match", before.header("etag"))];
    let after = shop.api.get_with(&targets()[1], &known).await;
    assert_eq!(after.status, 200);
    assert_ne!(after.text, before.text);
}

#[tokio::test]
async fn two_instances_give_an_answer_the_same_tag() {
    let shop = Shop::open().await;
    shop.store(&[order("e1", "2020-09-01T10:00:00Z")]).await;
    let other = Api::start(shop.database.url(), &[]).await;
    other.until_ready().await;
    for target in targets() {
        let one = shop.api.get(&target).await;
        let two = other.get(&target).await;
        assert_eq!(one.header("etag"), two.header("etag"), "{target}");
        assert_eq!(one.text, two.text, "{target}");
    }
    // The days of a service in another zone are others, though the address is the same.
    let boise = Api::start(
        shop.database.url(),
        &["--reporting-time-zone", "America/Boise"],
    )
    .await;
    boise.until_ready().await;
    let [_, value, ..] = targets();
    let one = shop.api.get(&value).await;
    assert_ne!(one.header("etag"), boise.get(&value).await.header("etag"));
}

#[tokio::test]
async fn each_form_and_each_question_has_a_tag_of_its_own() {
    let shop = Shop::open().await;
    shop.store(&[order("e1", "2020-09-01T10:00:00Z")]).await;
    let mut tags = Vec::new();
    for target in [
        format!("/orders/value?{DAYS}"),
        format!("/orders/value.csv?{DAYS}"),
        format!("/orders/value?{DAYS}&mode=TOTAL"),
        format!("/orders/value?{DAYS}&tz=Asia/Tokyo"),
        format!("/customers/top?{DAYS}"),
        "/orders/value?start_date=2020-09-01&end_date=2020-09-03".to_owned(),
    ] {
        tags.push(shop.api.get(&target).await.header("etag").to_owned());
    }
    let count = tags.len();
    tags.sort_unstable();
    tags.dedup();
    assert_eq!(tags.len(), count);
}
