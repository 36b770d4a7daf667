//! The forms of an answer: JSON, tables, lines; as it is and compressed.

use std::io::Read as _;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Shop, order};

const DAYS: &str = "start_date=2020-09-01&end_date=2020-09-02";

async fn shop() -> Shop {
    let shop = Shop::open().await;
    let mut second = order("e2", "2020-09-02T10:00:00Z");
    second.customer_id = "=c2".to_owned();
    second.first_name = Some("Ann, \"A\"".to_owned());
    second.currency = "JPY".to_owned();
    shop.store(&[order("e1", "2020-09-01T10:00:00Z"), second])
        .await;
    shop
}

#[tokio::test]
async fn a_question_is_answered_as_a_table_for_a_spreadsheet() {
    let shop = shop().await;
    let table = shop.api.get(&format!("/customers/top.csv?{DAYS}")).await;
    assert_eq!(table.status, 200);
    assert_eq!(
        table.header("content-type"),
        "text/csv; charset=utf-8; header=present"
    );
    assert_eq!(
        table.header("content-disposition"),
        "attachment; filename=\"top-customers_2020-09-01_2020-09-02.csv\""
    );
    assert_eq!(
        table.text,
        "rank,customer_id,email,first_name,last_name,currency,orders,order_value\r\n\
         1,'=c2,dan@example.com,\"Ann, \"\"A\"\"\",dyer,JPY,1,50\r\n\
         1,c1,dan@example.com,dan,dyer,USD,1,50.00\r\n"
    );
    let by_accept = shop
        .api
        .get_with(&format!("/customers/top?{DAYS}"), &[("accept", "text/csv")])
        .await;
    assert_eq!(by_accept.text, table.text);
    let daily = shop.api.get(&format!("/orders/value.csv?{DAYS}")).await;
    assert_eq!(
        daily.text,
        "date,currency,orders,order_value,total_discounts,total_tax\r\n\
         2020-09-01,JPY,0,0,0,0\r\n2020-09-01,USD,1,50.00,0.00,0.00\r\n\
         2020-09-02,JPY,1,50,0,0\r\n2020-09-02,USD,0,0.00,0.00,0.00\r\n"
    );
    let total = format!("/orders/value.csv?{DAYS}&mode=TOTAL");
    assert_eq!(
        shop.api.get(&total).await.text,
        "currency,orders,order_value,total_discounts,total_tax\r\n\
         JPY,1,50,0,0\r\nUSD,1,50.00,0.00,0.00\r\n"
    );
    let provinces = format!("/sales/province.csv?{DAYS}&currency=USD");
    assert_eq!(
        shop.api.get(&provinces).await.text,
        "country,province,currency,orders,order_value,units,products\r\n\
         United States,Idaho,USD,1,50.00,1,\"[{\"\"product_id\"\":\"\"p1\"\",\"\"quantity\"\":1}]\"\r\n"
    );
}

#[tokio::test]
async fn records_come_as_a_table_or_line_by_line() {
    let shop = shop().await;
    let list = shop.ask("/orders?limit=1").await;
    let lines = shop.api.get("/orders.ndjson?limit=1").await;
    assert_eq!(lines.header("content-type"), "application/x-ndjson");
    let line = lines.text.strip_suffix('\n').unwrap();
    assert!(!line.contains('\n'), "{line}");
    let line: Value = serde_json::from_str(line).unwrap();
    assert_eq!(line, list["data"][0]);
    let next = list["next_cursor"].as_str().unwrap();
    assert_eq!(
        lines.header("link"),
        format!("</orders.ndjson?limit=1&cursor={next}>; rel=\"next\"")
    );
    let table = shop.api.get("/orders.csv").await;
    let mut reader = csv::Reader::from_reader(table.text.as_bytes());
    let header = reader.headers().unwrap().clone();
    let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 2);
    let cell = |row: usize, name: &str| {
        let column = header.iter().position(|column| column == name);
        rows[row][column.unwrap_or_else(|| panic!("{name}"))].to_owned()
    };
    assert_eq!(cell(0, "event_id"), "e2");
    assert_eq!(cell(0, "customer_id"), "'=c2");
    assert_eq!(cell(1, "shipping_city"), "Boise");
    assert_eq!(cell(1, "line_items"), "[{\"id\":\"p1\",\"quantity\":1}]");
    assert_eq!(cell(1, "offset"), "0");
    for target in ["/customers/c1/orders.csv", "/rejected-events.csv"] {
        let table = shop.api.get(target).await;
        assert_eq!(table.status, 200, "{target}");
        assert!(table.text.contains(",offset"), "{target}: {}", table.text);
    }
    let one = [("accept", "text/csv")];
    let one = shop.api.get_with("/orders/e1", &one).await;
    assert_eq!(one.text.lines().count(), 2);
    assert_eq!(one.text.lines().next(), table.text.lines().next());
}

