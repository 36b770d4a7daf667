//! What was sold where: orders, value and units by product for each province and currency.

use std::cmp::Ordering;
use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Numeric, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use rust_decimal::Decimal;
use serde::Serialize;

use super::places::{AddressKind, Place, PlaceFilter};
use crate::amount;
use crate::calendar::DateRange;
use crate::database::Question;

/// What was sold in a province, or in each?
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvinceSalesQuestion {
    /// The days that count.
    pub range: DateRange,
    /// The provinces asked for.
    pub places: PlaceFilter,
    /// Only orders in this currency.
    pub currency: Option<String>,
    /// Which address tells the province.
    pub address: AddressKind,
}

/// What was sold in a province in a currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProvinceSales {
    /// The country as stored, without the blanks around it; `None` where an address names none.
    pub country: Option<String>,
    /// The province, likewise.
    pub province: Option<String>,
    /// ISO 4217 code.
    pub currency: String,
    /// How many orders.
    pub orders: i64,
    /// Their value.
    pub order_value: String,
    /// Units of all their line items.
    pub units: i64,
    /// Units of each product: most first, then by product id.
    pub products: Vec<ProductUnits>,
}

/// Units of a product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProductUnits {
    /// The product.
    pub product_id: String,
    /// How many units.
    pub quantity: i64,
}

/// The orders of the question with their place. `place` is the four columns as one text, by which
/// a place found by the first statement is found again by the second.
const PLACED_ORDERS: &str = r#"
WITH placed AS (
    SELECT
        CASE WHEN $5 AND NOT billing_same
            THEN billing_province ELSE shipping_province END AS province,
        CASE WHEN $5 AND NOT billing_same
            THEN billing_province_code ELSE shipping_province_code END AS province_code,
        CASE WHEN $5 AND NOT billing_same
            THEN billing_country ELSE shipping_country END AS country,
        CASE WHEN $5 AND NOT billing_same
            THEN billing_country_code ELSE shipping_country_code END AS country_code,
        currency,
        order_value,
        product_ids,
        quantities
    FROM orders
    WHERE created_at >= $1 AND created_at < $2
      AND width_bucket(created_at, $3) % 2 = 0
      AND ($4 IS NULL OR currency = $4)
)
"#;

const VALUE_BY_PLACE: &str = r#"
SELECT
    ROW(province, province_code, country, country_code)::text AS place,
    province,
    province_code,
    country,
    country_code,
    currency,
    count(*) AS orders,
    sum(order_value) AS order_value
FROM placed
GROUP BY province, province_code, country, country_code, currency
"#;

const UNITS_BY_PLACE: &str = r#"
SELECT
    ROW(province, province_code, country, country_code)::text AS place,
    currency,
    item.product_id,
    sum(item.quantity) AS quantity
FROM placed
CROSS JOIN LATERAL unnest(product_ids, quantities) AS item (product_id, quantity)
WHERE $6 IS NULL OR ROW(province, province_code, country, country_code)::text = ANY($6)
GROUP BY province, province_code, country, country_code, currency, item.product_id
"#;

#[derive(QueryableByName)]
struct ValueRow {
    #[diesel(sql_type = Text)]
    place: String,
    #[diesel(sql_type = Nullable<Text>)]
    province: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    province_code: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    country: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    country_code: Option<String>,
    #[diesel(sql_type = Text)]
    currency: String,
    #[diesel(sql_type = BigInt)]
    orders: i64,
    #[diesel(sql_type = Numeric)]
    order_value: Decimal,
}

#[derive(QueryableByName)]
struct UnitsRow {
    #[diesel(sql_type = Text)]
    place: String,
    #[diesel(sql_type = Text)]
    currency: String,
    #[diesel(sql_type = Text)]
    product_id: String,
    #[diesel(sql_type = BigInt)]
    quantity: i64,
}

impl Question for ProvinceSalesQuestion {
    type Data = Vec<ProvinceSales>;

