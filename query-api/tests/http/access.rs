//! Who may ask for what.

use serde_json::Value;
use tokio::process::Command;

use crate::support::{Api, PATIENCE, Shop, order, until};

const PROGRAM: &str = env!("CARGO_BIN_EXE_ordertally-query-api");
const TOP: &str = "/customers/top?start_date=2020-09-01&end_date=2020-09-01";

/// `tokens` with these arguments: exit status and both outputs.
async fn tokens(shop: &Shop, arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(PROGRAM);
    let command = command
        .arg("tokens")
        .args(arguments)
        .env("DATABASE_URL", shop.database.url())
        .kill_on_drop(true);
    let output = tokio::time::timeout(PATIENCE, command.output())
        .await
        .expect("it ends")
        .unwrap();
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

/// A token for these scopes, as the header that carries it.
pub async fn bearer(shop: &Shop, scopes: &str) -> String {
    let (status, token, told) =
        tokens(shop, &["create", "--name", "a test", "--scopes", scopes]).await;
    assert_eq!(status, 0, "{told}");
    format!("Bearer {}", token.trim())
}

/// Waits until the service knows the token, and gives what it answers.
pub async fn until_known(api: &Api, bearer: &str) {
    until("the token is known", async || {
        let headers = [("authorization", bearer)];
        api.get_with("/metrics", &headers).await.status != 401
    })
    .await;
}

#[tokio::test]
async fn without_tokens_this_machine_alone_is_answered() {
    let shop = Shop::open().await;
    assert_eq!(shop.api.get("/orders").await.status, 200);
    let open = Api::start(shop.database.url(), &["--http-addr", "0.0.0.0:0"]).await;
    until("the tokens are read", async || {
        open.get("/readyz").await.status == 200
    })
    .await;
    let problem = open.get("/orders").await;
    assert_eq!(
        problem.header("www-authenticate"),
        "Bearer realm=\"ordertally\""
    );
    let problem = problem.problem(401);
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .contains("tokens create")
    );
    let anyone = ["--http-addr", "0.0.0.0:0", "--allow-anonymous"];
    let anyone = Api::start(shop.database.url(), &anyone).await;
    anyone.until_ready().await;
    assert_eq!(anyone.get("/orders").await.status, 200);
}

#[tokio::test]
async fn a_token_is_for_its_scopes_alone() {
    let shop = Shop::open().await;
    shop.store(&[order("e1", "2020-09-01T10:00:00Z")]).await;
    let all = bearer(&shop, "metrics,analytics,orders,rejected-events").await;
    until_known(&shop.api, &all).await;
    for (target, scope) in [
        (TOP, "analytics"),
        ("/orders/value?period=today", "analytics"),
        ("/sales/province?period=today", "analytics"),
        ("/orders", "orders"),
        ("/orders/e1", "orders"),
        ("/customers/c1/orders", "orders"),
        ("/rejected-events", "rejected-events"),
        ("/metrics", "metrics"),
    ] {
        let _problem = shop.api.get(target).await.problem(401);
        let headers = [("authorization", &*all)];
        assert_eq!(shop.api.get_with(target, &headers).await.status, 200);
        let others = ["analytics", "orders", "rejected-events", "metrics"];
        let others = others.map(|other| if other == scope { "" } else { other });
        let others: Vec<_> = others
            .into_iter()
            .filter(|other| !other.is_empty())
            .collect();
        let others = bearer(&shop, &others.join(",")).await;
        until_known(&shop.api, &others).await;
        let headers = [("authorization", &*others)];
        let refused = shop.api.get_with(target, &headers).await;
        let challenge = refused.header("www-authenticate");
        assert!(challenge.contains("insufficient_scope"), "{challenge}");
        assert_eq!(refused.problem(403)["scope"], scope);
    }
    // Supervisors have no token.
    for target in ["/livez", "/readyz", "/healthcheck/heartbeat/"] {
        assert_eq!(shop.api.get(target).await.status, 200);
    }
}

