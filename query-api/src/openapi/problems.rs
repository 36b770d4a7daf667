//! The problems that a request can be answered with: each once, by name, for all operations.

use serde_json::json;
use utoipa::openapi::Ref;
use utoipa::openapi::response::{Response, ResponseBuilder};

use super::answers::{content, with_headers};
use super::examples;
use super::headers::{CACHE_CONTROL, POSITION, RETRY_AFTER, WWW_AUTHENTICATE};
use crate::access::{Denied, Scope};
use crate::params::{Fault, InvalidParameter};
use crate::problem::Problem;
use crate::representation::TABLE;

/// A problem of some kind.
pub struct Refusal {
    /// What it is called among the answers of the description.
    pub(super) name: &'static str,
    pub(super) status: u16,
    about: &'static str,
    schema: &'static str,
    headers: &'static [&'static str],
    example: fn() -> Problem,
}

/// Where the examples happened.
const INSTANCE: &str = "/orders/value";

pub(super) const INVALID_PARAMETERS: Refusal = Refusal {
    name: "InvalidParameters",
    status: 400,
    about: "Parameters or headers are wrong; everything that is, is named",
    schema: "InvalidParametersProblem",
    headers: &[CACHE_CONTROL],
    example: || {
        let Fault { code, message } = Fault::new("missing", "is required");
        let fault = InvalidParameter {
            field: "end_date".to_owned(),
            code,
            message,
            source: "query",
        };
        Problem::invalid_parameters(vec![fault], INSTANCE)
    },
};

pub(super) const UNAUTHORIZED: Refusal = Refusal {
    name: "Unauthorized",
    status: 401,
    about: "A token is needed, or this one is none, not any more, or sent in another way",
    schema: "Problem",
    headers: &[CACHE_CONTROL, WWW_AUTHENTICATE],
    example: || Problem::denied(Denied::NoToken, INSTANCE),
};

pub(super) const FORBIDDEN: Refusal = Refusal {
    name: "Forbidden",
    status: 403,
    about: "The token is not for this; `scope` is what it lacks",
    schema: "InsufficientScopeProblem",
    headers: &[CACHE_CONTROL, WWW_AUTHENTICATE],
    example: || Problem::denied(Denied::Scope(Scope::Orders), "/orders"),
};

pub(super) const NOT_FOUND: Refusal = Refusal {
    name: "NotFound",
    status: 404,
    about: "There is none",
    schema: "Problem",
    headers: &[CACHE_CONTROL, POSITION],
    example: || Problem::not_found("no order has this event id", "/orders/nope"),
};

pub(super) const NOT_ACCEPTABLE: Refusal = Refusal {
    name: "NotAcceptable",
    status: 406,
    about: "The request takes none of the forms or codings that there are",
    schema: "Problem",
    headers: &[CACHE_CONTROL],
    example: || Problem::not_acceptable(TABLE, INSTANCE),
};

pub(super) const TOO_LARGE: Refusal = Refusal {
    name: "ContentTooLarge",
    status: 413,
    about: "The request has a body, which none takes",
    schema: "Problem",
    headers: &[CACHE_CONTROL],
    example: || Problem::content_too_large(INSTANCE),
};

pub(super) const TOO_LONG: Refusal = Refusal {
    name: "UriTooLong",
    status: 414,
    about: "Path and query are longer than those of any request that is answered",
    schema: "Problem",
    headers: &[CACHE_CONTROL],
    example: || Problem::uri_too_long(8_192),
};

pub(super) const TOO_MANY: Refusal = Refusal {
    name: "TooManyRequests",
    status: 429,
    about: "More requests than the limit of the token, or of the address",
    schema: "Problem",
    headers: &[CACHE_CONTROL, RETRY_AFTER],
    example: || Problem::too_many_requests(12, INSTANCE),
};

pub(super) const INTERNAL: Refusal = Refusal {
    name: "Internal",
    status: 500,
    about: "A fault of the service",
    schema: "Problem",
    headers: &[CACHE_CONTROL],
    example: || Problem::internal(INSTANCE),
};

pub(super) const UNAVAILABLE: Refusal = Refusal {
    name: "Unavailable",
    status: 503,
    about: "The database cannot answer now, the orders or the tokens are still being read into \
            memory, or as many requests as may be are being answered",
    schema: "Problem",
    headers: &[CACHE_CONTROL, RETRY_AFTER],
    example: || Problem::unavailable("the database cannot answer now; try again", INSTANCE),
};

pub(super) const NOT_READY: Refusal = Refusal {
    name: "NotReady",
    status: 503,
    about: "The service is not ready; `checks` tell what is missing",
    schema: "NotReadyProblem",
    headers: &[CACHE_CONTROL, RETRY_AFTER],
    example: || {
        Problem::unavailable("the database does not answer", "/readyz")
            .with("checks", json!(examples::failed_checks()))
    },
};

pub(super) const NO_ANSWER: Refusal = Refusal {
    name: "NoAnswerInTime",
    status: 504,
    about: "The positions in `at_least` were not reached within `wait_ms`, or the work took too long",
    schema: "NoAnswerProblem",
    headers: &[CACHE_CONTROL, POSITION],
    example: || Problem::position_not_reached(&examples::positions(), INSTANCE),
};

/// What a question or a list may be refused with.
pub(super) const REFUSALS: &[&Refusal] = &[
    &INVALID_PARAMETERS,
    &NOT_ACCEPTABLE,
    &TOO_LARGE,
    &TOO_LONG,
    &INTERNAL,
    &UNAVAILABLE,
    &NO_ANSWER,
];

/// What somebody may be refused with who is asked for a token.
pub(super) const BY_ACCESS: &[&Refusal] = &[&UNAUTHORIZED, &FORBIDDEN];

/// What anybody may be refused with whose requests are counted.
pub(super) const BY_LIMITS: &[&Refusal] = &[&TOO_MANY, &UNAVAILABLE];

/// All of them, by name.
pub(super) fn responses() -> Vec<(&'static str, Response)> {
    [&UNAUTHORIZED, &FORBIDDEN, &NOT_FOUND, &NOT_READY, &TOO_MANY]
        .into_iter()
        .chain(REFUSALS.iter().copied())
        .map(|refusal| (refusal.name, refusal.described()))
        .collect()
}

impl Refusal {
    fn described(&self) -> Response {
        let problem = (self.example)();
        assert_eq!(problem.status(), self.status, "{}", self.name);
        let example = json!(problem);
        let schema = Ref::from_schema_name(self.schema).into();
        let response = ResponseBuilder::new()
            .description(self.about)
            .content("application/problem+json", content(schema, example));
        with_headers(response, self.headers)
    }
}
