//! An order as the reckoning sees it: what must be in its row.

use std::collections::BTreeMap;

use super::number::{Amount, four_places};

/// The fields of an address, by the event's names.
pub const ADDRESS_FIELDS: [&str; 11] = [
    "first_name",
    "last_name",
    "address1",
    "address2",
    "city",
    "province",
    "province_code",
    "country",
    "country_code",
    "zip",
    "phone",
];

/// An address: the fields that are there and not empty.
pub type Address = BTreeMap<&'static str, String>;

/// What a valid event says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Order {
    /// Identity of the event.
    pub event_id: String,
    /// As written.
    pub event_version: String,
    /// Microseconds since 1970; the record's, where the event gives no time.
    pub created_at_us: i64,
    /// Whether the event gave the time.
    pub created_at_given: bool,
    /// The customer.
    pub customer_id: String,
    /// The customer's email.
    pub email: String,
    /// First name, when there is one.
    pub first_name: Option<String>,
    /// Last name, when there is one.
    pub last_name: Option<String>,
    /// Where the bill goes.
    pub billing_address: Address,
    /// Where the goods go.
    pub shipping_address: Address,
    /// ISO 4217 code.
    pub currency: String,
    /// Status of the payment.
    pub financial_status: String,
    /// Ten-thousandths.
    pub order_value: Amount,
    /// Ten-thousandths.
    pub total_discounts: Amount,
    /// Ten-thousandths.
    pub total_tax: Amount,
    /// In the event's order.
    pub discount_codes: Vec<String>,
    /// Whether the buyer accepts marketing.
    pub buyer_accepts_marketing: bool,
    /// Product and units of each line item, in the event's order.
    pub line_items: Vec<(String, i32)>,
}

impl Order {
    /// Whether two events say the same: the record's time, where it stands in, is no part of it.
    pub fn says_the_same_as(&self, other: &Self) -> bool {
        let without_the_records_time = |order: &Self| {
            let mut order = order.clone();
            if !order.created_at_given {
                order.created_at_us = 0;
            }
            order
        };
        without_the_records_time(self) == without_the_records_time(other)
    }

    /// Each field by name, written out, to tell two orders' differences.
    pub fn fields(&self) -> Vec<(&'static str, String)> {
        vec![
            ("event_id", self.event_id.clone()),
            ("event_version", self.event_version.clone()),
            ("created_at (µs)", self.created_at_us.to_string()),
            ("created_at_given", self.created_at_given.to_string()),
            ("customer_id", self.customer_id.clone()),
            ("email", self.email.clone()),
            ("first_name", format!("{:?}", self.first_name)),
            ("last_name", format!("{:?}", self.last_name)),
            ("billing_address", format!("{:?}", self.billing_address)),
            ("shipping_address", format!("{:?}", self.shipping_address)),
            ("currency", self.currency.clone()),
            ("financial_status", self.financial_status.clone()),
            ("order_value", four_places(self.order_value)),
            ("total_discounts", four_places(self.total_discounts)),
            ("total_tax", four_places(self.total_tax)),
            ("discount_codes", format!("{:?}", self.discount_codes)),
            (
                "buyer_accepts_marketing",
                self.buyer_accepts_marketing.to_string(),
            ),
            ("line_items", format!("{:?}", self.line_items)),
        ]
    }
}
