//! Where texts lie that are written with escapes, and so are not in the payload as they read.

use std::fmt;

use bumpalo::Bump;
use serde::de::{Deserializer as _, Error, Visitor};

/// Memory for decoded texts. Grows as one piece and is given up or emptied as one.
#[derive(Debug, Default)]
pub struct Texts(Bump);

impl Texts {
    /// Forgets every text, and keeps the memory for the next ones.
    pub fn clear(&mut self) {
        self.0.reset();
    }

    /// The text that `raw`, a string of JSON, stands for; `None` where it holds half of a
    /// surrogate pair.
    pub(super) fn decode(&self, raw: &str) -> Option<&str> {
        // The text is JSON already, so nothing else can be wrong with it.
        serde_json::Deserializer::from_str(raw)
            .deserialize_str(Keep(self))
            .ok()
    }
}

struct Keep<'a>(&'a Texts);

impl<'a> Visitor<'_> for Keep<'a> {
    type Value = &'a str;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<&'a str, E> {
        Ok(self.0.0.alloc_str(text))
    }
}
