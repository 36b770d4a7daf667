//! JSON's grammar (RFC 8259), walked over without a value being made of anything: no more than where
//! a value ends is learned, and that it is JSON up to there. No depth of nesting uses the stack.

/// The text that `string`, a string of JSON, stands for, where it has no escapes.
pub(super) fn plain_text(string: &str) -> Option<&str> {
    let mut scanner = Scanner {
        text: string,
        at: 1,
    };
    scanner.plain();
    (scanner.at == string.len() - 1).then(|| &string[1..scanner.at])
}

/// Walks over a text. Where a method gives `None`, the text is no JSON, and the place is anywhere.
#[derive(Clone, Debug)]
pub(super) struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    /// At the beginning of `text`.
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// What comes next.
    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Takes what comes next, whatever it is.
    pub(super) fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    /// Takes `byte`, if it comes next.
    pub(super) fn take(&mut self, byte: u8) -> Option<()> {
        (self.next()? == byte).then_some(())
    }

    /// Walks over white space.
    pub(super) fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Walks over white space up to the end of the text.
    pub(super) fn end(&mut self) -> Option<()> {
        self.blanks();
        (self.at == self.text.len()).then_some(())
    }

    /// A name and the colon after it, with the white space around that; the name in its quotes.
    pub(super) fn name(&mut self) -> Option<&'a str> {
        let from = self.at;
        self.string()?;
        let name = &self.text[from..self.at];
        self.blanks();
        self.take(b':')?;
        self.blanks();
        Some(name)
    }

    /// A value, which must begin here. Its text, without blanks around it.
    pub(super) fn value(&mut self) -> Option<&'a str> {
        let from = self.at;
        let mut open = Open::default();
        loop {
            match self.peek()? {
                b'"' => self.string()?,
                b'{' => {
                    self.at += 1;
                    self.blanks();
                    if self.peek() == Some(b'}') {
                        self.at += 1;
                    } else {
                        self.name()?;
                        open.push(true);
                        continue;
                    }
                }
                b'[' => {
                    self.at += 1;
                    self.blanks();
                    if self.peek() == Some(b']') {
                        self.at += 1;
                    } else {
                        open.push(false);
                        continue;
                    }
                }
                b't' => self.word("true")?,
                b'f' => self.word("false")?,
                b'n' => self.word("null")?,
                _ => self.number()?,
            }
            if self.closed(&mut open)? {
                return Some(&self.text[from..self.at]);
            }
        }
    }

    /// After a value: closes what ends with it, or goes on to the next. Whether nothing is open.
    fn closed(&mut self, open: &mut Open) -> Option<bool> {
        while let Some(is_object) = open.innermost() {
            self.blanks();
            match self.next()? {
                b'}' if is_object => open.pop(),
                b']' if !is_object => open.pop(),
                b',' => {
                    self.blanks();
                    if is_object {
                        self.name()?;
                    }
                    return Some(false);
                }
                _ => return None,
            }
        }
        Some(true)
    }

    fn word(&mut self, word: &str) -> Option<()> {
        let rest = &self.text.as_bytes()[self.at..];
        self.at += word.len();
        rest.starts_with(word.as_bytes()).then_some(())
    }

    fn number(&mut self) -> Option<()> {
        if self.peek()? == b'-' {
            self.at += 1;
        }
        if self.peek()? == b'0' {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        Some(())
    }

    /// One digit or more.
    fn digits(&mut self) -> Option<()> {
        let from = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        (self.at > from).then_some(())
    }

    fn string(&mut self) -> Option<()> {
        self.take(b'"')?;
        loop {
            self.plain();
            match self.next()? {
                b'"' => return Some(()),
                b'\\' => self.escape()?,
                _ => return None, // a control character
            }
        }
    }

    fn escape(&mut self) -> Option<()> {
        match self.next()? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(()),
            b'u' => (0..4).try_for_each(|_| self.next()?.is_ascii_hexdigit().then_some(())),
            _ => None,
        }
    }

    /// Walks up to a quote, a backslash, a control character or the end, eight bytes at a time.
    fn plain(&mut self) {
        let bytes = self.text.as_bytes();
        while let Some(eight) = bytes.get(self.at..).and_then(<[u8]>::first_chunk) {
            let found = special(u64::from_le_bytes(*eight));
            if found != 0 {
                self.at += (found.trailing_zeros() / 8) as usize;
                return;
            }
            self.at += 8;
        }
        while let Some(byte) = self.peek() {
            if matches!(byte, b'"' | b'\\' | 0..b' ') {
                return;
            }
            self.at += 1;
        }
    }
}

/// The highest bit of each of eight bytes that ends a run of plain characters; right for the lowest
/// such byte, and of no meaning above it. (Warren, Hacker's Delight, "Find First 0-Byte".)
const fn special(eight: u64) -> u64 {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const fn all(byte: u8) -> u64 {
        u64::from_le_bytes([byte; 8])
    }
    const fn zeros(eight: u64) -> u64 {
        eight.wrapping_sub(ONES) & !eight
    }
    let controls = eight.wrapping_sub(all(b' ')) & !eight;
    (zeros(eight ^ all(b'"')) | zeros(eight ^ all(b'\\')) | controls) & all(0x80)
}

