//! The whole event: every field is read before anything is made of it, so that all that is wrong
//! is told at once.

use chrono::{DateTime, Utc};

use super::slot::{Slot, Value};
use super::texts::Texts;
use super::verdict::{Judged, Verdict};
use super::{Reading, Slots, address, discount_codes, fields, line_items, time};
use crate::{Code, ValidOrder, rules};

/// Reads an event that is not of another type.
pub(super) fn read<'a>(
    slots: &Slots<'a>,
    record_timestamp_ms: Option<i64>,
    texts: &'a Texts,
) -> Reading<&'a str> {
    let mut verdict = Verdict::new(texts);
    match read_fields(slots, record_timestamp_ms, &mut verdict) {
        Ok(order) => Reading::Valid(Box::new(order)),
        Err(_) => Reading::Rejected(verdict.violations()),
    }
}

fn read_fields<'a>(
    slots: &Slots<'a>,
    record_timestamp_ms: Option<i64>,
    verdict: &mut Verdict<'a>,
) -> Judged<ValidOrder<&'a str>> {
    // In the order of `rules::EVENT_FIELDS`.
    let [
        event_type_slot,
        event_id,
        event_version,
        times @ ..,
        lovevery_user_id,
        customer_id,
        user_id,
        email,
        first_name,
        last_name,
        billing_address,
        shipping_address,
        currency,
        financial_status,
        order_value,
        total_discounts,
        total_tax,
        codes,
        accepts_marketing,
        items,
    ] = slots;
    let event_type = required(event_type_slot, event_type, verdict);
    let event_id = required(event_id, fields::text_id, verdict);
    let event_version = required(event_version, version, verdict);
    let created_at = created_at(times, record_timestamp_ms, verdict);
    let customer_id = customer([lovevery_user_id, customer_id, user_id], verdict);
    let email = required(email, plausible_email, verdict);
    let first_name = fields::text(first_name, verdict);
    let last_name = fields::text(last_name, verdict);
    let billing_address = required(billing_address, address::billing, verdict);
    let shipping_address = required(shipping_address, address::shipping, verdict);
    let currency = required(currency, known_currency, verdict);
    let financial_status = required(financial_status, known_status, verdict);
    let order_value = required(order_value, fields::amount, verdict);
    let total_discounts = fields::amount(total_discounts, verdict);
    let total_tax = fields::amount(total_tax, verdict);
    let discount_codes = discount_codes::read(codes, verdict);
    let buyer_accepts_marketing = required(accepts_marketing, fields::flag, verdict);
    let line_items = required(items, line_items::read, verdict);

    event_type?;
    Ok(ValidOrder {
        event_id: event_id?,
        event_version: event_version?,
        created_at_given: created_at?,
        record_time: record_timestamp_ms.and_then(time::of_record),
        customer_id: customer_id?,
        email: email?,
        first_name: first_name?,
        last_name: last_name?,
        billing_address: billing_address?,
        shipping_address: shipping_address?,
        currency: currency?,
        financial_status: financial_status?,
        order_value: order_value?,
        total_discounts: total_discounts?.unwrap_or_default(),
        total_tax: total_tax?.unwrap_or_default(),
        discount_codes: discount_codes?,
        buyer_accepts_marketing: buyer_accepts_marketing?,
        line_items: line_items?,
    })
}

fn required<'a, 'p, T>(
    slot: &Slot<'a, 'p>,
    read: fn(&Slot<'a, 'p>, &mut Verdict<'a>) -> Judged<Option<T>>,
    verdict: &mut Verdict<'a>,
) -> Judged<T> {
    slot.required(read(slot, verdict), verdict)
}

/// Any other string would have been another type of event.
fn event_type<'a>(slot: &Slot<'a, '_>, verdict: &mut Verdict<'a>) -> Judged<Option<()>> {
    match slot.value(verdict)? {
        None => Ok(None),
        Some(Value::Text(_)) => Ok(Some(())),
        Some(_) => slot.wrong_type("expected the string \"order.created\"", verdict),
    }
}

/// The time that the event gives; `None` where the record's timestamp stands in for it.
fn created_at<'a>(
    [created_at, occurred_at]: &[Slot<'a, '_>; 2],
    record_timestamp_ms: Option<i64>,
    verdict: &mut Verdict<'a>,
) -> Judged<Option<DateTime<Utc>>> {
    let spellings = [created_at, occurred_at]
        .map(|slot| (slot, time::given(slot, record_timestamp_ms, verdict)));
    let given = fields::agreed(spellings, verdict)?;
    if given.is_none() {
        time::stand_in(&created_at.path, record_timestamp_ms, verdict)?;
    }
    Ok(given)
}

/// The customer's id; when no spelling gives it, it is missing by its documented name.
fn customer<'a>(spellings: [&Slot<'a, '_>; 3], verdict: &mut Verdict<'a>) -> Judged<&'a str> {
    let [documented, ..] = spellings;
    let read = spellings.map(|slot| (slot, fields::id(slot, verdict)));
    let agreed = fields::agreed(read, verdict);
    documented.required(agreed, verdict)
}

fn version<'a>(slot: &Slot<'a, '_>, verdict: &mut Verdict<'a>) -> Judged<Option<&'a str>> {
    fields::text_with_rule(
        slot,
        rules::is_supported_version,
        Code::UnsupportedVersion,
        "expected a semantic version of major 1, such as 1.0.0",
        verdict,
    )
}

fn plausible_email<'a>(slot: &Slot<'a, '_>, verdict: &mut Verdict<'a>) -> Judged<Option<&'a str>> {
    fields::text_with_rule(
        slot,
        rules::is_email,
        Code::InvalidEmail,
        "expected an email address, such as dan@example.com",
        verdict,
    )
}

fn known_currency<'a>(slot: &Slot<'a, '_>, verdict: &mut Verdict<'a>) -> Judged<Option<&'a str>> {
    fields::text_with_rule(
        slot,
        rules::is_currency,
        Code::UnknownCurrency,
        "expected a code of ISO 4217 in upper case, such as USD",
        verdict,
    )
}

fn known_status<'a>(slot: &Slot<'a, '_>, verdict: &mut Verdict<'a>) -> Judged<Option<&'a str>> {
    fields::text_with_rule(
        slot,
        rules::is_financial_status,
        Code::UnknownStatus,
        "expected pending, authorized, partially_paid, paid, partially_refunded, refunded, \
         voided or expired",
        verdict,
    )
}
