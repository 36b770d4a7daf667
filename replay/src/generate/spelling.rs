//! An order as JSON: spelled plainly, or in the ways that real producers spell the same.

use std::io::Write as _;

use chrono::{DateTime, FixedOffset, SecondsFormat};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::Made;
use super::order::{CodeHabit, Customer, Order};
use super::places::Place;
use crate::text::push_json_string;

/// How an order is spelled. None of it changes what the order says.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spelling {
    /// Which of the customer id's three names.
    customer_name: usize,
    /// `occurred_at` in the place of `created_at`, and in UTC.
    occurred_at: bool,
    /// Addresses and line items as strings that hold JSON.
    encoded: bool,
    /// Amounts and quantities as text.
    numbers_as_text: bool,
    /// Amounts with zeros at their end.
    longer_amounts: bool,
    /// `"TRUE"` in the place of `true`.
    boolean_as_text: bool,
    /// Codes as a list of objects rather than one text.
    codes_as_objects: bool,
    /// A field that nobody knows.
    unknown_field: bool,
}

impl Spelling {
    /// Some spelling.
    pub fn draw(random: &mut ChaCha8Rng) -> Self {
        Self {
            customer_name: random.random_range(0..3),
            occurred_at: random.random(),
            encoded: random.random(),
            numbers_as_text: random.random(),
            longer_amounts: random.random(),
            boolean_as_text: random.random(),
            codes_as_objects: random.random(),
            unknown_field: random.random(),
        }
    }
}

/// What is made wrong on purpose.
#[derive(Clone, Copy, Debug, Default)]
pub struct Change {
    /// A field that is left out.
    pub left_out: Option<&'static str>,
    /// A field with another value, as JSON.
    pub replaced: Option<(&'static str, &'static [u8])>,
    /// Further members, as JSON.
    pub added: Option<&'static str>,
}

struct Writer<'a> {
    json: &'a mut Vec<u8>,
    change: &'a Change,
}

impl Writer<'_> {
    fn member(&mut self, name: &'static str, write: impl FnOnce(&mut Vec<u8>)) {
        if self.change.left_out == Some(name) {
            return;
        }
        self.json
            .push(if self.json.is_empty() { b'{' } else { b',' });
        self.json.push(b'"');
        self.json.extend_from_slice(name.as_bytes());
        self.json.extend_from_slice(b"\":");
        match self.change.replaced {
            Some((replaced, value)) if replaced == name => self.json.extend_from_slice(value),
            _ => write(self.json),
        }
    }

    fn text(&mut self, name: &'static str, text: &str) {
        self.member(name, |json| push_json_string(json, text.as_bytes()));
    }

    fn nested(&mut self, name: &'static str, encoded: bool, write: impl FnOnce(&mut Vec<u8>)) {
        self.member(name, |json| {
            if encoded {
                let mut inner = Vec::new();
                write(&mut inner);
                push_json_string(json, &inner);
            } else {
                write(json);
            }
        });
    }
}

const CUSTOMER_NAMES: [&str; 3] = ["lovevery_user_id", "customer_id", "user_id"];

