//! An order once validated: what the event says, whatever its spelling.
//!
//! Its texts are of a type of their own, so that whoever only passes an order on can leave them in
//! the payload that they were read from.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

/// What a valid `order.created` event says. Two events that say the same are equal here, however
/// they were spelled. `T` is what a text is held as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidOrder<T = String> {
    /// Identity of the event: 1–128 characters, opaque.
    pub event_id: T,
    /// Semantic version of major 1, as written.
    pub event_version: T,
    /// The event's own time, to the microsecond; `None` when it gave none, and the record's
    /// timestamp counts instead. See [`ValidOrder::created_at`].
    pub created_at_given: Option<DateTime<Utc>>,
    /// The record's timestamp, which stands in for a missing time. No part of the content.
    pub record_time: Option<DateTime<Utc>>,
    /// The customer's id: 1–128 characters.
    pub customer_id: T,
    /// A plausible email address.
    pub email: T,
    /// First name; `None` when missing or empty.
    pub first_name: Option<T>,
    /// Last name; `None` when missing or empty.
    pub last_name: Option<T>,
    /// Where the bill goes.
    pub billing_address: Address<T>,
    /// Where the goods go; its province and country are always there.
    pub shipping_address: Address<T>,
    /// ISO 4217 code.
    pub currency: T,
    /// One of the known statuses of payment.
    pub financial_status: T,
    /// ≥ 0, at most 14 integer and 4 fraction digits, normalized (no trailing zeros).
    pub order_value: Decimal,
    /// As `order_value`; 0 when missing.
    pub total_discounts: Decimal,
    /// As `order_value`; 0 when missing.
    pub total_tax: Decimal,
    /// The codes alone, in the event's order.
    pub discount_codes: Vec<T>,
    /// Whether the buyer accepts marketing.
    pub buyer_accepts_marketing: bool,
    /// In the event's order, repetitions kept.
    pub line_items: Vec<LineItem<T>>,
}

impl<T> ValidOrder<T> {
    /// The order's time: the event's own, else the record's.
    ///
    /// # Panics
    ///
    /// When there is neither, which validation has excluded.
    #[must_use]
    pub fn created_at(&self) -> DateTime<Utc> {
        self.created_at_given
            .or(self.record_time)
            .expect("a valid order has a time of its own or its record's")
    }
}

impl ValidOrder<&str> {
    /// The same order, with texts of its own.
    #[must_use]
    pub fn into_owned(self) -> ValidOrder {
        ValidOrder {
            event_id: self.event_id.to_owned(),
            event_version: self.event_version.to_owned(),
            created_at_given: self.created_at_given,
            record_time: self.record_time,
            customer_id: self.customer_id.to_owned(),
            email: self.email.to_owned(),
            first_name: self.first_name.map(str::to_owned),
            last_name: self.last_name.map(str::to_owned),
            billing_address: self.billing_address.into_owned(),
            shipping_address: self.shipping_address.into_owned(),
            currency: self.currency.to_owned(),
            financial_status: self.financial_status.to_owned(),
            order_value: self.order_value,
            total_discounts: self.total_discounts,
            total_tax: self.total_tax,
            discount_codes: self.discount_codes.into_iter().map(str::to_owned).collect(),
            buyer_accepts_marketing: self.buyer_accepts_marketing,
            line_items: self
                .line_items
                .into_iter()
                .map(|item| LineItem {
                    id: item.id.to_owned(),
                    quantity: item.quantity,
                })
                .collect(),
        }
    }
}

/// An address. A field that is missing, null or empty is `None`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address<T = String> {
    /// First name.
    pub first_name: Option<T>,
    /// Last name.
    pub last_name: Option<T>,
    /// First line.
    pub address1: Option<T>,
    /// Second line.
    pub address2: Option<T>,
    /// City.
    pub city: Option<T>,
    /// Province or state, as spelled by the producer.
    pub province: Option<T>,
    /// Code of the province.
    pub province_code: Option<T>,
    /// Country, as spelled by the producer.
    pub country: Option<T>,
    /// Code of the country.
    pub country_code: Option<T>,
    /// Postal code.
    pub zip: Option<T>,
    /// Telephone.
    pub phone: Option<T>,
}

impl<T> Default for Address<T> {
    fn default() -> Self {
        Self {
            first_name: None,
            last_name: None,
            address1: None,
            address2: None,
            city: None,
            province: None,
            province_code: None,
            country: None,
            country_code: None,
            zip: None,
            phone: None,
        }
    }
}

impl Address<&str> {
    fn into_owned(self) -> Address {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Address {
            first_name: owned(self.first_name),
            last_name: owned(self.last_name),
            address1: owned(self.address1),
            address2: owned(self.address2),
            city: owned(self.city),
            province: owned(self.province),
            province_code: owned(self.province_code),
            country: owned(self.country),
            country_code: owned(self.country_code),
            zip: owned(self.zip),
            phone: owned(self.phone),
        }
    }
}

impl<T: AsRef<str>> Address<T> {
    /// Each text under its name in the event, in the order of the columns.
    #[must_use]
    pub fn fields(&self) -> [(&'static str, Option<&str>); 11] {
        [
            ("first_name", &self.first_name),
            ("last_name", &self.last_name),
            ("address1", &self.address1),
            ("address2", &self.address2),
            ("city", &self.city),
            ("province", &self.province),
            ("province_code", &self.province_code),
            ("country", &self.country),
            ("country_code", &self.country_code),
            ("zip", &self.zip),
            ("phone", &self.phone),
        ]
        .map(|(name, text)| (name, text.as_ref().map(AsRef::as_ref)))
    }
}

/// One product of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineItem<T = String> {
    /// The product: 1–128 characters.
    pub id: T,
    /// Units, 1 to 1,000,000.
    pub quantity: i32,
}
