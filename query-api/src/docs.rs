//! The description at `/openapi.json`, and the page at `/docs` that shows it: Swagger UI, from files
//! that are built in. The page asks this service alone, and its browser is told so.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderName, HeaderValue, StatusCode};
use utoipa_swagger_ui::Config;
use warp::reply::Response;

use crate::call::Call;
use crate::openapi;
use crate::reply;

/// The page. Its addresses are relative, so that it works behind a proxy that adds a prefix.
const PAGE: &str = include_str!("docs/page.html");

/// What the page does when it is there.
const START: &str = include_str!("docs/start.js");

/// The files of Swagger UI that the page needs, of the many that it has.
const PARTS: [(&str, &str); 3] = [
    ("swagger-ui-bundle.js", JAVASCRIPT),
    ("swagger-ui.css", "text/css; charset=utf-8"),
    ("favicon-32x32.png", "image/png"),
];

const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

/// Nobody's own, but another release has another.
const SHARED: HeaderValue = HeaderValue::from_static("no-cache");

/// What a page may do in its browser. Swagger UI draws with images and styles that stand in the
/// document; scripts and requests are this service's alone.
const PAGE_HEADERS: [(HeaderName, &str); 4] = [
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
         img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'",
    ),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
    (X_FRAME_OPTIONS, "DENY"),
];

/// Something that is the same for as long as the process lives.
#[derive(Clone, Debug)]
struct File {
    name: &'static str,
    content_type: &'static str,
    bytes: Bytes,
    /// What its tag is made of.
    hash: blake3::Hash,
}

/// What there is to read about the service.
#[derive(Clone, Debug)]
pub struct Docs {
    description: File,
    page: File,
    files: Vec<File>,
}

impl File {
    fn new(name: &'static str, content_type: &'static str, bytes: Bytes) -> Self {
        let hash = blake3::hash(&bytes);
        Self {
            name,
            content_type,
            bytes,
            hash,
        }
    }

    fn answer(&self, call: &Call) -> Response {
        let tag = call.tag(&[self.hash.as_bytes()]);
        let mut response = if call.knows(&tag) {
            reply::not_modified(tag)
        } else {
            let mut response = reply::with_tag(Response::new(self.bytes.clone().into()), tag);
            let content_type = HeaderValue::from_static(self.content_type);
            let _none = response.headers_mut().insert(CONTENT_TYPE, content_type);
            response
        };
        let headers = response.headers_mut();
        let _other = headers.insert(CACHE_CONTROL, SHARED);
        let nosniff = HeaderValue::from_static("nosniff");
        let _none = headers.insert(X_CONTENT_TYPE_OPTIONS, nosniff);
        response
    }
}

impl Default for Docs {
    /// Of this release.
    fn default() -> Self {
        let description = openapi::description();
        let description = serde_json::to_vec(&description).expect("a description is plain data");
        let start = Bytes::from_static(START.as_bytes());
        let mut files = vec![File::new("start.js", JAVASCRIPT, start)];
        let config = Arc::new(Config::default());
        for (name, content_type) in PARTS {
            let part = utoipa_swagger_ui::serve(name, Arc::clone(&config));
            let part = part.ok().flatten().expect("Swagger UI has its parts");
            let bytes = match part.bytes {
                Cow::Borrowed(bytes) => Bytes::from_static(bytes),
                Cow::Owned(bytes) => bytes.into(),
            };
            files.push(File::new(name, content_type, bytes));
        }
        Self {
            description: File::new("openapi.json", "application/json", description.into()),
            page: File::new("docs", "text/html; charset=utf-8", PAGE.as_bytes().into()),
            files,
        }
    }
}

impl Docs {
    /// `GET /openapi.json`.
    #[must_use]
    pub fn description(&self, call: &Call) -> Response {
        self.description.answer(call)
    }

    /// `GET /docs`.
    #[must_use]
    pub fn page(&self, call: &Call) -> Response {
        let mut response = self.page.answer(call);
        for (name, value) in PAGE_HEADERS {
            let value = HeaderValue::from_static(value);
            let _none = response.headers_mut().insert(name, value);
        }
        response
    }

    /// Whether the page has a file of this name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.files.iter().any(|file| file.name == name)
    }

    /// `GET /docs/{file}`; `None` where there is none of this name.
    #[must_use]
    pub fn file(&self, name: &str, call: &Call) -> Option<Response> {
        let file = self.files.iter().find(|file| file.name == name)?;
        Some(file.answer(call))
    }

    /// `GET /docs/`: the page is at the address without the slash.
    #[must_use]
    pub fn moved() -> Response {
        let mut response = Response::new(Vec::new().into());
        *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
        let page = HeaderValue::from_static("../docs");
        let _none = response.headers_mut().insert(LOCATION, page);
        response
    }
}
