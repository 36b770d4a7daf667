//! JSON streams: an array, one object a line, or objects one after the other; arrays and objects
//! may follow each other too. An array is never held whole.

use super::scan::{Scan, Step};
use super::{Content, Element};
use crate::fault::{Fault, Reason};
use crate::window::Window;

/// How often an object of a line-oriented file may turn out not to go on over further lines before
/// that is no longer tried: keeps a file of nothing but cut-off lines linear.
const FAILED_SPANS_MAX: u32 = 64;

/// Reads the elements of a JSON stream.
pub struct JsonReader {
    window: Window,
    /// Length of the element handed out last, still at the window's beginning.
    handed_out: usize,
    array: Option<Array>,
    arrays: u64,
    /// Whether one object a line is the file's habit: told by its first value.
    lines: Option<bool>,
    failed_spans: u32,
    at_line_start: bool,
}

/// What was seen last in an array.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Array {
    Opened,
    Value,
    Comma,
}

enum Extent {
    Whole {
        length: usize,
        several_lines: bool,
    },
    /// Broken within so many bytes.
    Broken(usize),
}

impl JsonReader {
    /// A reader of a stream whose first character is `{` or `[`.
    pub fn new(window: Window) -> Self {
        Self {
            window,
            handed_out: 0,
            array: None,
            arrays: 0,
            lines: None,
            failed_spans: 0,
            at_line_start: true,
        }
    }

