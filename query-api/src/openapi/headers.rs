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

/// Every header that an answer may have, beside those of the transport.
pub(super) fn headers() -> [(&'static str, Header); 8] {
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
            text().enum_values(Some(["private, no-cache", "no-store"])),
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
