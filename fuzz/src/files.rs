//! Any bytes as a file: read to its end or to its fault, in whatever pieces it comes, and no valid
//! event in it changes.

use std::borrow::Cow;
use std::io::{self, Cursor, Read, Write as _};

use flate2::Compression;
use flate2::write::GzEncoder;
use ordertally_replay::clean::clean;
use ordertally_replay::fault::{Fault, Reason};
use ordertally_replay::input::decompressed;
use ordertally_replay::reader::{Content, Reader};
use ordertally_replay::window::Window;
use ordertally_schema::{Reading, ValidOrder, event};
use serde_json::value::RawValue;

use crate::spelling::{self, Form};

/// 2026-01-01, so that the events of the corpus are neither too old nor ahead.
const RECORD_MS: i64 = 1_767_225_600_000;

/// Most bytes that are taken from a file: a few bytes of gzip unpack to gigabytes.
const UNPACKED_BYTES_MAX: u64 = 16 << 20;

/// Longest file that is also read in small pieces: each begins its row anew.
const IN_PIECES_BYTES_MAX: usize = 256;

/// Most orders of a file that are written again.
const ORDERS_MAX: usize = 3;

/// Ways of writing orders into a file.
const SHAPES: usize = 6;

/// Columns of the tables that [`check_table`] writes.
const TEXT_COLUMNS: [&str; 4] = ["event_id", "email", "first_name", "last_name"];

/// Gives a few bytes at a time, so that every boundary falls everywhere.
struct Trickle(Cursor<Vec<u8>>, usize);

impl Read for Trickle {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = buffer.len().min(self.1);
        self.0.read(&mut buffer[..length])
    }
}

/// What stands in a file: the line and, unless the row fits no table, the text.
pub type Elements = Vec<(u64, Option<Vec<u8>>)>;

/// What is read of a file, and whether to its end.
pub fn read(file: &[u8], piece: usize) -> (Elements, Result<(), Fault>) {
    let mut elements = Elements::new();
    let end = read_into(&mut elements, file, piece);
    (elements, end)
}

fn read_into(elements: &mut Elements, file: &[u8], piece: usize) -> Result<(), Fault> {
    let stream = decompressed(Trickle(Cursor::new(file.to_vec()), piece))
        .map_err(|error| Fault::new(0, error))?;
    let mut reader = Reader::recognise(Window::new(Box::new(stream.take(UNPACKED_BYTES_MAX))))?;
    while let Some(element) = reader.next_element()? {
        let text = match element.content {
            Content::Separate(text) | Content::Enclosed(text) => Some(text.to_vec()),
            Content::Misfit(_) => None,
        };
        elements.push((element.line, text));
    }
    Ok(())
}

/// The texts of a file that must be read to its end.
fn texts(file: &[u8]) -> Vec<Vec<u8>> {
    let (elements, end) = read(file, usize::MAX);
    let shown = String::from_utf8_lossy(file);
    assert!(end.is_ok(), "{end:?}: {shown}");
    elements
        .into_iter()
        .map(|(_, text)| text.unwrap_or_else(|| panic!("a row does not fit: {shown}")))
        .collect()
}

/// Checks what was read of a file of whatever shape.
///
/// # Panics
///
/// When something that must hold does not.
pub fn check(file: &[u8], (elements, end): &(Elements, Result<(), Fault>)) {
    let mut line = 0;
    let mut orders = Vec::new();
    for (begins_on, text) in elements {
        assert!(*begins_on >= line, "from line {line} to {begins_on}");
        line = *begins_on;
        orders.extend(text.as_deref().and_then(stays_the_same));
    }
    if let Err(fault) = end {
        assert!(
            fault.line == 0 || fault.line >= line,
            "{fault:?} before line {line}"
        );
    }
    if let Some(expected) = json_stream(file) {
        assert!(end.is_ok(), "{end:?}, though it is JSON");
        let found: Vec<_> = elements
            .iter()
            .filter_map(|(_, text)| text.as_deref())
            .collect();
        assert_eq!(found, expected);
    }
    if file.len() <= IN_PIECES_BYTES_MAX {
        let (same, same_end) = read(file, 1 + file.len() % 7);
        // How much a decompressor gives before it fails depends on how much it is asked for.
        if matches!(end, Err(fault) if matches!(fault.reason, Reason::Io(_))) {
            assert!(same.starts_with(elements) || elements.starts_with(&same));
        } else {
            assert_eq!(same, *elements, "in pieces");
        }
        assert_eq!(same_end.is_ok(), end.is_ok(), "in pieces");
    }
    orders.truncate(ORDERS_MAX);
    if !orders.is_empty() {
        written_again(&orders, drawn(file));
    }
}

