//! One whole order, as it is read and as it is shown.

use chrono::{DateTime, SecondsFormat, Utc};
use diesel::prelude::*;
use ordertally_schema::rules::FINANCIAL_STATUSES;
use ordertally_schema::tables::orders;
use rust_decimal::Decimal;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};

use super::cursor::OrderCursor;
use crate::amount;
use crate::table::{Cells, Row};

/// One whole order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Order)]
pub struct OrderDocument {
    /// Names the order; opaque.
    #[schema(min_length = 1, max_length = 128)]
    pub event_id: String,
    /// The event's semantic version.
    pub event_version: String,
    /// When the order was made.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// The customer.
    #[schema(min_length = 1, max_length = 128)]
    pub customer_id: String,
    /// Their email.
    pub email: String,
    /// Their first name.
    pub first_name: Option<String>,
    /// Their last name.
    pub last_name: Option<String>,
    /// Who pays.
    pub billing_address: AddressDocument,
    /// Where it goes; its province and country are always there.
    pub shipping_address: AddressDocument,
    /// ISO 4217 code.
    #[schema(pattern = "^[A-Z]{3}$")]
    pub currency: String,
    /// One of the statuses of payment.
    #[schema(schema_with = financial_status)]
    pub financial_status: String,
    /// What was ordered, in the currency.
    #[schema(pattern = "^[0-9]+([.][0-9]{1,4})?$")]
    pub order_value: String,
    /// The discounts on it.
    #[schema(pattern = "^[0-9]+([.][0-9]{1,4})?$")]
    pub total_discounts: String,
    /// The taxes on it.
    #[schema(pattern = "^[0-9]+([.][0-9]{1,4})?$")]
    pub total_tax: String,
    /// The codes that gave the discounts.
    pub discount_codes: Vec<String>,
    /// Whether the buyer accepts marketing.
    pub buyer_accepts_marketing: bool,
    /// The products, in the order of the event.
    pub line_items: Vec<LineItemDocument>,
    /// When it was stored.
    #[schema(format = DateTime)]
    pub ingested_at: String,
    /// The Kafka topic of its record.
    pub topic: String,
    /// The partition of its record.
    #[schema(minimum = 0)]
    pub partition: i32,
    /// The offset of its record.
    #[schema(minimum = 0)]
    pub offset: i64,
}

/// An address; what it does not say is null.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Address)]
#[allow(missing_docs)] // the members are an address's own
pub struct AddressDocument {
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub address1: Option<String>,
    pub address2: Option<String>,
    pub city: Option<String>,
    pub province: Option<String>,
    pub province_code: Option<String>,
    pub country: Option<String>,
    pub country_code: Option<String>,
    pub zip: Option<String>,
    pub phone: Option<String>,
}

/// One product of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = LineItem)]
pub struct LineItemDocument {
    /// The product.
    #[schema(min_length = 1, max_length = 128)]
    pub id: String,
    /// How many units of it.
    #[schema(minimum = 1, maximum = 1000000)]
    pub quantity: i32,
}

impl OrderDocument {
    /// The names of its members, in their order.
    pub const MEMBERS: [&'static str; 21] = [
        "event_id",
        "event_version",
        "created_at",
        "customer_id",
        "email",
        "first_name",
        "last_name",
        "billing_address",
        "shipping_address",
        "currency",
        "financial_status",
        "order_value",
        "total_discounts",
        "total_tax",
        "discount_codes",
        "buyer_accepts_marketing",
        "line_items",
        "ingested_at",
        "topic",
        "partition",
        "offset",
    ];
}

/// One of the statuses that events have.
fn financial_status() -> Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(FINANCIAL_STATUSES))
        .build()
}

impl Row for OrderDocument {
    const COLUMNS: &'static [&'static str] = &[
        "event_id",
        "event_version",
        "created_at",
        "customer_id",
        "email",
        "first_name",
        "last_name",
        "billing_first_name",
        "billing_last_name",
        "billing_address1",
        "billing_address2",
        "billing_city",
        "billing_province",
        "billing_province_code",
        "billing_country",
        "billing_country_code",
        "billing_zip",
        "billing_phone",
        "shipping_first_name",
        "shipping_last_name",
        "shipping_address1",
        "shipping_address2",
        "shipping_city",
        "shipping_province",
        "shipping_province_code",
        "shipping_country",
        "shipping_country_code",
        "shipping_zip",
        "shipping_phone",
        "currency",
        "financial_status",
        "order_value",
        "total_discounts",
        "total_tax",
        "discount_codes",
        "buyer_accepts_marketing",
        "line_items",
        "ingested_at",
        "topic",
        "partition",
        "offset",
    ];

    fn write(&self, cells: &mut Cells) {
        cells.text(&self.event_id);
        cells.text(&self.event_version);
        cells.value(&self.created_at);
        cells.text(&self.customer_id);
        cells.text(&self.email);
        cells.optional(self.first_name.as_deref());
        cells.optional(self.last_name.as_deref());
        self.billing_address.write(cells);
        self.shipping_address.write(cells);
        cells.value(&self.currency);
        cells.value(&self.financial_status);
        cells.value(&self.order_value);
        cells.value(&self.total_discounts);
        cells.value(&self.total_tax);
        cells.json(&self.discount_codes);
        cells.value(self.buyer_accepts_marketing);
        cells.json(&self.line_items);
        cells.value(&self.ingested_at);
        cells.text(&self.topic);
        cells.value(self.partition);
        cells.value(self.offset);
    }
}

