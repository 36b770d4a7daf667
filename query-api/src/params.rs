//! The query string and path segments, decoded once, with every fault noted.
//!
//! Query strings are form-urlencoded (`+` is a blank); a path segment is percent-decoded once.
//! Nothing is guessed: a parameter that is unknown, given twice or not decodable is a fault.

mod kinds;
mod values;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use utoipa::ToSchema;

pub use kinds::{Integer, Parameter, Text, Word};
pub use values::{id, integer, name, text, word};

/// Names of parameters are shown up to this many characters.
const SHOWN_NAME_CHARS_MAX: usize = 64;

/// Faults beyond this many are not listed: a request with more was not written by a person.
const FAULTS_MAX: usize = 50;

/// One thing that is wrong with a request's input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct InvalidParameter {
    /// The parameter's name.
    pub field: String,
    /// A stable code.
    #[schema(pattern = "^[a-z0-9_]+$")]
    pub code: &'static str,
    /// What is expected.
    pub message: String,
    /// Where the parameter was given: `query`, `path` or `header`.
    #[schema(pattern = "^(query|path|header)$")]
    pub source: &'static str,
}

/// Why a value was refused: a stable code, and what is expected instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// A stable code.
    pub code: &'static str,
    /// What is expected.
    pub message: String,
}

impl Fault {
    /// A fault of this code.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}

/// The parameters of a query string, and what is wrong with them so far.
#[derive(Debug)]
pub struct Params {
    values: BTreeMap<&'static str, String>,
    /// Known parameters that were given wrongly; they are not missing.
    spoiled: BTreeSet<&'static str>,
    faults: Vec<InvalidParameter>,
}

impl Params {
    /// Reads a raw query string of which these parameters are known.
    #[must_use]
    pub fn read(raw: &str, known: &[&dyn Parameter]) -> Self {
        let mut params = Self {
            values: BTreeMap::new(),
            spoiled: BTreeSet::new(),
            faults: Vec::new(),
        };
        let mut unknown = BTreeSet::new();
        for pair in raw.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = form_text(name).unwrap_or_else(|| name.to_owned());
            match known.iter().find(|known| known.name() == name) {
                Some(known) => params.take_in(known.name(), value),
                None if unknown.insert(name.clone()) => params.add(
                    shortened(&name),
                    Fault::new("unknown_parameter", "is not a parameter of this resource"),
                ),
                None => {}
            }
        }
        params
    }

    fn take_in(&mut self, name: &'static str, value: &str) {
        if self.spoiled.contains(name) {
            return;
        }
        if self.values.remove(name).is_some() {
            self.fault(name, Fault::new("repeated", "must be given once"));
            return;
        }
        match form_text(value) {
            Some(value) => {
                let _none = self.values.insert(name, value);
            }
            None => self.fault(name, encoding_fault()),
        }
    }

    /// The value of an optional parameter, if it was given and `read` takes it.
    pub fn optional<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&str) -> Result<T, Fault>,
    ) -> Option<T> {
        let value = self.values.remove(name)?;
        match read(&value) {
            Ok(value) => Some(value),
            Err(fault) => {
                self.fault(name, fault);
                None
            }
        }
    }

    /// The value of a required parameter. `None` leaves a fault.
    pub fn required<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&str) -> Result<T, Fault>,
    ) -> Option<T> {
        if !self.has(name) {
            self.fault(name, Fault::new("missing", "is required"));
        }
        self.optional(name, read)
    }

    /// Whether a parameter was given, rightly or wrongly, and not read yet.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.values.contains_key(name) || self.spoiled.contains(name)
    }

    /// Notes a fault of a parameter of the query.
    pub fn fault(&mut self, name: &'static str, fault: Fault) {
        let _new = self.spoiled.insert(name);
        self.add(name.to_owned(), fault);
    }

    fn add(&mut self, field: String, fault: Fault) {
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(InvalidParameter {
                field,
                code: fault.code,
                message: fault.message,
                source: "query",
            });
        }
    }

    /// What was read, unless anything is wrong. `checked` is `None` only after a fault.
    ///
    /// # Errors
    ///
    /// Every fault, in the order of the request's parameters, those missing last.
    pub fn finish<T>(self, checked: Option<T>) -> Result<T, Vec<InvalidParameter>> {
        match checked {
            Some(checked) if self.faults.is_empty() => Ok(checked),
            _ => Err(self.faults),
        }
    }
}

