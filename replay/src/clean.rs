//! A text becomes a plain event: addresses and line items that are strings of JSON become objects
//! and lists. What cannot be cleaned stays as it is, for the event's rules to judge. Nothing here
//! ever changes what a valid event says.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::nested::{self, Kind};
use crate::text::{compact, push_json_string};

/// The names that the customer's id goes by, best first.
const CUSTOMER_FIELDS: [&str; 3] = ["lovevery_user_id", "customer_id", "user_id"];

/// A text with what could be cleaned in it.
#[derive(Debug)]
pub struct Clean<'a> {
    /// The event as it is to be sent.
    pub text: Cow<'a, [u8]>,
    /// The customer's id, where one can be seen: the key of an event that is not valid.
    pub customer_id: Option<String>,
}

impl<'a> Clean<'a> {
    /// A text that stays as it is, because it is no JSON.
    pub fn as_it_is(text: &'a [u8]) -> Self {
        Self {
            text: Cow::Borrowed(text),
            customer_id: None,
        }
    }
}

/// Cleans one text.
///
/// # Errors
///
/// The parser's, when the text is no JSON, not even with its doubled quotes undone.
pub fn clean(text: &[u8]) -> Result<Clean<'_>, serde_json::Error> {
    let several_lines = text.contains(&b'\n');
    let Ok(members) = serde_json::from_slice::<Members>(text) else {
        return match serde_json::from_slice::<IgnoredAny>(text) {
            // JSON, yet no object, or one whose texts are not Unicode.
            Ok(_) => Ok(Clean::as_it_is(text)),
            Err(error) => {
                let repaired = crate::repair::undouble(text).ok_or(error)?;
                let clean = clean(&repaired)?;
                Ok(Clean {
                    customer_id: clean.customer_id,
                    text: Cow::Owned(clean.text.into_owned()),
                })
            }
        };
    };
    let customer_id = members.customer_id();
    let text = match members.cleaned() {
        Some(cleaned) => Cow::Owned(cleaned),
        None => Cow::Borrowed(text),
    };
    Ok(Clean {
        text: if several_lines {
            Cow::Owned(compact(&text))
        } else {
            text
        },
        customer_id,
    })
}

/// The members of an object, in order, their values as text.
struct Members<'a>(Vec<(Name<'a>, &'a RawValue)>);

impl Members<'_> {
    fn cleaned(&self) -> Option<Vec<u8>> {
        let plain: Vec<Option<String>> = self
            .0
            .iter()
            .map(|(name, value)| {
                let kind = Kind::of(&name.0)?;
                let value = value.get();
                value
                    .starts_with('"')
                    .then(|| nested::plain_text(value, kind))?
            })
            .collect();
        if plain.iter().all(Option::is_none) {
            return None;
        }
        let mut json = Vec::new();
        json.push(b'{');
        for ((name, value), plain) in self.0.iter().zip(plain) {
            if json.len() > 1 {
                json.push(b',');
            }
            push_json_string(&mut json, name.0.as_bytes());
            json.push(b':');
            match plain {
                Some(plain) => json.extend_from_slice(&compact(plain.as_bytes())),
                None => json.extend_from_slice(value.get().as_bytes()),
            }
        }
        json.push(b'}');
        Some(json)
    }

    fn customer_id(&self) -> Option<String> {
        let seen = |field| {
            let (_, value) = self.0.iter().find(|(name, _)| name.0 == field)?;
            let value = value.get();
            let id = if value.starts_with('"') {
                serde_json::from_str(value).ok()?
            } else {
                nested::is_number(value).then(|| value.to_owned())?
            };
            Some(id).filter(|id: &String| !id.is_empty() && id.len() <= KEY_BYTES_MAX)
        };
        CUSTOMER_FIELDS.into_iter().find_map(seen)
    }
}

/// A key beyond any valid id is not worth carrying.
const KEY_BYTES_MAX: usize = 1024;

/// A member's name, borrowed where it has no escapes.
struct Name<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameVisitor;
        impl<'de> Visitor<'de> for NameVisitor {
            type Value = Name<'de>;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a member's name")
            }
            fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Borrowed(name)))
            }
            fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Owned(name.to_owned())))
            }
        }
        deserializer.deserialize_str(NameVisitor)
    }
}

/// Room for the members of an ordinary event without growing.
const MEMBERS_USUAL: usize = 24;

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;
        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members<'de>;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::with_capacity(MEMBERS_USUAL);
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(MembersVisitor)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn cleaned(text: &str) -> String {
        String::from_utf8(clean(text.as_bytes()).unwrap().text.into_owned()).unwrap()
    }

    #[test]
    fn an_event_that_is_clean_passes_byte_by_byte() {
        let text = r#"{ "line_items" : [ ], "order_value" : 1.50, "x":"{}" }"#;
        assert!(matches!(
            clean(text.as_bytes()).unwrap().text,
            Cow::Borrowed(_)
        ));
    }

    #[test]
    fn nested_fields_that_were_encoded_twice_become_plain() {
        let text =
            r#"{"a":"{}","shipping_address":"{\"city\": \"Bo\\\"ise\"}","order_value":1.50}"#;
        let plain = r#"{"a":"{}","shipping_address":{"city":"Bo\"ise"},"order_value":1.50}"#;
        assert_eq!(cleaned(text), plain);
    }

    #[test]
    fn doubled_quotes_are_undone() {
        let text = r#"{"shipping_address":"{""city"":""Boise"",""zip"":""""}","email":""}"#;
        let plain = r#"{"shipping_address":{"city":"Boise","zip":""},"email":""}"#;
        assert_eq!(cleaned(text), plain);
    }

    #[test]
    fn what_cannot_be_cleaned_stays() {
        for text in [
            "42",
            "\"x\"",
            r#"{"line_items":"2 of them"}"#,
            r#"{"line_items":"{}"}"#,
        ] {
            assert_eq!(cleaned(text), text);
        }
        assert!(clean(b"{\"a\":").is_err());
        let no_unicode = b"{\"line_items\":\"[\xff]\"}";
        assert_eq!(clean(no_unicode).unwrap().text.as_ref(), no_unicode);
    }

    #[test]
    fn the_customer_is_seen_under_each_name() {
        for (text, id) in [
            (r#"{"user_id":"a","customer_id":7}"#, Some("7")),
            (r#"{"lovevery_user_id":"","user_id":"ü\u0041"}"#, Some("üA")),
            (r#"{"lovevery_user_id":true}"#, None),
        ] {
            assert_eq!(clean(text.as_bytes()).unwrap().customer_id.as_deref(), id);
        }
    }
}
