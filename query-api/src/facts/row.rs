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
use super::rows::Order;

/// The arrays in the order in which they are read here.
pub const COLUMNS: &str = "created_at_us, customer_ids, currencies, order_values, \
    total_discounts, total_taxes, accepts_marketing, shipping_provinces, shipping_province_codes, \
    shipping_countries, shipping_country_codes, billing_provinces, billing_province_codes, \
    billing_countries, billing_country_codes, item_counts, product_ids, quantities";

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

    fn end(mut self) -> Result<()> {
        match self.0.next()? {
            None => Ok(()),
            Some(_) => Err("an array is too long".into()),
        }
    }
}

/// The arrays of a row.
struct Arrays<'a> {
    times: Elements<'a>,
    customers: Elements<'a>,
    currencies: Elements<'a>,
    /// Values, discounts, taxes.
    amounts: [Elements<'a>; 3],
    accepts_marketing: Elements<'a>,
    shipping: [Elements<'a>; 4],
    billing: [Elements<'a>; 4],
    item_counts: Elements<'a>,
    products: Elements<'a>,
    quantities: Elements<'a>,
}

impl<'a> Arrays<'a> {
    /// Whose first array is in this column of the row.
    fn of(row: &'a Row, first_column: usize) -> Result<Self> {
        let mut columns = first_column..;
        let mut next = || -> Result<Elements<'a>> {
            let column = columns.next().ok_or("too few columns")?;
            Ok(row.try_get(column)?)
        };
        Ok(Self {
            times: next()?,
            customers: next()?,
            currencies: next()?,
            amounts: [next()?, next()?, next()?],
            accepts_marketing: next()?,
            shipping: [next()?, next()?, next()?, next()?],
            billing: [next()?, next()?, next()?, next()?],
            item_counts: next()?,
            products: next()?,
            quantities: next()?,
        })
    }

    fn end(self) -> Result<()> {
        let singles = [
            self.times,
            self.customers,
            self.currencies,
            self.accepts_marketing,
            self.item_counts,
            self.products,
            self.quantities,
        ];
        let several = self.amounts.into_iter().chain(self.shipping);
        for array in singles.into_iter().chain(several).chain(self.billing) {
            array.end()?;
        }
        Ok(())
    }
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
/// When the arrays are not what they should be. Orders may have been given out before.
pub fn read(
    row: &Row,
    first_column: usize,
    ordinals: Range<i64>,
    seen: i64,
    dictionary: &mut Dictionary,
    taker: impl FnMut(&Order<'_>),
) -> std::result::Result<(), Damaged> {
    read_arrays(row, first_column, ordinals, seen, dictionary, taker).map_err(Damaged)
}

fn read_arrays(
    row: &Row,
    first_column: usize,
    ordinals: Range<i64>,
    seen: i64,
    dictionary: &mut Dictionary,
    mut taker: impl FnMut(&Order<'_>),
) -> Result<()> {
    let mut arrays = Arrays::of(row, first_column)?;
    let mut items = Items::default();
    for ordinal in ordinals {
        let fact = Fact::next(&mut arrays)?;
        if ordinal < seen {
            items.skip(&mut arrays, fact.item_count)?;
        } else {
            items.read(&mut arrays, fact.item_count, dictionary)?;
            taker(&fact.order(&items, dictionary)?);
        }
    }
    arrays.end()
}

/// One order but for its items.
struct Fact<'a> {
    created_at_us: i64,
    customer: &'a str,
    currency: &'a str,
    amounts: [i64; 3],
    accepts_marketing: bool,
    shipping: RawPlace<'a>,
    billing: RawPlace<'a>,
    item_count: i32,
}

impl<'a> Fact<'a> {
    fn next(arrays: &mut Arrays<'a>) -> Result<Self> {
        let [value, discounts, tax] = &mut arrays.amounts;
        Ok(Self {
            created_at_us: arrays.times.value(int8_from_sql)?,
            customer: arrays.customers.text()?,
            currency: arrays.currencies.text()?,
            amounts: [value.amount()?, discounts.amount()?, tax.amount()?],
            accepts_marketing: arrays.accepts_marketing.value(bool_from_sql)?,
            shipping: place(&mut arrays.shipping)?,
            billing: place(&mut arrays.billing)?,
            item_count: arrays.item_counts.value(int4_from_sql)?,
        })
    }

    fn order<'i>(&self, items: &'i Items, dictionary: &mut Dictionary) -> Result<Order<'i>> {
        if DateTime::from_timestamp_micros(self.created_at_us).is_none() {
            return Err("a time is outside the calendar".into());
        }
        let [value, discounts, tax] = self.amounts;
        let shipping = dictionary.place(self.shipping);
        let billing = if self.billing == self.shipping {
            shipping
        } else {
            dictionary.place(self.billing)
        };
        let kind = dictionary
            .kind(self.currency, self.accepts_marketing)
            .ok_or("there are too many currencies")?;
        Ok(Order {
            created_at_us: self.created_at_us,
            customer: dictionary.customer(kind, self.customer),
            kind,
            value,
            discounts,
            tax,
            shipping,
            billing,
            items: (&items.products, &items.quantities),
        })
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

/// The items of the order that is being read.
#[derive(Default)]
struct Items {
    products: Vec<u32>,
    quantities: Vec<u32>,
}

impl Items {
    fn read(
        &mut self,
        arrays: &mut Arrays<'_>,
        count: i32,
        dictionary: &mut Dictionary,
    ) -> Result<()> {
        self.products.clear();
        self.quantities.clear();
        for _ in 0..count {
            self.products
                .push(dictionary.product(arrays.products.text()?));
            let quantity = arrays.quantities.value(int4_from_sql)?;
            self.quantities.push(u32::try_from(quantity)?);
        }
        Ok(())
    }

    fn skip(&self, arrays: &mut Arrays<'_>, count: i32) -> Result<()> {
        for _ in 0..count {
            let _product = arrays.products.element()?;
            let _quantity = arrays.quantities.element()?;
        }
        Ok(())
    }
}
