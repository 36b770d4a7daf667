//! JSON split into pieces that are still text. Each piece was checked to be JSON and nothing in it
//! was decoded, so that a number keeps its digits, and an unknown field costs nothing but its scan.

use std::fmt;

use serde::de::{Deserializer, Visitor};

use super::scan::Scanner;

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
    let mut scanner = Scanner::new(text);
    scanner.blanks();
    if scanner.peek() != Some(b'{') {
        return Err(if is_json(text) {
            NotAnObject::OtherJson
        } else {
            NotAnObject::NotJson
        });
    }
    fields(scanner, names).ok_or(NotAnObject::NotJson)
}

fn fields<'a, const N: usize>(
    mut scanner: Scanner<'a>,
    names: &'static [&'static str; N],
) -> Option<[Given<'a>; N]> {
    let mut given = [const { Given::Never }; N];
    // Where to look first: producers write their fields in the order of the documentation.
    let mut expected = 0;
    scanner.take(b'{')?;
    scanner.blanks();
    let mut more = scanner.peek() != Some(b'}');
    while more {
        let place = place(scanner.name()?, names, expected);
        let value = scanner.value()?;
        if let Some(place) = place {
            given[place].add(value);
            expected = place + 1;
        }
        scanner.blanks();
        more = scanner.peek() == Some(b',');
        if more {
            scanner.take(b',')?;
            scanner.blanks();
        }
    }
    scanner.take(b'}')?;
    scanner.end()?;
    Some(given)
}

/// Which of the names a field's is, which is written in quotes and perhaps with escapes.
fn place<const N: usize>(
    written: &str,
    names: &'static [&'static str; N],
    expected: usize,
) -> Option<usize> {
    let find = |name: &[u8]| {
        let is_name = |place: &usize| names[*place].as_bytes() == name;
        (expected..N).chain(0..expected).find(is_name)
    };
    let plain = &written.as_bytes()[1..written.len() - 1];
    match find(plain) {
        None if plain.contains(&b'\\') => {
            let mut deserializer = serde_json::Deserializer::from_str(written);
            deserializer.deserialize_bytes(Name(find)).ok().flatten()
        }
        place => place,
    }
}

/// Why a text is no JSON list; it need not be JSON at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotAList;

/// Hands each element of the list that `text` is to `take`, as JSON text with its index. When the
/// text turns out to be no JSON halfway, some elements have been handed out already.
pub(super) fn list<'a>(text: &'a str, take: impl FnMut(usize, &'a str)) -> Result<(), NotAList> {
    elements(Scanner::new(text), take).ok_or(NotAList)
}

fn elements<'a>(mut scanner: Scanner<'a>, mut take: impl FnMut(usize, &'a str)) -> Option<()> {
    scanner.blanks();
    scanner.take(b'[')?;
    scanner.blanks();
    let mut more = scanner.peek() != Some(b']');
    let mut index = 0;
    while more {
        take(index, scanner.value()?);
        index += 1;
        scanner.blanks();
        more = scanner.peek() == Some(b',');
        if more {
            scanner.take(b',')?;
            scanner.blanks();
        }
    }
    scanner.take(b']')?;
    scanner.end()
}

/// Whether a text is JSON of any kind.
pub(super) fn is_json(text: &str) -> bool {
    let mut scanner = Scanner::new(text);
    scanner.blanks();
    scanner.value().is_some() && scanner.end().is_some()
}

/// Hands a field's name on as bytes: half a surrogate pair is no text, yet allowed in the name of a
/// field that nobody knows.
struct Name<F>(F);

impl<F: FnOnce(&[u8]) -> Option<usize>> Visitor<'_> for Name<F> {
    type Value = Option<usize>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a field's name")
    }

    fn visit_bytes<E>(self, name: &[u8]) -> Result<Self::Value, E> {
        Ok((self.0)(name))
    }
}
