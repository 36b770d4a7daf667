//! What was sold where: orders, value and units by product for each province and currency.

mod groups;
mod units;

use serde::Serialize;
use utoipa::ToSchema;

use self::groups::{Groups, Key};
use self::units::{Sold, Units};
use super::places::PlaceFilter;
use crate::amount;
use crate::calendar::DateRange;
use crate::facts::Facts;
use crate::facts::names::Names;
use crate::facts::sales::AddressKind;
use crate::facts::snapshot::Part;
use crate::table::{Cells, Row};

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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProvinceSales<'a> {
    /// The country as stored, without the blanks around it; null where an address names none.
    pub country: Option<&'a str>,
    /// The province, likewise.
    pub province: Option<&'a str>,
    /// ISO 4217 code.
    #[schema(pattern = "^[A-Z]{3}$")]
    pub currency: &'a str,
    /// How many orders.
    #[schema(minimum = 1)]
    pub orders: i64,
    /// Their value.
    #[schema(pattern = "^[0-9]+([.][0-9]{1,4})?$")]
    pub order_value: String,
    /// Units of all their line items.
    #[schema(minimum = 0)]
    pub units: i64,
    /// Units of each product: most first, then by product id.
    pub products: Vec<ProductUnits<'a>>,
}

/// Units of a product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProductUnits<'a> {
    /// The product.
    pub product_id: &'a str,
    /// How many units.
    #[schema(minimum = 1)]
    pub quantity: i64,
}

impl Row for ProvinceSales<'_> {
    const COLUMNS: &'static [&'static str] = &[
        "country",
        "province",
        "currency",
        "orders",
        "order_value",
        "units",
        "products",
    ];

    fn write(&self, cells: &mut Cells) {
        cells.optional(self.country);
        cells.optional(self.province);
        cells.value(self.currency);
        cells.value(self.orders);
        cells.value(&self.order_value);
        cells.value(self.units);
        cells.json(&self.products);
    }
}

/// What was sold in a group; its value in ten-thousandths.
#[derive(Clone, Copy, Default)]
struct Sums {
    orders: i64,
    value: i128,
}

impl ProvinceSalesQuestion {
    /// By currency, value descending, then country and province, those without a name last.
    #[must_use]
    pub fn answer<'a>(&'a self, facts: &'a Facts) -> Vec<ProvinceSales<'a>> {
        let mut totals = Totals {
            groups: Groups::of(self, &facts.texts),
            sums: Vec::new(),
            units: Units::new(facts.texts.products.len()),
        };
        for part in facts.parts(&self.range.span().intervals()) {
            totals.add(&part, self.address);
        }
        let sold = totals.units.finish();
        let keys = totals.groups.into_keys().into_iter();
        let mut found: Vec<(u32, (Key<'a>, Sums))> = (0..).zip(keys.zip(totals.sums)).collect();
        found.sort_unstable_by_key(|(_, ((country, province, currency), sums))| {
            let nameless_last = |name: &Option<&'a str>| (name.is_none(), *name);
            let names = (nameless_last(country), nameless_last(province));
            (*currency, -sums.value, names)
        });
        let rows = found.into_iter().map(|(group, (key, sums))| {
            let (country, province, currency) = key;
            let products = products(&sold, group, &facts.texts.products);
            ProvinceSales {
                country,
                province,
                currency,
                orders: sums.orders,
                order_value: amount::of_ten_thousandths(sums.value, amount::decimals(currency)),
                units: products.iter().map(|product| product.quantity).sum(),
                products,
            }
        });
        rows.collect()
    }
}

/// What is added up while the orders pass by.
struct Totals<'a> {
    groups: Groups<'a>,
    /// By group.
    sums: Vec<Sums>,
    units: Units,
}

impl Totals<'_> {
    fn add(&mut self, part: &Part<'_>, address: AddressKind) {
        match part {
            Part::Month(_, summary) => {
                for (sold, cells) in summary.sales(address).groups() {
                    let Some(group) = self.group(sold.place, sold.currency) else {
                        continue;
                    };
                    let sums = &mut self.sums[group as usize];
                    sums.orders += i64::from(sold.orders);
                    sums.value += i128::from(sold.value);
                    self.units.add(group, cells);
                }
            }
            Part::Rows(rows) => {
                let places = rows.places(address);
                for (kind, run) in rows.runs() {
                    let currency = kind.currency();
                    for row in run {
                        let Some(group) = self.group(places[row], currency) else {
                            continue;
                        };
                        let sums = &mut self.sums[group as usize];
                        sums.orders += 1;
                        sums.value += i128::from(rows.values.get(row));
                        let (products, quantities) = rows.items(row);
                        let sold = products.iter().zip(quantities);
                        let sold = sold.map(|(product, units)| (*product, i64::from(*units)));
                        self.units.add(group, sold);
                    }
                }
            }
        }
    }

    /// The group of an order; `None` when it is not asked for.
    #[inline]
    fn group(&mut self, place: u32, currency: u16) -> Option<u32> {
        let group = self.groups.of_order(place, currency)?;
        if self.sums.len() < self.groups.len() {
            self.sums.push(Sums::default());
            self.units.open();
        }
        Some(group)
    }
}

/// The products of a group: most units first, then by product id.
fn products<'a>(sold: &Sold, group: u32, names: &'a Names) -> Vec<ProductUnits<'a>> {
    let mut products: Vec<_> = sold
        .of_group(group)
        .map(|(product, quantity)| ProductUnits {
            product_id: names.text(product),
            quantity,
        })
        .collect();
    products.sort_unstable_by_key(|product| (-product.quantity, product.product_id));
    products
}
