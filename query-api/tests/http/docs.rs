//! The page for people who explore the service in a browser.

use serde_json::Value;

use crate::browser::Browser;
use crate::support::{Shop, order};

#[tokio::test]
async fn the_page_comes_with_what_its_browser_must_know() {
    let shop = Shop::open().await;
    let page = shop.api.get("/docs").await;
    assert_eq!(page.status, 200);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    let policy = page.header("content-security-policy");
    assert!(policy.contains("default-src 'none'"), "{policy}");
    assert!(policy.contains("script-src 'self';"), "{policy}");
    assert_eq!(page.header("x-content-type-options"), "nosniff");
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    assert_eq!(page.header("x-frame-options"), "DENY");
    let browser = [("accept", "text/html,*/*;q=0.8")];
    assert_eq!(shop.api.get_with("/docs", &browser).await.text, page.text);
    let wrong = shop.api.get("/docs/nope.js").await;
    let _problem = wrong.problem(404);
}

#[tokio::test]
async fn the_page_names_no_other_host_and_its_files_are_there() {
    let shop = Shop::open().await;
    let page = shop.api.get("/docs").await.text;
    assert!(!page.contains("//"), "{page}");
    let files: Vec<_> = page
        .split('"')
        .filter(|text| text.starts_with("docs/"))
        .collect();
    assert_eq!(files.len(), 4, "{files:?}");
    for file in files {
        let file = format!("/{file}");
        let reply = shop.api.get(&file).await;
        assert_eq!(reply.status, 200, "{file}");
        assert_eq!(reply.header("x-content-type-options"), "nosniff");
        let known = [("if-none-match", reply.header("etag"))];
        let again = shop.api.get_with(&file, &known).await;
        assert_eq!(again.status, 304, "{file}");
        assert_eq!(again.header("cache-control"), "no-cache");
    }
}

#[tokio::test]
async fn the_address_with_a_slash_leads_to_the_one_without() {
    let shop = Shop::open().await;
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let reply = client.get(shop.api.url("/docs/")).send().await.unwrap();
    assert_eq!(reply.status(), 308);
    assert_eq!(reply.headers()["location"], "../docs");
    let led = shop.api.get("/docs/").await;
    assert_eq!(led.text, shop.api.get("/docs").await.text);
}

#[tokio::test]
async fn a_person_tries_an_operation_out_in_a_browser() {
    let shop = Shop::open().await;
    shop.store(&[order("e1", "2020-09-01T10:00:00Z")]).await;
    let mut browser = Browser::open().await;
    browser.visit(&shop.api.url("/docs")).await;
    let operation = "#operations-Questions-orderValue";
    browser
        .click(&format!("{operation} .opblock-summary-control"))
        .await;
    browser.click(&format!("{operation} .try-out__btn")).await;
    // The days are filled in: Execute is all that there is to do.
    browser.click(&format!("{operation} .execute")).await;
    let live = format!("{operation} .live-responses-table .response");
    let status = browser.text(&format!("{live} .response-col_status")).await;
    assert!(status.starts_with("200"), "{status}");
    let body = browser.text(&format!("{live} .highlight-code")).await;
    assert!(body.contains("\"order_value\": \"50.00\""), "{body}");
    let requests = browser.requests();
    let executed = shop
        .api
        .url("/orders/value?start_date=2020-09-01&end_date=2020-09-05");
    let asked = |start: &str| requests.iter().any(|address| address.starts_with(start));
    assert!(asked(&executed), "{requests:?}");
    assert!(asked(&shop.api.url("/openapi.json")), "{requests:?}");
    for address in &requests {
        let own = address.starts_with(&shop.api.url("/"));
        assert!(own || address.starts_with("data:"), "{address}");
    }
    assert_eq!(browser.complaints(), Vec::<&Value>::new());
}
