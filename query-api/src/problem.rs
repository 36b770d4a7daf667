//! Every error answer: an RFC 9457 problem, made in this one place.

use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use warp::reply::Response;

use crate::access::Denied;
use crate::database::{AskError, chain};
use crate::params::InvalidParameter;
use crate::position::Positions;
use crate::reply::{self, POSITION_HEADER};
use crate::representation::Representation;

/// Seconds after which it is worth to try again while the database is away.
const RETRY_AFTER_SECONDS: u16 = 2;

/// An error answer (RFC 9457). Its texts are ours alone: nothing that the database said, and of the request
/// only its path and the names of its parameters.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Problem {
    /// Names the kind of problem; stable.
    #[serde(rename = "type")]
    #[schema(pattern = "^urn:ordertally:problem:[a-z-]+$")]
    kind: String,
    /// What kind of problem it is, for people.
    title: &'static str,
    /// The status of the answer.
    #[serde(serialize_with = "as_number")]
    #[schema(value_type = u16, minimum = 400, maximum = 599)]
    status: StatusCode,
    /// What is wrong this time, for people.
    detail: String,
    /// The path that was asked for.
    instance: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(ignore)]
    invalid_parameters: Vec<InvalidParameter>,
    #[serde(flatten)]
    #[schema(ignore)]
    more: Map<String, Value>,
    #[serde(skip)]
    headers: Vec<(http::HeaderName, HeaderValue)>,
}

fn as_number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

impl Problem {
    fn new(
        status: StatusCode,
        name: &str,
        title: &'static str,
        detail: impl Into<String>,
        instance: &str,
    ) -> Self {
        Self {
            kind: format!("urn:ordertally:problem:{name}"),
            title,
            status,
            detail: detail.into(),
            instance: instance.to_owned(),
            invalid_parameters: Vec::new(),
            more: Map::new(),
            headers: Vec::new(),
        }
    }

    /// 400: everything that is wrong with the parameters.
    #[must_use]
    pub fn invalid_parameters(faults: Vec<InvalidParameter>, instance: &str) -> Self {
        let named: Vec<_> = faults
            .iter()
            .map(|fault| format!("{} {}", fault.field, fault.message))
            .collect();
        let mut problem = Self::new(
            StatusCode::BAD_REQUEST,
            "invalid-parameters",
            "Parameters are wrong",
            named.join("; "),
            instance,
        );
        problem.invalid_parameters = faults;
        problem
    }

    /// 401, 403 or 503: who asks is not identified, or may not ask for this.
    #[must_use]
    pub fn denied(denied: Denied, instance: &str) -> Self {
        let challenge = |error: &str| format!("Bearer realm=\"ordertally\"{error}");
        let (detail, challenge) = match denied {
            Denied::NotRead => {
                let detail = "the tokens are not read from the database yet; try again later";
                return Self::unavailable(detail, instance);
            }
            Denied::Scope(scope) => {
                let error = format!(", error=\"insufficient_scope\", scope=\"{scope}\"");
                let mut problem = Self::new(
                    StatusCode::FORBIDDEN,
                    "insufficient-scope",
                    "Not allowed",
                    format!("the token has no scope {scope}"),
                    instance,
                );
                let _none = problem
                    .more
                    .insert("scope".to_owned(), scope.as_str().into());
                return problem.challenging(&challenge(&error));
            }
            Denied::NoToken => (
                "send a token: Authorization: Bearer TOKEN".to_owned(),
                challenge(""),
            ),
            Denied::NoTokens => (
                "requests from other machines need a token, and there are none: make one with \
                 ordertally-query-api tokens create"
                    .to_owned(),
                challenge(""),
            ),
            Denied::Malformed => (
                "the header must be: Authorization: Bearer TOKEN".to_owned(),
                challenge(", error=\"invalid_request\""),
            ),
            Denied::Unknown => (
                "the token is not known, or was revoked".to_owned(),
                challenge(", error=\"invalid_token\""),
            ),
            Denied::Expired => (
                "the token's time is over".to_owned(),
                challenge(", error=\"invalid_token\", error_description=\"expired\""),
            ),
        };
        let problem = Self::new(
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            "Not identified",
            detail,
            instance,
        );
        problem.challenging(&challenge)
    }

    fn challenging(mut self, challenge: &str) -> Self {
        let challenge = HeaderValue::from_str(challenge).expect("challenges are ASCII");
        self.headers.push((WWW_AUTHENTICATE, challenge));
        self
    }

