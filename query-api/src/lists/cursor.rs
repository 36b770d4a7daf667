//! Opaque cursors: where a page ended, tied to the query that it was a page of.
//!
//! A cursor is base64url of a version, eight bytes of a hash over query and place, and the place.
//! The hash makes a cursor of another query, or one that was tampered with, a fault of the
//! request. It keeps no secret: a forged place would only be another place to read on from.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};

/// Raised when the form or the meaning of cursors changes.
const VERSION: u8 = 1;

const TAG_BYTES: usize = 8;

/// More than the longest cursor takes: an event id of 128 characters of four bytes each.
const TEXT_BYTES_MAX: usize = 1_024;

/// A place in a list that a cursor can carry.
pub trait Place: Sized {
    /// The place as bytes.
    fn encode(&self) -> Vec<u8>;
    /// The place again, if the bytes are one.
    fn decode(bytes: &[u8]) -> Option<Self>;
}

/// What a list was asked for, page aside. Two queries with the same one share their cursors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryFingerprint(Vec<u8>);

impl QueryFingerprint {
    /// A fingerprint of all that narrows a list: its name, then each part, given or not.
    #[must_use]
    pub fn new<T: AsRef<str>>(list: &str, parts: &[Option<T>]) -> Self {
        let mut bytes = Vec::new();
        let parts = parts.iter().map(|part| part.as_ref().map(AsRef::as_ref));
        for part in std::iter::once(Some(list)).chain(parts) {
            bytes.push(u8::from(part.is_some()));
            let text = part.unwrap_or_default();
            bytes.extend((text.len() as u64).to_be_bytes());
            bytes.extend(text.as_bytes());
        }
        Self(bytes)
    }

    /// The cursor to read on after `place`.
    #[must_use]
    pub fn cursor<P: Place>(&self, place: &P) -> String {
        let place = place.encode();
        let mut bytes = vec![VERSION];
        bytes.extend(self.tag(&place));
        bytes.extend(place);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The place in a cursor of this query; `None` when it is none.
    #[must_use]
    pub fn place<P: Place>(&self, cursor: &str) -> Option<P> {
        if cursor.len() > TEXT_BYTES_MAX {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (version, rest) = bytes.split_first()?;
        let (tag, place) = rest.split_at_checked(TAG_BYTES)?;
        if *version != VERSION || tag != self.tag(place) {
            return None;
        }
        P::decode(place)
    }

    fn tag(&self, place: &[u8]) -> [u8; TAG_BYTES] {
        let mut hasher = blake3::Hasher::new();
        let _hasher = hasher
            .update(&[VERSION])
            .update(&(self.0.len() as u64).to_be_bytes())
            .update(&self.0)
            .update(place);
        let mut tag = [0; TAG_BYTES];
        tag.copy_from_slice(&hasher.finalize().as_bytes()[..TAG_BYTES]);
        tag
    }
}

/// After which order a page goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderCursor {
    /// The order's time.
    pub created_at: DateTime<Utc>,
    /// The order.
    pub event_id: String,
}

impl Place for OrderCursor {
    fn encode(&self) -> Vec<u8> {
        let mut bytes = self.created_at.timestamp_micros().to_be_bytes().to_vec();
        bytes.extend(self.event_id.as_bytes());
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (time, event_id) = bytes.split_first_chunk()?;
        Some(Self {
            created_at: DateTime::from_timestamp_micros(i64::from_be_bytes(*time))?,
            event_id: String::from_utf8(event_id.to_vec()).ok()?,
        })
    }
}

/// After which rejected record a page goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RejectedCursor {
    /// When it was rejected.
    pub rejected_at: DateTime<Utc>,
    /// Identity of the rejection.
    pub id: i64,
}

impl Place for RejectedCursor {
    fn encode(&self) -> Vec<u8> {
        let mut bytes = self.rejected_at.timestamp_micros().to_be_bytes().to_vec();
        bytes.extend(self.id.to_be_bytes());
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (time, id) = bytes.split_first_chunk()?;
        Some(Self {
            rejected_at: DateTime::from_timestamp_micros(i64::from_be_bytes(*time))?,
            id: i64::from_be_bytes(id.try_into().ok()?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> OrderCursor {
        OrderCursor {
            created_at: "2020-09-01T10:00:00.123456Z".parse().expect("a time"),
            event_id: "дом/%2F".into(),
        }
    }

    #[test]
    fn a_cursor_leads_back_to_its_place() {
        let query = QueryFingerprint::new("orders", &[None, Some("UTC")]);
        assert_eq!(query.place(&query.cursor(&place())), Some(place()));
        let rejected = RejectedCursor {
            rejected_at: place().created_at,
            id: -7,
        };
        assert_eq!(query.place(&query.cursor(&rejected)), Some(rejected));
    }

    #[test]
    fn a_cursor_of_another_query_is_none() {
        let cursor = QueryFingerprint::new("orders", &[Some("ab"), None]).cursor(&place());
        for (list, parts) in [
            ("rejected-events", [Some("ab"), None]),
            ("orders", [Some("a"), Some("b")]),
            ("orders", [None, Some("ab")]),
            ("orders", [Some("ab"), Some("")]),
        ] {
            let other = QueryFingerprint::new(list, &parts);
            assert_eq!(
                other.place::<OrderCursor>(&cursor),
                None,
                "{list} {parts:?}"
            );
        }
    }

    #[test]
    fn a_cursor_with_any_character_changed_is_none() {
        let query = QueryFingerprint::new::<&str>("orders", &[]);
        let cursor = query.cursor(&place());
        for at in 0..cursor.len() {
            let mut forged = cursor.clone().into_bytes();
            forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(forged).expect("still ASCII");
            assert_eq!(query.place::<OrderCursor>(&forged), None, "{forged}");
        }
        for text in ["", "x", "====", "ä", &"A".repeat(100_000)] {
            assert_eq!(query.place::<OrderCursor>(text), None);
        }
    }
}