#[tokio::test]
async fn customers_have_no_names_for_those_who_may_not_see_orders() {
    let shop = Shop::open().await;
    shop.store(&[order("e1", "2020-09-01T10:00:00Z")]).await;
    let ids = bearer(&shop, "metrics,analytics").await;
    let names = bearer(&shop, "metrics,analytics,orders").await;
    let mut tags = Vec::new();
    for (bearer, email) in [(ids, Value::Null), (names, Value::from("dan@example.com"))] {
        until_known(&shop.api, &bearer).await;
        let reply = shop.api.get_with(TOP, &[("authorization", &bearer)]).await;
        let row = &reply.json()["data"][0];
        assert_eq!(row["customer_id"], "c1");
        assert_eq!(row["email"], email);
        assert_eq!(row["first_name"].is_null(), email.is_null());
        assert_eq!(row["last_name"].is_null(), email.is_null());
        tags.push(reply.header("etag").to_owned());
    }
    assert_ne!(tags[0], tags[1]);
}

#[tokio::test]
async fn what_is_no_token_or_none_any_more_is_refused() {
    let shop = Shop::open().await;
    let bearer = bearer(&shop, "metrics").await;
    until_known(&shop.api, &bearer).await;
    for (header, error) in [
        ("Bearer", "invalid_request"),
        ("Basic bWU6eW91", "invalid_request"),
        ("Bearer otly_nonsense", "invalid_token"),
        ("Bearer two words", "invalid_token"),
    ] {
        let refused = shop
            .api
            .get_with("/metrics", &[("authorization", header)])
            .await;
        let challenge = refused.header("www-authenticate").to_owned();
        assert!(challenge.contains(error), "{header}: {challenge}");
        let _problem = refused.problem(401);
    }
    shop.execute("UPDATE api_tokens SET expires_at = now() - interval '1 second'")
        .await;
    until("the token's end is known", async || {
        let refused = shop
            .api
            .get_with("/metrics", &[("authorization", &bearer)])
            .await;
        refused.status == 401 && refused.text.contains("time is over")
    })
    .await;
    shop.execute("UPDATE api_tokens SET expires_at = NULL")
        .await;
    until_known(&shop.api, &bearer).await;
    let (status, told, _) = tokens(&shop, &["revoke", "1"]).await;
    assert_eq!(status, 0);
    assert!(told.contains("revoked"), "{told}");
    until("the token is revoked", async || {
        let headers = [("authorization", &*bearer)];
        // No token is left, so this machine is answered without one; but not with this one.
        shop.api.get_with("/metrics", &headers).await.status == 401
    })
    .await;
}

#[tokio::test]
async fn a_token_is_shown_once_and_listed_without_itself() {
    let shop = Shop::open().await;
    let (status, none, told) = tokens(&shop, &["list"]).await;
    assert_eq!((status, &*none), (0, ""));
    assert!(told.contains("no tokens"), "{told}");
    let arguments = [
        "create",
        "--name",
        "Grafana",
        "--scopes",
        "analytics,metrics",
    ];
    let (status, token, told) = tokens(
        &shop,
        &[&arguments[..], &["--expires-in-days", "30"]].concat(),
    )
    .await;
    assert_eq!(status, 0, "{told}");
    assert!(told.contains("token 1 for analytics, metrics"), "{told}");
    let token = token.trim();
    assert!(token.starts_with("otly_"), "{token}");
    let (_, listed, _) = tokens(&shop, &["list"]).await;
    for text in ["Grafana", "analytics, metrics", "valid until", "never"] {
        assert!(listed.contains(text), "{text} in {listed}");
    }
    assert!(!listed.contains(token), "{listed}");
    let kept = shop
        .client
        .query_one("SELECT to_jsonb(api_tokens)::text FROM api_tokens", &[])
        .await
        .unwrap();
    assert!(!kept.get::<_, String>(0).contains(token));
    let (_, told, _) = tokens(&shop, &["revoke", "1"]).await;
    assert!(told.contains("token 1 (Grafana) is revoked"), "{told}");
    let (status, _, told) = tokens(&shop, &["revoke", "7"]).await;
    assert_eq!(status, 1);
    assert!(told.contains("no token 7"), "{told}");
    for (arguments, named) in [
        (
            &["create", "--name", "x", "--scopes", "everything"][..],
            "analytics",
        ),
        (&["create", "--name", " ", "--scopes", "orders"], "--name"),
        (&["create", "--name", "x"], "--scopes"),
        (&["revoke", "x"], "ID"),
    ] {
        let (status, _, told) = tokens(&shop, arguments).await;
        assert_eq!(status, 2, "{told}");
        assert!(told.contains(named), "{named} in {told}");
    }
}
