//! JSON split into pieces that are still text. Each piece was checked to be JSON and nothing in it
//! was decoded, so that a number keeps its digits, an unknown field costs nothing but its scan, and
//! no depth of nesting uses the stack (`serde_json` skips a value iteratively).

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// How often a field is in its object, with its values as JSON text.
#[derive(Clone, Debug)]
pub(super) enum Given<'a> {
    Never,
    Once(&'a str),
    Several(Vec<&'a str>),
}

impl<'a> Given<'a> {
    fn add(&mut self, raw: &'a str) {
        match self {
            Self::Never => *self = Self::Once(raw),
            Self::Once(first) => *self = Self::Several(vec![first, raw]),
            Self::Several(raws) => raws.push(raw),
        }
    }
}

/// Why a text is no JSON object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotAnObject {
    NotJson,
    OtherJson,
}

/// The known fields of the object that `text` is, in the order of their `names`.
pub(super) fn object<'a, const N: usize>(
    text: &'a str,
    names: &'static [&'static str; N],
) -> Result<[Given<'a>; N], NotAnObject> {
    if !text.trim_start_matches(is_blank).starts_with('{') {
        return Err(match serde_json::from_str::<IgnoredAny>(text) {
            Ok(_) => NotAnObject::OtherJson,
            Err(_) => NotAnObject::NotJson,
        });
    }
    // Read as bytes, a field's name may hold control characters that JSON wants escaped.
    if text.bytes().any(|byte| byte < b' ') && !is_json(text) {
        return Err(NotAnObject::NotJson);
    }
    let mut given = [const { Given::Never }; N];
    let mut deserializer = serde_json::Deserializer::from_str(text);
    deserializer
        .deserialize_map(Fields {
            names,
            given: &mut given,
        })
        .and_then(|()| deserializer.end())
        .map_err(|_| NotAnObject::NotJson)?;
    Ok(given)
}

/// Why a text is no JSON list; it need not be JSON at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotAList;

/// Hands each element of the list that `text` is to `take`, as JSON text with its index. When the
/// text turns out to be no JSON halfway, some elements have been handed out already.
pub(super) fn list<'a>(text: &'a str, take: impl FnMut(usize, &'a str)) -> Result<(), NotAList> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    deserializer
        .deserialize_seq(Elements { take })
        .and_then(|()| deserializer.end())
        .map_err(|_| NotAList)
}

/// Whether a text is JSON of any kind.
pub(super) fn is_json(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}

/// JSON's white space.
fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r')
}

struct Fields<'g, 'a, const N: usize> {
    names: &'static [&'static str; N],
    given: &'g mut [Given<'a>; N],
}

impl<'a, const N: usize> Visitor<'a> for Fields<'_, 'a, N> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<M: MapAccess<'a>>(self, mut map: M) -> Result<(), M::Error> {
        let mut expected = 0;
        while let Some(place) = map.next_key_seed(Key {
            names: self.names,
            expected,
        })? {
            match place {
                Some(place) => {
                    self.given[place].add(map.next_value::<&RawValue>()?.get());
                    expected = place + 1;
                }
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// Finds a key among the names. It is read as bytes: half a surrogate pair is no text, yet allowed
/// in the name of a field that nobody knows.
struct Key<const N: usize> {
    names: &'static [&'static str; N],
    /// Where to look first: producers write their fields in the order of the documentation.
    expected: usize,
}

impl<'a, const N: usize> DeserializeSeed<'a> for Key<N> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_bytes(self)
    }
}

impl<const N: usize> Visitor<'_> for Key<N> {
    type Value = Option<usize>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a field's name")
    }

    fn visit_bytes<E>(self, key: &[u8]) -> Result<Self::Value, E> {
        let is_key = |place: &usize| self.names[*place].as_bytes() == key;
        Ok((self.expected..N).chain(0..self.expected).find(is_key))
    }
}

struct Elements<F> {
    take: F,
}

impl<'a, F: FnMut(usize, &'a str)> Visitor<'a> for Elements<F> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_seq<S: SeqAccess<'a>>(mut self, mut elements: S) -> Result<(), S::Error> {
        let mut index = 0;
        while let Some(element) = elements.next_element::<&RawValue>()? {
            (self.take)(index, element.get());
            index += 1;
        }
        Ok(())
    }
}