#[tokio::test]
async fn a_suffix_is_a_form_only_where_no_id_can_end_so() {
    let shop = shop().await;
    let mut odd = order("e.csv", "2020-09-02T10:00:00Z");
    odd.customer_id = "c.csv".to_owned();
    shop.store(&[odd]).await;
    assert_eq!(shop.ask("/orders/e.csv").await["event_id"], "e.csv");
    let theirs = shop.rows("/customers/c.csv/orders").await;
    assert_eq!(theirs.len(), 1);
    let same = shop.ask(&format!("/orders/value.json?{DAYS}")).await;
    assert_eq!(same, shop.ask(&format!("/orders/value?{DAYS}")).await);
    for target in [
        "/orders/value.xml",
        "/orders/value.ndjson",
        "/orders/value.",
        "/orders/value.csv/",
        "/orders.pdf",
        "/livez.json",
        "/customers/top.CSV",
    ] {
        let _problem = shop.api.get(target).await.problem(404);
    }
}

#[tokio::test]
async fn what_is_not_taken_is_said_with_what_there_is() {
    let shop = shop().await;
    let target = format!("/orders/value?{DAYS}");
    for accept in ["text/html", "application/x-ndjson", "*/*;q=0"] {
        let reply = shop.api.get_with(&target, &[("accept", accept)]).await;
        let problem = reply.problem(406);
        assert!(problem["detail"].as_str().unwrap().contains("text/csv"));
    }
    let reply = shop.api.get_with(&target, &[("accept", "json")]).await;
    let problem = reply.problem(400);
    let expected = json!({"field": "Accept", "code": "invalid_value", "source": "header"});
    for (member, value) in expected.as_object().unwrap() {
        assert_eq!(problem["invalid_parameters"][0][member], *value);
    }
    let none = [("accept-encoding", "identity;q=0")];
    let _problem = shop.api.get_with(&target, &none).await.problem(406);
    // The suffix says it, whatever the browser sends.
    let browser = [("accept", "text/html")];
    let table = format!("/orders/value.csv?{DAYS}");
    assert_eq!(shop.api.get_with(&table, &browser).await.status, 200);
    // A supervisor is told whatever it takes.
    assert_eq!(shop.api.get_with("/readyz", &browser).await.status, 200);
}

#[tokio::test]
async fn answers_are_compressed_as_the_client_prefers() {
    let shop = shop().await;
    let target = format!("/orders/value?{DAYS}");
    let plain = shop.api.get(&target).await;
    assert_eq!(
        plain.header("vary"),
        "Accept, Accept-Encoding, Authorization"
    );
    for (accepted, coding) in [
        ("gzip", "gzip"),
        ("br", "br"),
        ("zstd, gzip;q=0.5", "zstd"),
        ("zstd;q=0.1, gzip", "gzip"),
    ] {
        let headers = [("accept-encoding", accepted)];
        let reply = shop.api.get_with(&target, &headers).await;
        assert_eq!(reply.header("content-encoding"), coding);
        assert_ne!(reply.header("etag"), plain.header("etag"));
        let mut text = String::new();
        let bytes = &reply.bytes[..];
        let _bytes = match coding {
            "gzip" => flate2::read::GzDecoder::new(bytes).read_to_string(&mut text),
            "br" => brotli::Decompressor::new(bytes, 4_096).read_to_string(&mut text),
            _ => zstd::Decoder::new(bytes).unwrap().read_to_string(&mut text),
        }
        .unwrap();
        assert_eq!(text, plain.text, "{coding}");
    }
}

#[tokio::test]
async fn head_is_the_answer_without_its_body_and_options_what_can_be_done() {
    let shop = shop().await;
    for target in [
        format!("/orders/value?{DAYS}"),
        "/orders/e1".to_owned(),
        "/readyz".to_owned(),
        "/orders/nope".to_owned(),
    ] {
        let get = shop.api.get(&target).await;
        let head = shop.api.send(Method::HEAD, &target, &[]).await;
        assert_eq!(head.status, get.status, "{target}");
        assert!(head.bytes.is_empty());
        for name in ["content-type", "content-length", "cache-control"] {
            assert_eq!(head.header(name), get.header(name), "{target}: {name}");
        }
        assert_eq!(head.headers.get("etag"), get.headers.get("etag"));
        let options = shop.api.send(Method::OPTIONS, &target, &[]).await;
        assert_eq!(options.status, 204, "{target}");
        assert_eq!(options.header("allow"), "GET, HEAD, OPTIONS");
    }
}

#[tokio::test]
async fn a_body_is_refused() {
    let shop = shop().await;
    let response = reqwest::Client::new()
        .get(shop.api.url("/orders"))
        .body("{}")
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 413);
    let problem: Value = response.json().await.unwrap();
    assert_eq!(problem["title"], "Content too large");
}
