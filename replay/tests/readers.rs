//! What the readers make of files in every state.
#![allow(clippy::unwrap_used)]

use std::io::{self, Cursor, Read, Write as _};

use ordertally_replay::fault::Fault;
use ordertally_replay::input::decompressed;
use ordertally_replay::reader::{Content, Reader};
use ordertally_replay::window::Window;
use proptest::prelude::*;

/// Gives a few bytes at a time, so that every boundary falls everywhere.
struct Trickle(Cursor<Vec<u8>>, usize);

impl Read for Trickle {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = buffer.len().min(self.1);
        self.0.read(&mut buffer[..length])
    }
}

type Elements = Vec<(u64, String)>;

fn read_in(bytes: &[u8], piece: usize) -> (Elements, Option<Fault>) {
    let mut elements = Vec::new();
    let mut read = || {
        let stream = decompressed(Trickle(Cursor::new(bytes.to_vec()), piece))
            .map_err(|error| Fault::new(0, error))?;
        let mut reader = Reader::recognise(Window::new(stream))?;
        while let Some(element) = reader.next_element()? {
            let text = match element.content {
                Content::Separate(text) => String::from_utf8_lossy(text).into_owned(),
                Content::Enclosed(text) => format!("({})", String::from_utf8_lossy(text)),
                Content::Misfit(violation) => format!("misfit: {}", violation.message),
            };
            elements.push((element.line, text));
        }
        Ok(())
    };
    let fault = read().err();
    (elements, fault)
}

fn read(bytes: &[u8]) -> (Elements, Option<Fault>) {
    let (elements, fault) = read_in(bytes, usize::MAX);
    for piece in [1, 3] {
        let (same, _) = read_in(bytes, piece);
        assert_eq!(same, elements, "in pieces of {piece}");
    }
    (elements, fault)
}

#[track_caller]
fn assert_reads(bytes: &[u8], expected: &[(u64, &str)]) {
    let (elements, fault) = read(bytes);
    assert!(fault.is_none(), "{fault:?}");
    let elements: Vec<_> = elements
        .iter()
        .map(|(line, text)| (*line, text.as_str()))
        .collect();
    assert_eq!(elements, expected);
}

#[track_caller]
fn assert_faulty(bytes: &[u8], before: usize, line: u64, words: &str) {
    let (elements, fault) = read(bytes);
    let fault = fault.unwrap_or_else(|| panic!("read to the end: {elements:?}"));
    assert_eq!(
        (elements.len(), fault.line),
        (before, line),
        "{fault}: {elements:?}"
    );
    assert!(fault.to_string().contains(words), "{fault}");
}

#[test]
fn one_object_a_line_is_read_whatever_the_line_ends() {
    assert_reads(
        b"{\"a\":1}\n{\"b\":2}",
        &[(1, "{\"a\":1}"), (2, "{\"b\":2}")],
    );
    assert_reads(
        b"\xef\xbb\xbf{\"a\":1}\r\n\r\n  {\"b\":2} \r\n",
        &[(1, "{\"a\":1}"), (3, "{\"b\":2}")],
    );
}

#[test]
fn a_broken_line_among_lines_is_named_and_the_next_one_read() {
    let good = ("{\"a\":1}", "{\"b\":{}}");
    for broken in [
        "{\"x\":",
        "{\"x\":\"y",
        "garbage",
        "{\"x\":1,",
        "{\"x\":[1",
        "42",
        "}",
        "{\"x\":1}}",
    ] {
        let text = format!("{}\n{broken}\n{}\n", good.0, good.1);
        let (elements, fault) = read(text.as_bytes());
        assert!(fault.is_none(), "{broken}: {fault:?}");
        assert_eq!(elements.first(), Some(&(1, good.0.to_owned())), "{broken}");
        assert_eq!(elements.last(), Some(&(3, good.1.to_owned())), "{broken}");
        assert!(
            elements[1..elements.len() - 1]
                .iter()
                .all(|(line, _)| *line == 2),
            "{broken}"
        );
        assert!(elements.len() > 2, "{broken}");
    }
    // The first line may be the broken one.
    assert_reads(b"{\"x\":\n{\"a\":1}\n", &[(1, "{\"x\":"), (2, "{\"a\":1}")]);
}

