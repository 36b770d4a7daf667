//! Strong validators (RFC 9110, section 8.8): equal for answers that are equal byte for byte.
//!
//! The tag of an answer from the facts is made of their [version](crate::facts::head), of what was
//! asked and of the form that it goes out in, so that it is known before the answer is, and is the
//! same in every instance of one release. The tag of a list is made of its bytes: rejected records
//! come and go without any position moving.

use headers::ETag;

use crate::coding::Coding;
use crate::representation::Representation;

/// Bytes of a hash that a tag has: two answers of one address shall not meet by chance.
const BYTES: usize = 16;

/// The tag of what has all of these in common.
#[must_use]
pub fn of(
    parts: &[&[u8]],
    representation: Representation,
    coding: &Coding,
    personal: bool,
) -> ETag {
    let mut hasher = blake3::Hasher::new();
    let scope = if personal { "personal" } else { "" };
    let form = [representation.suffix(), coding.name(), scope];
    let parts = parts.iter().copied();
    for part in parts.chain(form.map(str::as_bytes)) {
        let _hasher = hasher
            .update(&(part.len() as u64).to_be_bytes())
            .update(part);
    }
    let hash = hasher.finalize().to_hex();
    format!("\"{}\"", &hash[..2 * BYTES])
        .parse()
        .expect("quoted hexadecimal digits are a tag")
}
