//! What must hold of any bytes that come from outside.
//!
//! [`decode`] asks it of a record's value, [`files`] of a file, [`spelling`] writes orders out again,
//! [`memory`] bounds what a reading may hold. The fuzzer's targets call them with bytes that it makes
//! up; `schema/tests/fuzz_corpus.rs` and `replay/tests/fuzz_corpus.rs` include the same files and call
//! them with the corpus, in every ordinary test run. Hence no file here uses anything but its
//! neighbours and what those two crates have.

pub mod decode;
pub mod files;
pub mod memory;
pub mod spelling;
