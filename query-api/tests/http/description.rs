//! The description: served, whole, and of a service that is as it says.

use ordertally_query_api::openapi::{OPERATIONS, Operation};
use serde_json::{Value, json};

use crate::access::{bearer, until_known};
use crate::described::{DESCRIPTION, assert_schema, resolved};
use crate::rejected::reject;
use crate::support::{Shop, order};

const DAYS: &str = "start_date=2020-09-01&end_date=2020-09-05";

#[tokio::test]
async fn it_is_served_with_a_tag_and_compressed() {
    let shop = Shop::open().await;
    let reply = shop.api.get("/openapi.json").await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("content-type"), "application/json");
    assert_eq!(reply.header("cache-control"), "no-cache");
    assert_eq!(reply.json(), *DESCRIPTION);
    assert_eq!(DESCRIPTION["openapi"], "3.1.0");
    let known = [("if-none-match", reply.header("etag"))];
    let again = shop.api.get_with("/openapi.json", &known).await;
    assert_eq!(again.status, 304);
    assert!(again.bytes.is_empty());
    let compressed = [("accept-encoding", "br")];
    let compressed = shop.api.get_with("/openapi.json", &compressed).await;
    assert_eq!(compressed.header("content-encoding"), "br");
    assert!(compressed.bytes.len() * 4 < reply.bytes.len());
    let browser = [("accept", "text/html")];
    assert_eq!(
        shop.api.get_with("/openapi.json", &browser).await.status,
        200
    );
}

/// An order and a rejected record.
async fn fill(shop: &Shop) {
    shop.store(&[order("e1", "2020-09-01T10:00:00Z")]).await;
    reject(shop, 7, &["missing"], Some(b"{}"), "2020-09-01T10:00:01Z").await;
}

/// A request that has an answer.
fn target(operation: &Operation) -> String {
    let id = if operation.path.starts_with("/rejected") {
        "1"
    } else {
        "c1"
    };
    let path = operation
        .path
        .replace("{event_id}", "e1")
        .replace("{id}", id);
    let parameters = &DESCRIPTION["paths"][operation.path]["get"]["parameters"];
    let mut parameters = parameters.as_array().into_iter().flatten();
    if parameters.any(|known| known["name"] == "start_date") {
        format!("{path}?{DAYS}")
    } else {
        path
    }
}

#[tokio::test]
async fn a_token_is_needed_where_the_description_says_so_and_for_what_it_says() {
    let shop = Shop::open().await;
    fill(&shop).await;
    let scopes = ["analytics", "orders", "rejected-events", "metrics"];
    let mut bearers = Vec::new();
    for scope in scopes {
        bearers.push(bearer(&shop, scope).await);
    }
    until_known(&shop.api, bearers.last().unwrap()).await;
    for operation in OPERATIONS {
        let target = target(operation);
        let security = &DESCRIPTION["paths"][operation.path]["get"]["security"];
        let anonymous = shop.api.get(&target).await;
        let needed = security[1]["bearer"][0].as_str();
        let expected = if needed.is_some() { 401 } else { 200 };
        assert_eq!(anonymous.status, expected, "{target}");
        for (scope, bearer) in scopes.iter().zip(&bearers) {
            let headers = [("authorization", bearer.as_str())];
            let reply = shop.api.get_with(&target, &headers).await;
            if needed.is_none_or(|needed| needed == *scope) {
                assert_eq!(reply.status, 200, "{target} {scope}");
            } else {
                assert_eq!(reply.problem(403)["scope"], needed.unwrap(), "{target}");
            }
        }
    }
    for open in ["/openapi.json", "/docs", "/docs/start.js"] {
        assert_eq!(shop.api.get(open).await.status, 200, "{open}");
        let unknown = [("authorization", "Bearer otly_nonsense")];
        assert_eq!(
            shop.api.get_with(open, &unknown).await.status,
            200,
            "{open}"
        );
    }
}

#[tokio::test]
async fn what_is_described_is_served() {
    let shop = Shop::open().await;
    fill(&shop).await;
    for operation in OPERATIONS {
        let target = target(operation);
        let described = &DESCRIPTION["paths"][operation.path]["get"];
        let contents = described["responses"]["200"]["content"]
            .as_object()
            .unwrap();
        for form in contents.keys() {
            let reply = shop.api.get_with(&target, &[("accept", form)]).await;
            assert_eq!(reply.status, 200, "{target}: {}", reply.text);
            assert!(reply.header("content-type").starts_with(form.as_str()));
        }
        assert_eq!(described["operationId"], operation.id);
    }
}

#[test]
fn each_example_is_as_its_schema_says() {
    let mut examples = 0;
    let mut check = |content: &Value, what: &str| {
        assert!(!content["example"].is_null(), "no example: {what}");
        assert_schema(&content["schema"], &content["example"], what);
        examples += 1;
    };
    for operation in OPERATIONS {
        let described = &DESCRIPTION["paths"][operation.path]["get"];
        for (status, response) in described["responses"].as_object().unwrap() {
            let contents = resolved(response)["content"].as_object();
            for (form, content) in contents.into_iter().flatten() {
                check(content, &format!("{} {status} {form}", operation.path));
            }
        }
        for parameter in described["parameters"].as_array().into_iter().flatten() {
            let schema = &parameter["schema"];
            let example = &schema["examples"][0];
            check(
                &json!({"schema": schema, "example": example}),
                operation.path,
            );
        }
    }
    for (name, header) in DESCRIPTION["components"]["headers"].as_object().unwrap() {
        check(header, name);
    }
    assert!(examples > 100, "{examples}");
}

#[test]
fn each_parameter_and_member_says_what_it_means() {
    let components = &DESCRIPTION["components"]["schemas"];
    for (name, schema) in components.as_object().unwrap() {
        // The members of an address say it by their names.
        if name == "Address" {
            continue;
        }
        for (member, schema) in schema["properties"].as_object().into_iter().flatten() {
            // A word that tells one shape from another says it by itself.
            let told = schema["description"].is_string() || schema["enum"].is_array();
            assert!(told, "{name}.{member}: {schema}");
        }
    }
    for operation in OPERATIONS {
        let described = &DESCRIPTION["paths"][operation.path]["get"];
        for parameter in described["parameters"].as_array().into_iter().flatten() {
            assert!(parameter["description"].is_string(), "{parameter}");
            let schema = &parameter["schema"];
            let bounds = ["enum", "pattern", "minimum", "maximum", "maxLength"];
            let bounded = bounds.iter().any(|bound| !schema[bound].is_null());
            assert!(bounded, "{} {parameter}", operation.path);
        }
    }
}

#[test]
fn every_shape_is_closed() {
    fn check(schema: &Value, what: &str) {
        if let Some(properties) = schema["properties"].as_object() {
            assert_eq!(schema["additionalProperties"], json!(false), "{what}");
            let required = schema["required"].as_array();
            for (name, property) in properties {
                // Which members of an order are there its request says.
                let there = required.is_some_and(|names| names.contains(&json!(name)));
                assert_eq!(there, what != "OrderFields", "{what}.{name}");
                check(property, &format!("{what}.{name}"));
            }
        }
        for several in ["oneOf", "anyOf"] {
            for (place, part) in schema[several].as_array().into_iter().flatten().enumerate() {
                check(part, &format!("{what}[{place}]"));
            }
        }
    }
    let schemas = DESCRIPTION["components"]["schemas"].as_object().unwrap();
    for (name, schema) in schemas {
        check(schema, name);
    }
}
