//! An order as Postgres takes it, made once, when its record is decoded. Pure: what it is made of is
//! then forgotten, and what comes later copies bytes instead of moving some thirty texts about.
//!
//! Form: the fields of a tuple of PostgreSQL's documentation, COPY, "Binary Format": each is its
//! length and its bytes, or -1 for null. Arrays have that form as well, element by element.

use ordertally_schema::fingerprint::{ContentHash, content_hash};
use ordertally_schema::money::ten_thousandths;
use ordertally_schema::{Address, LineItem, ValidOrder};
use rust_decimal::Decimal;
use tokio_postgres::types::Type;

/// The columns of `orders` that the event decides, in the order of [`OrderRow::fields`].
pub const COLUMNS: &str = "
    event_id, event_version, created_at, created_at_given, customer_id, email, first_name,
    last_name, billing_same,
    billing_first_name, billing_last_name, billing_address1, billing_address2, billing_city,
    billing_province, billing_province_code, billing_country, billing_country_code,
    billing_zip, billing_phone,
    shipping_first_name, shipping_last_name, shipping_address1, shipping_address2,
    shipping_city, shipping_province, shipping_province_code, shipping_country,
    shipping_country_code, shipping_zip, shipping_phone,
    currency, financial_status, order_value, total_discounts, total_tax, discount_codes,
    buyer_accepts_marketing, product_ids, quantities, content_hash";
/// How many they are.
pub const FIELDS: usize = 41;

const CREATED_AT: usize = 2;
const CUSTOMER_ID: usize = 4;
const BILLING_SAME: usize = 8;
const BILLING: usize = 9;
const SHIPPING: usize = 20;
const CURRENCY: usize = 31;
const ACCEPTS_MARKETING: usize = 37;
const PRODUCT_IDS: usize = 38;
const QUANTITIES: usize = 39;
/// Within an address: province and its code, country and its code.
const PLACE: std::ops::Range<usize> = 5..9;

/// 2000-01-01, where Postgres' timestamps begin, in microseconds since 1970.
const POSTGRES_EPOCH_US: i64 = 946_684_800_000_000;
/// Digits of an amount after the point, as its columns have them.
const AMOUNT_SCALE: i16 = 4;
/// A digit of `numeric` holds four decimal ones.
const NUMERIC_BASE: i64 = 10_000;
/// An array's head: dimensions, whether there are nulls, the elements' type, and of its dimension
/// the length and the first index.
const ARRAY_HEAD: usize = 20;

/// The fields that a valid order decides, encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderRow {
    fields: Box<[u8]>,
    /// Ten-thousandths: value, discounts, tax.
    amounts: [i64; 3],
    hash: ContentHash,
}

/// What the facts say of an order.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// Microseconds since 1970.
    pub created_at_us: i64,
    /// The customer.
    pub customer_id: &'a str,
    /// ISO 4217 code.
    pub currency: &'a str,
    /// Ten-thousandths: value, discounts, tax.
    pub amounts: [i64; 3],
    /// Whether the buyer accepts marketing.
    pub accepts_marketing: bool,
    /// Province, its code, country, its code.
    pub shipping: [Option<&'a str>; 4],
    /// As `shipping`.
    pub billing: [Option<&'a str>; 4],
    product_ids: Elements<'a>,
    quantities: Elements<'a>,
}

impl OrderRow {
    /// Encodes `order`; `buffer` is emptied first, and only there so that its memory is used again.
    #[must_use]
    pub fn of<T: AsRef<str> + PartialEq>(order: &ValidOrder<T>, buffer: &mut Vec<u8>) -> Self {
        let amounts = [order.order_value, order.total_discounts, order.total_tax];
        let hash = content_hash(order);
        buffer.clear();
        let mut row = Encoder(buffer);
        row.order(order, amounts, &hash);
        Self {
            fields: row.0.as_slice().into(),
            amounts: amounts.map(ten_thousandths),
            hash,
        }
    }

    /// All of its fields, encoded, in the order of [`COLUMNS`].
    #[must_use]
    pub fn fields(&self) -> &[u8] {
        &self.fields
    }

    /// Hash of what the order says.
    #[must_use]
    pub fn hash(&self) -> &ContentHash {
        &self.hash
    }

    /// Identity of the event.
    ///
    /// # Panics
    ///
    /// Never: the field was written from a text.
    #[must_use]
    pub fn event_id(&self) -> &str {
        text(self.event_id_bytes())
    }

    /// Identity of the event, as bytes: they sort as the text does.
    ///
    /// # Panics
    ///
    /// Never: every order has an id.
    #[must_use]
    pub fn event_id_bytes(&self) -> &[u8] {
        let mut fields = Elements(&self.fields);
        fields.next().flatten().expect("an order has an event id")
    }

    /// What the facts say of it.
    #[must_use]
    pub fn facts(&self) -> Facts<'_> {
        let mut fields = [None; FIELDS];
        for (place, field) in fields.iter_mut().zip(Elements(&self.fields)) {
            *place = field;
        }
        let required = |place: usize| fields[place].expect("the column is not null");
        let shipping: [_; PLACE.end - PLACE.start] =
            std::array::from_fn(|part| fields[SHIPPING + PLACE.start + part].map(text));
        let billing = if required(BILLING_SAME) == [1] {
            shipping
        } else {
            std::array::from_fn(|part| fields[BILLING + PLACE.start + part].map(text))
        };
        let elements = |place: usize| Elements(required(place).get(ARRAY_HEAD..).unwrap_or(&[]));
        Facts {
            created_at_us: integer(required(CREATED_AT)) + POSTGRES_EPOCH_US,
            customer_id: text(required(CUSTOMER_ID)),
            currency: text(required(CURRENCY)),
            amounts: self.amounts,
            accepts_marketing: required(ACCEPTS_MARKETING) == [1],
            shipping,
            billing,
            product_ids: elements(PRODUCT_IDS),
            quantities: elements(QUANTITIES),
        }
    }
}

