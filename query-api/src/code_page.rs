//! The page that explains the codes of violations, for people: one section and anchor a code.
//!
//! Plain HTML without scripts, styles or anything from elsewhere, and the policy says so.

use std::fmt::Write as _;
use std::sync::LazyLock;

use http::HeaderValue;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use ordertally_schema::Code;
use warp::reply::Response;

/// Where the page is.
pub const PATH: &str = "/docs/codes";

/// Nothing is loaded, sent or framed.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// It changes with the release alone.
const FOR_AN_HOUR: HeaderValue = HeaderValue::from_static("public, max-age=3600");

static PAGE: LazyLock<String> = LazyLock::new(page);

/// The address of a code's explanation; of a code that this release does not know, of all of them.
#[must_use]
pub fn link(code: &str) -> String {
    if Code::ALL.iter().any(|known| known.as_str() == code) {
        format!("{PATH}#{code}")
    } else {
        PATH.to_owned()
    }
}

/// The page.
#[must_use]
pub fn response() -> Response {
    let mut response = Response::new(PAGE.as_str().into());
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_TYPE, html),
        (CACHE_CONTROL, FOR_AN_HOUR),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ] {
        let _none = headers.insert(name, value);
    }
    response
}

fn page() -> String {
    let mut page = String::from(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>Why records are rejected</title>\n</head>\n<body>\n\
         <h1>Why records are rejected</h1>\n\
         <p>Each violation of a rejected record has one of these codes. The record itself is kept \
         whole; a corrected event is a new record.</p>\n",
    );
    for code in Code::ALL {
        let name = code.as_str();
        let explanation = code.explanation();
        let (meaning, cure) = (html(explanation.meaning), html(explanation.cure));
        write!(
            page,
            "<h2 id=\"{name}\"><a href=\"#{name}\"><code>{name}</code></a></h2>\n\
             <p>{meaning}</p>\n<p><strong>What to do:</strong> {cure}</p>\n"
        )
        .expect("memory takes what is written");
    }
    page.push_str("</body>\n</html>\n");
    page
}

/// A text as HTML; what stands in backticks is literal.
fn html(text: &str) -> String {
    let escaped = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    let mut html = String::new();
    for (place, part) in escaped.split('`').enumerate() {
        if place % 2 == 0 {
            html.push_str(part);
        } else {
            html.push_str("<code>");
            html.push_str(part);
            html.push_str("</code>");
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_an_anchor_that_its_link_names() {
        for code in Code::ALL {
            let link = link(code.as_str());
            let (path, anchor) = link.split_once('#').expect("an anchor");
            assert_eq!(path, PATH);
            let heads = PAGE.matches(&format!("<h2 id=\"{anchor}\">")).count();
            assert_eq!(heads, 1, "{anchor}");
        }
        assert_eq!(link("of_tomorrow"), PATH);
    }

    #[test]
    fn texts_are_escaped_and_what_is_literal_is_code() {
        assert_eq!(html("a < `b&c` > d"), "a &lt; <code>b&amp;c</code> &gt; d");
        for code in Code::ALL {
            let explanation = code.explanation();
            for text in [explanation.meaning, explanation.cure] {
                assert_eq!(text.matches('`').count() % 2, 0, "{text}");
            }
        }
    }
}
