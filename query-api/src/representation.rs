//! In which form and coding an answer goes out: what the client prefers of what there is.

use std::str::FromStr as _;

use headers_accept::Accept;
use http::header::ACCEPT;
use http::{HeaderMap, HeaderValue};
use mediatype::MediaType;
use mediatype::names::{APPLICATION, CSV, JSON, TEXT};

use crate::params::InvalidParameter;

/// A form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Representation {
    /// One JSON document.
    Json,
    /// A table of comma-separated values with a header (RFC 4180).
    Csv,
    /// A JSON document a row and line.
    NdJson,
}

/// What a question is answered in: its answer is about its days, which only JSON and a file's name
/// tell.
pub const TABLE: &[Representation] = &[Representation::Json, Representation::Csv];

/// What records are answered in: they can come one by one as well.
pub const RECORDS: &[Representation] = &Representation::ALL;

/// Why there is no form for a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoRepresentation {
    /// `Accept` is none.
    Malformed(InvalidParameter),
    /// It takes none of what there is.
    NotAcceptable,
}

const NDJSON: MediaType<'static> =
    MediaType::new(APPLICATION, mediatype::Name::new_unchecked("x-ndjson"));

impl Representation {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Json, Self::Csv, Self::NdJson];

    /// What the suffix of a path names: `csv` of `/orders.csv`.
    #[must_use]
    pub fn of_suffix(suffix: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|representation| representation.suffix() == suffix)
    }

    /// The suffix of a path, and of a file.
    #[must_use]
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Csv => "csv",
            Self::NdJson => "ndjson",
        }
    }

    /// The media type with its parameters.
    #[must_use]
    pub fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Json => "application/json",
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::NdJson => "application/x-ndjson",
        })
    }

    fn media_type(self) -> MediaType<'static> {
        match self {
            Self::Json => MediaType::new(APPLICATION, JSON),
            Self::Csv => MediaType::new(TEXT, CSV),
            Self::NdJson => NDJSON,
        }
    }

    /// The one of `offered` that the client prefers; of those that it likes alike, the first.
    ///
    /// # Errors
    ///
    /// [`NoRepresentation`] when it takes none of them.
    pub fn negotiated(headers: &HeaderMap, offered: &[Self]) -> Result<Self, NoRepresentation> {
        let mut wishes = Vec::new();
        for value in headers.get_all(ACCEPT) {
            wishes.push(value.to_str().map_err(|_| malformed())?);
        }
        let wishes = wishes.join(",");
        if wishes.trim().is_empty() {
            return offered
                .first()
                .copied()
                .ok_or(NoRepresentation::NotAcceptable);
        }
        let accept = Accept::from_str(&wishes).map_err(|_| malformed())?;
        let types: Vec<_> = offered.iter().map(|offer| offer.media_type()).collect();
        let chosen = accept.negotiate(&types);
        let place = types.iter().position(|offer| Some(offer) == chosen);
        place
            .map(|place| offered[place])
            .ok_or(NoRepresentation::NotAcceptable)
    }
}

fn malformed() -> NoRepresentation {
    NoRepresentation::Malformed(InvalidParameter {
        field: "Accept".to_owned(),
        code: "invalid_value",
        message:
            "must be media types with quality values, such as text/csv, application/json;q=0.5"
                .to_owned(),
        source: "header",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use Representation::{Csv, Json, NdJson};

    #[test]
    fn the_client_s_favourite_of_what_there_is() {
        for (accept, chosen) in [
            ("", Some(Json)),
            ("*/*", Some(Json)),
            ("application/json", Some(Json)),
            ("APPLICATION/JSON", Some(Json)),
            ("text/csv", Some(Csv)),
            ("text/*", Some(Csv)),
            ("application/*", Some(Json)),
            ("application/x-ndjson", Some(NdJson)),
            ("text/csv;q=0.5, application/json;q=0.4", Some(Csv)),
            ("text/csv;q=0.5, application/json", Some(Json)),
            ("text/csv;q=0, */*;q=0.1", Some(Json)),
            ("application/json;q=0, */*", Some(Csv)),
            (
                "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
                Some(Json),
            ),
            ("text/html", None),
            ("*/*;q=0", None),
        ] {
            let mut headers = HeaderMap::new();
            if !accept.is_empty() {
                let _none = headers.insert(ACCEPT, HeaderValue::from_static(accept));
            }
            let negotiated = Representation::negotiated(&headers, &Representation::ALL);
            assert_eq!(negotiated.ok(), chosen, "{accept}");
        }
    }

    #[test]
    fn what_is_no_list_of_types_is_a_fault_of_the_request() {
        for accept in ["csv", "text/", "/", "text/csv;;", "é/é"] {
            let mut headers = HeaderMap::new();
            let value = HeaderValue::from_bytes(accept.as_bytes()).expect(accept);
            let _none = headers.insert(ACCEPT, value);
            let negotiated = Representation::negotiated(&headers, &Representation::ALL);
            assert!(
                matches!(negotiated, Err(NoRepresentation::Malformed(_))),
                "{accept}: {negotiated:?}"
            );
        }
    }
}
