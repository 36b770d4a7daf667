//! One row of a CSV table, by RFC 4180, and a little beyond it: a cell that begins with `{` or `[`
//! and was not quoted, or was quoted without doubling its quotes, ends where its JSON ends.
//!
//! `csv-core` reads the ordinary cells. It takes a quote that is never closed for a cell up to the
//! end of the file, silently; here that is told, and the window bounds how far it gets.

use csv_core::{ReadFieldResult, Reader, ReaderBuilder};

use super::scan::value_length;

/// The cells of one row.
#[derive(Debug)]
pub struct Row {
    delimiter: u8,
    reader: Reader,
    /// The cells' text, and room for more behind the last.
    text: Vec<u8>,
    ends: Vec<usize>,
}

/// How far a row reaches.
#[derive(Debug, PartialEq, Eq)]
pub enum RowEnd {
    /// The row's length, with the first character of its line end.
    Complete(usize),
    /// The row does not end within the bytes; more of the stream has to be read.
    NeedsMore,
    /// The row cannot be told from what follows it.
    Broken(&'static str),
}

/// How far a cell reaches: its length with what ends it, and whether that ends the row too.
enum CellEnd {
    At { length: usize, row_ends: bool },
    NeedsMore,
    Broken(&'static str),
}

/// Where a cell that is JSON ends.
enum Json {
    At {
        value: std::ops::Range<usize>,
        end: usize,
    },
    NeedsMore,
    /// The ordinary rules apply.
    No,
}

const ROOM_BYTES: usize = 4 << 10;

impl Row {
    /// No row yet, of a table with `delimiter` between its cells.
    pub fn new(delimiter: u8) -> Self {
        Self {
            delimiter,
            reader: ReaderBuilder::new().delimiter(delimiter).build(),
            text: vec![0; ROOM_BYTES],
            ends: Vec::new(),
        }
    }

