//! A row of `order_facts` as it comes from Postgres: arrays in binary, read where they lie.

use std::error::Error as StdError;
use std::ops::Range;
use std::str;

use chrono::DateTime;
use fallible_iterator::FallibleIterator;
use postgres_protocol::types::{
    ArrayValues, array_from_sql, bool_from_sql, int4_from_sql, int8_from_sql,
};
use thiserror::Error;
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, Type};

use super::dictionary::{Dictionary, RawPlace};
use super::rows::{Kind, Order};

/// The arrays in the order in which they are read here.
pub const COLUMNS: &str = "created_at_us, customer_ids, currencies, order_values, \
    total_discounts, total_taxes, accepts_marketing, shipping_provinces, shipping_province_codes, \
    shipping_countries, shipping_country_codes, billing_provinces, billing_province_codes, \
    billing_countries, billing_country_codes, item_counts, product_ids, quantities";

/// Room is made for as many elements at first, whatever a row says that it has.
const ELEMENTS_MAX: usize = 1 << 20;

/// A row of facts that does not hold what its columns promise.
#[derive(Debug, Error)]
#[error("a row of order_facts is damaged; ordertally-consumer facts verify tells where")]
pub struct Damaged(#[source] Box<dyn StdError + Send + Sync>);

type Result<T> = std::result::Result<T, Box<dyn StdError + Send + Sync>>;

/// An array's elements, one after the other.
struct Elements<'a>(ArrayValues<'a>);

impl<'a> FromSql<'a> for Elements<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self> {
        Ok(Self(array_from_sql(raw)?.values()))
    }

    fn accepts(array: &Type) -> bool {
        matches!(
            *array,
            Type::INT8_ARRAY | Type::INT4_ARRAY | Type::TEXT_ARRAY | Type::BOOL_ARRAY
        )
    }
}

impl<'a> Elements<'a> {
    fn element(&mut self) -> Result<Option<&'a [u8]>> {
        self.0.next()?.ok_or_else(|| "an array is too short".into())
    }

    fn value<T>(&mut self, read: impl Fn(&'a [u8]) -> Result<T>) -> Result<T> {
        let element = self.element()?.ok_or("an element is null")?;
        read(element)
    }

    fn text(&mut self) -> Result<&'a str> {
        self.value(|raw| Ok(str::from_utf8(raw)?))
    }

    fn text_or_null(&mut self) -> Result<Option<&'a str>> {
        Ok(self.element()?.map(str::from_utf8).transpose()?)
    }

    fn amount(&mut self) -> Result<i64> {
        self.value(int8_from_sql)
    }

    /// All elements, `count` of them and no more.
    fn all<T>(
        mut self,
        count: usize,
        mut next: impl FnMut(&mut Self) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut all = Vec::with_capacity(count.min(ELEMENTS_MAX));
        for _ in 0..count {
            all.push(next(&mut self)?);
        }
        self.end()?;
        Ok(all)
    }

    fn end(&mut self) -> Result<()> {
        match self.0.next()? {
            None => Ok(()),
            Some(_) => Err("an array is too long".into()),
        }
    }
}

/// The columns of a row as numbers. Taken column by column, so that the processor looks up many
/// texts at once, each of which it has to wait for.
struct Columns {
    times: Vec<i64>,
    kinds: Vec<Kind>,
    customers: Vec<u32>,
    /// Values, discounts, taxes.
    amounts: [Vec<i64>; 3],
    shipping: Vec<u32>,
    billing: Vec<u32>,
    /// Where the items of each order end.
    item_ends: Vec<usize>,
    products: Vec<u32>,
    quantities: Vec<u32>,
}

