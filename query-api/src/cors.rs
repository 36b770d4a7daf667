//! Which pages of other origins may read the answers in a browser; none unless configured.

use std::str::FromStr;

use http::header::{
    ACCEPT, AUTHORIZATION, CONTENT_DISPOSITION, ETAG, IF_NONE_MATCH, LINK, RETRY_AFTER,
};
use http::{HeaderName, HeaderValue, Method};
use tower_http::cors::{AllowOrigin, Any, CorsLayer};
use url::{Origin, Url};

use crate::reply::{AS_OF_HEADER, POSITION_HEADER};

/// How long a browser may remember what is allowed: as long as any takes it, two hours.
const REMEMBERED: std::time::Duration = std::time::Duration::from_secs(7_200);

/// An origin whose pages may read: `https://shop.example`, or `*` for every one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AllowedOrigin {
    /// Every one.
    Any,
    /// This one.
    One(HeaderValue),
}

impl FromStr for AllowedOrigin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "*" {
            return Ok(Self::Any);
        }
        let wrong = || "must be * or an origin, such as https://shop.example".to_owned();
        let url = Url::parse(text).map_err(|_| wrong())?;
        let origin = url.origin();
        // An address with a path, a user or a query is no origin, and a star in a host would be
        // taken for its name; browsers send neither.
        let bare = matches!(origin, Origin::Tuple(..))
            && origin.ascii_serialization() == text
            && !text.contains('*');
        if !bare {
            return Err(wrong());
        }
        HeaderValue::from_str(text)
            .map(Self::One)
            .map_err(|_| wrong())
    }
}

/// What tells browsers; `None` where no origin is allowed.
#[must_use]
pub fn layer(allowed: &[AllowedOrigin]) -> Option<CorsLayer> {
    if allowed.is_empty() {
        return None;
    }
    let origins: Option<Vec<_>> = allowed
        .iter()
        .map(|origin| match origin {
            AllowedOrigin::Any => None,
            AllowedOrigin::One(origin) => Some(origin.clone()),
        })
        .collect();
    let origins = origins.map_or_else(|| AllowOrigin::from(Any), AllowOrigin::list);
    Some(
        CorsLayer::new()
            .allow_origin(origins)
            .allow_methods([Method::GET, Method::HEAD, Method::OPTIONS])
            .allow_headers([
                ACCEPT,
                AUTHORIZATION,
                IF_NONE_MATCH,
                HeaderName::from_static("traceparent"),
                HeaderName::from_static("x-request-id"),
            ])
            .expose_headers([
                CONTENT_DISPOSITION,
                ETAG,
                LINK,
                RETRY_AFTER,
                AS_OF_HEADER,
                POSITION_HEADER,
                HeaderName::from_static("x-request-id"),
            ])
            .max_age(REMEMBERED),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_a_scheme_and_a_host_and_nothing_more() {
        for text in [
            "*",
            "https://shop.example",
            "http://localhost:3000",
            "https://[::1]:8443",
        ] {
            assert!(AllowedOrigin::from_str(text).is_ok(), "{text}");
        }
        for text in [
            "",
            "shop.example",
            "https://shop.example/",
            "https://shop.example/x",
            "https://me@shop.example",
            "https://*.shop.example",
            "https://Shop.example",
            "https://shop.example:443",
            "null",
            "file:///x",
        ] {
            assert!(AllowedOrigin::from_str(text).is_err(), "{text}");
        }
    }
}
