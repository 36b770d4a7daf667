//! By what a request is found again in the logs of everybody who took part in it: the id of the
//! request, and the trace that it belongs to (W3C Trace Context).

use http::{HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;

/// The id of a request, as it comes and goes.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The trace, as it comes.
pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// Ids longer than this are not taken over.
const ID_CHARS_MAX: usize = 128;

/// What a request is found by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correlation {
    /// The client's id, or one of ours.
    pub request_id: String,
    /// The trace's id, where the request belongs to one.
    pub trace_id: Option<String>,
}

impl Correlation {
    /// What these headers say; what is malformed is not said.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        let given = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok());
        let taken = given.filter(|id| is_id(id)).map(ToOwned::to_owned);
        let trace = headers
            .get(TRACEPARENT)
            .and_then(|trace| trace.to_str().ok());
        Self {
            // In the order of time, so that a log sorted by them is one.
            request_id: taken.unwrap_or_else(|| Uuid::now_v7().to_string()),
            trace_id: trace.and_then(trace_id).map(ToOwned::to_owned),
        }
    }

    /// The id as a header.
    #[must_use]
    pub fn request_id_value(&self) -> HeaderValue {
        HeaderValue::from_str(&self.request_id).expect("ids are visible ASCII")
    }
}

/// Letters, digits and what stands between them in ids: nothing that could break a line of a log.
fn is_id(text: &str) -> bool {
    let taken = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/+=".contains(&byte);
    (1..=ID_CHARS_MAX).contains(&text.len()) && text.bytes().all(taken)
}

/// The id in `00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01`. A newer version may have more
/// behind; version `ff` and ids of zeros are none.
fn trace_id(text: &str) -> Option<&str> {
    let lower_hex = |text: &str, length: usize| {
        let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        text.len() == length && text.bytes().all(digit)
    };
    let mut parts = text.split('-');
    let (version, trace, parent, flags) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let whole = version != "00" || parts.next().is_none();
    let shaped = lower_hex(version, 2)
        && version != "ff"
        && lower_hex(trace, 32)
        && lower_hex(parent, 16)
        && lower_hex(flags, 2);
    let named = trace.bytes().any(|byte| byte != b'0') && parent.bytes().any(|byte| byte != b'0');
    (whole && shaped && named).then_some(trace)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

    #[test]
    fn a_trace_is_taken_over_where_it_is_one() {
        let whole = format!("00-{TRACE}-b7ad6b7169203331-01");
        assert_eq!(trace_id(&whole), Some(TRACE));
        assert_eq!(
            trace_id(&format!("cc-{TRACE}-b7ad6b7169203331-01-x")),
            Some(TRACE)
        );
        for text in [
            "",
            "00",
            &format!("{whole}-x"),
            &format!("ff-{TRACE}-b7ad6b7169203331-01"),
            &format!("00-{TRACE}-0000000000000000-01"),
            &format!("00-{}-b7ad6b7169203331-01", "0".repeat(32)),
            &whole.to_uppercase(),
        ] {
            assert_eq!(trace_id(text), None, "{text}");
        }
    }

    #[test]
    fn an_id_is_taken_over_where_it_is_short_and_plain() {
        for (given, taken) in [
            ("abc-123", true),
            ("", false),
            ("two words", false),
            ("a\"b", false),
            (&*"x".repeat(129), false),
        ] {
            let mut headers = HeaderMap::new();
            let value = HeaderValue::from_str(given).expect(given);
            let _none = headers.insert(REQUEST_ID, value);
            let id = Correlation::of(&headers).request_id;
            assert_eq!(id == given, taken, "{given}");
            assert!(is_id(&id), "{id}");
        }
    }
}
