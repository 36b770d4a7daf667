//! Each answer of these tests is held against the description: one that it does not tell of fails.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use jsonschema::Validator;
use ordertally_query_api::{code_page, openapi};
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use crate::support::Reply;

/// The description as it is served.
pub static DESCRIPTION: LazyLock<Value> =
    LazyLock::new(|| serde_json::to_value(openapi::description()).unwrap());

/// Addresses for people and of the description itself: it does not describe them.
const PAGES: [&str; 3] = ["/openapi.json", "/docs", "/docs/"];

/// What belongs to the transport or to other origins, and not to an answer.
const TRANSPORT: [&str; 6] = [
    "allow",
    "connection",
    "content-encoding",
    "content-length",
    "date",
    "transfer-encoding",
];

/// Fails when the description does not tell of this answer.
pub fn assert_described(method: &Method, target: &str, reply: &Reply) {
    let path = match target.split('?').next().unwrap_or_default() {
        // The one address that may end with a slash or not.
        "/healthcheck/heartbeat" => "/healthcheck/heartbeat/",
        path => path,
    };
    let status = reply.status.as_u16();
    let what = format!(
        "{method} {target}: {status} {:?} {}",
        reply.headers, reply.text
    );
    let of_page = path.starts_with("/docs/") && path != code_page::PATH;
    if PAGES.contains(&path) || of_page {
        return;
    }
    let Some(operation) = operation(path) else {
        // Limits come before it is known whether there is such a resource.
        assert!(
            matches!(status, 404 | 414 | 429 | 503),
            "not described: {what}"
        );
        assert_problem(reply, &what);
        return;
    };
    match *method {
        Method::GET | Method::HEAD => {}
        Method::OPTIONS => {
            // A browser that asks for a page of another origin is told 200.
            assert!(matches!(status, 200 | 204), "{what}");
            return;
        }
        _ => {
            assert!(matches!(status, 405 | 429 | 503), "{what}");
            assert_problem(reply, &what);
            return;
        }
    }
    let response = &operation["responses"][status.to_string()];
    assert!(response.is_object(), "no such status: {what}");
    let response = resolved(response);
    assert_headers(response, &reply.headers, &what);
    let encoded = reply.headers.contains_key("content-encoding");
    if *method == Method::GET && !encoded {
        let whole = !target.contains("fields=");
        assert_content(response, reply, whole, &what);
    }
}

fn assert_headers(response: &Value, headers: &HeaderMap, what: &str) {
    for (name, value) in headers {
        let name = name.as_str();
        let of_transport = TRANSPORT.contains(&name) || name.starts_with("access-control-");
        if of_transport || name == "content-type" {
            continue;
        }
        let described = response["headers"].as_object().and_then(|headers| {
            let mut headers = headers.iter();
            headers.find(|(described, _)| described.eq_ignore_ascii_case(name))
        });
        let Some((_, described)) = described else {
            panic!("the header {name} is not described: {what}");
        };
        let value = value.to_str().expect("headers are ASCII");
        let schema = &resolved(described)["schema"];
        let valid = validator(schema).is_valid(&json!(value));
        assert!(valid, "{name} is none of {schema}: {what}");
    }
}

fn assert_content(response: &Value, reply: &Reply, whole: bool, what: &str) {
    let Some(contents) = response["content"].as_object() else {
        assert!(reply.bytes.is_empty(), "no content is described: {what}");
        return;
    };
    let content_type = reply.header("content-type");
    let form = content_type.split(';').next().unwrap_or_default();
    let content = contents
        .get(form)
        .unwrap_or_else(|| panic!("{form} is not described: {what}"));
    let body = if form.ends_with("json") && form != "application/x-ndjson" {
        reply.json()
    } else {
        json!(reply.text)
    };
    // An order may have some of its members where these were asked for, and only there.
    let schema = &content["schema"];
    let either = &resolved(schema)["anyOf"];
    let schema = if whole && either.is_array() {
        &either[0]
    } else {
        schema
    };
    assert_schema(schema, &body, what);
}

fn assert_problem(reply: &Reply, what: &str) {
    if !reply.bytes.is_empty() && !reply.headers.contains_key("content-encoding") {
        let schema = json!({"$ref": "#/components/schemas/Problem"});
        assert_schema(&schema, &reply.json(), what);
    }
}

/// Fails when a document is not as a schema of the description says.
pub fn assert_schema(schema: &Value, body: &Value, what: &str) {
    let validator = validator(schema);
    let errors: Vec<_> = validator
        .iter_errors(body)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}\n{what}");
}

fn validator(schema: &Value) -> Arc<Validator> {
    static KNOWN: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);
    // What failed elsewhere has left it whole.
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let validator = known.entry(schema.to_string()).or_insert_with(|| {
        let whole = json!({"allOf": [schema], "components": DESCRIPTION["components"]});
        let options = jsonschema::draft202012::options().should_validate_formats(true);
        Arc::new(options.build(&whole).expect("a schema"))
    });
    Arc::clone(validator)
}

/// What a reference stands for.
pub fn resolved(value: &Value) -> &Value {
    match value["$ref"].as_str() {
        Some(reference) => {
            let pointer = reference.strip_prefix('#').expect("our own");
            DESCRIPTION.pointer(pointer).expect(reference)
        }
        None => value,
    }
}

/// The operation at an address, whose last segment may name a form that it has.
fn operation(path: &str) -> Option<&'static Value> {
    let of_suffix = || {
        let (stem, suffix) = path.rsplit_once('.')?;
        let form = match suffix {
            "json" => "application/json",
            "csv" => "text/csv",
            "ndjson" => "application/x-ndjson",
            _ => return None,
        };
        // What has one form has no suffix.
        at(stem).filter(|operation| {
            let forms = &operation["responses"]["200"]["content"];
            forms[form].is_object() && forms["text/csv"].is_object()
        })
    };
    of_suffix().or_else(|| at(path))
}

/// The operation whose template a path fits: that without parameters, if there is one.
fn at(path: &str) -> Option<&'static Value> {
    let paths = DESCRIPTION["paths"].as_object().unwrap();
    let fits = |template: &str| {
        let (theirs, ours) = (template.split('/'), path.split('/'));
        theirs.clone().count() == ours.clone().count()
            && theirs.zip(ours).all(|(theirs, ours)| {
                theirs == ours || (theirs.starts_with('{') && !ours.is_empty())
            })
    };
    let exact = paths.get(path);
    let fitting = || paths.iter().find(|(template, _)| fits(template));
    let item = exact.or_else(|| fitting().map(|(_, item)| item))?;
    Some(&item["get"])
}