/// A segment of a path, percent-decoded, that `read` takes.
///
/// # Errors
///
/// When it is not decodable, or `read` refuses it.
pub fn path_segment(
    name: &str,
    raw: &str,
    read: impl FnOnce(&str) -> Result<String, Fault>,
) -> Result<String, InvalidParameter> {
    decode_percent(raw)
        .ok_or_else(encoding_fault)
        .and_then(|text| read(&text))
        .map_err(|fault| InvalidParameter {
            field: name.to_owned(),
            code: fault.code,
            message: fault.message,
            source: "path",
        })
}

fn encoding_fault() -> Fault {
    Fault::new("invalid_encoding", "must be UTF-8, percent-encoded as %XX")
}

fn shortened(name: &str) -> String {
    match name.char_indices().nth(SHOWN_NAME_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}

/// A form-urlencoded text; `None` when it is none.
#[must_use]
pub fn form_text(text: &str) -> Option<String> {
    decode_percent(&text.replace('+', " "))
}

/// `None` when an escape is none, or the bytes are no UTF-8.
fn decode_percent(text: &str) -> Option<String> {
    let escapes = text.split('%').skip(1);
    for escape in escapes {
        let digits = escape.as_bytes().get(..2)?;
        if !digits.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
    }
    percent_encoding::percent_decode_str(text)
        .decode_utf8()
        .ok()
        .map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Text<String> = Text {
        name: "a",
        read: id,
        pattern: None,
        chars: (1, 128),
        example: "x",
        about: "An id",
    };

    const B: Integer = Integer {
        name: "b",
        least: 1,
        most: 100,
        default: 5,
        about: "A number",
    };

    fn faults(raw: &str) -> Vec<(String, &'static str)> {
        let mut params = Params::read(raw, &[&A, &B]);
        let a = A.required(&mut params);
        let _b = B.read(&mut params);
        params
            .finish(a)
            .err()
            .unwrap_or_default()
            .into_iter()
            .map(|fault| (fault.field, fault.code))
            .collect()
    }

    #[test]
    fn all_faults_are_named_at_once() {
        let named = |faults: &[(&str, &'static str)]| -> Vec<(String, &'static str)> {
            faults
                .iter()
                .map(|(field, code)| ((*field).to_owned(), *code))
                .collect()
        };
        for (raw, expected) in [
            ("a=x", &[][..]),
            ("&&a=x&", &[]),
            ("", &[("a", "missing")]),
            ("a", &[("a", "out_of_range")]),
            ("a=x&a=x", &[("a", "repeated")]),
            ("a=x&a=x&a=x", &[("a", "repeated")]),
            ("a=%00", &[("a", "invalid_value")]),
            ("a=%ff", &[("a", "invalid_encoding")]),
            ("a=%c0%af", &[("a", "invalid_encoding")]),
            ("a=%2", &[("a", "invalid_encoding")]),
            ("a=%zz", &[("a", "invalid_encoding")]),
            (
                "c=1&b=0&c=2&d",
                &[
                    ("c", "unknown_parameter"),
                    ("d", "unknown_parameter"),
                    ("a", "missing"),
                    ("b", "out_of_range"),
                ],
            ),
            ("a=x&b=1.5", &[("b", "invalid_value")]),
            ("a=x&b=%2B5", &[("b", "invalid_value")]),
            ("a=x&b=", &[("b", "invalid_value")]),
            ("a=x&b=99999999999999999999", &[("b", "out_of_range")]),
            ("a=x&%ff=1", &[("%ff", "unknown_parameter")]),
        ] {
            assert_eq!(faults(raw), named(expected), "{raw}");
        }
    }

    #[test]
    fn values_are_form_decoded_once() {
        let mut params = Params::read("a=New+York%2B%252F&b=%C3%8Ele", &[&A, &B]);
        let read = |text: &str| Ok(text.to_owned());
        assert_eq!(params.optional("a", read).as_deref(), Some("New York+%2F"));
        assert_eq!(params.optional("b", read).as_deref(), Some("Île"));
    }

    #[test]
    fn a_plus_in_a_path_is_a_plus() {
        assert_eq!(
            path_segment("id", "a+b%2Fc%20d.csv", id).as_deref(),
            Ok("a+b/c d.csv")
        );
        assert!(path_segment("id", "%ff", id).is_err());
    }

    #[test]
    fn names_from_outside_are_shortened_and_counted() {
        let raw = format!("{}=1", "x".repeat(10_000));
        let (field, _) = &faults(&raw)[0];
        assert_eq!(field.chars().count(), SHOWN_NAME_CHARS_MAX + 1);
        let many: String = (0..1_000).map(|number| format!("p{number}&")).collect();
        assert_eq!(faults(&many).len(), FAULTS_MAX);
    }
}
