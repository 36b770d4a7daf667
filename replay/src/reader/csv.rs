//! CSV: each row becomes the JSON object that it stands for. An empty cell is a missing field, and
//! a column whose field is an object or a list holds JSON.

use ordertally_schema::rules::EVENT_FIELDS;
use ordertally_schema::{Code, Violation};

use super::row::{Row, RowEnd};
use super::{Content, Element};
use crate::fault::{Fault, Reason};
use crate::nested::{self, Kind};
use crate::text::push_json_string;
use crate::window::Window;

/// Two of the event's fields in the first row are what makes a text a table of events.
const FIELDS_MIN: usize = 2;

/// What stands between cells: a comma, or what spreadsheets put there in its stead.
const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];

/// Reads the rows of a table with a header.
pub struct CsvReader {
    window: Window,
    columns: Vec<String>,
    row: Row,
    /// The row within, where each row stands as a whole in one quoted cell.
    inner: Option<Row>,
    json: Vec<u8>,
}

impl CsvReader {
    /// A reader of the table that `window` begins with; `None` when its first row names too few
    /// of the event's fields.
    ///
    /// # Errors
    ///
    /// [`Fault`] when the stream cannot be read, or a known column is there twice.
    pub fn recognise(mut window: Window) -> Result<Option<Self>, Fault> {
        for delimiter in DELIMITERS {
            let mut header = Row::new(delimiter);
            let length = loop {
                match header.read(window.available(), window.ended()) {
                    RowEnd::Complete(length) => break Some(length),
                    RowEnd::Broken(_) => break None,
                    RowEnd::NeedsMore if window.available().len() > HEADER_BYTES_MAX => break None,
                    RowEnd::NeedsMore => {
                        window.grow()?;
                    }
                }
            };
            let Some(length) = length else { continue };
            let line = window.line();
            let quoted = window.available().starts_with(b"\"");
            let inner = quoted.then(|| unwrapped(&header, delimiter)).flatten();
            let columns = names(inner.as_ref().unwrap_or(&header));
            if columns.iter().filter(|name| is_field(name)).count() < FIELDS_MIN {
                continue;
            }
            if let Some(twice) = named_twice(&columns) {
                let reason = format!("the column {twice} is there twice");
                return Err(Fault::new(line, Reason::NotCsv(reason)));
            }
            window.take(length);
            return Ok(Some(Self {
                window,
                columns,
                row: header,
                inner,
                json: Vec::new(),
            }));
        }
        Ok(None)
    }

    /// The next row as an event; `None` at the end.
    ///
    /// # Errors
    ///
    /// [`Fault`] when the stream cannot be read on, or its quoting is broken.
    pub fn next_element(&mut self) -> Result<Option<Element<'_>>, Fault> {
        loop {
            self.window.skip_line_ends();
            if self.window.available().is_empty() {
                if self.window.grow()? {
                    continue;
                }
                return Ok(None);
            }
            let line = self.window.line();
            let length = self.read_row()?;
            self.window.take(length);
            if self.row.is_blank() {
                continue;
            }
            let content = match self.misfit() {
                Some(violation) => Content::Misfit(violation),
                None => {
                    self.write_event();
                    Content::Separate(&self.json)
                }
            };
            return Ok(Some(Element { line, content }));
        }
    }

    fn read_row(&mut self) -> Result<usize, Fault> {
        let broken = |line, reason: &str| Fault::new(line, Reason::NotCsv(reason.to_owned()));
        let length = loop {
            let (bytes, ended) = (self.window.available(), self.window.ended());
            match self.row.read(bytes, ended) {
                RowEnd::Complete(length) => break length,
                RowEnd::Broken(reason) => return Err(broken(self.window.line(), reason)),
                RowEnd::NeedsMore => {
                    self.window.grow()?;
                }
            }
        };
        if let Some(inner) = &mut self.inner
            && let (1, Some(cell)) = (self.row.len(), self.row.cell(0))
        {
            match inner.read(cell, true) {
                RowEnd::Broken(reason) => return Err(broken(self.window.line(), reason)),
                RowEnd::Complete(end) if !cell[end..].trim_ascii().is_empty() => {
                    let reason = "a row that stands in one quoted cell goes on behind its line end";
                    return Err(broken(self.window.line(), reason));
                }
                RowEnd::Complete(_) | RowEnd::NeedsMore => {}
            }
            std::mem::swap(&mut self.row, inner);
        }
        Ok(length)
    }

    /// A row of another length than its header: its cells may have moved to other columns.
    fn misfit(&self) -> Option<Violation> {
        (self.row.len() != self.columns.len()).then(|| {
            let message = format!(
                "the row has {} cells and its header has {}",
                self.row.len(),
                self.columns.len()
            );
            Violation::new("", Code::WrongType, message)
        })
    }

    fn write_event(&mut self) {
        let json = &mut self.json;
        json.clear();
        json.push(b'{');
        for (name, cell) in self.columns.iter().zip(self.row.cells()) {
            if cell.is_empty() {
                continue;
            }
            if json.len() > 1 {
                json.push(b',');
            }
            push_json_string(json, name.as_bytes());
            json.push(b':');
            write_cell(json, name, cell);
        }
        json.push(b'}');
    }
}

/// A header is a line of names: a text without a line end in this many bytes has none.
const HEADER_BYTES_MAX: usize = 64 << 10;

/// The header that stands as a whole in the one quoted cell of `header`.
fn unwrapped(header: &Row, delimiter: u8) -> Option<Row> {
    let (1, Some(cell)) = (header.len(), header.cell(0)) else {
        return None;
    };
    let mut inner = Row::new(delimiter);
    let whole = matches!(inner.read(cell, true), RowEnd::Complete(_));
    (whole && inner.len() > 1).then_some(inner)
}

fn names(header: &Row) -> Vec<String> {
    header
        .cells()
        .map(|cell| {
            let name = String::from_utf8_lossy(cell).trim().to_owned();
            match EVENT_FIELDS
                .iter()
                .find(|field| field.eq_ignore_ascii_case(&name))
            {
                Some(field) => (*field).to_owned(),
                None => name,
            }
        })
        .collect()
}

fn is_field(name: &str) -> bool {
    EVENT_FIELDS.contains(&name)
}

fn named_twice(columns: &[String]) -> Option<&str> {
    columns
        .iter()
        .enumerate()
        .find(|(index, name)| is_field(name) && columns[..*index].contains(name))
        .map(|(_, name)| name.as_str())
}

/// A cell as the JSON value that its column takes; as a string where it is none, so that the
/// event's rules judge it.
fn write_cell(json: &mut Vec<u8>, name: &str, cell: &[u8]) {
    let text = std::str::from_utf8(cell).ok();
    let value = match name {
        "buyer_accepts_marketing" if cell.eq_ignore_ascii_case(b"true") => Some("true".into()),
        "buyer_accepts_marketing" if cell.eq_ignore_ascii_case(b"false") => Some("false".into()),
        "order_value" | "total_discounts" | "total_tax" => text
            .filter(|text| nested::is_number(text))
            .map(std::borrow::Cow::Borrowed),
        "discount_codes" => text.and_then(nested::codes).map(Into::into),
        name => match (Kind::of(name), text) {
            (Some(kind), Some(text)) => nested::plain_text(text, kind).map(Into::into),
            _ => None,
        },
    };
    match value {
        Some(value) => json.extend_from_slice(value.as_bytes()),
        None => push_json_string(json, cell),
    }
}
