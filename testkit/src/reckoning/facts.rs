//! What an order leaves in `order_facts`.

use super::number::Amount;
use super::order::{Address, Order};

/// Province, its code, country, its code.
pub type Place = [Option<String>; 4];

/// One element of the facts' arrays.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fact {
    /// Microseconds since 1970.
    pub created_at_us: i64,
    /// The customer.
    pub customer_id: String,
    /// ISO 4217 code.
    pub currency: String,
    /// Value, discounts and tax in ten-thousandths.
    pub amounts: [Amount; 3],
    /// Whether the buyer accepts marketing.
    pub accepts_marketing: bool,
    /// Of the shipping address.
    pub shipping: Place,
    /// Of the billing address.
    pub billing: Place,
    /// Product and units of each line item.
    pub line_items: Vec<(String, i32)>,
}

impl Fact {
    /// What `order` leaves.
    pub fn of(order: &Order) -> Self {
        Self {
            created_at_us: order.created_at_us,
            customer_id: order.customer_id.clone(),
            currency: order.currency.clone(),
            amounts: [order.order_value, order.total_discounts, order.total_tax],
            accepts_marketing: order.buyer_accepts_marketing,
            shipping: place(&order.shipping_address),
            billing: place(&order.billing_address),
            line_items: order.line_items.clone(),
        }
    }
}

fn place(address: &Address) -> Place {
    ["province", "province_code", "country", "country_code"]
        .map(|field| address.get(field).cloned())
}

/// A row of `order_facts`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactRow {
    /// Partition.
    pub partition: i32,
    /// Ordinal of the first fact.
    pub first_ordinal: i64,
    /// Ordinal after the last.
    pub next_ordinal: i64,
    /// Its elements, or what is wrong with its arrays.
    pub facts: Result<Vec<Fact>, String>,
}
