//! An order once validated: what the event says, whatever its spelling.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

/// What a valid `order.created` event says. Two events that say the same are equal here, however
/// they were spelled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidOrder {
    /// Identity of the event: 1–128 characters, opaque.
    pub event_id: String,
    /// Semantic version of major 1, as written.
    pub event_version: String,
    /// The event's own time, to the microsecond; `None` when it gave none, and the record's
    /// timestamp counts instead. See [`ValidOrder::created_at`].
    pub created_at_given: Option<DateTime<Utc>>,
    /// The record's timestamp, which stands in for a missing time. No part of the content.
    pub record_time: Option<DateTime<Utc>>,
    /// The customer's id: 1–128 characters.
    pub customer_id: String,
    /// A plausible email address.
    pub email: String,
    /// First name; `None` when missing or empty.
    pub first_name: Option<String>,
    /// Last name; `None` when missing or empty.
    pub last_name: Option<String>,
    /// Where the bill goes.
    pub billing_address: Address,
    /// Where the goods go; its province and country are always there.
    pub shipping_address: Address,
    /// ISO 4217 code.
    pub currency: String,
    /// One of the known statuses of payment.
    pub financial_status: String,
    /// ≥ 0, at most 14 integer and 4 fraction digits, normalized (no trailing zeros).
    pub order_value: Decimal,
    /// As `order_value`; 0 when missing.
    pub total_discounts: Decimal,
    /// As `order_value`; 0 when missing.
    pub total_tax: Decimal,
    /// The codes alone, in the event's order.
    pub discount_codes: Vec<String>,
    /// Whether the buyer accepts marketing.
    pub buyer_accepts_marketing: bool,
    /// In the event's order, repetitions kept.
    pub line_items: Vec<LineItem>,
}

impl ValidOrder {
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

/// An address. A field that is missing, null or empty is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address {
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// First line.
    pub address1: Option<String>,
    /// Second line.
    pub address2: Option<String>,
    /// City.
    pub city: Option<String>,
    /// Province or state, as spelled by the producer.
    pub province: Option<String>,
    /// Code of the province.
    pub province_code: Option<String>,
    /// Country, as spelled by the producer.
    pub country: Option<String>,
    /// Code of the country.
    pub country_code: Option<String>,
    /// Postal code.
    pub zip: Option<String>,
    /// Telephone.
    pub phone: Option<String>,
}

impl Address {
    /// Each text under its name in the event, in the order of the columns.
    #[must_use]
    pub fn fields(&self) -> [(&'static str, Option<&str>); 11] {
        [
            ("first_name", self.first_name.as_deref()),
            ("last_name", self.last_name.as_deref()),
            ("address1", self.address1.as_deref()),
            ("address2", self.address2.as_deref()),
            ("city", self.city.as_deref()),
            ("province", self.province.as_deref()),
            ("province_code", self.province_code.as_deref()),
            ("country", self.country.as_deref()),
            ("country_code", self.country_code.as_deref()),
            ("zip", self.zip.as_deref()),
            ("phone", self.phone.as_deref()),
        ]
    }
}

/// One product of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineItem {
    /// The product: 1–128 characters.
    pub id: String,
    /// Units, 1 to 1,000,000.
    pub quantity: i32,
}
