//! Finds where a JSON object or list ends, without parsing it: brackets and strings are followed,
//! everything else passes. Whether the text is JSON is for the parser to say.

/// What a further byte told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The value goes on.
    Inside,
    /// The byte closed the value.
    Closed,
    /// No JSON can go on like this.
    Broken,
}

/// Where in a value the scan stands.
#[derive(Debug, Default)]
pub struct Scan {
    open: Vec<u8>,
    in_string: bool,
    escaped: bool,
    previous: u8,
    /// Whether the byte before closed a string.
    just_closed: bool,
    /// Whether the string at hand has its quotes doubled, as in a CSV export: an escaped quote is
    /// then followed by one more.
    doubled: bool,
    one_more_quote: bool,
}

impl Scan {
    /// Follows one byte. The first must be `{` or `[`.
    pub fn step(&mut self, byte: u8) -> Step {
        if self.in_string {
            return self.step_in_string(byte);
        }
        let just_closed = std::mem::take(&mut self.just_closed);
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => return Step::Inside,
            b'"' => {
                self.in_string = true;
                self.doubled = just_closed;
            }
            b'{' | b'[' => {
                // The two places where a value may stand. This finds a cut-off object at the
                // beginning of the next one, not at the end of the file.
                let expected = match self.open.last() {
                    None => true,
                    Some(b'{') => self.previous == b':',
                    Some(_) => matches!(self.previous, b'[' | b','),
                };
                if !expected {
                    return Step::Broken;
                }
                self.open.push(byte);
            }
            b'}' | b']' => {
                let opened = self.open.pop();
                if opened != Some(if byte == b'}' { b'{' } else { b'[' }) {
                    return Step::Broken;
                }
                if self.open.is_empty() {
                    return Step::Closed;
                }
            }
            _ => {}
        }
        self.previous = byte;
        Step::Inside
    }

    fn step_in_string(&mut self, byte: u8) -> Step {
        let one_more_quote = std::mem::take(&mut self.one_more_quote);
        match byte {
            // A line end inside a string is no JSON.
            b'\n' => return Step::Broken,
            _ if self.escaped => {
                self.escaped = false;
                self.one_more_quote = self.doubled && byte == b'"';
            }
            b'\\' => self.escaped = true,
            b'"' if one_more_quote => {}
            b'"' => {
                self.in_string = false;
                self.just_closed = true;
                self.previous = byte;
            }
            _ => {}
        }
        Step::Inside
    }
}

/// The length of the object or list that `bytes` begin with, where it ends within them.
pub fn value_length(bytes: &[u8]) -> Option<usize> {
    let mut scan = Scan::default();
    for (index, byte) in bytes.iter().enumerate() {
        match scan.step(*byte) {
            Step::Inside => {}
            Step::Closed => return Some(index + 1),
            Step::Broken => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_ends_with_its_own_bracket() {
        for (text, length) in [
            (r#"{"a":"}"} x"#, Some(9)),
            (r#"{"a":"\"}"}"#, Some(11)),
            (r#"[{"a":[1,{}]}],"#, Some(14)),
            (r#"{"a":"{""b"":""}""}"}"#, Some(21)),
            (r#"{"a":"{""b"":""\""}{""}"} "#, Some(25)),
            ("{\"a\":\"x\n\"}", None),
            (r#"{"a":1,{"b":2}}"#, None),
            (r#"{"a":1]"#, None),
            (r#"{"a":1"#, None),
        ] {
            assert_eq!(value_length(text.as_bytes()), length, "{text}");
        }
    }
}