    async fn ask(&self, connection: &mut AsyncPgConnection) -> QueryResult<Self::Data> {
        let span = self.range.span();
        let statement = |select: &str| {
            diesel::sql_query(format!("{PLACED_ORDERS}{select}"))
                .bind::<Nullable<Timestamptz>, _>(span.from)
                .bind::<Nullable<Timestamptz>, _>(span.until)
                .bind::<Array<Timestamptz>, _>(span.holes.clone())
                .bind::<Nullable<Text>, _>(self.currency.clone())
                .bind::<Bool, _>(self.address == AddressKind::Billing)
        };
        let values: Vec<ValueRow> = statement(VALUE_BY_PLACE).load(connection).await?;
        let mut groups = Groups::default();
        let mut places = Vec::new();
        for row in values {
            let place = row.place.clone();
            if groups.count(row, &self.places) {
                places.push(place);
            }
        }
        if groups.groups.is_empty() {
            return Ok(Vec::new());
        }
        let places = (!self.places.takes_all()).then_some(places);
        let units: Vec<UnitsRow> = statement(UNITS_BY_PLACE)
            .bind::<Nullable<Array<Text>>, _>(places)
            .load(connection)
            .await?;
        for row in units {
            groups.count_units(row);
        }
        Ok(groups.finish())
    }
}

/// What a row of the answer stands for: trimmed country and province, and the currency.
type Key = (Option<String>, Option<String>, String);

/// The rows of the answer while they are counted. Places that differ in their blanks or codes
/// alone fall together here.
#[derive(Default)]
struct Groups {
    groups: HashMap<Key, Sums>,
    /// The group of each place and currency.
    key_of: HashMap<(String, String), Key>,
}

#[derive(Default)]
struct Sums {
    orders: i64,
    order_value: Decimal,
    units: HashMap<String, i64>,
}

impl Groups {
    /// Counts the orders of a place, unless it is not meant.
    fn count(&mut self, row: ValueRow, filter: &PlaceFilter) -> bool {
        let place = Place {
            province: row.province,
            province_code: row.province_code,
            country: row.country,
            country_code: row.country_code,
        };
        if !filter.takes(&place) {
            return false;
        }
        let key = (
            trimmed(place.country),
            trimmed(place.province),
            row.currency.clone(),
        );
        let sums = self.groups.entry(key.clone()).or_default();
        sums.orders += row.orders;
        sums.order_value += row.order_value;
        let _first = self.key_of.insert((row.place, row.currency), key);
        true
    }

    /// Counts the units of a product in a place that was counted before.
    fn count_units(&mut self, row: UnitsRow) {
        let sums = self
            .key_of
            .get(&(row.place, row.currency))
            .and_then(|key| self.groups.get_mut(key))
            .expect("both statements see the same orders");
        *sums.units.entry(row.product_id).or_default() += row.quantity;
    }

    /// By currency, value descending, then country and province, those without a name last.
    fn finish(self) -> Vec<ProvinceSales> {
        let mut groups: Vec<_> = self.groups.into_iter().collect();
        groups.sort_by(
            |((country, province, currency), sums), (other, other_sums)| {
                currency
                    .cmp(&other.2)
                    .then(other_sums.order_value.cmp(&sums.order_value))
                    .then_with(|| nameless_last(country, &other.0))
                    .then_with(|| nameless_last(province, &other.1))
            },
        );
        groups
            .into_iter()
            .map(|((country, province, currency), sums)| ProvinceSales {
                country,
                province,
                orders: sums.orders,
                order_value: amount::text(sums.order_value, &currency),
                units: sums.units.values().sum(),
                products: products(sums.units),
                currency,
            })
            .collect()
    }
}

fn products(units: HashMap<String, i64>) -> Vec<ProductUnits> {
    let mut products: Vec<_> = units
        .into_iter()
        .map(|(product_id, quantity)| ProductUnits {
            product_id,
            quantity,
        })
        .collect();
    products.sort_by(|one, other| {
        other
            .quantity
            .cmp(&one.quantity)
            .then_with(|| one.product_id.cmp(&other.product_id))
    });
    products
}

fn nameless_last(one: &Option<String>, other: &Option<String>) -> Ordering {
    (one.is_none(), one).cmp(&(other.is_none(), other))
}

fn trimmed(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned())
}
