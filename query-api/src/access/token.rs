//! The text of a token: 256 random bits behind a prefix by which scanners for secrets find it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::Rng as _;

/// What every token begins with.
const PREFIX: &str = "otly_";

/// What is kept of a token.
pub type Hash = [u8; blake3::OUT_LEN];

/// A new token.
#[must_use]
pub fn generate() -> String {
    let mut secret = [0; 32];
    // Seeded and reseeded by the system; made for keys.
    rand::rng().fill_bytes(&mut secret);
    format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(secret))
}

/// What is kept of it.
#[must_use]
pub fn hash(token: &str) -> Hash {
    *blake3::hash(token.as_bytes()).as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_tokens_are_alike() {
        let [one, other] = [generate(), generate()];
        assert_ne!(one, other);
        assert_eq!(one.len(), PREFIX.len() + 43);
        assert_ne!(hash(&one), hash(&other));
        assert_eq!(hash(&one), hash(&one.clone()));
    }
}
