//! Readers of one value each. A reader gives `None` for a field that is not there and leaves it to
//! its caller whether that is wrong.

use rust_decimal::Decimal;

use super::slot::{Slot, Value};
use super::verdict::{Judged, Path, Verdict, Wrong};
use crate::Code;
use crate::money;
use crate::number::Number;
use crate::rules::{ID_CHARS_MAX, QUANTITY_MAX, TEXT_CHARS_MAX};

/// A text of the usual length.
pub(super) fn text<'a>(slot: &Slot<'a, '_>, verdict: &mut Verdict<'a>) -> Judged<Option<&'a str>> {
    match slot.value(verdict)? {
        None => Ok(None),
        Some(Value::Text(text)) => storable(text, &slot.path, TEXT_CHARS_MAX, verdict).map(Some),
        Some(_) => slot.wrong_type("expected a string", verdict),
    }
}

/// A text that a rule holds for. The rule is not asked about a text that is wrong already.
pub(super) fn text_with_rule<'a>(
    slot: &Slot<'a, '_>,
    rule: fn(&str) -> bool,
    code: Code,
    message: &'static str,
    verdict: &mut Verdict<'a>,
) -> Judged<Option<&'a str>> {
    match text(slot, verdict)? {
        Some(text) if !rule(text) => Err(verdict.wrong(&slot.path, code, message)),
        text => Ok(text),
    }
}

/// An id that is a string.
pub(super) fn text_id<'a>(
    slot: &Slot<'a, '_>,
    verdict: &mut Verdict<'a>,
) -> Judged<Option<&'a str>> {
    match slot.value(verdict)? {
        None => Ok(None),
        Some(Value::Text(text)) => storable(text, &slot.path, ID_CHARS_MAX, verdict).map(Some),
        Some(_) => slot.wrong_type("expected a string", verdict),
    }
}

/// An id that is a string or an integer; the latter counts as the text of its digits.
pub(super) fn id<'a>(slot: &Slot<'a, '_>, verdict: &mut Verdict<'a>) -> Judged<Option<&'a str>> {
    let id = match slot.value(verdict)? {
        None => return Ok(None),
        Some(Value::Text(text)) => text,
        Some(Value::Number("-0")) => "0",
        Some(Value::Number(number)) if !number.contains(['.', 'e', 'E']) => number,
        Some(_) => {
            return slot.wrong_type(
                "expected a string or an integer without point and exponent",
                verdict,
            );
        }
    };
    storable(id, &slot.path, ID_CHARS_MAX, verdict).map(Some)
}

/// A text that Postgres can hold and that is not too long. Both are told.
pub(super) fn storable<'a>(
    text: &'a str,
    path: &Path<'_>,
    chars_max: usize,
    verdict: &mut Verdict<'_>,
) -> Judged<&'a str> {
    let mut fault = None;
    // A text has at most as many characters as bytes.
    if text.len() > chars_max && text.chars().count() > chars_max {
        fault = Some(verdict.wrong(
            path,
            Code::TooLong,
            format!("the text has more than {chars_max} characters"),
        ));
    }
    if text.contains('\0') {
        fault = Some(verdict.wrong(
            path,
            Code::NulCharacter,
            "the text holds a NUL character (U+0000), which cannot be stored",
        ));
    }
    fault.map_or(Ok(text), Err)
}

/// An exact amount, from a number or from a string in the grammar of JSON's numbers.
pub(super) fn amount<'a>(
    slot: &Slot<'a, '_>,
    verdict: &mut Verdict<'a>,
) -> Judged<Option<Decimal>> {
    let number = match slot.value(verdict)? {
        None => return Ok(None),
        Some(Value::Number(number)) => Number::parse(number),
        Some(Value::Text(text)) => Number::parse(text),
        Some(_) => return slot.wrong_type("expected a number or a decimal string", verdict),
    };
    let Some(number) = number else {
        return Err(verdict.wrong(
            &slot.path,
            Code::InvalidDecimal,
            "the string is no decimal number in JSON's grammar, such as \"12.50\"",
        ));
    };
    money::amount(number).map(Some).ok_or_else(|| {
        verdict.wrong(
            &slot.path,
            Code::OutOfRange,
            "expected 0 or more, with at most 14 integer digits and 4 fraction digits",
        )
    })
}

/// A count of units, from a number or a numeric string whose value is whole.
pub(super) fn quantity<'a>(slot: &Slot<'a, '_>, verdict: &mut Verdict<'a>) -> Judged<Option<i32>> {
    let number = match slot.value(verdict)? {
        None => return Ok(None),
        Some(Value::Number(number)) => Number::parse(number),
        Some(Value::Text(text)) => Number::parse(text),
        Some(_) => None,
    };
    match number.filter(|number| number.is_whole()) {
        None => slot.wrong_type("expected an integer or a string that holds one", verdict),
        Some(number) => number
            .whole_up_to(QUANTITY_MAX)
            .filter(|quantity| *quantity >= 1)
            .and_then(|quantity| i32::try_from(quantity).ok())
            .map(Some)
            .ok_or_else(|| {
                verdict.wrong(
                    &slot.path,
                    Code::OutOfRange,
                    "expected a quantity from 1 to 1,000,000",
                )
            }),
    }
}

/// A boolean, or its name in any case.
pub(super) fn flag<'a>(slot: &Slot<'a, '_>, verdict: &mut Verdict<'a>) -> Judged<Option<bool>> {
    match slot.value(verdict)? {
        None => Ok(None),
        Some(Value::Bool(flag)) => Ok(Some(flag)),
        Some(Value::Text(text)) if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
        Some(Value::Text(text)) if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
        Some(_) => slot.wrong_type("expected true, false, \"true\" or \"false\"", verdict),
    }
}

/// The one value of a field that several spellings may give. Each spelling was judged by itself
/// and what is wrong was noted; those that are there and right must agree.
pub(super) fn agreed<T: PartialEq, const N: usize>(
    spellings: [(&Slot<'_, '_>, Judged<Option<T>>); N],
    verdict: &mut Verdict<'_>,
) -> Judged<Option<T>> {
    let mut fault = None;
    let mut first = None;
    let mut conflict = false;
    for (slot, judged) in spellings {
        match (judged, &first) {
            (Err(wrong), _) => fault = Some(wrong),
            (Ok(None), _) => {}
            (Ok(Some(value)), None) => first = Some((slot, value)),
            (Ok(Some(value)), Some((_, other))) => conflict |= value != *other,
        }
    }
    if let Some((slot, _)) = first.as_ref().filter(|_| conflict) {
        fault = Some(verdict.wrong(
            &slot.path,
            Code::ConflictingFields,
            "several spellings of this field are given and do not agree; give one",
        ));
    }
    match fault {
        Some(Wrong) => Err(Wrong),
        None => Ok(first.map(|(_, value)| value)),
    }
}
