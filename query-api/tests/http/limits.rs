//! How much may be asked.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Shop, until};

#[tokio::test]
async fn an_address_that_asks_too_much_is_told_when_to_come_again() {
    let flags = [
        "--rate-limit-per-address",
        "3",
        "--trusted-proxies",
        "127.0.0.1",
    ];
    let shop = Shop::open_with(&flags).await;
    let client = [("x-forwarded-for", "198.51.100.1")];
    for left in [2, 1, 0] {
        let reply = shop.api.get_with("/orders", &client).await;
        assert_eq!(reply.status, 200);
        assert_eq!(reply.header("ratelimit-policy"), "\"address\";q=3;w=60");
        let state = reply.header("ratelimit");
        assert!(
            state.starts_with(&format!("\"address\";r={left};t=")),
            "{state}"
        );
    }
    let refused = shop.api.get_with("/orders", &client).await;
    let seconds: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=20).contains(&seconds), "{seconds}");
    assert!(refused.header("ratelimit").starts_with("\"address\";r=0;"));
    let _problem = refused.problem(429);
    let nowhere = shop.api.get_with("/nope", &client).await;
    let _problem = nowhere.problem(429);
    // Somebody else is answered, and so are supervisors.
    let other = [("x-forwarded-for", "198.51.100.2")];
    assert_eq!(shop.api.get_with("/orders", &other).await.status, 200);
    assert_eq!(shop.api.get_with("/livez", &client).await.status, 200);
    // The header of a proxy that nobody trusts counts for nothing.
    let shop = Shop::open_with(&flags[..2]).await;
    for address in [
        "198.51.100.1",
        "198.51.100.2",
        "198.51.100.3",
        "198.51.100.4",
    ] {
        let reply = shop
            .api
            .get_with("/orders", &[("x-forwarded-for", address)])
            .await;
        if address.ends_with('4') {
            let _problem = reply.problem(429);
        }
    }
}

#[tokio::test]
async fn beyond_the_places_there_are_requests_are_refused_at_once() {
    let shop = Shop::open_with(&["--max-requests", "1"]).await;
    let wait = || {
        tokio::spawn(reqwest::get(
            shop.api.url("/orders?at_least=0=1&wait_ms=30000"),
        ))
    };
    let mut waiting = wait();
    until("the place is taken", async || {
        let reply = shop.api.get("/orders").await;
        if reply.status != 503 {
            if waiting.is_finished() {
                waiting = wait(); // it came while this request had the place
            }
            return false;
        }
        assert!(reply.text.contains("too many requests"), "{}", reply.text);
        assert!(reply.header("retry-after").parse::<u64>().is_ok());
        true
    })
    .await;
    assert_eq!(shop.api.get("/readyz").await.status, 200);
    waiting.abort();
    until("the place is free again", async || {
        shop.api.get("/orders").await.status == 200
    })
    .await;
}

#[tokio::test]
async fn connections_beyond_their_number_wait_for_one_that_ends() {
    let shop = Shop::open_with(&["--max-connections", "2"]).await;
    let ask = "GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    // The test's own client keeps one connection open.
    let mut held = TcpStream::connect(shop.api.address).await.unwrap();
    held.write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    let mut byte = [0];
    let _bytes = held.read_exact(&mut byte).await.unwrap();
    let mut waiting = TcpStream::connect(shop.api.address).await.unwrap();
    waiting.write_all(ask.as_bytes()).await.unwrap();
    drop(held);
    let mut answer = String::new();
    let _bytes = waiting.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}
