//! A stream becomes elements, one for each event, whatever shape the stream has. Shapes are told
//! apart by content, never by a file's name.

pub mod csv;
pub mod json;
mod row;
mod scan;

use ordertally_schema::Violation;

use crate::fault::{Fault, Reason};
use crate::window::Window;

/// One event as it stands in a file.
#[derive(Debug, PartialEq, Eq)]
pub struct Element<'a> {
    /// The line, counted from 1, that it begins on.
    pub line: u64,
    /// What stands there.
    pub content: Content<'a>,
}

/// What stands in an element's place.
#[derive(Debug, PartialEq, Eq)]
pub enum Content<'a> {
    /// A text. When it is no JSON, it is named and reading goes on behind it.
    Separate(&'a [u8]),
    /// A text. When it is no JSON, nothing tells where the next one begins: reading ends.
    Enclosed(&'a [u8]),
    /// A row that does not fit its table: no event can be made of it.
    Misfit(Violation),
}

/// Reads elements from a recognised stream.
pub enum Reader {
    /// An array, one object a line, or objects one after the other.
    Json(json::JsonReader),
    /// A table with a header.
    Csv(Box<csv::CsvReader>),
    /// Nothing but blanks.
    Empty,
}

const UTF8_BOM: &[u8] = b"\xef\xbb\xbf";
const NOT_RECOGNISED: &str = "not recognised: give a JSON array, one JSON object a line, \
     objects one after the other, or CSV with a header that names the event's fields; \
     each also compressed by gzip or zstd";

impl Reader {
    /// Recognises the stream's shape by its beginning.
    ///
    /// # Errors
    ///
    /// [`Fault`] when it is none of the shapes, or cannot be read.
    pub fn recognise(mut window: Window) -> Result<Self, Fault> {
        while window.available().len() < 4 && window.grow()? {}
        if window.available().starts_with(UTF8_BOM) {
            window.take(UTF8_BOM.len());
        }
        if let Some(hint) = foreign(window.available()) {
            return Err(Fault::new(1, Reason::NotRecognised(hint)));
        }
        match window.skip_blanks()?.0 {
            None => Ok(Self::Empty),
            Some(b'{' | b'[') => Ok(Self::Json(json::JsonReader::new(window))),
            Some(_) => csv::CsvReader::recognise(window)?
                .map(|reader| Self::Csv(Box::new(reader)))
                .ok_or_else(|| Fault::new(1, Reason::NotRecognised(NOT_RECOGNISED))),
        }
    }

    /// The next element; `None` at the end.
    ///
    /// # Errors
    ///
    /// [`Fault`] when the stream cannot be read on; do not read on after it.
    pub fn next_element(&mut self) -> Result<Option<Element<'_>>, Fault> {
        match self {
            Self::Json(reader) => reader.next_element(),
            Self::Csv(reader) => reader.next_element(),
            Self::Empty => Ok(None),
        }
    }

    /// The shape's name, for people.
    pub fn shape(&self) -> &'static str {
        match self {
            Self::Json(reader) => reader.shape(),
            Self::Csv(_) => "CSV",
            Self::Empty => "empty",
        }
    }
}

/// Well-known beginnings of what is not read, with what to do about it.
fn foreign(head: &[u8]) -> Option<&'static str> {
    let hints: [(&[u8], &str); 6] = [
        (b"\xff\xfe", "UTF-16 text: convert it to UTF-8 first"),
        (b"\xfe\xff", "UTF-16 text: convert it to UTF-8 first"),
        (b"\xfd7zX", "compressed by xz: decompress it first"),
        (b"BZh", "compressed by bzip2: decompress it first"),
        (b"PK\x03\x04", "a ZIP archive: unpack it first"),
        (b"PAR1", "a Parquet file: export it as NDJSON or CSV first"),
    ];
    hints
        .iter()
        .find(|(magic, _)| head.starts_with(magic))
        .map(|(_, hint)| *hint)
}
