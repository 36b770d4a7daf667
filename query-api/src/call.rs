//! A request on its way to its handler: text that is not decoded yet, and what was agreed on about
//! the answer.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use headers::{ETag, HeaderMapExt as _, IfNoneMatch};
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderValue, Method};

use crate::access::{Caller, Denied, Scope};
use crate::coding::Coding;
use crate::etag;
use crate::params::{self, InvalidParameter};
use crate::problem::Problem;
use crate::representation::{NoRepresentation, Representation};
use crate::requests::Now;

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// How.
    pub method: Method,
    /// The path as it came, its suffix included.
    pub path: String,
    /// The query string as it came; empty when there is none.
    pub query: String,
    /// What came with it.
    pub headers: HeaderMap,
    /// Who sent it.
    pub identity: Option<Identity>,
    /// When it came.
    pub at: DateTime<Utc>,
}

/// Who asks, or why nobody is identified; for the resource to judge.
#[derive(Clone, Debug)]
pub struct Identity(pub Result<Caller, Denied>);

impl Incoming {
    /// Who asks, if they may ask for this.
    ///
    /// # Errors
    ///
    /// The problem of those who may not.
    #[allow(clippy::result_large_err)] // once a request at most
    pub fn permitted(&self, scope: Scope) -> Result<&Caller, Problem> {
        let identity = self.identity.as_ref();
        let caller = identity.map_or(&Err(Denied::NoToken), |Identity(caller)| caller);
        let permitted = caller.as_ref().map_err(|denied| *denied);
        let permitted = permitted.and_then(|caller| caller.permitted(scope).map(|()| caller));
        permitted.map_err(|denied| Problem::denied(denied, &self.path))
    }
}

/// A request that can be answered, and how.
#[derive(Clone, Debug)]
pub struct Call {
    /// The path as it came, its suffix included.
    pub path: String,
    /// The query string as it came; empty when there is none.
    pub query: String,
    /// The form of the answer.
    pub representation: Representation,
    /// Whether the answer may hold personal data.
    pub personal: bool,
    coding: Coding,
    /// The answers that the client has.
    known: Option<IfNoneMatch>,
    at: DateTime<Utc>,
}

impl Call {
    /// Agrees on the answer's form, which the path's suffix or `Accept` tells. The caller has
    /// settled whether it may hold `personal` data.
    ///
    /// # Errors
    ///
    /// The problem of a request that cannot be answered.
    #[allow(clippy::result_large_err)] // likewise
    pub fn agreed(
        incoming: &Incoming,
        personal: bool,
        suffix: Option<Representation>,
        offered: &[Representation],
    ) -> Result<Self, Problem> {
        let Incoming {
            path,
            query,
            headers,
            at,
            ..
        } = incoming;
        if has_body(headers) {
            return Err(Problem::content_too_large(path));
        }
        let representation = match suffix {
            Some(representation) => representation,
            None => Representation::negotiated(headers, offered).map_err(|none| match none {
                NoRepresentation::Malformed(fault) => {
                    Problem::invalid_parameters(vec![fault], path)
                }
                NoRepresentation::NotAcceptable => Problem::not_acceptable(offered, path),
            })?,
        };
        let coding = Coding::negotiated(headers);
        if coding == Coding::NotAcceptable {
            return Err(Problem::no_coding(path));
        }
        Ok(Self {
            path: path.clone(),
            query: query.clone(),
            representation,
            personal,
            coding,
            known: headers.typed_get(),
            at: *at,
        })
    }

    /// When it came, and the zone of days when it names none.
    #[must_use]
    pub fn now(&self, zone: Tz) -> Now {
        Now { at: self.at, zone }
    }

    /// The tag of the answer to this request that is made of `parts`.
    #[must_use]
    pub fn tag(&self, parts: &[&[u8]]) -> ETag {
        etag::of(parts, self.representation, &self.coding, self.personal)
    }

    /// Whether the client has the answer with this tag.
    #[must_use]
    pub fn knows(&self, tag: &ETag) -> bool {
        let known = self.known.as_ref();
        known.is_some_and(|known| !known.precondition_passes(tag))
    }

    /// The address of the page that begins at `cursor`, as a header names it (RFC 8288).
    #[must_use]
    pub fn next_page(&self, cursor: &str) -> HeaderValue {
        let others = self.query.split('&').filter(|pair| {
            let name = pair.split('=').next().unwrap_or_default();
            !pair.is_empty() && params::form_text(name).as_deref() != Some("cursor")
        });
        let mut query: Vec<&str> = others.collect();
        let cursor = format!("cursor={cursor}");
        query.push(&cursor);
        let link = format!("<{}?{}>; rel=\"next\"", self.path, query.join("&"));
        HeaderValue::from_str(&link).expect("an address that was taken is ASCII")
    }

    /// The problem of these faults of its parameters.
    #[must_use]
    pub fn wrong(&self, faults: Vec<InvalidParameter>) -> Problem {
        Problem::invalid_parameters(faults, &self.path)
    }
}

/// Whether there is a body, which no resource takes.
fn has_body(headers: &HeaderMap) -> bool {
    let length = headers.get(CONTENT_LENGTH);
    headers.contains_key(TRANSFER_ENCODING) || length.is_some_and(|length| length != "0")
}