    /// Number of cells.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether nothing stands in the row.
    pub fn is_blank(&self) -> bool {
        self.len() <= 1 && self.end() == 0
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
    pub fn read(&mut self, bytes: &[u8], ended: bool) -> RowEnd {
        self.reader.reset();
        // One that has read nothing skips a byte order mark, and would do so in every row.
        self.reader.read_field(b"\n", &mut [0]);
        self.ends.clear();
        let mut at = 0;
        loop {
            match self.read_cell(&bytes[at..], ended) {
                CellEnd::NeedsMore => return RowEnd::NeedsMore,
                CellEnd::Broken(reason) => return RowEnd::Broken(reason),
                CellEnd::At { length, row_ends } => {
                    at += length;
                    if row_ends {
                        return RowEnd::Complete(at);
                    }
                }
            }
        }
    }

    /// Where the text of the last cell ends.
    fn end(&self) -> usize {
        self.ends.last().copied().unwrap_or(0)
    }

    fn read_cell(&mut self, bytes: &[u8], ended: bool) -> CellEnd {
        let start = self.end();
        let (mut end, mut at) = (start, 0);
        let json = match json_cell(bytes, ended, self.delimiter) {
            Json::NeedsMore => return CellEnd::NeedsMore,
            Json::No => false,
            Json::At {
                value,
                end: json_end,
            } => {
                (end, at) = (start + value.len(), json_end);
                self.make_room(end);
                self.text[start..end].copy_from_slice(&bytes[value]);
                // For the reader, the cell is one letter.
                self.reader.read_field(b"x", &mut [0]);
                true
            }
        };
        let (row_ends, closed_by_end) = loop {
            let rest = &bytes[at..];
            let (result, read, written) = self.reader.read_field(rest, &mut self.text[end..]);
            at += read;
            end += written;
            match result {
                ReadFieldResult::OutputFull => self.make_room(self.text.len()),
                ReadFieldResult::InputEmpty if !ended => return CellEnd::NeedsMore,
                ReadFieldResult::InputEmpty => {}
                ReadFieldResult::Field { record_end } => break (record_end, rest.is_empty()),
                ReadFieldResult::End => break (true, true),
            }
        };
        let raw = &bytes[..at - usize::from(!closed_by_end)];
        if !json && raw.starts_with(b"\"") && !is_quoted(raw, end - start) {
            return CellEnd::Broken(
                "a quoted cell is not closed, or goes on behind its closing quote",
            );
        }
        self.ends.push(end);
        CellEnd::At {
            length: at,
            row_ends,
        }
    }

    fn make_room(&mut self, behind: usize) {
        if self.text.len() < behind + ROOM_BYTES {
            self.text
                .resize((behind + ROOM_BYTES).max(2 * self.text.len()), 0);
        }
    }
}

/// Whether `raw` is quoted from end to end: then each two quotes within it stand for one.
fn is_quoted(raw: &[u8], text_length: usize) -> bool {
    let quotes = raw.iter().filter(|byte| **byte == b'"').count();
    quotes >= 2
        && quotes.is_multiple_of(2)
        && raw.ends_with(b"\"")
        && text_length == raw.len() - 1 - quotes / 2
}

/// JSON whose quotes were not doubled, or that was not quoted at all. Anything but a whole value
/// followed by the cell's end is no such cell.
fn json_cell(bytes: &[u8], ended: bool, delimiter: u8) -> Json {
    let quoted = match bytes {
        [] | [b'"'] if !ended => return Json::NeedsMore,
        [b'"', b'{' | b'[', ..] => true,
        [b'{' | b'[', ..] => false,
        _ => return Json::No,
    };
    // Looked for within the line alone: text that only begins like JSON must not swallow rows.
    let line = match bytes.iter().position(|byte| *byte == b'\n') {
        Some(length) => &bytes[..length],
        None if ended => bytes,
        None => return Json::NeedsMore,
    };
    let start = usize::from(quoted);
    let json = &line[start..];
    let length = match value_length(json) {
        Some(length) if !is_ordinary(json, length, quoted, delimiter) => length,
        _ => return Json::No,
    };
    let value = start..start + length;
    let mut rest = &json[length..];
    if quoted {
        match rest.strip_prefix(b"\"") {
            Some(behind) => rest = behind,
            None => return Json::No,
        }
    }
    match rest {
        [] | [b'\r'] => {}
        [byte, ..] if *byte == delimiter => {}
        _ => return Json::No,
    }
    Json::At {
        value,
        end: line.len() - rest.len(),
    }
}

/// Whether RFC 4180 has a reading of its own for what looks like JSON for `length` bytes of a line:
/// in quotes, the first one that is not doubled ends a cell; without them, the first quote begins a
/// further cell. Then that reading is meant.
fn is_ordinary(line: &[u8], length: usize, quoted: bool, delimiter: u8) -> bool {
    let is_quote = |byte: &u8| *byte == b'"';
    if !quoted {
        let first = line[..length].iter().position(is_quote);
        return first.is_none_or(|first| line[first - 1] == delimiter);
    }
    let mut rest = line;
    while let Some(quotes_at) = rest.iter().position(is_quote) {
        let quotes = rest[quotes_at..]
            .iter()
            .take_while(|byte| is_quote(byte))
            .count();
        rest = &rest[quotes_at + quotes..];
        if !quotes.is_multiple_of(2) {
            return rest
                .first()
                .is_none_or(|next| *next == delimiter || *next == b'\r');
        }
    }
    false
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn cells(text: &str) -> Vec<String> {
        let mut row = Row::new(b',');
        let RowEnd::Complete(length) = row.read(text.as_bytes(), true) else {
            panic!("{text}");
        };
        assert!(matches!(&text[length..], "" | "\n"), "{text}");
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

    /// A name such as `{Bob "B"}` kept its doubled quotes, and two cells whose
    /// braces match became one.
    #[test]
    fn a_text_that_only_looks_like_json_is_read_as_it_was_written() {
        assert_eq!(cells("\"{Bob \"\"B\"\"}\",x\n"), ["{Bob \"B\"}", "x"]);
        assert_eq!(cells("\"[5,\"\"]\"\n"), ["[5,\"]"]);
        assert_eq!(cells("\"{\"\"\",\"}\"\n"), ["{\"", "}"]);
        assert_eq!(cells("{x,y}\n"), ["{x", "y}"]);
        assert_eq!(cells("[1,\"a,b\",2]\n"), ["[1", "a,b", "2]"]);
    }

    /// Found by fuzzing: the first cell of any row lost it, not only the file's.
    #[test]
    fn a_byte_order_mark_in_the_middle_of_a_file_is_text() {
        assert_eq!(cells("\u{feff}a,\u{feff}b\n"), ["\u{feff}a", "\u{feff}b"]);
    }

    #[test]
    fn a_quote_that_is_never_closed_is_told() {
        let mut row = Row::new(b',');
        assert_eq!(row.read(b"a,\"b\nc", false), RowEnd::NeedsMore);
        assert!(matches!(row.read(b"a,\"b\nc", true), RowEnd::Broken(_)));
        assert!(matches!(row.read(b"\"a\"b,c\n", true), RowEnd::Broken(_)));
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
            prop_assert_eq!(cells(&text), written);
        }

        #[test]
        fn a_row_in_pieces_is_the_row(text in "[a,\"{}\\r\\n]{0,16}", cut in 0..16_usize) {
            let mut whole = Row::new(b',');
            let end = whole.read(text.as_bytes(), true);
            let mut piece = Row::new(b',');
            let cut = cut.min(text.len());
            if let RowEnd::Complete(length) = piece.read(&text.as_bytes()[..cut], false) {
                prop_assert_eq!(end, RowEnd::Complete(length));
                prop_assert!(piece.cells().eq(whole.cells()));
            }
        }
    }
}