    /// The shape's name, for people.
    pub fn shape(&self) -> &'static str {
        match self.lines {
            _ if self.arrays > 0 => "JSON array",
            Some(true) => "one JSON object a line",
            _ => "JSON objects one after the other",
        }
    }

    /// The next element; `None` at the end.
    ///
    /// # Errors
    ///
    /// [`Fault`] when the stream cannot be read on.
    pub fn next_element(&mut self) -> Result<Option<Element<'_>>, Fault> {
        self.window.take(std::mem::take(&mut self.handed_out));
        loop {
            let (next, new_line) = self.window.skip_blanks()?;
            self.at_line_start |= new_line;
            match (self.array, next) {
                (None, None) => return Ok(None),
                (None, Some(b'[')) => {
                    self.array = Some(Array::Opened);
                    self.arrays += 1;
                }
                (None, Some(first)) => return self.top_level(first).map(Some),
                (Some(_), None) => return Err(self.not_json("the array is not closed")),
                (Some(Array::Opened | Array::Value), Some(b']')) => self.array = None,
                (Some(Array::Value), Some(b',')) => self.array = Some(Array::Comma),
                (Some(Array::Value), Some(_)) => {
                    return Err(self.not_json("expected ',' or ']' in the array"));
                }
                (Some(_), Some(b',' | b']')) => {
                    return Err(self.not_json("a value is missing in the array"));
                }
                (Some(_), Some(first)) => return self.in_array(first).map(Some),
            }
            self.window.take(1);
            self.at_line_start = false;
        }
    }

    fn in_array(&mut self, first: u8) -> Result<Element<'_>, Fault> {
        self.array = Some(Array::Value);
        let length = match self.extent(first, false)? {
            Extent::Whole { length, .. } => length,
            Extent::Broken(at) => return Err(self.broken_value(at)),
        };
        self.at_line_start = false;
        self.handed_out = length;
        Ok(Element {
            line: self.window.line(),
            content: Content::Enclosed(&self.window.available()[..length]),
        })
    }

    fn top_level(&mut self, first: u8) -> Result<Element<'_>, Fault> {
        let one_line = self.lines == Some(true) && self.failed_spans >= FAILED_SPANS_MAX;
        let extent = if first == b'{' {
            self.extent(first, one_line)?
        } else {
            Extent::Broken(1)
        };
        let (length, separate) = match extent {
            Extent::Whole {
                length,
                several_lines,
            } => {
                let own_line = self.at_line_start && !several_lines && self.line_ends_at(length)?;
                let lines = *self.lines.get_or_insert(own_line);
                (length, lines)
            }
            Extent::Broken(at) => {
                let length = self.line_length(0)?;
                if self.lines.is_none() {
                    self.lines = Some(self.next_line_is_an_object(length)?);
                }
                if self.lines != Some(true) {
                    return Err(self.broken_value(at));
                }
                self.failed_spans += 1;
                (length, true)
            }
        };
        self.at_line_start = false;
        self.handed_out = length;
        let text = &self.window.available()[..length];
        Ok(Element {
            line: self.window.line(),
            content: if separate {
                Content::Separate(text.trim_ascii_end())
            } else {
                Content::Enclosed(text)
            },
        })
    }

    /// How far the value at the window's beginning reaches.
    fn extent(&mut self, first: u8, one_line: bool) -> Result<Extent, Fault> {
        if !matches!(first, b'{' | b'[') {
            return self.scalar_extent(first);
        }
        let mut scan = Scan::default();
        let mut at = 0;
        let mut several_lines = false;
        loop {
            for byte in &self.window.available()[at..] {
                at += 1;
                several_lines |= *byte == b'\n';
                match scan.step(*byte) {
                    Step::Inside if several_lines && one_line => return Ok(Extent::Broken(at)),
                    Step::Inside => {}
                    Step::Closed => {
                        return Ok(Extent::Whole {
                            length: at,
                            several_lines,
                        });
                    }
                    Step::Broken => return Ok(Extent::Broken(at)),
                }
            }
            if !self.window.grow()? {
                let cut_off = self.window.available().trim_ascii_end().len();
                return Ok(Extent::Broken(cut_off));
            }
        }
    }

    /// A number, string or word in an array: it ends before the next separator.
    fn scalar_extent(&mut self, first: u8) -> Result<Extent, Fault> {
        let mut at = 1;
        let mut escaped = false;
        loop {
            for byte in &self.window.available()[at..] {
                let ends = match (first, byte) {
                    (b'"', _) if escaped => {
                        escaped = false;
                        false
                    }
                    (b'"', b'\\') => {
                        escaped = true;
                        false
                    }
                    (b'"', b'\n') => return Ok(Extent::Broken(at)),
                    (b'"', b'"') => {
                        at += 1;
                        true
                    }
                    (b'"', _) => false,
                    (_, byte) => matches!(byte, b',' | b']' | b' ' | b'\t' | b'\r' | b'\n'),
                };
                if ends {
                    return Ok(Extent::Whole {
                        length: at,
                        several_lines: false,
                    });
                }
                at += 1;
            }
            if !self.window.grow()? {
                let cut_off = self.window.available().trim_ascii_end().len();
                return Ok(Extent::Broken(cut_off));
            }
        }
    }

    /// Whether nothing but blanks stands between `from` and the line's end.
    fn line_ends_at(&mut self, from: usize) -> Result<bool, Fault> {
        let end = self.line_length(from)?;
        Ok(self.window.available()[from..end].trim_ascii().is_empty())
    }

    /// Where the line that holds `from` ends, without its line end.
    fn line_length(&mut self, from: usize) -> Result<usize, Fault> {
        let mut searched = from;
        loop {
            let available = self.window.available();
            if let Some(found) = available[searched..].iter().position(|byte| *byte == b'\n') {
                return Ok(searched + found);
            }
            searched = available.len();
            if !self.window.grow()? {
                return Ok(searched);
            }
        }
    }

    /// Whether the first line with something on it, behind the one that ends at `end`, is an
    /// object from end to end.
    fn next_line_is_an_object(&mut self, end: usize) -> Result<bool, Fault> {
        let mut start = end;
        loop {
            start += 1;
            if start >= self.window.available().len() && !self.window.grow()? {
                return Ok(false);
            }
            let end = self.line_length(start)?;
            let line = self.window.available()[start.min(end)..end].trim_ascii();
            if !line.is_empty() {
                return Ok(super::scan::value_length(line) == Some(line.len())
                    && line.first() == Some(&b'{'));
            }
            start = end;
            if self.window.ended() && end >= self.window.available().len() {
                return Ok(false);
            }
        }
    }

    fn not_json(&self, words: &str) -> Fault {
        Fault::new(self.window.line(), Reason::NotJson(words.to_owned()))
    }

    /// The fault of a value that breaks within `at` bytes, in the parser's words where it has some.
    fn broken_value(&self, at: usize) -> Fault {
        let text = &self.window.available()[..at];
        match serde_json::from_slice::<serde::de::IgnoredAny>(text) {
            Err(error) => not_json_at(self.window.line(), &error),
            Ok(_) => self.not_json("the value is cut off or broken"),
        }
    }
}

/// The parser's error about a text that begins on `line`.
pub fn not_json_at(line: u64, error: &serde_json::Error) -> Fault {
    let text = error.to_string();
    let words = text.split(" at line ").next().unwrap_or(&text);
    Fault::new(
        line + (error.line() as u64).saturating_sub(1),
        Reason::NotJson(words.to_owned()),
    )
}