#[test]
fn objects_may_follow_each_other_in_any_way() {
    assert_reads(
        b"{\"a\":1}{\"b\":2}",
        &[(1, "({\"a\":1})"), (1, "({\"b\":2})")],
    );
    assert_reads(
        b"{\n\"a\": [\n{\n}\n]\n}\n{\n}\n",
        &[(1, "({\n\"a\": [\n{\n}\n]\n})"), (7, "({\n})")],
    );
    // A compact file followed by a pretty one.
    assert_reads(
        b"{\"a\":1}\n{\n\"b\": 2\n}\n",
        &[(1, "{\"a\":1}"), (2, "{\n\"b\": 2\n}")],
    );
}

#[test]
fn an_array_is_read_element_by_element() {
    assert_reads(
        b"[\n  {\"a\": \"]\"},\n  {\"b\": [1, {}]}\n]\n",
        &[(2, "({\"a\": \"]\"})"), (3, "({\"b\": [1, {}]})")],
    );
    assert_reads(b"[]", &[]);
    assert_reads(
        b"[1,\"x,]\",null]",
        &[(1, "(1)"), (1, "(\"x,]\")"), (1, "(null)")],
    );
    assert_reads(b"[{}]\n[{}]", &[(1, "({})"), (2, "({})")]);
}

#[test]
fn an_array_that_breaks_is_a_fault_at_its_line() {
    assert_faulty(b"[\n{\"a\":1},\n{\"b\":\n]", 1, 4, "expected value");
    assert_faulty(b"[\n{\"a\":1}\n{\"b\":1}\n]", 1, 3, "expected ','");
    assert_faulty(b"[\n{\"a\":1},\n", 1, 3, "not closed");
    assert_faulty(b"[{\"a\":1},]", 1, 1, "value is missing");
    // The line does not depend on how much of the file was read at once.
    assert_faulty(b"[:1\r{\n1", 1, 1, "expected ','");
    assert_faulty(b"[\n{\"a\":\"x\n\"}]", 0, 2, "control character");
}

#[test]
fn objects_over_several_lines_that_break_are_a_fault() {
    assert_faulty(b"{\n\"a\": 1\n}\n{\n\"b\": \n", 1, 5, "EOF");
    assert_faulty(b"{\n\"a\": 1,\n{\n}", 0, 3, "key must be a string");
}

#[test]
fn nothing_is_read_from_an_empty_file() {
    assert_reads(b"", &[]);
    assert_reads(b"\xef\xbb\xbf \n\n", &[]);
    assert_reads(&gzip(b""), &[]);
}

