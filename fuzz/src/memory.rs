//! Counts what is allocated, so that a bound on memory is exact where the process' own size, with
//! the fuzzer in it, is not. What C libraries allocate (zstd's window) is not counted here.

use peak_alloc::PeakAlloc;

#[global_allocator]
static COUNTED: PeakAlloc = PeakAlloc;

/// What one reading may hold at once.
pub const BYTES_MAX: usize = 64 << 20;

/// Runs `read`.
///
/// # Panics
///
/// When it holds more than [`BYTES_MAX`] at any moment.
pub fn bounded<T>(read: impl FnOnce() -> T) -> T {
    COUNTED.reset_peak_usage();
    let before = COUNTED.current_usage();
    let result = read();
    let held = COUNTED.peak_usage().saturating_sub(before);
    assert!(held <= BYTES_MAX, "{held} bytes at once");
    result
}