    /// 429: more than the limit.
    #[must_use]
    pub fn too_many_requests(retry_after_seconds: u64, instance: &str) -> Self {
        let mut problem = Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too-many-requests",
            "Too many requests",
            format!("try again after {retry_after_seconds} s"),
            instance,
        );
        problem
            .headers
            .push((RETRY_AFTER, HeaderValue::from(retry_after_seconds)));
        problem
    }

    /// 404: no such resource.
    #[must_use]
    pub fn not_found(detail: &str, instance: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not-found",
            "Not found",
            detail,
            instance,
        )
    }

    /// 405: the resource is there, but only to be read.
    #[must_use]
    pub fn method_not_allowed(instance: &str) -> Self {
        let mut problem = Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method-not-allowed",
            "Method not allowed",
            "use GET or HEAD",
            instance,
        );
        problem.headers.push((ALLOW, reply::METHODS));
        problem
    }

    /// 406: none of the forms that there are is taken.
    #[must_use]
    pub fn not_acceptable(offered: &[Representation], instance: &str) -> Self {
        let types = offered.iter().map(|form| form.content_type());
        let types: Vec<_> = types
            .map(|form| form.to_str().unwrap_or_default().to_owned())
            .collect();
        Self::new(
            StatusCode::NOT_ACCEPTABLE,
            "not-acceptable",
            "Not acceptable",
            format!("Accept must take one of: {}", types.join(" | ")),
            instance,
        )
    }

    /// 406: neither a coding that there is nor the answer as it is is taken.
    #[must_use]
    pub fn no_coding(instance: &str) -> Self {
        Self::new(
            StatusCode::NOT_ACCEPTABLE,
            "not-acceptable",
            "Not acceptable",
            "Accept-Encoding must take one of: zstd, br, gzip, identity",
            instance,
        )
    }

    /// 413: a body where none is taken.
    #[must_use]
    pub fn content_too_large(instance: &str) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "content-too-large",
            "Content too large",
            "send no body: everything that is asked is in the address",
            instance,
        )
    }

    /// 414: longer than any request that this service answers.
    #[must_use]
    pub fn uri_too_long(bytes_max: usize) -> Self {
        Self::new(
            StatusCode::URI_TOO_LONG,
            "uri-too-long",
            "Address too long",
            format!("path and query may have {bytes_max} bytes together"),
            "",
        )
    }

    /// 503: try again later.
    #[must_use]
    pub fn unavailable(detail: impl Into<String>, instance: &str) -> Self {
        let mut problem = Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "Not available now",
            detail,
            instance,
        );
        problem
            .headers
            .push((RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECONDS)));
        problem
    }

    /// 504: the positions asked for were not reached in time, but these.
    #[must_use]
    pub fn position_not_reached(reached: &Positions, instance: &str) -> Self {
        Self::new(
            StatusCode::GATEWAY_TIMEOUT,
            "position-not-reached",
            "Position not reached",
            "the positions in at_least were not reached within wait_ms",
            instance,
        )
        .with("position", reached.to_string().into())
        .at(reached)
    }

    /// The problem of a question that got no answer; its cause goes to the log.
    #[must_use]
    pub fn no_answer(error: &AskError, instance: &str) -> Self {
        match error {
            AskError::NotReached(reached) => Self::position_not_reached(reached, instance),
            AskError::TooSlow(_) => {
                tracing::warn!("{error}");
                Self::new(
                    StatusCode::GATEWAY_TIMEOUT,
                    "too-slow",
                    "The answer took too long",
                    "ask for fewer days, or try again later",
                    instance,
                )
            }
            AskError::NotRead(progress) => Self::unavailable(
                format!("the orders are being read into memory ({progress}); try again later"),
                instance,
            ),
            AskError::Unreachable(_) | AskError::Refused(_) => {
                tracing::warn!(cause = chain(error), "a request was not answered");
                Self::unavailable("the database cannot answer now; try again later", instance)
            }
            AskError::Garbled(_) => {
                tracing::error!(cause = chain(error), "a request was not answered");
                Self::internal(instance)
            }
        }
    }

    /// 500: a fault of this service.
    #[must_use]
    pub fn internal(instance: &str) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Internal error",
            "the service's log tells more",
            instance,
        )
    }

    /// The positions that the outcome belongs to, as good answers have them.
    #[must_use]
    pub fn at(mut self, positions: &Positions) -> Self {
        self.headers
            .push((POSITION_HEADER, reply::position_value(positions)));
        self
    }

    /// One more member of the document.
    #[must_use]
    pub fn with(mut self, member: &str, value: Value) -> Self {
        let _none = self.more.insert(member.to_owned(), value);
        self
    }

    /// The status that it is answered with.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The problem as a response.
    #[must_use]
    pub fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self).expect("a problem is plain data");
        let mut response = Response::new(body.into());
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        let _none = headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        let _none = headers.insert(CACHE_CONTROL, reply::MOMENTARY);
        for (name, value) in self.headers {
            let _none = headers.insert(name, value);
        }
        response
    }
}
