//! Texts that occur again and again, each kept once and known by a number.
//!
//! [`Interner`] belongs to the follower, who alone adds; [`Names`] is what a snapshot of it
//! shares with readers. Numbers are given in order and never change their text, so readers of an
//! older state need nothing of what came later.

use std::hash::BuildHasher;
use std::sync::Arc;

use hashbrown::{DefaultHashBuilder, HashTable};

/// Texts of a chunk: what is copied when a text is added after the chunk was shared.
const CHUNK: usize = 4_096;

/// Texts by their numbers.
#[derive(Clone, Debug, Default)]
pub struct Names {
    chunks: Vec<Arc<Chunk>>,
    len: usize,
}

#[derive(Clone, Debug, Default)]
struct Chunk {
    texts: String,
    /// Where each text ends.
    ends: Vec<u32>,
}

impl Names {
    /// How many there are: every number is smaller.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The text of `number`.
    ///
    /// # Panics
    ///
    /// When no text has this number.
    #[must_use]
    pub fn text(&self, number: u32) -> &str {
        let number = number as usize;
        let chunk = &self.chunks[number / CHUNK];
        let place = number % CHUNK;
        let begin = match place.checked_sub(1) {
            Some(before) => chunk.ends[before],
            None => 0,
        };
        &chunk.texts[begin as usize..chunk.ends[place] as usize]
    }

    /// Every text in the order of the numbers.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        (0..self.len).map(|number| self.text(number_of(number)))
    }

    fn push(&mut self, text: &str) -> u32 {
        let number = number_of(self.len);
        if self.len.is_multiple_of(CHUNK) {
            self.chunks.push(Arc::default());
        }
        let last = self.chunks.last_mut().expect("one was just made");
        let chunk = Arc::make_mut(last);
        chunk.texts.push_str(text);
        let end = u32::try_from(chunk.texts.len()).expect("a chunk's texts have a few megabytes");
        chunk.ends.push(end);
        self.len += 1;
        number
    }
}

/// Gives a text its number, always the same.
#[derive(Debug, Default)]
pub struct Interner {
    names: Names,
    numbers: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl Interner {
    /// The number of `text`, which is new when the text is.
    pub fn number(&mut self, text: &str) -> u32 {
        let hash = self.hasher.hash_one(text);
        if let Some(known) = self
            .numbers
            .find(hash, |known| self.names.text(*known) == text)
        {
            return *known;
        }
        let number = self.names.push(text);
        let (names, hasher) = (&self.names, &self.hasher);
        let _entry = self
            .numbers
            .insert_unique(hash, number, |known| hasher.hash_one(names.text(*known)));
        number
    }

    /// The texts so far, to be shared.
    #[must_use]
    pub fn names(&self) -> &Names {
        &self.names
    }
}

fn number_of(place: usize) -> u32 {
    u32::try_from(place).expect("fewer than four billion different texts")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_keeps_its_number_and_a_snapshot_its_texts() {
        let mut interner = Interner::default();
        let texts: Vec<String> = (0..3 * CHUNK).map(|n| format!("customer {n}")).collect();
        for (number, text) in (0..).zip(&texts) {
            assert_eq!(interner.number(text), number);
        }
        let before = interner.names().clone();
        assert_eq!(interner.number("someone new"), number_of(texts.len()));
        for (number, text) in (0..).zip(&texts) {
            assert_eq!(interner.number(text), number);
            assert_eq!(before.text(number), text);
        }
        assert_eq!(before.len(), texts.len());
        assert!(before.texts().eq(texts.iter().map(String::as_str)));
        assert_eq!(interner.names().text(number_of(texts.len())), "someone new");
    }

    #[test]
    fn an_empty_text_is_a_text() {
        let mut interner = Interner::default();
        assert_eq!(
            [
                interner.number(""),
                interner.number("a"),
                interner.number("")
            ],
            [0, 1, 0]
        );
        assert_eq!(
            [interner.names().text(0), interner.names().text(1)],
            ["", "a"]
        );
    }
}
