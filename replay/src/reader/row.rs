//! One row of a CSV table, by RFC 4180, and a little beyond it: a cell that begins with `{` or `[`
//! and was not quoted, or was quoted without doubling its quotes, ends where its JSON ends.
//!
//! Written here rather than taken from the `csv` crate, which reads a quote that is never closed
//! as a cell up to the end of the file: silently, and in unbounded memory.

use super::scan::value_length;

/// The cells of one row.
#[derive(Debug, Default)]
pub struct Row {
    text: Vec<u8>,
    ends: Vec<usize>,
}

/// How far a row reaches.
#[derive(Debug, PartialEq, Eq)]
pub enum RowEnd {
    /// The row's length, line end included.
    Complete(usize),
    /// The row does not end within the bytes; more of the stream has to be read.
    NeedsMore,
    /// The row cannot be told from what follows it.
    Broken(&'static str),
}

/// How far a cell reaches: behind it stands a delimiter, a line end or nothing.
enum CellEnd {
    At(usize),
    NeedsMore,
    Broken(&'static str),
}

impl Row {
    /// Number of cells.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether nothing stands in the row.
    pub fn is_blank(&self) -> bool {
        self.text.is_empty() && self.len() <= 1
    }

    /// The cell at `index`, its quoting undone; `None` beyond the row.
    pub fn cell(&self, index: usize) -> Option<&[u8]> {
        let end = *self.ends.get(index)?;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        Some(&self.text[start..end])
    }

    /// The cells in order.
    pub fn cells(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).filter_map(|index| self.cell(index))
    }

    /// Reads the row that `bytes` begin with, in place of the one held. `ended` says that nothing
    /// follows `bytes`.
    pub fn read(&mut self, bytes: &[u8], ended: bool, delimiter: u8) -> RowEnd {
        self.text.clear();
        self.ends.clear();
        let mut at = 0;
        loop {
            at = match self.read_cell(bytes, at, ended, delimiter) {
                CellEnd::At(end) => end,
                CellEnd::NeedsMore => return RowEnd::NeedsMore,
                CellEnd::Broken(reason) => return RowEnd::Broken(reason),
            };
            self.ends.push(self.text.len());
            match bytes[at..] {
                [] if ended => return RowEnd::Complete(at),
                [byte, ..] if byte == delimiter => at += 1,
                [b'\n', ..] => return RowEnd::Complete(at + 1),
                [b'\r', b'\n', ..] => return RowEnd::Complete(at + 2),
                [b'\r'] if ended => return RowEnd::Complete(at + 1),
                [] | [b'\r'] => return RowEnd::NeedsMore,
                _ => return RowEnd::Broken("a quoted cell goes on behind its closing quote"),
            }
        }
    }

    fn read_cell(&mut self, bytes: &[u8], from: usize, ended: bool, delimiter: u8) -> CellEnd {
        let quoted = match bytes[from..] {
            [] | [b'"'] if !ended => return CellEnd::NeedsMore,
            [b'"', b'{' | b'[', ..] => Some(true),
            [b'{' | b'[', ..] => Some(false),
            _ => None,
        };
        if let Some(quoted) = quoted {
            // Tried within the line alone: text that only begins like JSON must not swallow rows.
            let line = match bytes[from..].iter().position(|byte| *byte == b'\n') {
                Some(length) => &bytes[..from + length],
                None if ended => bytes,
                None => return CellEnd::NeedsMore,
            };
            if let Some(end) = self.read_json(line, from + usize::from(quoted), quoted, delimiter) {
                return CellEnd::At(end);
            }
        }
        if bytes.get(from) == Some(&b'"') {
            self.read_quoted(bytes, from + 1, ended)
        } else {
            self.read_bare(bytes, from, ended, delimiter)
        }
    }

    /// JSON whose quotes were not doubled, or that was not quoted at all. Anything but a whole
    /// value followed by the cell's end is read by the ordinary rules.
    fn read_json(
        &mut self,
        line: &[u8],
        from: usize,
        quoted: bool,
        delimiter: u8,
    ) -> Option<usize> {
        let json = &line[from..];
        let doubled = json[1..].trim_ascii_start().starts_with(b"\"\"");
        if quoted && doubled {
            return None;
        }
        let length = value_length(json)?;
        let mut rest = &json[length..];
        if quoted {
            rest = rest.strip_prefix(b"\"")?;
        }
        match rest {
            [] | [b'\r'] => {}
            [byte, ..] if *byte == delimiter => {}
            _ => return None,
        }
        self.text.extend_from_slice(&json[..length]);
        Some(line.len() - rest.len())
    }