impl Order {
    /// Writes the order in place of what `made` holds.
    pub fn write(&self, made: &mut Made, spelling: &Spelling, change: &Change) {
        made.payload.clear();
        made.customer_id.clone_from(&self.customer.id);
        let customer = &self.customer;
        let place = customer.place;
        let mut writer = Writer {
            json: &mut made.payload,
            change,
        };
        writer.text("event_type", "order.created");
        writer.text("event_id", &self.event_id);
        writer.text("event_version", "1.0.0");
        if spelling.occurred_at {
            writer.text("occurred_at", &time(self.created_at_ms, 0));
        } else {
            writer.text(
                "created_at",
                &time(self.created_at_ms, place.offset_minutes),
            );
        }
        writer.text(CUSTOMER_NAMES[spelling.customer_name], &customer.id);
        writer.text("email", &customer.email);
        writer.text("first_name", customer.first_name);
        writer.text("last_name", customer.last_name);
        let billing = customer.billing_place.unwrap_or(place);
        writer.nested("billing_address", spelling.encoded, |json| {
            write_address(json, customer, billing);
        });
        writer.nested("shipping_address", spelling.encoded, |json| {
            write_address(json, customer, place);
        });
        writer.text("currency", place.currency);
        writer.text("financial_status", self.status);
        for (name, amount) in [
            ("order_value", self.value),
            ("total_discounts", self.discounts),
            ("total_tax", self.tax),
        ] {
            writer.member(name, |json| {
                write_amount(json, amount, place.decimals, spelling)
            });
        }
        writer.member("discount_codes", |json| self.write_codes(json, spelling));
        let marketing = customer.accepts_marketing;
        writer.member("buyer_accepts_marketing", |json| {
            let text = match (spelling.boolean_as_text, marketing) {
                (false, true) => "true",
                (false, false) => "false",
                (true, true) => "\"TRUE\"",
                (true, false) => "\"False\"",
            };
            json.extend_from_slice(text.as_bytes());
        });
        writer.nested("line_items", spelling.encoded, |json| {
            self.write_items(json, spelling.numbers_as_text);
        });
        if spelling.unknown_field {
            writer.text("source_name", "web");
        }
        if let Some(added) = change.added {
            made.payload.push(b',');
            made.payload.extend_from_slice(added.as_bytes());
        }
        made.payload.push(b'}');
    }

    fn write_codes(&self, json: &mut Vec<u8>, spelling: &Spelling) {
        match self.discount_code {
            None if spelling.codes_as_objects => json.extend_from_slice(b"[]"),
            None => json.extend_from_slice(b"\"\""),
            Some(code) if spelling.codes_as_objects => {
                put(
                    json,
                    format_args!("[{{\"code\":\"{code}\",\"type\":\"percentage\"}}]"),
                );
            }
            Some(code) => put(json, format_args!("\"{code}\"")),
        }
    }

    fn write_items(&self, json: &mut Vec<u8>, as_text: bool) {
        json.push(b'[');
        for (index, (product, quantity)) in self.items.iter().enumerate() {
            if index > 0 {
                json.push(b',');
            }
            let quote = if as_text { "\"" } else { "" };
            put(
                json,
                format_args!(
                    "{{\"id\":\"{}\",\"quantity\":{quote}{quantity}{quote}}}",
                    product.id()
                ),
            );
        }
        json.push(b']');
    }
}

fn write_address(json: &mut Vec<u8>, customer: &Customer, place: &Place) {
    let mut first = true;
    let mut text = |name: &str, text: &str| {
        json.push(if std::mem::take(&mut first) {
            b'{'
        } else {
            b','
        });
        put(json, format_args!("\"{name}\":"));
        push_json_string(json, text.as_bytes());
    };
    text("first_name", customer.first_name);
    text("last_name", customer.last_name);
    text("address1", &customer.street);
    text("address2", "");
    text("city", place.city);
    text("province", place.province);
    text("country", place.country);
    text("zip", place.zip);
    text("phone", &customer.phone);
    match customer.codes {
        CodeHabit::None => {}
        CodeHabit::Short => {
            text("province_code", place.code);
            text("country_code", place.country_code);
        }
        CodeHabit::Long => {
            text(
                "province_code",
                &format!("{}-{}", place.country_code, place.code),
            );
            text("country_code", place.country_code);
        }
    }
    json.push(b'}');
}

fn write_amount(json: &mut Vec<u8>, amount: u64, decimals: u32, spelling: &Spelling) {
    let quote = if spelling.numbers_as_text { "\"" } else { "" };
    let zeros = if spelling.longer_amounts { "00" } else { "" };
    if decimals == 0 {
        let point = if spelling.longer_amounts { "." } else { "" };
        put(json, format_args!("{quote}{amount}{point}{zeros}{quote}"));
    } else {
        let (units, cents) = (amount / 100, amount % 100);
        put(
            json,
            format_args!("{quote}{units}.{cents:02}{zeros}{quote}"),
        );
    }
}

fn time(ms: i64, offset_minutes: i32) -> String {
    let offset = FixedOffset::east_opt(offset_minutes * 60).expect("an offset of a real place");
    DateTime::from_timestamp_millis(ms)
        .expect("a time within the calendar")
        .with_timezone(&offset)
        .to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn put(json: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    json.write_fmt(text).expect("memory takes every byte");
}