/// The objects and lists that are open, a bit each, the innermost lowest.
#[derive(Clone, Debug, Default)]
struct Open {
    bits: u64,
    depth: usize,
    /// The bits of those further out, once there are more than 64.
    outer: Vec<u64>,
}

impl Open {
    fn push(&mut self, is_object: bool) {
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.outer.push(self.bits);
        }
        self.bits = self.bits << 1 | u64::from(is_object);
        self.depth += 1;
    }

    fn pop(&mut self) {
        self.depth -= 1;
        self.bits >>= 1;
        if self.depth.is_multiple_of(64)
            && let Some(bits) = self.outer.pop()
        {
            self.bits = bits;
        }
    }

    /// Whether the innermost is an object; `None` when nothing is open.
    fn innermost(&self) -> Option<bool> {
        (self.depth > 0).then_some(self.bits & 1 == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde::de::IgnoredAny;
    use serde_json::value::RawValue;

    fn is_json(text: &str) -> bool {
        let mut scanner = Scanner::new(text);
        scanner.blanks();
        scanner.value().is_some() && scanner.end().is_some()
    }

    fn agrees(text: &str) {
        let expected = serde_json::from_str::<IgnoredAny>(text).is_ok();
        assert_eq!(is_json(text), expected, "{text:?}");
        if let Ok(raw) = serde_json::from_str::<&RawValue>(text) {
            let mut scanner = Scanner::new(text);
            scanner.blanks();
            assert_eq!(scanner.value(), Some(raw.get()));
        }
    }

    #[test]
    fn the_grammar_is_that_of_serde_json() {
        for text in [
            "",
            " ",
            "0",
            "-",
            "-0",
            "00",
            "01",
            "1.",
            ".1",
            "1.0e",
            "1e+",
            "1E-07",
            "-1.5e+10",
            "1 ",
            "1 1",
            "+1",
            "NaN",
            "tru",
            "true",
            "truefalse",
            "null ",
            "nul",
            "\"",
            "\"\"",
            "\"\\\"",
            "\"\\u12g4\"",
            "\"\\u1234\"",
            "\"\\ud800\"",
            "\"\\x\"",
            "\"\u{1f}\"",
            "\"\u{7f}\"",
            "\"a\nb\"",
            "\"ünï\"",
            "[",
            "]",
            "[]",
            "[ ]",
            "[,]",
            "[1,]",
            "[1 2]",
            "[1 , 2 ]",
            "[1}",
            "{",
            "{}",
            "{ }",
            "{,}",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{\"a\" : 1 , \"b\":[{}]}",
            "{a:1}",
            "{\"a\":1]",
            "{\"a\n\":1}",
            "{\"a\\ud800\":1}",
            "[[],[[]],{\"a\":{}}]",
            "\u{feff}1",
            "\u{a0}1",
            "\u{b}1",
            "[1]\u{0}",
            "{\"a\":1}}",
        ] {
            agrees(text);
        }
    }

    #[test]
    fn every_byte_in_every_place_of_a_text_ends_it_or_does_not() {
        for byte in 0..128_u8 {
            for place in 0..20 {
                let mut text = "\"".to_owned() + &"x".repeat(place);
                text.push(char::from(byte));
                text.push_str("éxxxxxxxxxx\"");
                agrees(&text);
            }
        }
    }

    #[test]
    fn nesting_may_be_of_any_depth() {
        for depth in [1, 63, 64, 65, 127, 128, 129, 1_000, 100_000] {
            let lists = "[".repeat(depth) + &"]".repeat(depth);
            let mixed = "[{\"a\":".repeat(depth) + "1" + &"}]".repeat(depth);
            assert!(is_json(&lists) && is_json(&mixed), "{depth}");
            assert!(!is_json(&lists[1..]) && !is_json(&lists[..lists.len() - 1]));
            let crossed = mixed.replace("1}]", "1]}");
            assert!(!is_json(&crossed), "{depth}");
        }
    }

    proptest! {
        #[test]
        fn what_is_json_to_serde_json_is_json_here(
            text in r#"([\[\]{},: ]|"a\\?[a-z"\\]{0,9}"|-?[0-9]{1,2}|[0-9.eE+-]{1,4}|true|null|\\u[0-9a-g]{4}){0,12}"#
        ) {
            agrees(&text);
        }

        #[test]
        fn a_character_changed_in_json_is_seen_as_serde_json_sees_it(
            place in 0..100_usize, change in any::<char>(), ascii in 0..128_u8, wide in any::<bool>()
        ) {
            let json = r#"{"a": [1, -2.5e+3, "x\u00e9\"y", {"b": null, "c": [true, false]}], "d": {}, "e": ""}"#;
            let place = place % json.len();
            let changed = if wide { change } else { char::from(ascii) };
            agrees(&format!("{}{changed}{}", &json[..place], &json[place + 1..]));
            agrees(&format!("{}{changed}{}", &json[..place], &json[place..]));
            agrees(&format!("{}{}", &json[..place], &json[place + 1..]));
            agrees(&json[..place]);
        }
    }
}