    fn read_quoted(&mut self, bytes: &[u8], from: usize, ended: bool) -> CellEnd {
        let mut at = from;
        loop {
            let Some(quote) = bytes[at..].iter().position(|byte| *byte == b'"') else {
                return if ended {
                    CellEnd::Broken("a quoted cell is not closed")
                } else {
                    CellEnd::NeedsMore
                };
            };
            self.text.extend_from_slice(&bytes[at..at + quote]);
            at += quote + 1;
            match bytes.get(at) {
                Some(b'"') => {
                    self.text.push(b'"');
                    at += 1;
                }
                None if !ended => return CellEnd::NeedsMore,
                _ => return CellEnd::At(at),
            }
        }
    }

    fn read_bare(&mut self, bytes: &[u8], from: usize, ended: bool, delimiter: u8) -> CellEnd {
        let rest = &bytes[from..];
        let found = rest
            .iter()
            .position(|byte| *byte == delimiter || *byte == b'\n');
        let mut length = match found {
            Some(length) => length,
            None if ended => rest.len(),
            None => return CellEnd::NeedsMore,
        };
        let line_ends = found.is_none_or(|found| rest[found] == b'\n');
        if line_ends && length > 0 && rest[length - 1] == b'\r' {
            length -= 1;
        }
        self.text.extend_from_slice(&rest[..length]);
        CellEnd::At(from + length)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn cells(text: &str) -> Vec<String> {
        let mut row = Row::default();
        assert_eq!(
            row.read(text.as_bytes(), true, b','),
            RowEnd::Complete(text.len()),
            "{text}"
        );
        row.cells()
            .map(|cell| String::from_utf8(cell.to_vec()).unwrap())
            .collect()
    }

    #[test]
    fn cells_are_read_as_rfc_4180_has_them() {
        assert_eq!(
            cells("a,,\"b,\"\"c\"\"\n\",\r\n"),
            ["a", "", "b,\"c\"\n", ""]
        );
        assert_eq!(cells("a"), ["a"]);
        assert_eq!(cells("a\r"), ["a"]);
    }

    #[test]
    fn json_is_read_however_its_cell_was_quoted() {
        let address = r#"{"city":"Boise, ID","zip":""}"#;
        let doubled = address.replace('"', "\"\"");
        assert_eq!(cells(&format!("x,\"{doubled}\",y\n")), ["x", address, "y"]);
        assert_eq!(cells(&format!("x,\"{address}\",y\n")), ["x", address, "y"]);
        assert_eq!(cells(&format!("x,{address},y\n")), ["x", address, "y"]);
        assert_eq!(cells("\"[]\",[],{}\n"), ["[]", "[]", "{}"]);
    }

    #[test]
    fn a_quote_that_is_never_closed_is_told() {
        let mut row = Row::default();
        assert_eq!(row.read(b"a,\"b\nc", false, b','), RowEnd::NeedsMore);
        assert!(matches!(
            row.read(b"a,\"b\nc", true, b','),
            RowEnd::Broken(_)
        ));
        assert!(matches!(
            row.read(b"\"a\"b,c\n", true, b','),
            RowEnd::Broken(_)
        ));
    }

    proptest! {
        #[test]
        fn what_the_csv_crate_writes_is_read_back(
            written in proptest::collection::vec("[a-z,;\"\\n\\r{}\\[\\] :]{0,12}", 1..6),
            crlf: bool,
        ) {
            let terminator = if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
            let mut writer = csv::WriterBuilder::new().terminator(terminator).from_writer(Vec::new());
            writer.write_record(&written).unwrap();
            let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            // The writer leaves braces bare; those cells are read by JSON's rules instead.
            prop_assume!(!written.iter().any(|cell| cell.starts_with(['{', '['])));
            prop_assert_eq!(cells(&text), written);
        }

        #[test]
        fn a_row_in_pieces_is_the_row(text in "[a,\"{}\\n]{0,16}", cut in 0..16_usize) {
            let mut whole = Row::default();
            let end = whole.read(text.as_bytes(), true, b',');
            let mut piece = Row::default();
            let cut = cut.min(text.len());
            if let RowEnd::Complete(length) = piece.read(&text.as_bytes()[..cut], false, b',') {
                prop_assert_eq!(end, RowEnd::Complete(length));
                prop_assert!(piece.cells().eq(whole.cells()));
            }
        }
    }
}
