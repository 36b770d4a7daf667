//! Wrong requests: a table of resources and faults, every fault of a request named at once.

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::fault_table::{Faults, WRONG, WRONG_DAYS};
use crate::support::Shop;

const DAYS: &str = "start_date=2020-09-01&end_date=2020-09-05";

async fn assert_faults(shop: &Shop, target: &str, expected: Faults<'_>) {
    let reply = shop.api.get(target).await;
    let problem = reply.problem(400);
    let faults: Vec<(&str, &str)> = problem["invalid_parameters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| {
            assert!(fault["message"].is_string(), "{fault}");
            assert_eq!(fault["source"], "query");
            (
                fault["field"].as_str().unwrap(),
                fault["code"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(faults, expected, "{target}");
    let path = target.split('?').next().unwrap();
    assert_eq!(problem["instance"], path);
}

#[tokio::test]
async fn each_resource_names_each_fault() {
    let shop = Shop::open().await;
    for path in ["/customers/top", "/orders/value", "/sales/province"] {
        for (query, expected) in WRONG_DAYS {
            assert_faults(&shop, &format!("{path}?{query}"), expected).await;
        }
    }
    for (path, query, expected) in WRONG {
        let analytics = ["/customers/top", "/orders/value", "/sales/province"].contains(&path);
        let days = if analytics { DAYS } else { "" };
        assert_faults(&shop, &format!("{path}?{days}&{query}"), expected).await;
    }
    for path in ["/orders", "/customers/c1/orders", "/rejected-events"] {
        for (query, expected) in [
            (
                "start_date=2020-09-31",
                &[("start_date", "invalid_date")][..],
            ),
            (
                "start_date=2020-09-05&end_date=2020-09-01",
                &[("end_date", "out_of_range")],
            ),
            (
                "start_date=2010-01-01&end_date=2020-01-09",
                &[("end_date", "out_of_range")],
            ),
        ] {
            assert_faults(&shop, &format!("{path}?{query}"), expected).await;
        }
    }
    assert_faults(&shop, "/orders/e1?tz=UTC", &[("tz", "unknown_parameter")]).await;
}

#[tokio::test]
async fn long_values_and_cursors_are_refused_and_longer_addresses_too() {
    let shop = Shop::open().await;
    let long = "x".repeat(2_000);
    for (path, name) in [
        ("/orders", "cursor"),
        ("/orders", "customer_id"),
        ("/orders", "tz"),
        ("/orders/value", "mode"),
        ("/sales/province", "province"),
        ("/customers/top", "at_least"),
    ] {
        let reply = shop.api.get(&format!("{path}?{name}={long}")).await;
        let problem = reply.problem(400);
        let faults = problem["invalid_parameters"].as_array().unwrap();
        assert!(
            faults.iter().any(|fault| fault["field"] == name),
            "{problem}"
        );
        assert!(!reply.text.contains(&long), "the value comes back");
    }
    let reply = shop
        .api
        .get(&format!("/orders?tz={}", "x".repeat(10_000)))
        .await;
    let _problem = reply.problem(414);
}

#[tokio::test]
async fn faults_of_path_and_query_are_named_together() {
    let shop = Shop::open().await;
    let long = "x".repeat(129);
    for (target, field, code) in [
        ("/orders/%ff?nope=1", "event_id", "invalid_encoding"),
        ("/orders/%zz?nope=1", "event_id", "invalid_encoding"),
        ("/orders/a%00b?nope=1", "event_id", "invalid_value"),
        ("/customers/%c3%28/orders?nope=1", "id", "invalid_encoding"),
        ("/customers/%00/orders?nope=1", "id", "invalid_value"),
        (
            &format!("/customers/{long}/orders?nope=1"),
            "id",
            "out_of_range",
        ),
    ] {
        let problem = shop.api.get(target).await.problem(400);
        let faults = &problem["invalid_parameters"];
        assert_eq!(faults[0]["field"], field, "{target}");
        assert_eq!(faults[0]["code"], code, "{target}");
        assert_eq!(faults[0]["source"], "path", "{target}");
        assert_eq!(faults[1]["field"], "nope", "{target}");
        assert_eq!(faults[1]["source"], "query", "{target}");
    }
}

#[tokio::test]
async fn what_is_no_resource_is_not_found() {
    let shop = Shop::open().await;
    for target in [
        "/",
        "/nope",
        "/orders/",
        "/orders/value/",
        "/orders/e1/",
        "/orders/e1/x",
        "//orders",
        "/customers",
        "/customers/c1",
        "/customers//orders",
        "/customers/top/",
        "/livez/",
        "/healthcheck",
        "/Orders",
        "/sales",
        "/orders//value",
    ] {
        let problem = shop.api.get(target).await.problem(404);
        assert_eq!(problem["instance"], target);
    }
}

#[tokio::test]
async fn every_resource_can_only_be_read() {
    let shop = Shop::open().await;
    let client = reqwest::Client::new();
    for path in [
        "/customers/top",
        "/orders/value",
        "/sales/province",
        "/orders",
        "/orders/e1",
        "/customers/c1/orders",
        "/rejected-events",
        "/livez",
        "/readyz",
        "/metrics",
        "/healthcheck/heartbeat/",
    ] {
        for method in ["POST", "PUT", "PATCH", "DELETE", "BREW"] {
            let method: reqwest::Method = method.parse().unwrap();
            let response = client
                .request(method, shop.api.url(path))
                .body("{}")
                .send()
                .await
                .unwrap();
            assert_eq!(response.status(), 405, "{path}");
            assert_eq!(response.headers()["allow"], "GET, HEAD, OPTIONS");
            assert_eq!(
                response.headers()["content-type"],
                "application/problem+json"
            );
            let problem: Value = response.json().await.unwrap();
            assert_eq!(problem["instance"], path);
        }
    }
}

/// Sends bytes as they are, and gives the first line of what comes back.
async fn raw(shop: &Shop, request: &str) -> String {
    let mut stream = TcpStream::connect(shop.api.address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _bytes = stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    answer.lines().next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn shapes_that_no_client_sends_are_answered_and_the_service_lives_on() {
    let shop = Shop::open().await;
    for (request, status) in [
        (
            "OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
            "404",
        ),
        (
            "CONNECT x:80 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
            "404",
        ),
        (
            "GET http://x/livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
            "200",
        ),
        ("GET nonsense\r\n\r\n", "400"),
        (
            "GET /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            "400",
        ),
    ] {
        let line = raw(&shop, request).await;
        assert!(line.contains(status), "{request}: {line}");
    }
    assert_eq!(shop.ask("/livez").await["status"], "alive");
}
