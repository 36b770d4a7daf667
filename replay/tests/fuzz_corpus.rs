//! What the fuzzer asks of any file, asked of its corpus and of the sample in every shape.
#![allow(clippy::unwrap_used)]

#[path = "../../fuzz/src/files.rs"]
mod files;
#[path = "../../fuzz/src/spelling.rs"]
mod spelling;

use std::path::Path;

use ordertally_testkit::fuzz_corpus;

fn check(file: &[u8]) {
    files::check(file, &files::read(file, usize::MAX));
}

fn every_file_of(target: &str, check: fn(&[u8])) {
    for (name, file) in fuzz_corpus::load(target).unwrap() {
        println!("{target}/{name}");
        check(&file);
    }
}

#[test]
fn every_json_file_of_the_corpus_is_read_as_it_was_written() {
    every_file_of("read_json", check);
}

#[test]
fn every_table_of_the_corpus_is_read_as_it_was_written() {
    every_file_of("read_csv", |rows| check(&files::table(rows)));
    every_file_of("read_csv", files::check_table);
}

#[test]
fn every_compressed_file_of_the_corpus_is_read_as_it_was_written() {
    every_file_of("read_compressed", check);
    every_file_of("read_compressed", files::check_compressed);
}

#[test]
fn the_sample_is_read_as_it_was_written() {
    let testdata = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata");
    let mut files = 0;
    for entry in std::fs::read_dir(testdata).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let file = std::fs::read(&path).unwrap();
            check(&file);
            files::check_compressed(&file);
            files += 1;
        }
    }
    assert!(files > 8, "{files}");
}
