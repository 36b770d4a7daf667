//! The fields of an object, each read on its own, and what is wrong with them.

use std::collections::BTreeSet;

use super::event::Violation;
use super::json::{Json, Text};
use super::number::{Amount, Number};

const ID_CHARS_MAX: usize = 128;
const TEXT_CHARS_MAX: usize = 1_000;

/// An object in the event, and its path; empty for the event itself.
pub struct Object<'a> {
    path: String,
    members: &'a [(Text, Json)],
}

impl<'a> Object<'a> {
    /// The object at `path`.
    pub fn new(path: &str, members: &'a [(Text, Json)]) -> Self {
        Self {
            path: path.to_owned(),
            members,
        }
    }

    /// Every value that the object has for `name`.
    pub fn all(&self, name: &str) -> Vec<&'a Json> {
        self.members
            .iter()
            .filter(|(key, _)| key.as_deref() == Some(name))
            .map(|(_, value)| value)
            .collect()
    }

    fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.path)
        }
    }
}

/// Reads fields and collects what is wrong. A reader gives `None` once it has said why.
#[derive(Default)]
pub struct Fields {
    /// Everything wrong so far.
    pub violations: BTreeSet<Violation>,
}

impl Fields {
    /// Notes a violation.
    pub fn note(&mut self, path: &str, code: &'static str) {
        self.violations.insert((path.to_owned(), code));
    }

    /// Notes a violation, which leaves no value.
    pub fn wrong<T>(&mut self, path: &str, code: &'static str) -> Option<T> {
        self.note(path, code);
        None
    }

    /// A field that may be absent, null or empty: then there is no value and nothing wrong.
    pub fn optional<T>(
        &mut self,
        object: &Object<'_>,
        name: &str,
        read: impl FnOnce(&mut Self, &str, &Json) -> Option<T>,
    ) -> Option<T> {
        let path = object.path_of(name);
        match object.all(name)[..] {
            [] | [Json::Null] => None,
            [Json::Text(None)] => self.wrong(&path, "not_utf8"),
            [Json::Text(Some(text))] if text.is_empty() => None,
            [value] => read(self, &path, value),
            _ => self.wrong(&path, "duplicate_field"),
        }
    }

    /// A field that must be there.
    pub fn required<T>(
        &mut self,
        object: &Object<'_>,
        name: &str,
        read: impl FnOnce(&mut Self, &str, &Json) -> Option<T>,
    ) -> Option<T> {
        let before = self.violations.len();
        let value = self.optional(object, name, read);
        if value.is_none() && self.violations.len() == before {
            return self.wrong(&object.path_of(name), "missing");
        }
        value
    }

    /// The one value of several spellings, each with its name.
    pub fn agreed<T: Clone + PartialEq>(&mut self, given: &[(&str, T)]) -> Option<T> {
        let (name, first) = given.first()?;
        if given.iter().any(|(_, value)| value != first) {
            return self.wrong(name, "conflicting_fields");
        }
        Some(first.clone())
    }

    /// A text of the usual length.
    pub fn text(&mut self, path: &str, value: &Json) -> Option<String> {
        match value {
            Json::Text(Some(text)) => self.storable(path, text, TEXT_CHARS_MAX),
            Json::Text(None) => self.wrong(path, "not_utf8"),
            _ => self.wrong(path, "wrong_type"),
        }
    }

    /// A text that a rule holds for.
    pub fn text_that(
        &mut self,
        path: &str,
        value: &Json,
        rule: impl Fn(&str) -> bool,
        code: &'static str,
    ) -> Option<String> {
        let text = self.text(path, value)?;
        if rule(&text) {
            Some(text)
        } else {
            self.wrong(path, code)
        }
    }

    /// An id that is a string.
    pub fn text_id(&mut self, path: &str, value: &Json) -> Option<String> {
        match value {
            Json::Text(Some(text)) => self.storable(path, text, ID_CHARS_MAX),
            _ => self.wrong(path, "wrong_type"),
        }
    }

    /// An id that is a string or an integer.
    pub fn id(&mut self, path: &str, value: &Json) -> Option<String> {
        match value {
            Json::Number(digits) if digits.contains(['.', 'e', 'E']) => {
                self.wrong(path, "wrong_type")
            }
            Json::Number(digits) if digits == "-0" => Some("0".to_owned()),
            Json::Number(digits) => self.storable(path, digits, ID_CHARS_MAX),
            _ => self.text_id(path, value),
        }
    }

    /// A text that Postgres can hold, of `chars_max` characters at most; both faults are told.
    fn storable(&mut self, path: &str, text: &str, chars_max: usize) -> Option<String> {
        let too_long = text.chars().count() > chars_max;
        let nul = text.contains('\0');
        if too_long {
            self.note(path, "too_long");
        }
        if nul {
            self.note(path, "nul_character");
        }
        (!too_long && !nul).then(|| text.to_owned())
    }

    /// An exact amount, from a number or a decimal string.
    pub fn amount(&mut self, path: &str, value: &Json) -> Option<Amount> {
        let text = match value {
            Json::Number(text) | Json::Text(Some(text)) => text,
            _ => return self.wrong(path, "wrong_type"),
        };
        match Number::read(text) {
            None => self.wrong(path, "invalid_decimal"),
            Some(number) => match number.amount() {
                None => self.wrong(path, "out_of_range"),
                amount => amount,
            },
        }
    }

    /// Units, from a number or a numeric string.
    pub fn quantity(&mut self, path: &str, value: &Json) -> Option<i32> {
        let number = match value {
            Json::Number(text) | Json::Text(Some(text)) => Number::read(text),
            _ => None,
        };
        match number.filter(Number::is_integer) {
            None => self.wrong(path, "wrong_type"),
            Some(number) => match number.quantity() {
                None => self.wrong(path, "out_of_range"),
                quantity => quantity,
            },
        }
    }

    /// A boolean, or its name in any case.
    pub fn flag(&mut self, path: &str, value: &Json) -> Option<bool> {
        match value {
            Json::Bool(flag) => Some(*flag),
            Json::Text(Some(name)) if name.eq_ignore_ascii_case("true") => Some(true),
            Json::Text(Some(name)) if name.eq_ignore_ascii_case("false") => Some(false),
            _ => self.wrong(path, "wrong_type"),
        }
    }
}
