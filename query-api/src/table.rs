//! Rows of an answer as a table of comma-separated values (RFC 4180), with a header.
//!
//! A spreadsheet runs a cell that begins like a formula. So texts that come from outside get an
//! apostrophe in front where they do, as OWASP's "CSV Injection" advises; amounts and numbers are
//! ours and stay as they are.

use csv::{Terminator, Writer, WriterBuilder};
use serde::Serialize;

/// What a text must not begin with where a spreadsheet reads it.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// A row that can stand in a table.
pub trait Row {
    /// The names of the columns.
    const COLUMNS: &'static [&'static str];

    /// Writes one cell for each column.
    fn write(&self, cells: &mut Cells);
}

/// The cells of a table, row by row.
#[derive(Debug)]
pub struct Cells {
    writer: Writer<Vec<u8>>,
    /// Whether each column is shown.
    shown: Vec<bool>,
    /// The column that the next cell is of.
    column: usize,
}

impl Cells {
    /// A text that came from outside.
    pub fn text(&mut self, text: &str) {
        if text.starts_with(FORMULA) {
            self.cell(&format!("'{text}"));
        } else {
            self.cell(text);
        }
    }

    /// A text that may be missing: an empty cell then.
    pub fn optional(&mut self, text: Option<&str>) {
        self.text(text.unwrap_or_default());
    }

    /// A number, an amount, a time, a code: what cannot be a formula.
    pub fn value(&mut self, value: impl ToString) {
        self.cell(&value.to_string());
    }

    /// What has parts of its own, as JSON.
    pub fn json(&mut self, value: &impl Serialize) {
        let json = serde_json::to_string(value).expect("an answer is plain data");
        self.cell(&json);
    }

    fn cell(&mut self, text: &str) {
        if self.shown[self.column] {
            self.writer
                .write_field(text)
                .expect("memory takes what is written");
        }
        self.column += 1;
    }

    fn end_row(&mut self) {
        self.column = 0;
        self.writer
            .write_record(None::<&[u8]>)
            .expect("each row has a cell a column");
    }
}

/// The table of `rows`.
///
/// # Panics
///
/// When a row does not have the cells that its columns promise.
#[must_use]
pub fn of<R: Row>(rows: &[R]) -> Vec<u8> {
    of_columns(rows, |_| true)
}

/// The table of some columns of `rows`: of one at least.
///
/// # Panics
///
/// As [`of`].
#[must_use]
pub fn of_columns<R: Row>(rows: &[R], shown: impl Fn(&str) -> bool) -> Vec<u8> {
    let writer = WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .from_writer(Vec::new());
    let mut cells = Cells {
        writer,
        shown: R::COLUMNS.iter().map(|column| shown(column)).collect(),
        column: 0,
    };
    for column in R::COLUMNS {
        cells.cell(column);
    }
    cells.end_row();
    for row in rows {
        row.write(&mut cells);
        cells.end_row();
    }
    cells
        .writer
        .into_inner()
        .expect("memory takes what is written")
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Named(&'static str, i64);

    impl Row for Named {
        const COLUMNS: &'static [&'static str] = &["name", "number"];

        fn write(&self, cells: &mut Cells) {
            cells.text(self.0);
            cells.value(self.1);
        }
    }

    #[test]
    fn cells_are_quoted_where_they_must_be_and_formulas_are_texts() {
        let rows = [
            Named("plain", -1),
            Named("a,b", 2),
            Named("say \"hi\"", 3),
            Named("two\nlines", 4),
            Named("=1+1", 5),
            Named("@SUM(A1)", 6),
            Named("-2", 7),
            Named("", 8),
        ];
        let expected = "name,number\r\nplain,-1\r\n\"a,b\",2\r\n\"say \"\"hi\"\"\",3\r\n\
                        \"two\nlines\",4\r\n'=1+1,5\r\n'@SUM(A1),6\r\n'-2,7\r\n,8\r\n";
        assert_eq!(String::from_utf8(of(&rows)).expect("text"), expected);
        assert_eq!(of::<Named>(&[]), b"name,number\r\n");
        let numbers = of_columns(&rows[..2], |column| column == "number");
        assert_eq!(numbers, b"number\r\n-1\r\n2\r\n");
    }
}
