//! What the fuzzer asks of any payload, asked of its corpus and of every case file.
#![allow(clippy::unwrap_used)]

#[path = "../../fuzz/src/decode.rs"]
mod decode;
#[path = "../../fuzz/src/spelling.rs"]
mod spelling;

use ordertally_testkit::{event_cases, fuzz_corpus};

#[test]
fn every_payload_of_the_corpus_has_the_reading_of_the_reckoning() {
    for (name, payload) in fuzz_corpus::load("decode").unwrap() {
        println!("{name}");
        decode::check(&payload);
    }
}

#[test]
fn every_case_has_the_reading_of_the_reckoning() {
    for case in event_cases::load().unwrap() {
        println!("{}", case.name);
        decode::check(case.payload.as_deref().unwrap_or_default());
    }
}
