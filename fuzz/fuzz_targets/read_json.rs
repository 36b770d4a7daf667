//! JSON in any form: an array, an object a line, objects after each other.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ordertally_fuzz::{files, memory};

fuzz_target!(|file: &[u8]| {
    let read = memory::bounded(|| files::read(file, usize::MAX));
    files::check(file, &read);
});
