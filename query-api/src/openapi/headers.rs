//! The headers of answers, as the description has them.

use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};

pub(super) const POSITION: &str = "Ordertally-Position";
pub(super) const AS_OF: &str = "Ordertally-As-Of";
pub(super) const ETAG: &str = "ETag";
pub(super) const CACHE_CONTROL: &str = "Cache-Control";
pub(super) const VARY: &str = "Vary";
pub(super) const LINK: &str = "Link";
pub(super) const CONTENT_DISPOSITION: &str = "Content-Disposition";
pub(super) const RETRY_AFTER: &str = "Retry-After";
pub(super) const WWW_AUTHENTICATE: &str = "WWW-Authenticate";
pub(super) const REQUEST_ID: &str = "X-Request-Id";
pub(super) const RATE_LIMIT: &str = "RateLimit";
pub(super) const RATE_LIMIT_POLICY: &str = "RateLimit-Policy";
pub(super) const CONTENT_SECURITY_POLICY: &str = "Content-Security-Policy";
pub(super) const CONTENT_TYPE_OPTIONS: &str = "X-Content-Type-Options";
pub(super) const REFERRER_POLICY: &str = "Referrer-Policy";

/// Every header that an answer may have, beside those of the transport.
pub(super) fn headers() -> [(&'static str, Header); 15] {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let time = SchemaFormat::KnownFormat(KnownFormat::DateTime);
    [
        (
            POSITION,
            text().pattern(Some("^([0-9]+=[0-9]+(,[0-9]+=[0-9]+)*)?$")),
            "For each partition the next offset: every record below is included",
            "0=2026,1=1660,2=1354",
        ),
        (
            AS_OF,
            text().format(Some(time)),
            "When the newest record was committed that the answer includes; not there while nothing \
             was ever ingested",
            "2026-11-21T08:24:02.757Z",
        ),
        (
            ETAG,
            text().pattern(Some("^\"[!#-~]+\"$")),
            "Names this very answer in this form and coding",
            "\"6f1ed002ab5595859014ebf0951522d9\"",
        ),
        (
            CACHE_CONTROL,
            text().enum_values(Some(["private, no-cache", "no-store", "public, max-age=3600"])),
            "Whether the answer may be kept, to be asked about before it is used again",
            "private, no-cache",
        ),
        (
            VARY,
            text(),
            "What of a request tells one answer of an address from another",
            "Accept, Accept-Encoding, Authorization",
        ),
        (
            LINK,
            text().pattern(Some("^</[^>]*>; rel=\"next\"$")),
            "Where the next page is, if there is one (RFC 8288)",
            "</orders?limit=25&cursor=AZUppw2w2NhxAAWukiSJ>; rel=\"next\"",
        ),
        (
            CONTENT_DISPOSITION,
            text().pattern(Some("^attachment; filename=\"[^\"]+\"$")),
            "The name of a file to keep the answer in; not there for JSON",
            "attachment; filename=\"orders.csv\"",
        ),
        (
            RETRY_AFTER,
            text().pattern(Some("^[0-9]+$")),
            "After how many seconds it is worth to ask again",
            "2",
        ),
        (
            WWW_AUTHENTICATE,
            text().pattern(Some("^Bearer realm=\"ordertally\"(, [a-z_]+=\"[a-z_-]+\")*$")),
            "How to say who asks, and what was wrong with how it was said (RFC 6750)",
            "Bearer realm=\"ordertally\", error=\"insufficient_scope\", scope=\"orders\"",
        ),
        (
            REQUEST_ID,
            text().pattern(Some("^[A-Za-z0-9._:/+=-]{1,128}$")),
            "By what the service's log names the request: what it came with under this name, or else \
             one of the service's own",
            "019aa6a7-6e1c-7d43-a1b0-0d2a4d7a4c11",
        ),
        (
            RATE_LIMIT,
            text().pattern(Some("^\"(token|address)\";r=[0-9]+;t=[0-9]+$")),
            "How many requests are left (`r`), and after how many seconds all are back (`t`); not \
             there where there is no limit",
            "\"token\";r=599;t=1",
        ),
        (
            RATE_LIMIT_POLICY,
            text().pattern(Some("^\"(token|address)\";q=[0-9]+;w=[0-9]+$")),
            "How many requests (`q`) in how many seconds (`w`) a token may make, or an address \
             without one; not there where there is no limit",
            "\"token\";q=600;w=60",
        ),
        (
            CONTENT_SECURITY_POLICY,
            text(),
            "What the page may do in its browser",
            "default-src 'none'",
        ),
        (
            CONTENT_TYPE_OPTIONS,
            text().enum_values(Some(["nosniff"])),
            "The form is what it is said to be",
            "nosniff",
        ),
        (
            REFERRER_POLICY,
            text().enum_values(Some(["no-referrer"])),
            "Other services are not told of the page",
            "no-referrer",
        ),
    ]
    .map(|(name, schema, about, example)| {
        let header = HeaderBuilder::new()
            .schema(Some(schema))
            .description(Some(about));
        let mut header = header.build();
        header.example = Some(example.into());
        (name, header)
    })
}