impl Columns {
    /// Of `count` orders in a row whose first array is in this column.
    fn of(
        row: &Row,
        first_column: usize,
        count: usize,
        dictionary: &mut Dictionary,
    ) -> Result<Self> {
        let mut columns = first_column..;
        let mut next = || -> Result<Elements<'_>> {
            let column = columns.next().ok_or("too few columns")?;
            Ok(row.try_get(column)?)
        };
        let times = next()?.all(count, time)?;
        let (customers, currencies) = (next()?, next()?);
        let amounts = [next()?, next()?, next()?].map(|column| column.all(count, Elements::amount));
        let [values, discounts, taxes] = amounts;
        let mut wishes = next()?;
        let kinds = currencies.all(count, |currency| {
            let kind = dictionary.kind(currency.text()?, wishes.value(bool_from_sql)?);
            Ok(kind.ok_or("there are too many currencies")?)
        })?;
        let mut of_kinds = kinds.iter();
        let customers = customers.all(count, |customer| {
            let kind = of_kinds.next().ok_or("an array is too short")?;
            Ok(dictionary.customer(*kind, customer.text()?))
        })?;
        let mut shipping = [next()?, next()?, next()?, next()?];
        let mut billing = [next()?, next()?, next()?, next()?];
        let (mut shipping_places, mut billing_places) = (Vec::new(), Vec::new());
        for _ in 0..count {
            let (to, bill) = (place(&mut shipping)?, place(&mut billing)?);
            let number = dictionary.place(to);
            shipping_places.push(number);
            billing_places.push(if bill == to {
                number
            } else {
                dictionary.place(bill)
            });
        }
        for array in shipping.iter_mut().chain(&mut billing).chain([&mut wishes]) {
            array.end()?;
        }
        let mut items = 0;
        let item_ends = next()?.all(count, |counts| {
            items += usize::try_from(counts.value(int4_from_sql)?)?;
            Ok(items)
        })?;
        let products = next()?.all(items, |product| Ok(dictionary.product(product.text()?)))?;
        let quantities = next()?.all(items, |quantity| {
            Ok(u32::try_from(quantity.value(int4_from_sql)?)?)
        })?;
        Ok(Self {
            times,
            kinds,
            customers,
            amounts: [values?, discounts?, taxes?],
            shipping: shipping_places,
            billing: billing_places,
            item_ends,
            products,
            quantities,
        })
    }

    fn order(&self, place: usize) -> Order<'_> {
        let begin = place
            .checked_sub(1)
            .map_or(0, |before| self.item_ends[before]);
        let items = begin..self.item_ends[place];
        let [value, discounts, tax] = self.amounts.each_ref().map(|amounts| amounts[place]);
        Order {
            created_at_us: self.times[place],
            customer: self.customers[place],
            kind: self.kinds[place],
            value,
            discounts,
            tax,
            shipping: self.shipping[place],
            billing: self.billing[place],
            items: (&self.products[items.clone()], &self.quantities[items]),
        }
    }
}

fn time(times: &mut Elements<'_>) -> Result<i64> {
    let at_us = times.value(int8_from_sql)?;
    match DateTime::from_timestamp_micros(at_us) {
        Some(_) => Ok(at_us),
        None => Err("a time is outside the calendar".into()),
    }
}

fn place<'a>(columns: &mut [Elements<'a>; 4]) -> Result<RawPlace<'a>> {
    let [province, province_code, country, country_code] = columns;
    Ok([
        province.text_or_null()?,
        province_code.text_or_null()?,
        country.text_or_null()?,
        country_code.text_or_null()?,
    ])
}

/// The ordinals that a row covers, in the column given and the one after it.
///
/// # Errors
///
/// When the columns are not so.
pub fn ordinals(row: &Row, column: usize) -> std::result::Result<Range<i64>, Damaged> {
    let read = |column| row.try_get(column).map_err(|error| Damaged(error.into()));
    Ok(read(column)?..read(column + 1)?)
}

/// Reads the orders of a row whose arrays begin at `first_column`, those of `ordinals`, and gives
/// those from the ordinal `seen` on to `taker`.
///
/// # Errors
///
/// When the arrays are not what they should be. No order was given out then.
pub fn read(
    row: &Row,
    first_column: usize,
    ordinals: Range<i64>,
    seen: i64,
    dictionary: &mut Dictionary,
    mut taker: impl FnMut(&Order<'_>),
) -> std::result::Result<(), Damaged> {
    let mut read = || {
        let count = usize::try_from(ordinals.end - ordinals.start)?;
        Columns::of(row, first_column, count, dictionary)
    };
    let columns = read().map_err(Damaged)?;
    for (place, ordinal) in ordinals.enumerate() {
        if ordinal >= seen {
            taker(&columns.order(place));
        }
    }
    Ok(())
}
