//! Tables: as they are, and cells that another program wrote.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ordertally_fuzz::{files, memory};

fuzz_target!(|rows: &[u8]| {
    let file = files::table(rows);
    let read = memory::bounded(|| files::read(&file, usize::MAX));
    files::check(&file, &read);
    files::check_table(rows);
});
