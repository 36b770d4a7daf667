//! Files behind gzip or zstd: whole, cut off, or nothing of the kind.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ordertally_fuzz::{files, memory};

fuzz_target!(|file: &[u8]| {
    let read = memory::bounded(|| files::read(file, usize::MAX));
    files::check(file, &read);
    files::check_compressed(file);
});