impl AddressDocument {
    /// In the order of the columns of either address.
    fn write(&self, cells: &mut Cells) {
        for text in [
            &self.first_name,
            &self.last_name,
            &self.address1,
            &self.address2,
            &self.city,
            &self.province,
            &self.province_code,
            &self.country,
            &self.country_code,
            &self.zip,
            &self.phone,
        ] {
            cells.optional(text.as_deref());
        }
    }
}

/// The columns that an order is shown from.
#[derive(Queryable, Selectable)]
#[diesel(table_name = orders, check_for_backend(diesel::pg::Pg))]
pub(super) struct OrderRow {
    event_id: String,
    event_version: String,
    created_at: DateTime<Utc>,
    customer_id: String,
    email: String,
    first_name: Option<String>,
    last_name: Option<String>,
    billing_same: bool,
    billing_first_name: Option<String>,
    billing_last_name: Option<String>,
    billing_address1: Option<String>,
    billing_address2: Option<String>,
    billing_city: Option<String>,
    billing_province: Option<String>,
    billing_province_code: Option<String>,
    billing_country: Option<String>,
    billing_country_code: Option<String>,
    billing_zip: Option<String>,
    billing_phone: Option<String>,
    shipping_first_name: Option<String>,
    shipping_last_name: Option<String>,
    shipping_address1: Option<String>,
    shipping_address2: Option<String>,
    shipping_city: Option<String>,
    shipping_province: String,
    shipping_province_code: Option<String>,
    shipping_country: String,
    shipping_country_code: Option<String>,
    shipping_zip: Option<String>,
    shipping_phone: Option<String>,
    currency: String,
    financial_status: String,
    order_value: Decimal,
    total_discounts: Decimal,
    total_tax: Decimal,
    discount_codes: Vec<String>,
    buyer_accepts_marketing: bool,
    product_ids: Vec<String>,
    quantities: Vec<i32>,
    ingested_at: DateTime<Utc>,
    topic: String,
    partition: i32,
    offset: i64,
}

impl OrderRow {
    pub(super) fn cursor(&self) -> OrderCursor {
        OrderCursor {
            created_at: self.created_at,
            event_id: self.event_id.clone(),
        }
    }
}

impl From<OrderRow> for OrderDocument {
    fn from(row: OrderRow) -> Self {
        let shipping_address = AddressDocument {
            first_name: row.shipping_first_name,
            last_name: row.shipping_last_name,
            address1: row.shipping_address1,
            address2: row.shipping_address2,
            city: row.shipping_city,
            province: Some(row.shipping_province),
            province_code: row.shipping_province_code,
            country: Some(row.shipping_country),
            country_code: row.shipping_country_code,
            zip: row.shipping_zip,
            phone: row.shipping_phone,
        };
        let billing_address = if row.billing_same {
            shipping_address.clone()
        } else {
            AddressDocument {
                first_name: row.billing_first_name,
                last_name: row.billing_last_name,
                address1: row.billing_address1,
                address2: row.billing_address2,
                city: row.billing_city,
                province: row.billing_province,
                province_code: row.billing_province_code,
                country: row.billing_country,
                country_code: row.billing_country_code,
                zip: row.billing_zip,
                phone: row.billing_phone,
            }
        };
        Self {
            order_value: amount::text(row.order_value, &row.currency),
            total_discounts: amount::text(row.total_discounts, &row.currency),
            total_tax: amount::text(row.total_tax, &row.currency),
            created_at: instant(row.created_at),
            ingested_at: instant(row.ingested_at),
            line_items: std::iter::zip(row.product_ids, row.quantities)
                .map(|(id, quantity)| LineItemDocument { id, quantity })
                .collect(),
            billing_address,
            shipping_address,
            event_id: row.event_id,
            event_version: row.event_version,
            customer_id: row.customer_id,
            email: row.email,
            first_name: row.first_name,
            last_name: row.last_name,
            currency: row.currency,
            financial_status: row.financial_status,
            discount_codes: row.discount_codes,
            buyer_accepts_marketing: row.buyer_accepts_marketing,
            topic: row.topic,
            partition: row.partition,
            offset: row.offset,
        }
    }
}

/// RFC 3339 in UTC, with as many decimals of a second as the time has.
pub(super) fn instant(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
