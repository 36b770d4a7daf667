//! An address: an object, or a string that holds one as JSON.

use super::fields;
use super::json::{self, Given};
use super::slot::{self, Slot, Value};
use super::verdict::{Judged, Verdict};
use crate::Address;
use crate::rules::ADDRESS_FIELDS;

/// A billing address: nothing within it is required.
pub(super) fn billing<'a>(
    slot: &Slot<'a, '_>,
    verdict: &mut Verdict<'a>,
) -> Judged<Option<Address<&'a str>>> {
    read(slot, verdict, false)
}

/// A shipping address: province and country are required.
pub(super) fn shipping<'a>(
    slot: &Slot<'a, '_>,
    verdict: &mut Verdict<'a>,
) -> Judged<Option<Address<&'a str>>> {
    read(slot, verdict, true)
}

fn read<'a>(
    slot: &Slot<'a, '_>,
    verdict: &mut Verdict<'a>,
    place_required: bool,
) -> Judged<Option<Address<&'a str>>> {
    let text = match slot.value(verdict)? {
        None => return Ok(None),
        Some(Value::Object(text) | Value::Text(text)) => text,
        Some(_) => return wrong_type(slot, verdict),
    };
    match json::object(text, &ADDRESS_FIELDS) {
        Ok(given) => read_fields(slot, given, verdict, place_required).map(Some),
        Err(_) => wrong_type(slot, verdict),
    }
}

fn wrong_type<T>(slot: &Slot<'_, '_>, verdict: &mut Verdict<'_>) -> Judged<T> {
    slot.wrong_type(
        "expected an object, or a string that holds one as JSON",
        verdict,
    )
}

fn read_fields<'a>(
    slot: &Slot<'a, '_>,
    given: [Given<'a>; ADDRESS_FIELDS.len()],
    verdict: &mut Verdict<'a>,
    place_required: bool,
) -> Judged<Address<&'a str>> {
    let slots = slot::slots(given, &ADDRESS_FIELDS, Some(&slot.path));
    let texts = slots.each_ref().map(|field| fields::text(field, verdict));
    let [
        first_name,
        last_name,
        address1,
        address2,
        city,
        mut province,
        province_code,
        mut country,
        country_code,
        zip,
        phone,
    ] = texts;
    if place_required {
        let [_, _, _, _, _, province_slot, _, country_slot, ..] = &slots;
        province = province_slot.required(province, verdict).map(Some);
        country = country_slot.required(country, verdict).map(Some);
    }
    Ok(Address {
        first_name: first_name?,
        last_name: last_name?,
        address1: address1?,
        address2: address2?,
        city: city?,
        province: province?,
        province_code: province_code?,
        country: country?,
        country_code: country_code?,
        zip: zip?,
        phone: phone?,
    })
}
