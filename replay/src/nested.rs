//! Fields whose value is an object or a list, and what producers and exports make of them: a string
//! that holds the JSON, once, twice, or with its quotes doubled.

use serde::de::IgnoredAny;

/// What the value of a nested field is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An object: the addresses.
    Object,
    /// A list: the line items.
    List,
}

/// How often a text may have been wrapped. Seen are two; more than a few is no accident.
const WRAPPINGS_MAX: usize = 4;

impl Kind {
    /// The kind of the field `name`; `None` when it is no nested field.
    pub fn of(name: &str) -> Option<Self> {
        match name {
            "billing_address" | "shipping_address" => Some(Self::Object),
            "line_items" => Some(Self::List),
            _ => None,
        }
    }

    fn opening(self) -> char {
        match self {
            Self::Object => '{',
            Self::List => '[',
        }
    }
}

/// The JSON that `text` holds, if it is of this kind: plain, as a JSON string, or with its quotes
/// doubled.
pub fn plain_text(text: &str, kind: Kind) -> Option<String> {
    let mut text = text.trim().to_owned();
    for _ in 0..=WRAPPINGS_MAX {
        if text.starts_with(kind.opening()) {
            if is_json(&text) {
                return Some(text);
            }
            let single = text.replace("\"\"", "\"");
            return is_json(&single).then_some(single);
        }
        if !text.starts_with('"') {
            return None;
        }
        text = unwrap(&text)?.trim().to_owned();
    }
    None
}

/// A text that is a JSON string, or was quoted with its quotes doubled.
fn unwrap(text: &str) -> Option<String> {
    serde_json::from_str(text).ok().or_else(|| {
        let quoted = text.strip_prefix('"')?.strip_suffix('"')?;
        quoted
            .contains("\"\"")
            .then(|| quoted.replace("\"\"", "\""))
    })
}

/// The JSON of a cell of discount codes: a list, an object, or one code as a JSON string. A bare
/// code is none of these.
pub fn codes(cell: &str) -> Option<String> {
    if let Some(list) = plain_text(cell, Kind::List) {
        return Some(list);
    }
    let text = cell.trim();
    (text.starts_with(['{', '"']) && is_json(text)).then(|| text.to_owned())
}

/// Whether `text` is one JSON number.
pub fn is_number(text: &str) -> bool {
    text.starts_with(|first: char| first == '-' || first.is_ascii_digit())
        && text.ends_with(|last: char| last.is_ascii_digit())
        && is_json(text)
}

/// Whether `text` is one JSON value.
pub fn is_json(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nested_value_is_found_under_its_wrappings() {
        let plain = r#"{"city":"Boise","zip":""}"#;
        let once = serde_json::to_string(plain).expect("a text is JSON");
        let twice = serde_json::to_string(&once).expect("a text is JSON");
        let doubled = plain.replace('"', "\"\"");
        let quoted = format!("\"{doubled}\"");
        for text in [
            plain,
            &once,
            &twice,
            &doubled,
            &quoted,
            &format!(" {once} "),
        ] {
            assert_eq!(
                plain_text(text, Kind::Object).as_deref(),
                Some(plain),
                "{text}"
            );
            assert_eq!(plain_text(text, Kind::List), None, "{text}");
        }
        for text in ["", "Boise", "{", "\"", "\"x\"", "5", "{'city':1}"] {
            assert_eq!(plain_text(text, Kind::Object), None, "{text}");
        }
    }

    #[test]
    fn discount_codes_are_a_list_or_one_code() {
        assert_eq!(codes(r#"["A","B"]"#).as_deref(), Some(r#"["A","B"]"#));
        assert_eq!(codes(r#""[\"A\"]""#).as_deref(), Some(r#"["A"]"#));
        assert_eq!(codes(r#""A""#).as_deref(), Some(r#""A""#));
        assert_eq!(codes("A"), None);
        assert_eq!(codes("[A"), None);
    }

    #[test]
    fn numbers_are_those_of_json() {
        for number in ["0", "-1.50", "1e3", "5.00"] {
            assert!(is_number(number), "{number}");
        }
        for other in [
            "", "01", "+1", ".5", "5.", " 5", "5 ", "NaN", "5,00", "true", "1 2",
        ] {
            assert!(!is_number(other), "{other}");
        }
    }
}
