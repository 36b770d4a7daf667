//! One order, spelled in any of the ways that the contract allows.

use chrono::{DateTime, FixedOffset, SecondsFormat, Utc};
use ordertally_schema::{Address, LineItem, ValidOrder};
use rust_decimal::Decimal;

/// Numbers drawn by the test; each asks which of several spellings is taken.
pub struct Choices<'c> {
    drawn: std::iter::Cycle<std::slice::Iter<'c, u8>>,
}

impl<'c> Choices<'c> {
    pub fn new(drawn: &'c [u8]) -> Self {
        Self {
            drawn: drawn.iter().cycle(),
        }
    }

    fn of(&mut self, count: u8) -> u8 {
        self.drawn.next().map_or(0, |number| number % count)
    }
}

/// The order as the JSON text of an event.
pub fn spell(order: &ValidOrder, choices: &mut Choices<'_>) -> String {
    let mut fields = vec![
        ("event_type", string("order.created", choices)),
        ("event_id", string(&order.event_id, choices)),
        ("event_version", string(&order.event_version, choices)),
        ("email", string(&order.email, choices)),
        ("currency", string(&order.currency, choices)),
        ("financial_status", string(&order.financial_status, choices)),
        ("order_value", amount(order.order_value, choices)),
    ];
    fields.extend(times(order.created_at_given, choices));
    fields.extend(customer(&order.customer_id, choices));
    fields.extend(optional("first_name", order.first_name.as_deref(), choices));
    fields.extend(optional("last_name", order.last_name.as_deref(), choices));
    for (name, value) in [
        ("total_discounts", order.total_discounts),
        ("total_tax", order.total_tax),
    ] {
        match choices.of(4) {
            choice if value.is_zero() && choice > 0 => fields.extend(absent(name, choice - 1)),
            _ => fields.push((name, amount(value, choices))),
        }
    }
    for (name, value) in [
        ("billing_address", &order.billing_address),
        ("shipping_address", &order.shipping_address),
    ] {
        let object = address(value, choices);
        fields.push((name, maybe_encoded(object, choices)));
    }
    fields.extend(codes(&order.discount_codes, choices));
    fields.push((
        "buyer_accepts_marketing",
        flag(order.buyer_accepts_marketing, choices),
    ));
    let items = line_items(&order.line_items, choices);
    fields.push(("line_items", maybe_encoded(items, choices)));
    object(fields, choices)
}