impl<'a> Facts<'a> {
    /// Products and units of its line items, in their order.
    pub fn items(&self) -> impl Iterator<Item = (&'a str, i32)> {
        let product_ids = self.product_ids.flatten().map(text);
        let quantities = self.quantities.flatten().map(|quantity| {
            i32::from_be_bytes(quantity.try_into().expect("a quantity has four bytes"))
        });
        product_ids.zip(quantities)
    }
}

/// Fields or elements, one after the other.
#[derive(Clone, Copy, Debug)]
struct Elements<'a>(&'a [u8]);

impl<'a> Iterator for Elements<'a> {
    type Item = Option<&'a [u8]>;

    fn next(&mut self) -> Option<Self::Item> {
        let (length, rest) = self.0.split_first_chunk()?;
        let Ok(length) = usize::try_from(i32::from_be_bytes(*length)) else {
            self.0 = rest;
            return Some(None);
        };
        let (element, rest) = rest.split_at(length);
        self.0 = rest;
        Some(Some(element))
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("the field was written from a text")
}

fn integer(bytes: &[u8]) -> i64 {
    i64::from_be_bytes(bytes.try_into().expect("the field was written from an i64"))
}

struct Encoder<'b>(&'b mut Vec<u8>);

impl Encoder<'_> {
    fn order<T: AsRef<str> + PartialEq>(
        &mut self,
        order: &ValidOrder<T>,
        amounts: [Decimal; 3],
        hash: &ContentHash,
    ) {
        let billing_same = order.billing_address == order.shipping_address;
        self.text(order.event_id.as_ref());
        self.text(order.event_version.as_ref());
        let created_at_us = order.created_at().timestamp_micros();
        self.field(&(created_at_us - POSTGRES_EPOCH_US).to_be_bytes());
        self.flag(order.created_at_given.is_some());
        self.text(order.customer_id.as_ref());
        self.text(order.email.as_ref());
        self.optional(order.first_name.as_ref().map(AsRef::as_ref));
        self.optional(order.last_name.as_ref().map(AsRef::as_ref));
        self.flag(billing_same);
        if billing_same {
            self.address(&Address::<T>::default());
        } else {
            self.address(&order.billing_address);
        }
        self.address(&order.shipping_address);
        self.text(order.currency.as_ref());
        self.text(order.financial_status.as_ref());
        for amount in amounts {
            self.numeric(ten_thousandths(amount));
        }
        self.array(&Type::TEXT, order.discount_codes.len(), |row| {
            for code in &order.discount_codes {
                row.text(code.as_ref());
            }
        });
        self.flag(order.buyer_accepts_marketing);
        self.items(&order.line_items);
        self.field(hash);
    }

    fn items<T: AsRef<str>>(&mut self, items: &[LineItem<T>]) {
        self.array(&Type::TEXT, items.len(), |row| {
            for item in items {
                row.text(item.id.as_ref());
            }
        });
        self.array(&Type::INT4, items.len(), |row| {
            for item in items {
                row.field(&item.quantity.to_be_bytes());
            }
        });
    }

    fn address<T: AsRef<str>>(&mut self, address: &Address<T>) {
        for (_, text) in address.fields() {
            self.optional(text);
        }
    }

    fn optional(&mut self, value: Option<&str>) {
        match value {
            Some(value) => self.text(value),
            None => self.0.extend_from_slice(&(-1_i32).to_be_bytes()),
        }
    }

    fn text(&mut self, value: &str) {
        self.field(value.as_bytes());
    }

    fn flag(&mut self, value: bool) {
        self.field(&[u8::from(value)]);
    }

    fn field(&mut self, value: &[u8]) {
        self.0.extend_from_slice(&length(value.len()).to_be_bytes());
        self.0.extend_from_slice(value);
    }

    /// An amount of ten-thousandths, not negative.
    fn numeric(&mut self, mut amount: i64) {
        let mut digits = [0_i16; 6];
        let mut count = 0;
        while amount > 0 {
            digits[count] = i16::try_from(amount % NUMERIC_BASE).expect("less than the base");
            amount /= NUMERIC_BASE;
            count += 1;
        }
        // The last digit is the fraction; the weight is the first one's power of the base.
        let written = i16::try_from(count).expect("few digits");
        let head = [written, written - 2, 0, AMOUNT_SCALE]; // 0: positive
        self.0
            .extend_from_slice(&length(2 * (head.len() + count)).to_be_bytes());
        for part in head.iter().chain(digits[..count].iter().rev()) {
            self.0.extend_from_slice(&part.to_be_bytes());
        }
    }

    /// A field that is an array of `count` elements, which `write` writes as fields.
    fn array(&mut self, element: &Type, count: usize, write: impl FnOnce(&mut Self)) {
        let at = self.0.len();
        self.0.extend_from_slice(&[0; 4]);
        let dimensions = i32::from(count > 0);
        self.0.extend_from_slice(&dimensions.to_be_bytes());
        self.0.extend_from_slice(&0_i32.to_be_bytes()); // no nulls
        self.0.extend_from_slice(&element.oid().to_be_bytes());
        if count > 0 {
            self.0.extend_from_slice(&length(count).to_be_bytes());
            self.0.extend_from_slice(&1_i32.to_be_bytes()); // the first index
            write(self);
        }
        let bytes = length(self.0.len() - at - 4);
        self.0[at..at + 4].copy_from_slice(&bytes.to_be_bytes());
    }
}

fn length(bytes: usize) -> i32 {
    i32::try_from(bytes).expect("a validated text is far shorter")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
