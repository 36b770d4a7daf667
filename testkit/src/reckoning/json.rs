//! A JSON reader of the reckoning's own: keeps every member of an object, also repeated ones, and
//! the exact text of every number. Slow and plain on purpose; shares nothing with the product.

/// Containers nested deeper than this are checked but not kept: no known field lies so deep, and
/// neither building nor dropping the tree may depend on what a producer sends.
const DEPTH_KEPT: usize = 32;

/// A JSON value as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, by its text.
    Number(String),
    /// A string.
    Text(Text),
    /// A list.
    List(Vec<Json>),
    /// An object's members in their order, repetitions kept.
    Object(Vec<(Text, Json)>),
    /// A list or an object that is nested too deep to be of interest.
    Deep,
}

/// A string once its escapes are resolved; `None` where they name half of a surrogate pair, which
/// is no Unicode text.
pub type Text = Option<String>;

/// Reads a whole JSON text; `None` when it is none.
pub fn read(text: &str) -> Option<Json> {
    let mut reader = Reader {
        bytes: text.as_bytes(),
        at: 0,
    };
    let value = reader.document()?;
    reader.blanks();
    (reader.at == reader.bytes.len()).then_some(value)
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// A list or an object that is not closed yet.
enum Open {
    List(Vec<Json>),
    Object(Vec<(Text, Json)>, Text),
}

/// What one step over the text met.
enum Step {
    Opened(Open),
    Whole(Json),
}

impl Reader<'_> {
    /// One value with everything in it, without recursion.
    fn document(&mut self) -> Option<Json> {
        let mut open: Vec<Open> = Vec::new();
        loop {
            let mut value = match self.value()? {
                Step::Opened(container) => {
                    open.push(container);
                    continue;
                }
                Step::Whole(value) => value,
            };
            // The value may be the last of its container, which is then a value itself.
            loop {
                let depth = open.len();
                let Some(container) = open.last_mut() else {
                    return Some(value);
                };
                container.add(value);
                self.blanks();
                match (self.next()?, &mut *container) {
                    (b',', Open::List(_)) => break,
                    (b',', Open::Object(_, key)) => {
                        self.blanks();
                        *key = self.key()?;
                        break;
                    }
                    (b']', Open::List(_)) | (b'}', Open::Object(..)) => {
                        value = open.pop()?.close(depth);
                    }
                    _ => return None,
                }
            }
        }
    }

    fn value(&mut self) -> Option<Step> {
        self.blanks();
        let value = match self.peek()? {
            b'[' => {
                self.at += 1;
                self.blanks();
                if self.peek()? != b']' {
                    return Some(Step::Opened(Open::List(Vec::new())));
                }
                self.at += 1;
                Json::List(Vec::new())
            }
            b'{' => {
                self.at += 1;
                self.blanks();
                if self.peek()? != b'}' {
                    let key = self.key()?;
                    return Some(Step::Opened(Open::Object(Vec::new(), key)));
                }
                self.at += 1;
                Json::Object(Vec::new())
            }
            b'"' => Json::Text(self.text()?),
            b'n' => self.word("null", Json::Null)?,
            b't' => self.word("true", Json::Bool(true))?,
            b'f' => self.word("false", Json::Bool(false))?,
            _ => Json::Number(self.number()?),
        };
        Some(Step::Whole(value))
    }

    /// A member's name and the colon after it.
    fn key(&mut self) -> Option<Text> {
        if self.peek()? != b'"' {
            return None;
        }
        let key = self.text()?;
        self.blanks();
        (self.next()? == b':').then_some(key)
    }

    fn word(&mut self, word: &str, value: Json) -> Option<Json> {
        let rest = self.bytes.get(self.at..)?;
        self.at += word.len();
        rest.starts_with(word.as_bytes()).then_some(value)
    }

    fn number(&mut self) -> Option<String> {
        let start = self.at;
        while self
            .peek()
            .is_some_and(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte))
        {
            self.at += 1;
        }
        let text = std::str::from_utf8(&self.bytes[start..self.at]).ok()?;
        super::number::Number::read(text)?;
        Some(text.to_owned())
    }

    fn text(&mut self) -> Option<Text> {
        self.at += 1;
        let mut units: Vec<u8> = Vec::new();
        let mut whole = true;
        loop {
            match self.next()? {
                b'"' => break,
                b'\\' => match self.escape()? {
                    Some(character) => {
                        units.extend(character.encode_utf8(&mut [0; 4]).as_bytes());
                    }
                    None => whole = false,
                },
                byte if byte < 0x20 => return None,
                byte => units.push(byte),
            }
        }
        let text = String::from_utf8(units).ok()?;
        Some(whole.then_some(text))
    }

    /// What follows a backslash; `Some(None)` for half of a surrogate pair.
    fn escape(&mut self) -> Option<Option<char>> {
        let character = match self.next()? {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.code_unit(),
            _ => return None,
        };
        Some(Some(character))
    }

    fn code_unit(&mut self) -> Option<Option<char>> {
        let first = self.hex()?;
        if !(0xd800..0xdc00).contains(&first) {
            return Some(char::from_u32(first)); // none for a second half alone
        }
        let after_first = self.at;
        if self.bytes.get(self.at..self.at + 2) == Some(b"\\u") {
            self.at += 2;
            let second = self.hex()?;
            if (0xdc00..0xe000).contains(&second) {
                let point = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                return Some(char::from_u32(point));
            }
        }
        self.at = after_first; // the next escape stands for itself
        Some(None)
    }

    fn hex(&mut self) -> Option<u32> {
        let digits = self.bytes.get(self.at..self.at + 4)?;
        self.at += 4;
        digits.iter().try_fold(0, |point, digit| {
            Some(point * 16 + char::from(*digit).to_digit(16)?)
        })
    }

    fn blanks(&mut self) {
        while self.peek().is_some_and(|byte| b" \t\n\r".contains(&byte)) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }
}

