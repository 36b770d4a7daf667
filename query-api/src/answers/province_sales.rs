//! What was sold where: orders, value and units by product for each province and currency.

mod units;

use hashbrown::HashMap;
use serde::Serialize;

use self::units::{Keyed, Table, Units};
use super::places::PlaceFilter;
use crate::amount;
use crate::calendar::DateRange;
use crate::facts::Facts;
use crate::facts::dictionary::Texts;
use crate::facts::names::Names;
use crate::facts::sales::AddressKind;
use crate::facts::snapshot::Part;

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
pub struct ProvinceSales<'a> {
    /// The country as stored, without the blanks around it; `None` where an address names none.
    pub country: Option<&'a str>,
    /// The province, likewise.
    pub province: Option<&'a str>,
    /// ISO 4217 code.
    pub currency: &'a str,
    /// How many orders.
    pub orders: i64,
    /// Their value.
    pub order_value: String,
    /// Units of all their line items.
    pub units: i64,
    /// Units of each product: most first, then by product id.
    pub products: Vec<ProductUnits<'a>>,
}

/// Units of a product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProductUnits<'a> {
    /// The product.
    pub product_id: &'a str,
    /// How many units.
    pub quantity: i64,
}

/// Country, province and currency of a row of the answer.
type Key<'a> = (Option<&'a str>, Option<&'a str>, &'a str);

/// The group of orders that are not asked for.
const NOT_ASKED: u32 = u32::MAX;

/// The rows of the answer, and which orders go into which. Places that differ in their blanks or
/// codes alone fall together.
struct Groups<'a> {
    keys: Vec<Key<'a>>,
    /// By place and currency; [`NOT_ASKED`] for those that are not asked for.
    places: Vec<u32>,
    currencies: usize,
}

impl<'a> Groups<'a> {
    fn of(question: &ProvinceSalesQuestion, texts: &'a Texts) -> Self {
        let mut groups = Self {
            keys: Vec::new(),
            places: Vec::with_capacity(texts.places.len() * texts.currencies.len()),
            currencies: texts.currencies.len(),
        };
        let mut numbers: HashMap<Key<'a>, u32> = HashMap::new();
        for place in texts.places.iter() {
            let taken = question.places.takes(place);
            let [country, province] =
                [&place.country, &place.province].map(|name| name.as_deref().map(str::trim));
            for code in texts.currencies.texts() {
                let asked = question.currency.as_ref().is_none_or(|asked| asked == code);
                if !(taken && asked) {
                    groups.places.push(NOT_ASKED);
                    continue;
                }
                let key = (country, province, code);
                let number = *numbers.entry(key).or_insert_with(|| {
                    groups.keys.push(key);
                    u32::try_from(groups.keys.len() - 1).expect("fewer groups than orders")
                });
                groups.places.push(number);
            }
        }
        groups
    }

    fn of_order(&self, place: u32, currency: u16) -> Option<usize> {
        let group = self.places[place as usize * self.currencies + usize::from(currency)];
        (group != NOT_ASKED).then_some(group as usize)
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
    pub fn answer<'a>(&self, facts: &'a Facts) -> Vec<ProvinceSales<'a>> {
        let groups = Groups::of(self, &facts.texts);
        let products = facts.texts.products.len();
        if Table::fits(groups.keys.len(), products) {
            self.answer_with(facts, &groups, Table::new(groups.keys.len(), products))
        } else {
            self.answer_with(facts, &groups, Keyed::new(groups.keys.len()))
        }
    }

    fn answer_with<'a>(
        &self,
        facts: &'a Facts,
        groups: &Groups<'a>,
        mut units: impl Units,
    ) -> Vec<ProvinceSales<'a>> {
        let mut sums = vec![Sums::default(); groups.keys.len()];
        for part in facts.parts(&self.range.span().intervals()) {
            self.add(&part, groups, &mut sums, &mut units);
        }
        let keys = groups.keys.iter().copied();
        let mut found: Vec<(usize, (Key<'a>, Sums))> = keys.zip(sums).enumerate().collect();
        found.retain(|(_, (_, sums))| sums.orders > 0);
        found.sort_unstable_by_key(|(_, ((country, province, currency), sums))| {
            let nameless_last = |name: &Option<&'a str>| (name.is_none(), *name);
            let names = (nameless_last(country), nameless_last(province));
            (*currency, -sums.value, names)
        });
        let rows = found.into_iter().map(|(group, (key, sums))| {
            let (country, province, currency) = key;
            let products = products(&units, group, &facts.texts.products);
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

    fn add(&self, part: &Part<'_>, groups: &Groups<'_>, sums: &mut [Sums], units: &mut impl Units) {
        match part {
            Part::Month(_, summary) => {
                for (sold, cells) in summary.sales(self.address).groups() {
                    if let Some(group) = groups.of_order(sold.place, sold.currency) {
                        sums[group].orders += i64::from(sold.orders);
                        sums[group].value += i128::from(sold.value);
                        for (product, quantity) in cells {
                            units.add(group, product, quantity);
                        }
                    }
                }
            }
            Part::Rows(rows) => {
                let places = rows.places(self.address);
                for (kind, run) in rows.runs() {
                    let currency = kind.currency();
                    for row in run {
                        let Some(group) = groups.of_order(places[row], currency) else {
                            continue;
                        };
                        sums[group].orders += 1;
                        sums[group].value += i128::from(rows.values.get(row));
                        let (products, quantities) = rows.items(row);
                        for (product, quantity) in products.iter().zip(quantities) {
                            units.add(group, *product, i64::from(*quantity));
                        }
                    }
                }
            }
        }
    }
}

/// The products of a group: most units first, then by product id.
fn products<'a>(units: &impl Units, group: usize, names: &'a Names) -> Vec<ProductUnits<'a>> {
    let sold = units.of_group(group).filter(|(_, quantity)| *quantity > 0);
    let mut products: Vec<_> = sold
        .map(|(product, quantity)| ProductUnits {
            product_id: names.text(product),
            quantity,
        })
        .collect();
    products.sort_unstable_by_key(|product| (-product.quantity, product.product_id));
    products
}