/// A number of the file's own, to choose by.
fn drawn(file: &[u8]) -> usize {
    file.iter().map(|byte| usize::from(*byte)).sum()
}

/// Cleaning changes nothing that a valid event says, nor makes it another type's. Gives its order.
fn stays_the_same(text: &[u8]) -> Option<ValidOrder> {
    let cleaned = clean(text);
    let reading = event::read(Some(text), Some(RECORD_MS));
    if let Reading::Valid(_) | Reading::Ignored = &reading {
        let cleaned = cleaned.expect("what was read is JSON").text;
        assert_eq!(
            event::read(Some(&cleaned), Some(RECORD_MS)),
            reading,
            "cleaned: {}",
            String::from_utf8_lossy(&cleaned)
        );
    }
    match reading {
        Reading::Valid(order) => Some(*order),
        Reading::Ignored | Reading::Rejected(_) => None,
    }
}

/// The objects of a file that is JSON from end to end: objects, and arrays of anything.
fn json_stream(file: &[u8]) -> Option<Vec<&[u8]>> {
    let file = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
    let mut texts = Vec::new();
    for value in serde_json::Deserializer::from_slice(file).into_iter::<&RawValue>() {
        let value = value.ok()?.get();
        match value.as_bytes()[0] {
            b'{' => texts.push(value.as_bytes()),
            b'[' => {
                let elements: Vec<&RawValue> = serde_json::from_str(value).ok()?;
                texts.extend(elements.iter().map(|element| element.get().as_bytes()));
            }
            _ => return None,
        }
    }
    Some(texts)
}

/// Whatever shape valid orders are written in, the same orders are read.
fn written_again(orders: &[ValidOrder], drawn: usize) {
    let form = if drawn.is_multiple_of(2) {
        Form::Plain
    } else {
        Form::Odd
    };
    let events: Vec<_> = orders
        .iter()
        .map(|order| spelling::event(order, form))
        .collect();
    let file = match drawn / 2 % SHAPES {
        0 => events.join("\n"),
        1 => events.concat(),
        2 => format!("[{}]", events.join(", ")),
        3 => format!("[\n{}\n]\n", events.join("\n,\n")),
        4 => orders.iter().map(pretty).collect(),
        _ => return reads_as(&csv(orders, form), orders),
    };
    reads_as(file.as_bytes(), orders);
}

fn reads_as(file: &[u8], orders: &[ValidOrder]) {
    let texts = texts(file);
    assert_eq!(
        texts.len(),
        orders.len(),
        "{}",
        String::from_utf8_lossy(file)
    );
    for (text, order) in texts.iter().zip(orders) {
        let cleaned = clean(text).expect("what was written is JSON").text;
        let Reading::Valid(found) = event::read(Some(&cleaned), Some(RECORD_MS)) else {
            panic!("no longer valid: {}", String::from_utf8_lossy(file));
        };
        assert_eq!(*found, *order, "{}", String::from_utf8_lossy(file));
    }
}

/// Over several lines; the plain form has no amount that a float would change.
fn pretty(order: &ValidOrder) -> String {
    let event = spelling::event(order, Form::Plain);
    let value: serde_json::Value = serde_json::from_str(&event).expect("an event is JSON");
    serde_json::to_string_pretty(&value).expect("JSON stays JSON") + "\n"
}

