//! Reading one's own write: `at_least`, `wait_ms` and `Ordertally-Position`.

use std::time::{Duration, Instant};

use crate::support::{Shop, order};

const TARGETS: [&str; 7] = [
    "/customers/top?start_date=2020-09-01&end_date=2020-09-01",
    "/orders/value?start_date=2020-09-01&end_date=2020-09-01",
    "/sales/province?start_date=2020-09-01&end_date=2020-09-01",
    "/orders/e1?",
    "/orders?",
    "/customers/c1/orders?",
    "/rejected-events?",
];

#[tokio::test]
async fn what_is_not_reached_in_time_is_a_problem_with_the_position_reached() {
    let shop = Shop::open().await;
    shop.store(&[order("e1", "2020-09-01T10:00:00Z")]).await;
    shop.commit(0, 10, "2020-09-01T10:00:00Z").await;
    shop.commit(1, 20, "2020-09-01T10:00:00Z").await;
    for target in TARGETS {
        for at_least in ["0=11", "1=20,0=11", "2=0", "2=1"] {
            let target = format!("{target}&at_least={at_least}&wait_ms=0");
            let reply = shop.api.get(&target).await;
            assert_eq!(reply.problem(504)["position"], "0=10,1=20", "{target}");
            assert_eq!(reply.header("ordertally-position"), "0=10,1=20");
        }
        for at_least in ["0=10", "1=5", "0=0,1=20"] {
            let target = format!("{target}&at_least={at_least}&wait_ms=0");
            let reply = shop.api.get(&target).await;
            assert_eq!(reply.status, 200, "{target}");
            assert_eq!(reply.header("ordertally-position"), "0=10,1=20");
        }
    }
}

#[tokio::test]
async fn waiting_ends_when_the_position_is_reached() {
    let shop = Shop::open().await;
    shop.commit(0, 10, "2020-09-01T10:00:00Z").await;
    let write = async {
        // The answers wait by now, or will find it there: either way they include it.
        shop.store(&[order("e1", "2020-09-01T10:00:00Z")]).await;
        shop.commit(0, 11, "2020-09-01T10:00:01Z").await;
        Instant::now()
    };
    let read = async {
        let mut replies = Vec::new();
        for target in TARGETS {
            let target = format!("{target}&at_least=0=11&wait_ms=30000");
            replies.push((shop.api.get(&target).await, Instant::now()));
        }
        replies
    };
    let (replies, written) = tokio::join!(read, write);
    for (reply, _) in &replies {
        assert_eq!(reply.status, 200, "{reply:?}");
        assert_eq!(reply.header("ordertally-position"), "0=11");
    }
    let (top, answered) = &replies[0];
    assert_eq!(top.json()["data"][0]["orders"], 1);
    assert!(answered.saturating_duration_since(written) < Duration::from_secs(5));
}

#[tokio::test]
async fn an_order_not_yet_there_is_waited_for_and_an_unknown_one_is_not_found() {
    let shop = Shop::open().await;
    let write = async {
        shop.store(&[order("e1", "2020-09-01T10:00:00Z")]).await;
        shop.commit(0, 1, "2020-09-01T10:00:00Z").await;
    };
    let read = shop.api.get("/orders/e1?at_least=0=1&wait_ms=30000");
    let (reply, ()) = tokio::join!(read, write);
    assert_eq!(reply.json()["event_id"], "e1");
    let reply = shop.api.get("/orders/e2?at_least=0=1").await;
    let _problem = reply.problem(404);
}

#[tokio::test]
async fn many_waiting_requests_ask_the_database_no_more_often_than_one() {
    let shop = Shop::open_with(&["--database-pool-size", "2"]).await;
    shop.commit(0, 1, "2020-09-01T10:00:00Z").await;
    let began = Instant::now();
    let waiting = (0..200).map(|_| shop.api.get("/orders?at_least=0=2&wait_ms=500"));
    let replies = futures_util::future::join_all(waiting).await;
    for reply in replies {
        let _problem = reply.problem(504);
    }
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "{:?}",
        began.elapsed()
    );
}
