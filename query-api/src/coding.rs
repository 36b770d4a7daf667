//! Content codings: what an answer is compressed with.
//!
//! An `ETag` names the coding before there is an answer to compress, and the library that
//! compresses chooses only when it has one. So the choice is made with a trial answer, by the same
//! library with the same settings, and both cannot differ.

use std::convert::Infallible;
use std::future::{Ready, ready};

use bytes::Bytes;
use futures_util::FutureExt as _;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE};
use http::{Extensions, HeaderMap, Request, Response, StatusCode, Version};
use http_body_util::Full;
use tower::{Layer as _, Service as _, service_fn};
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::Predicate;

/// The coding of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Coding {
    /// As it is.
    Identity,
    /// `gzip`, `br` or `zstd`.
    Compressed(String),
    /// The client takes none that there is, nor the answer as it is.
    NotAcceptable,
}

impl Coding {
    /// What the client prefers.
    #[must_use]
    pub fn negotiated(headers: &HeaderMap) -> Self {
        let mut trial = Request::new(());
        for value in headers.get_all(ACCEPT_ENCODING) {
            let _more = trial.headers_mut().append(ACCEPT_ENCODING, value.clone());
        }
        let answer = |_| -> Ready<Result<_, Infallible>> {
            ready(Ok(Response::new(Full::new(Bytes::from_static(b"?")))))
        };
        let answered = compression().layer(service_fn(answer)).call(trial);
        let Some(Ok(answer)) = answered.now_or_never() else {
            unreachable!("the trial answer is there at once")
        };
        if answer.status() == StatusCode::NOT_ACCEPTABLE {
            return Self::NotAcceptable;
        }
        match answer.headers().get(CONTENT_ENCODING) {
            None => Self::Identity,
            Some(coding) => Self::Compressed(coding.to_str().expect("names are ASCII").to_owned()),
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Identity | Self::NotAcceptable => "identity",
            Self::Compressed(name) => name,
        }
    }
}

/// What compresses answers, whatever their length: a length that decided would have to be known
/// for an `ETag`.
#[must_use]
pub fn compression() -> CompressionLayer<impl Predicate> {
    CompressionLayer::new().compress_when(has_text)
}

/// Anything with a body, but for what is sent piece by piece while it happens.
fn has_text(status: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    let streamed = headers
        .get(CONTENT_TYPE)
        .is_some_and(|content| content.as_bytes().starts_with(b"text/event-stream"));
    !streamed && status != StatusCode::NOT_MODIFIED && status != StatusCode::NO_CONTENT
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn the_coding_that_the_client_prefers() {
        let compressed = |name: &str| Coding::Compressed(name.to_owned());
        for (accepted, coding) in [
            ("", Coding::Identity),
            ("identity", Coding::Identity),
            ("gzip", compressed("gzip")),
            ("gzip, br", compressed("br")),
            ("gzip, br;q=0.9", compressed("gzip")),
            ("gzip, deflate, br, zstd", compressed("zstd")),
            ("gzip;q=0", Coding::Identity),
            ("compress", Coding::Identity),
            ("identity;q=0, gzip", compressed("gzip")),
            ("identity;q=0", Coding::NotAcceptable),
            ("*;q=0", Coding::NotAcceptable),
        ] {
            let mut headers = HeaderMap::new();
            if !accepted.is_empty() {
                let _none = headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(accepted));
            }
            assert_eq!(Coding::negotiated(&headers), coding, "{accepted}");
        }
    }
}
