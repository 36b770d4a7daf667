//! Discount codes in their three forms: one string, a list of strings, a list of `{code, …}`.

use super::fields;
use super::json;
use super::slot::{self, Slot, Value};
use super::verdict::{Judged, Path, Verdict, Wrong};
use crate::Code;
use crate::rules::{DISCOUNT_CODE_FIELDS, DISCOUNT_CODES_MAX, TEXT_CHARS_MAX};

/// The codes alone, in their order; an empty string is none.
pub(super) fn read<'a>(slot: &Slot<'a, '_>, verdict: &mut Verdict<'a>) -> Judged<Vec<&'a str>> {
    let list = match slot.value(verdict)? {
        None => return Ok(Vec::new()),
        Some(Value::Text(code)) => {
            return fields::storable(code, &slot.path, TEXT_CHARS_MAX, verdict)
                .map(|code| vec![code]);
        }
        Some(Value::List(list)) => list,
        Some(_) => return wrong_type(slot, verdict),
    };
    let mut codes = Vec::new();
    let mut fault = None;
    let listed = json::list(list, |index, raw| {
        if index == DISCOUNT_CODES_MAX {
            fault = Some(verdict.wrong(
                &slot.path,
                Code::TooLong,
                "expected at most 1,000 discount codes",
            ));
        } else if index < DISCOUNT_CODES_MAX {
            match element(
                &Slot::element(Path::Element(&slot.path, index), raw),
                verdict,
            ) {
                Ok(code) => codes.extend(code),
                Err(wrong) => fault = Some(wrong),
            }
        }
    });
    match (listed, fault) {
        (Err(_), _) => wrong_type(slot, verdict),
        (Ok(()), Some(Wrong)) => Err(Wrong),
        (Ok(()), None) => Ok(codes),
    }
}

fn wrong_type<T>(slot: &Slot<'_, '_>, verdict: &mut Verdict<'_>) -> Judged<T> {
    slot.wrong_type(
        "expected a string, a list of strings or a list of objects with a code",
        verdict,
    )
}

fn element<'a>(slot: &Slot<'a, '_>, verdict: &mut Verdict<'a>) -> Judged<Option<&'a str>> {
    let object = match slot.value(verdict)? {
        Some(Value::Text(code)) => {
            return fields::storable(code, &slot.path, TEXT_CHARS_MAX, verdict).map(Some);
        }
        Some(Value::Object(object)) => object,
        None if !slot.is_null() => return Ok(None),
        _ => return slot.wrong_type("expected a string or an object with a code", verdict),
    };
    let Ok(given) = json::object(object, &DISCOUNT_CODE_FIELDS) else {
        return slot.wrong_type("expected a string or an object with a code", verdict);
    };
    let [code_slot] = slot::slots(given, &DISCOUNT_CODE_FIELDS, Some(&slot.path));
    let code = fields::text(&code_slot, verdict);
    code_slot.required(code, verdict).map(Some)
}
