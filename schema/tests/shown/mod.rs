//! An order in the form of `GET /orders/{event_id}`, as far as the event alone tells it.

use chrono::SecondsFormat;
use ordertally_schema::{Address, ValidOrder};
use serde_json::{Value, json};

pub fn order(order: &ValidOrder) -> Value {
    let line_items: Vec<_> = order
        .line_items
        .iter()
        .map(|item| json!({"id": item.id, "quantity": item.quantity}))
        .collect();
    json!({
        "event_id": order.event_id,
        "event_version": order.event_version,
        "created_at": order.created_at().to_rfc3339_opts(SecondsFormat::AutoSi, true),
        "customer_id": order.customer_id,
        "email": order.email,
        "first_name": order.first_name,
        "last_name": order.last_name,
        "billing_address": address(&order.billing_address),
        "shipping_address": address(&order.shipping_address),
        "currency": order.currency,
        "financial_status": order.financial_status,
        "order_value": order.order_value.to_string(),
        "total_discounts": order.total_discounts.to_string(),
        "total_tax": order.total_tax.to_string(),
        "discount_codes": order.discount_codes,
        "buyer_accepts_marketing": order.buyer_accepts_marketing,
        "line_items": line_items,
    })
}

fn address(address: &Address) -> Value {
    json!({
        "first_name": address.first_name,
        "last_name": address.last_name,
        "address1": address.address1,
        "address2": address.address2,
        "city": address.city,
        "province": address.province,
        "province_code": address.province_code,
        "country": address.country,
        "country_code": address.country_code,
        "zip": address.zip,
        "phone": address.phone,
    })
}
