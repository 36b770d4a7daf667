//! JSON text, written byte by byte.

/// Appends `text` as a JSON string. Bytes that are no UTF-8 pass as they are, so that the event's
/// rules name them.
pub fn push_json_string(json: &mut Vec<u8>, text: &[u8]) {
    json.push(b'"');
    for byte in text {
        match byte {
            b'"' => json.extend_from_slice(b"\\\""),
            b'\\' => json.extend_from_slice(b"\\\\"),
            b'\n' => json.extend_from_slice(b"\\n"),
            b'\r' => json.extend_from_slice(b"\\r"),
            b'\t' => json.extend_from_slice(b"\\t"),
            0..0x20 => json.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            _ => json.push(*byte),
        }
    }
    json.push(b'"');
}

/// A JSON text without the blanks between its parts. `json` must be JSON.
pub fn compact(json: &[u8]) -> Vec<u8> {
    let mut compacted = Vec::with_capacity(json.len());
    let mut in_string = false;
    let mut escaped = false;
    for byte in json {
        if in_string {
            in_string = escaped || *byte != b'"';
            escaped = !escaped && *byte == b'\\';
        } else {
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' => continue,
                _ => in_string = *byte == b'"',
            }
        }
        compacted.push(*byte);
    }
    compacted
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn blanks_go_and_texts_stay() {
        let pretty = "{ \"a b\" : \"\\\" x \\\\\" ,\n\t\"c\": [ 1, 2 ] }";
        let compacted = String::from_utf8(compact(pretty.as_bytes())).unwrap();
        assert_eq!(compacted, r#"{"a b":"\" x \\","c":[1,2]}"#);
    }

    proptest! {
        #[test]
        fn any_text_is_read_back(text: String) {
            let mut json = Vec::new();
            push_json_string(&mut json, text.as_bytes());
            prop_assert_eq!(serde_json::from_slice::<String>(&json).unwrap(), text);
        }
    }
}
