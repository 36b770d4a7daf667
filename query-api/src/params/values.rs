//! Values that more than one parameter takes, read from their text.

use super::Fault;

/// A text that can be looked for: one without NUL.
///
/// # Errors
///
/// The fault of another.
pub fn text(text: &str) -> Result<String, Fault> {
    if text.contains('\0') {
        return Err(Fault::new("invalid_value", "must not hold a NUL character"));
    }
    Ok(text.to_owned())
}

/// An id as events carry it: 1 to 128 characters without NUL.
///
/// # Errors
///
/// The fault of a text that is none.
pub fn id(id: &str) -> Result<String, Fault> {
    if (1..=128).contains(&id.chars().count()) {
        text(id)
    } else {
        Err(Fault::new("out_of_range", "must have 1 to 128 characters"))
    }
}

/// A name as events carry it: 1 to 1,000 characters without NUL, not only blanks.
///
/// # Errors
///
/// The fault of a text that is none.
pub fn name(name: &str) -> Result<String, Fault> {
    if name.trim().is_empty() {
        return Err(Fault::new("invalid_value", "must not be empty"));
    }
    if name.chars().count() > 1_000 {
        return Err(Fault::new(
            "out_of_range",
            "must have 1,000 characters at most",
        ));
    }
    text(name)
}

/// A whole number of digits alone within bounds.
///
/// # Errors
///
/// The fault of another text or number.
pub fn integer(text: &str, least: u32, most: u32) -> Result<u32, Fault> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Fault::new(
            "invalid_value",
            format!("must be a whole number from {least} to {most}"),
        ));
    }
    text.parse()
        .ok()
        .filter(|number| (least..=most).contains(number))
        .ok_or_else(|| Fault::new("out_of_range", format!("must be from {least} to {most}")))
}

/// One of a few words, exactly.
///
/// # Errors
///
/// The fault of another text; it lists the words.
pub fn word<T: Copy>(text: &str, words: &[(&str, T)]) -> Result<T, Fault> {
    words
        .iter()
        .find(|(word, _)| *word == text)
        .map(|(_, meaning)| *meaning)
        .ok_or_else(|| {
            let words: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            Fault::new(
                "invalid_value",
                format!("must be one of: {}", words.join(", ")),
            )
        })
}