/// An object with its fields in any order, and sometimes fields that nobody knows among them.
fn object(mut fields: Vec<(&str, String)>, choices: &mut Choices<'_>) -> String {
    if choices.of(2) == 1 {
        fields.push(("unknown", r#"{"email": [null, 1]}"#.to_owned()));
        fields.push(("unknown", "null".to_owned()));
    }
    for last in (1..fields.len()).rev() {
        fields.swap(last, usize::from(choices.of(255)) % (last + 1));
    }
    let blank = ["", " ", "\n\t"][usize::from(choices.of(3))];
    let fields: Vec<_> = fields
        .iter()
        .map(|(name, value)| {
            format!(
                "{blank}{}{blank}:{blank}{value}{blank}",
                string(name, choices)
            )
        })
        .collect();
    format!("{{{}{blank}}}", fields.join(","))
}

/// A field that is not there, in the ways of not being there.
fn absent(name: &str, choice: u8) -> Option<(&str, String)> {
    match choice {
        0 => None,
        1 => Some((name, "null".to_owned())),
        _ => Some((name, "\"\"".to_owned())),
    }
}

fn optional<'n>(
    name: &'n str,
    text: Option<&str>,
    choices: &mut Choices<'_>,
) -> Option<(&'n str, String)> {
    match text {
        Some(text) => Some((name, string(text, choices))),
        None => absent(name, choices.of(3)),
    }
}

/// A JSON string with some of its characters escaped.
fn string(text: &str, choices: &mut Choices<'_>) -> String {
    let mut json = String::from("\"");
    for character in text.chars() {
        let must = character < ' ' || matches!(character, '"' | '\\');
        if must || choices.of(8) == 0 {
            for unit in character.encode_utf16(&mut [0; 2]) {
                json.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            json.push(character);
        }
    }
    json.push('"');
    json
}

/// JSON as it is, or as a string that holds it.
fn maybe_encoded(json: String, choices: &mut Choices<'_>) -> String {
    match choices.of(2) {
        0 => json,
        _ => string(&json, choices),
    }
}

fn times(time: Option<DateTime<Utc>>, choices: &mut Choices<'_>) -> Vec<(&'static str, String)> {
    let names: &[&str] = match choices.of(3) {
        0 => &["created_at"],
        1 => &["occurred_at"],
        _ => &["created_at", "occurred_at"],
    };
    let mut fields = Vec::new();
    for name in names {
        let Some(time) = time else {
            fields.extend(absent(name, choices.of(3)));
            continue;
        };
        let minutes = i32::from(choices.of(200)) * 7 - 700;
        let offset = FixedOffset::east_opt(minutes * 60).expect("less than a day");
        let format = [
            SecondsFormat::AutoSi,
            SecondsFormat::Micros,
            SecondsFormat::Nanos,
        ][usize::from(choices.of(3))];
        let text = time.with_timezone(&offset).to_rfc3339_opts(format, true);
        fields.push((*name, string(&text, choices)));
    }
    fields
}

fn customer(customer_id: &str, choices: &mut Choices<'_>) -> Vec<(&'static str, String)> {
    let names: &[&str] = match choices.of(5) {
        0 => &["lovevery_user_id"],
        1 => &["customer_id"],
        2 => &["user_id"],
        3 => &["user_id", "lovevery_user_id"],
        _ => &["lovevery_user_id", "customer_id", "user_id"],
    };
    names
        .iter()
        .map(|name| (*name, id(customer_id, choices)))
        .collect()
}

/// A string, or an integer where its digits are the text.
fn id(id: &str, choices: &mut Choices<'_>) -> String {
    let digits = id.strip_prefix('-').unwrap_or(id);
    let is_integer = !digits.is_empty()
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && (!digits.starts_with('0') || id == "0");
    match choices.of(3) {
        0 if id == "0" => "-0".to_owned(),
        1 if is_integer => id.to_owned(),
        _ => string(id, choices),
    }
}

fn amount(amount: Decimal, choices: &mut Choices<'_>) -> String {
    let plain = amount.to_string();
    let number = match choices.of(5) {
        0 if plain.contains('.') => format!("{plain}000000000000000000000000000000000000000"),
        0 => format!("{plain}.00"),
        1 => format!("{}E-3", shifted(amount)),
        2 if amount.is_zero() => "-0e77".to_owned(),
        3 => format!("{}e+0", plain),
        _ => plain,
    };
    match choices.of(2) {
        0 => number,
        _ => string(&number, choices),
    }
}

/// A thousand times the amount.
fn shifted(amount: Decimal) -> Decimal {
    (amount * Decimal::ONE_THOUSAND).normalize()
}

fn flag(flag: bool, choices: &mut Choices<'_>) -> String {
    match (choices.of(3), flag) {
        (0, _) => flag.to_string(),
        (1, _) => string(&flag.to_string(), choices),
        (_, true) => "\"TRUE\"".to_owned(),
        (_, false) => "\"False\"".to_owned(),
    }
}

fn codes(codes: &[String], choices: &mut Choices<'_>) -> Option<(&'static str, String)> {
    const NAME: &str = "discount_codes";
    let choice = choices.of(4);
    match codes {
        [] if choice < 3 => return absent(NAME, choice),
        [code] if choice == 0 => return Some((NAME, string(code, choices))),
        _ => {}
    }
    let mut list: Vec<_> = codes
        .iter()
        .map(|code| match choices.of(2) {
            0 => string(code, choices),
            _ => {
                let code = string(code, choices);
                object(
                    vec![("amount", "\"5\"".to_owned()), ("code", code)],
                    choices,
                )
            }
        })
        .collect();
    if choice == 1 {
        list.push("\"\"".to_owned());
    }
    Some((NAME, format!("[{}]", list.join(","))))
}

fn address(address: &Address, choices: &mut Choices<'_>) -> String {
    let fields = address
        .fields()
        .into_iter()
        .filter_map(|(name, text)| optional(name, text, choices))
        .collect();
    object(fields, choices)
}

fn line_items(items: &[LineItem], choices: &mut Choices<'_>) -> String {
    let items: Vec<_> = items
        .iter()
        .map(|item| {
            let quantity = match choices.of(4) {
                0 => item.quantity.to_string(),
                1 => format!("\"{}\"", item.quantity),
                2 => format!("{}.000", item.quantity),
                _ => format!("{}0e-1", item.quantity),
            };
            let id = id(&item.id, choices);
            object(vec![("quantity", quantity), ("id", id)], choices)
        })
        .collect();
    format!("[{}]", items.join(","))
}