impl Open {
    fn add(&mut self, value: Json) {
        match self {
            Self::List(items) => items.push(value),
            Self::Object(members, key) => members.push((key.take(), value)),
        }
    }

    /// The container as a value of its own, which lay at `depth` (1 for the outermost).
    fn close(self, depth: usize) -> Json {
        match self {
            _ if depth > DEPTH_KEPT => Json::Deep,
            Self::List(items) => Json::List(items),
            Self::Object(members, _) => Json::Object(members),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &str) -> Json {
        Json::Text(Some(value.to_owned()))
    }

    #[test]
    fn repeated_members_and_the_text_of_numbers_are_kept() {
        let expected = Json::Object(vec![
            (Some("a".to_owned()), Json::Number("1.50e0".to_owned())),
            (
                Some("a".to_owned()),
                Json::List(vec![Json::Null, text("x")]),
            ),
        ]);
        assert_eq!(
            read(" {\"a\" : 1.50e0, \"a\":[null,\"x\"]}\n"),
            Some(expected)
        );
    }

    #[test]
    fn escapes_are_resolved_and_half_a_pair_is_no_text() {
        assert_eq!(read(r#""\u0041\n\ud83d\ude00\/""#), Some(text("A\n😀/")));
        for half in [
            r#""\ud800""#,
            r#""\udc00""#,
            r#""\ud800x""#,
            r#""\ud800\ud800""#,
        ] {
            assert_eq!(read(half), Some(Json::Text(None)), "{half}");
        }
        assert_eq!(read(r#""\ud800\u12""#), None);
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for wrong in [
            "",
            " ",
            "{",
            "[1,]",
            "{\"a\":1,}",
            "{a:1}",
            "[1 2]",
            "01",
            "+1",
            ".5",
            "1.",
            "1e",
            "nul",
            "tru",
            "\"a",
            "\"\t\"",
            "\"\\x\"",
            "[1}",
            "{\"a\":1]",
            "{\"a\"}",
            "1 1",
            "\u{feff}{}",
            "NaN",
            "-",
            "\u{a0}1",
        ] {
            assert_eq!(read(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn any_depth_is_read_and_what_lies_too_deep_is_not_kept() {
        let nested = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(matches!(read(&nested), Some(Json::List(_))));
        assert_eq!(read(&"[".repeat(100_000)), None);
    }
}
