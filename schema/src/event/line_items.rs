//! The products of an order: a list of objects, or a string that holds one as JSON.

use super::fields;
use super::json;
use super::slot::{self, Slot, Value};
use super::verdict::{Judged, Path, Verdict, Wrong};
use crate::rules::{LINE_ITEM_FIELDS, LINE_ITEMS_MAX};
use crate::{Code, LineItem};

/// The line items in their order. Of a list that is too long, the first ones are judged all the
/// same.
pub(super) fn read<'a>(
    slot: &Slot<'a, '_>,
    verdict: &mut Verdict<'a>,
) -> Judged<Option<Vec<LineItem<&'a str>>>> {
    let text = match slot.value(verdict)? {
        None => return Ok(None),
        Some(Value::List(list)) => list,
        // Elements are judged as they pass, so what follows them must be known to be JSON.
        Some(Value::Text(encoded)) if json::is_json(encoded) => encoded,
        Some(_) => return wrong_type(slot, verdict),
    };
    let mut items = Vec::new();
    let mut fault = None;
    let listed = json::list(text, |index, raw| {
        if index == LINE_ITEMS_MAX {
            fault = Some(verdict.wrong(
                &slot.path,
                Code::TooLong,
                "expected at most 1,000 line items",
            ));
        } else if index < LINE_ITEMS_MAX {
            match item(
                &Slot::element(Path::Element(&slot.path, index), raw),
                verdict,
            ) {
                Ok(item) => items.push(item),
                Err(wrong) => fault = Some(wrong),
            }
        }
    });
    match (listed, fault) {
        (Err(_), _) => wrong_type(slot, verdict),
        (Ok(()), Some(Wrong)) => Err(Wrong),
        (Ok(()), None) => Ok(Some(items)),
    }
}

fn wrong_type<T>(slot: &Slot<'_, '_>, verdict: &mut Verdict<'_>) -> Judged<T> {
    slot.wrong_type(
        "expected a list of objects, or a string that holds one as JSON",
        verdict,
    )
}

fn item<'a>(slot: &Slot<'a, '_>, verdict: &mut Verdict<'a>) -> Judged<LineItem<&'a str>> {
    let given = match slot.value(verdict)? {
        Some(Value::Object(object)) => json::object(object, &LINE_ITEM_FIELDS).ok(),
        _ => None,
    };
    let Some(given) = given else {
        return slot.wrong_type("expected an object with id and quantity", verdict);
    };
    let [id_slot, quantity_slot] = slot::slots(given, &LINE_ITEM_FIELDS, Some(&slot.path));
    let id = fields::id(&id_slot, verdict);
    let id = id_slot.required(id, verdict);
    let quantity = fields::quantity(&quantity_slot, verdict);
    let quantity = quantity_slot.required(quantity, verdict);
    Ok(LineItem {
        id: id?,
        quantity: quantity?,
    })
}
