//! A record's value.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ordertally_fuzz::{decode, memory};
use ordertally_schema::event;

fuzz_target!(|payload: &[u8]| {
    memory::bounded(|| event::read(Some(payload), None));
    decode::check(payload);
});
