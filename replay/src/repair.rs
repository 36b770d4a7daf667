//! JSON-like text whose nested fields were pasted from a CSV export: strings with doubled quotes,
//! `"shipping_address": "{""city"":""Boise""}"`.

use crate::nested::is_json;
use crate::text::push_json_string;

/// The text with such strings replaced by the JSON that they hold; `None` when it holds none, or
/// is no JSON after that either.
///
/// In JSON a closing quote is never followed by another one, so that no valid text is touched.
pub fn undouble(text: &[u8]) -> Option<Vec<u8>> {
    let mut repaired = Vec::with_capacity(text.len());
    let mut found = false;
    let mut at = 0;
    while at < text.len() {
        if text[at] != b'"' {
            repaired.push(text[at]);
            at += 1;
            continue;
        }
        let string = DoubledString::read(&text[at..])?;
        if string.doubled {
            found = true;
            match std::str::from_utf8(&string.content) {
                Ok(content) if is_json(content) => repaired.extend_from_slice(&string.content),
                _ => push_json_string(&mut repaired, &string.content),
            }
        } else {
            repaired.extend_from_slice(&text[at..at + string.length]);
        }
        at += string.length;
    }
    let json = std::str::from_utf8(&repaired).is_ok_and(is_json);
    (found && json).then_some(repaired)
}

struct DoubledString {
    content: Vec<u8>,
    length: usize,
    doubled: bool,
}

impl DoubledString {
    /// The string that `text` begins with; `None` when it is not closed.
    fn read(text: &[u8]) -> Option<Self> {
        let mut content = Vec::new();
        let mut doubled = false;
        let mut at = 1;
        loop {
            match text.get(at..)? {
                // An escaped quote of the JSON inside, its quote doubled as all others are.
                [b'\\', b'"', b'"', ..] if doubled => {
                    content.extend_from_slice(b"\\\"");
                    at += 3;
                }
                [b'\\', next, ..] => {
                    content.extend_from_slice(&[b'\\', *next]);
                    at += 2;
                }
                [b'"', b'"', ..] if !content.is_empty() => {
                    content.push(b'"');
                    doubled = true;
                    at += 2;
                }
                [b'"', ..] => {
                    return Some(Self {
                        content,
                        length: at + 1,
                        doubled,
                    });
                }
                [byte, ..] => {
                    content.push(*byte);
                    at += 1;
                }
                [] => return None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_doubled_string_becomes_what_it_holds() {
        let text = br#"{"a":"[{""id"":""x""}]","b":"say ""hi""","c":"","d":"\""}"#;
        let repaired = String::from_utf8(undouble(text).unwrap()).unwrap();
        assert_eq!(
            repaired,
            r#"{"a":[{"id":"x"}],"b":"say \"hi\"","c":"","d":"\""}"#
        );
    }

    #[test]
    fn what_is_broken_otherwise_stays_broken() {
        for text in [r#"{"a":"b"#, r#"{"a":"x""y"#, r#"{"a" 1}"#, "{}"] {
            assert!(undouble(text.as_bytes()).is_none(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn an_object_pasted_from_csv_is_read_back(city: String, zip in "[a-z\"\\\\{}]*") {
            let object = serde_json::json!({"city": city, "zip": zip});
            let cell = object.to_string().replace('"', "\"\"");
            let repaired = undouble(format!("{{\"x\":\"{cell}\"}}").as_bytes()).unwrap();
            let read: serde_json::Value = serde_json::from_slice(&repaired).unwrap();
            prop_assert_eq!(&read["x"], &object);
        }
    }
}