#[test]
fn other_contents_are_told() {
    assert_faulty(b"\x7fELF\x02\x01\0\0\0\0", 0, 1, "not recognised");
    assert_faulty(b"hello, world\n", 0, 1, "not recognised");
    assert_faulty(b"\xff\xfe{\0", 0, 1, "UTF-16");
    assert_faulty(b"PK\x03\x04....", 0, 1, "ZIP");
    let rows = [b"name,value\n".to_vec(), vec![b'x'; 1 << 20]].concat();
    assert_faulty(&rows, 0, 1, "not recognised");
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn compressed_files_are_read_through_all_their_parts() {
    let expected = [(1, "{\"a\":1}"), (2, "{\"b\":2}")];
    let parts: [&[u8]; 2] = [b"{\"a\":1}\n{\"b\"", b":2}\n"];
    assert_reads(&parts.map(gzip).concat(), &expected);
    let frames = parts.map(|part| zstd::encode_all(part, 3).unwrap());
    assert_reads(&frames.concat(), &expected);
    let skippable = [&b"\x50\x2a\x4d\x18\x02\0\0\0xx"[..], &frames.concat()].concat();
    assert_reads(&skippable, &expected);
}

#[test]
fn a_compressed_file_that_is_cut_off_is_a_fault_behind_what_was_read() {
    let lines: String = (0..20_000)
        .map(|n| format!("{{\"n\":{}}}\n", n * 7919 % 10_007))
        .collect();
    for whole in [
        gzip(lines.as_bytes()),
        zstd::encode_all(lines.as_bytes(), 3).unwrap(),
    ] {
        let (elements, fault) = read_in(&whole[..whole.len() - 9], usize::MAX);
        let fault = fault.expect("it is cut off");
        assert!(elements.len() > 100, "{}", elements.len());
        assert!(fault.line >= elements.len() as u64, "{fault:?}");
        assert!(fault.to_string().contains("cannot read on"), "{fault}");
    }
}

#[test]
fn an_element_over_the_bound_is_a_fault() {
    for opening in [
        "{\"a\":1}\n{\"x\":\"",
        "[{\"a\":1},\n{\"x\":\"",
        "event_id,event_type\na,b\n\"",
    ] {
        let bytes = [opening.as_bytes(), &vec![b'x'; 9 << 20]].concat();
        let (elements, fault) = read_in(&bytes, usize::MAX);
        assert_eq!(elements.len(), 1);
        assert!(fault.unwrap().to_string().contains("longer than 8 MiB"));
    }
}

#[test]
fn rows_become_events() {
    assert_reads(
        b"event_id,email,order_value,buyer_accepts_marketing,line_items,discount_codes,note\r\n\
          a,,5.00,TRUE,\"[{\"\"id\"\":\"\"x\"\"}]\",SAVE,\"x\"\"y\n\"\r\n\
          b,c,1e3,no,[x,\"[\"\"A\"\"]\",\r\n",
        &[
            (
                2,
                r#"{"event_id":"a","order_value":5.00,"buyer_accepts_marketing":true,"line_items":[{"id":"x"}],"discount_codes":"SAVE","note":"x\"y\n"}"#,
            ),
            (
                4,
                r#"{"event_id":"b","email":"c","order_value":1e3,"buyer_accepts_marketing":"no","line_items":"[x","discount_codes":["A"]}"#,
            ),
        ],
    );
}

#[test]
fn tables_of_other_programs_are_read_too() {
    let one = [(2, r#"{"event_id":"a","email":"b"}"#)];
    assert_reads(b"event_id;email\na;b\n", &one);
    assert_reads(b"Event_Id\tEMAIL\na\tb\n", &one);
    assert_reads(b"\"event_id,email\"\n\"a,\"\"b\"\"\"\n", &one);
    assert_reads(b"\xef\xbb\xbfevent_id , email\r\na,b\r\n\r\n", &one);
}

#[test]
fn a_row_of_another_length_is_no_event() {
    let (elements, fault) = read(b"event_id,email\na\nb,c,d\ne,f\n");
    assert!(fault.is_none());
    assert_eq!(
        elements[0],
        (
            2,
            "misfit: the row has 1 cells and its header has 2".to_owned()
        )
    );
    assert_eq!(
        elements[1],
        (
            3,
            "misfit: the row has 3 cells and its header has 2".to_owned()
        )
    );
    assert_eq!(elements[2].0, 4);
}

#[test]
fn a_table_that_breaks_is_a_fault_at_its_row() {
    assert_faulty(b"event_id,email\na,b\nc,\"d\ne,f\n", 1, 3, "not closed");
    assert_faulty(b"event_id,email\na,\"b\"c\n", 0, 2, "closing quote");
    // Two rows in one cell: the second was lost without a word.
    assert_faulty(
        b"\"event_id,email\"\n\"a,b\"\n\"c,d\ne,f\"\n",
        1,
        3,
        "behind its line end",
    );
    assert_faulty(
        b"event_id,email,event_id\na,b,c\n",
        0,
        1,
        "event_id is there twice",
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    #[test]
    fn no_bytes_make_a_reader_panic_or_loop(
        opening in prop_oneof![Just(""), Just("{"), Just("["), Just("event_id,email\n"), Just("{}\n")],
        bytes in "[\\[\\]{}\",:a1\\\\ \n\r]{0,40}",
        piece in 1..5_usize,
    ) {
        let text = format!("{opening}{bytes}");
        let (whole, fault) = read_in(text.as_bytes(), usize::MAX);
        let (pieces, same) = read_in(text.as_bytes(), piece);
        prop_assert_eq!(whole, pieces);
        prop_assert_eq!(fault.map(|fault| fault.line), same.map(|fault| fault.line));
    }
}
