//! One known field: where it is, and how often it is there.

use super::json::Given;
use super::scan;
use super::texts::Texts;
use super::verdict::{Judged, Path, Verdict};
use crate::Code;

/// A known field of an object.
#[derive(Clone, Debug)]
pub(super) struct Slot<'a, 'p> {
    pub(super) path: Path<'p>,
    pub(super) given: Given<'a>,
}

/// An object's fields with their paths.
pub(super) fn slots<'a, 'p, const N: usize>(
    given: [Given<'a>; N],
    names: &'static [&'static str; N],
    parent: Option<&'p Path<'p>>,
) -> [Slot<'a, 'p>; N] {
    let mut names = names.iter();
    given.map(|given| Slot {
        path: Path::Field(parent, names.next().expect("as many names as fields")),
        given,
    })
}

impl<'a, 'p> Slot<'a, 'p> {
    /// An element of a list, which is there.
    pub(super) fn element(path: Path<'p>, raw: &'a str) -> Self {
        Self {
            path,
            given: Given::Once(raw),
        }
    }

    /// The field's one value; `None` where it is absent, null or an empty text.
    pub(super) fn value(&self, verdict: &mut Verdict<'a>) -> Judged<Option<Value<'a>>> {
        let raw = match &self.given {
            Given::Never => return Ok(None),
            Given::Once(raw) => *raw,
            Given::Several(_) => {
                return Err(verdict.wrong(
                    &self.path,
                    Code::DuplicateField,
                    "the field is given more than once in its object; give it once",
                ));
            }
        };
        match Value::of(raw, verdict.texts) {
            Value::Null => Ok(None),
            Value::Text("") => Ok(None),
            Value::BrokenText => Err(verdict.wrong(
                &self.path,
                Code::NotUtf8,
                "the text holds half of a surrogate pair, which is no character",
            )),
            value => Ok(Some(value)),
        }
    }

    /// Whether the value is null, rather than absent or empty.
    pub(super) fn is_null(&self) -> bool {
        matches!(self.given, Given::Once("null"))
    }

    /// The value has another type than the one that `expected` asks for.
    pub(super) fn wrong_type<T>(
        &self,
        expected: &'static str,
        verdict: &mut Verdict<'_>,
    ) -> Judged<T> {
        Err(verdict.wrong(&self.path, Code::WrongType, expected))
    }

    /// What `read` made of the value, where there must be one.
    pub(super) fn required<T>(
        &self,
        read: Judged<Option<T>>,
        verdict: &mut Verdict<'_>,
    ) -> Judged<T> {
        read?.ok_or_else(|| {
            verdict.wrong(
                &self.path,
                Code::Missing,
                "the field is required and is missing, null or empty",
            )
        })
    }
}

/// A JSON value, decoded no further than its kind tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value<'a> {
    Null,
    Bool(bool),
    /// In JSON's grammar.
    Number(&'a str),
    Text(&'a str),
    /// A text that holds half a surrogate pair.
    BrokenText,
    /// JSON text of a list.
    List(&'a str),
    /// JSON text of an object.
    Object(&'a str),
}

impl<'a> Value<'a> {
    /// What `raw`, which is JSON without blanks around it, is. A text with escapes goes to `texts`.
    pub(super) fn of(raw: &'a str, texts: &'a Texts) -> Self {
        match raw.as_bytes()[0] {
            b'"' => match scan::plain_text(raw) {
                Some(text) => Self::Text(text),
                None => texts.decode(raw).map_or(Self::BrokenText, Self::Text),
            },
            b'{' => Self::Object(raw),
            b'[' => Self::List(raw),
            b't' => Self::Bool(true),
            b'f' => Self::Bool(false),
            b'n' => Self::Null,
            _ => Self::Number(raw),
        }
    }
}