/// A table of the orders as another program writes it.
fn csv(orders: &[ValidOrder], form: Form) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for (index, order) in orders.iter().enumerate() {
        let fields = spelling::fields(order, form);
        if index == 0 {
            let names = fields.iter().map(|(name, _)| *name);
            writer.write_record(names).expect("a header");
        }
        let cells = fields
            .into_iter()
            .map(|(_, value)| match value.as_bytes()[0] {
                b'n' => String::new(),
                b'"' => serde_json::from_str(&value).expect("a string is JSON"),
                _ => value,
            });
        writer.write_record(cells).expect("as many cells as names");
    }
    writer.into_inner().expect("memory takes what is written")
}

/// The rows as a table: with a header in front unless they begin with one.
pub fn table(rows: &[u8]) -> Cow<'_, [u8]> {
    let first_line = rows.split(|byte| *byte == b'\n').next().unwrap_or_default();
    if first_line
        .windows(5)
        .any(|name| name.eq_ignore_ascii_case(b"event"))
    {
        return Cow::Borrowed(rows);
    }
    let header = b"event_id,email,order_value,discount_codes,shipping_address,line_items,note\n";
    Cow::Owned([header, rows].concat())
}

/// Checks texts, separated by NUL, as the cells of a table that another program writes, or one that
/// quotes each row as a whole.
///
/// # Panics
///
/// When a cell is not read as it was written.
pub fn check_table(cells: &[u8]) {
    let Ok(cells) = std::str::from_utf8(cells) else {
        return;
    };
    let wrapped = drawn(cells.as_bytes()).is_multiple_of(2);
    let cells: Vec<_> = cells.split('\0').collect();
    let rows = cells.chunks_exact(TEXT_COLUMNS.len());
    if rows.len() == 0 {
        return;
    }
    let mut written = Vec::new();
    for row in std::iter::once(&TEXT_COLUMNS[..]).chain(rows.clone()) {
        written.push(csv_row(row));
    }
    if wrapped {
        for row in &mut written {
            *row = csv_row(&[&String::from_utf8_lossy(row)]);
        }
    }
    let file = written.concat();
    let texts = texts(&file);
    assert_eq!(
        texts.len(),
        rows.len(),
        "{}",
        String::from_utf8_lossy(&file)
    );
    for (text, row) in texts.iter().zip(rows) {
        let event: serde_json::Value = serde_json::from_slice(text).expect("a row becomes JSON");
        for (name, cell) in TEXT_COLUMNS.iter().zip(row) {
            assert_eq!(event[*name].as_str().unwrap_or_default(), *cell);
        }
    }
}

/// A row as another program writes it.
fn csv_row(cells: &[&str]) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer
        .write_record(cells)
        .expect("memory takes what is written");
    writer.into_inner().expect("memory takes what is written")
}

/// Checks that compressing a file changes nothing, and that one cut off is never taken for whole.
///
/// # Panics
///
/// When something that must hold does not.
pub fn check_compressed(file: &[u8]) {
    // What is compressed already would have to be unpacked twice.
    let is_text = |byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    if !file.iter().take(4).all(is_text) {
        return;
    }
    let (plain, plain_end) = read(file, usize::MAX);
    let drawn = drawn(file);
    let packed = if drawn.is_multiple_of(2) {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(file).expect("memory takes what is written");
        gzip.finish().expect("memory takes what is written")
    } else {
        zstd::encode_all(file, 1).expect("memory takes what is written")
    };
    let (elements, end) = read(&packed, usize::MAX);
    assert_eq!(elements, plain);
    assert_eq!(end.is_ok(), plain_end.is_ok());
    let cut = 1 + drawn % (packed.len() - 1);
    let (before, end) = read(&packed[..cut], usize::MAX);
    assert!(
        end.is_err(),
        "cut off after {cut} of {} bytes",
        packed.len()
    );
    assert!(plain.starts_with(&before));
}
