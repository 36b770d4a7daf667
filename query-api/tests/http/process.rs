//! The program as it is started, asked and stopped.

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::support::{PATIENCE, Shop, order, until};

const PROGRAM: &str = env!("CARGO_BIN_EXE_ordertally-query-api");

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    for variable in [
        "DATABASE_URL",
        "HTTP_ADDR",
        "REPORTING_TIME_ZONE",
        "LOG_LEVEL",
        "LOG_FORMAT",
    ] {
        command.env_remove(variable);
    }
    command.args(arguments).kill_on_drop(true);
    command
}

/// Runs to its end: exit status, and both outputs.
async fn run(arguments: &[&str]) -> (i32, String, String) {
    let output = tokio::time::timeout(PATIENCE, program(arguments).output())
        .await
        .expect("it ends")
        .unwrap();
    (
        output.status.code().expect("it ends by itself"),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

/// The program serving, and the address that it tells in its log.
async fn serve(database_url: &str, flags: &[&str]) -> (Child, String) {
    let mut arguments = vec!["--database-url", database_url, "--http-addr", "127.0.0.1:0"];
    arguments.extend(flags);
    let mut child = program(&arguments)
        .env("LOG_FORMAT", "json")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let first = tokio::time::timeout(PATIENCE, lines.next_line())
        .await
        .expect("it tells its address")
        .unwrap()
        .expect("a line");
    drop(tokio::spawn(async move {
        while let Ok(Some(_)) = lines.next_line().await {}
    }));
    let line: serde_json::Value = serde_json::from_str(&first).expect(&first);
    let address = line["http.address"].as_str().expect(&first).to_owned();
    (child, address)
}

async fn terminate(child: &Child) {
    let id = child.id().expect("it runs").to_string();
    let killed = Command::new("kill")
        .args(["-TERM", &id])
        .status()
        .await
        .unwrap();
    assert!(killed.success());
}

async fn exit_status(child: &mut Child) -> Option<i32> {
    tokio::time::timeout(PATIENCE, child.wait())
        .await
        .expect("it ends")
        .unwrap()
        .code()
}

#[tokio::test]
async fn help_lists_every_setting_with_its_variable_and_default() {
    let (status, help, _) = run(&["--help"]).await;
    assert_eq!(status, 0);
    for text in [
        "--database-url",
        "DATABASE_URL",
        "--http-addr",
        "HTTP_ADDR",
        "127.0.0.1:8080",
        "--reporting-time-zone",
        "REPORTING_TIME_ZONE",
        "[default: UTC]",
        "--log-format",
        "healthcheck",
    ] {
        assert!(help.contains(text), "{text} in {help}");
    }
}

#[tokio::test]
async fn a_wrong_setting_is_one_line_and_status_2_before_anything_connects() {
    let good = "postgres://me:s3cret@127.0.0.1:1/orders";
    for (arguments, named) in [
        (&[][..], "--database-url"),
        (
            &["--database-url", "mysql://me:s3cret@x/y"],
            "--database-url",
        ),
        (
            &["--database-url", "postgres://me:s3cret@/"],
            "--database-url",
        ),
        (
            &["--database-url", good, "--http-addr", "here"],
            "HTTP_ADDR",
        ),
        (
            &["--database-url", good, "--reporting-time-zone", "Mars"],
            "REPORTING_TIME_ZONE",
        ),
        (
            &["--database-url", good, "--database-pool-size", "0"],
            "DATABASE_POOL_SIZE",
        ),
        (
            &["--database-url", good, "--log-level", "a=b=c"],
            "LOG_LEVEL",
        ),
        (&["--database-url", good, "--nonsense"], "--nonsense"),
    ] {
        let (status, _, error) = run(arguments).await;
        assert_eq!(status, 2, "{arguments:?}: {error}");
        assert_eq!(error.trim_end().lines().count(), 1, "{error}");
        assert!(error.contains(named), "{named} in {error}");
        assert!(!error.contains("s3cret"), "{error}");
    }
}

#[tokio::test]
async fn an_address_in_use_is_said_and_is_status_2() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let url = "postgres://me@127.0.0.1:1/orders";
    let (status, _, error) = run(&["--database-url", url, "--http-addr", &address]).await;
    assert_eq!(status, 2);
    assert!(
        error.contains(&format!("cannot listen on {address}")),
        "{error}"
    );
}

#[tokio::test]
async fn a_request_in_hand_is_finished_after_the_signal_and_the_program_ends_with_0() {
    let shop = Shop::open().await;
    let (mut child, address) = serve(shop.database.url(), &[]).await;
    let target = format!("http://{address}/orders/e1?at_least=0=1&wait_ms=30000");
    let waiting = tokio::spawn(reqwest::get(target));
    until("the request is in hand", async || {
        let metrics = reqwest::get(format!("http://{address}/metrics"))
            .await
            .unwrap();
        let page = metrics.text().await.unwrap();
        // The request for this page is one of the two.
        page.contains("ordertally_http_requests_in_flight 2")
    })
    .await;
    terminate(&child).await;
    until("no new connection is taken", async || {
        tokio::net::TcpStream::connect(&address).await.is_err()
    })
    .await;
    shop.store(&[order("e1", "2020-09-01T10:00:00Z")]).await;
    shop.commit(0, 1, "2020-09-01T10:00:00Z").await;
    let reply = waiting.await.unwrap().unwrap();
    assert_eq!(reply.status(), 200);
    assert!(reply.text().await.unwrap().contains("\"e1\""));
    assert_eq!(exit_status(&mut child).await, Some(0));
}

#[tokio::test]
async fn requests_that_do_not_finish_in_time_are_cut_off() {
    let shop = Shop::open().await;
    let (mut child, address) = serve(shop.database.url(), &["--stop-timeout-ms", "200"]).await;
    let target = format!("http://{address}/orders?at_least=0=1&wait_ms=30000");
    let waiting = tokio::spawn(reqwest::get(target));
    until("the request is in hand", async || {
        let metrics = reqwest::get(format!("http://{address}/metrics"))
            .await
            .unwrap();
        let page = metrics.text().await.unwrap();
        page.contains("ordertally_http_requests_in_flight 2")
    })
    .await;
    terminate(&child).await;
    assert_eq!(exit_status(&mut child).await, Some(0));
    assert!(waiting.await.unwrap().is_err());
}

#[tokio::test]
async fn the_healthcheck_tells_by_its_exit_status() {
    let shop = Shop::open().await;
    let url = shop.database.url();
    let (child, address) = serve(url, &[]).await;
    let asked = ["healthcheck", "--http-addr", &address];
    until("the service is ready", async || run(&asked).await.0 == 0).await;
    drop(child);
    until("the service is gone", async || run(&asked).await.0 == 1).await;
    let (_, _, error) = run(&asked).await;
    assert!(error.contains("not ready"), "{error}");
    let unready = "postgres://me@127.0.0.1:1/orders";
    let (_child, address) = serve(unready, &["--database-connect-timeout-ms", "500"]).await;
    let asked = ["healthcheck", "--http-addr", &address];
    let (status, _, error) = run(&asked).await;
    assert_eq!(status, 1);
    assert!(error.contains("503"), "{error}");
}
