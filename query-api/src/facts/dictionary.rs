//! What repeats from order to order, as numbers: customers, products, currencies, places.

use std::hash::BuildHasher;
use std::sync::Arc;

use hashbrown::{DefaultHashBuilder, HashTable};

use super::names::{Interner, Names};
use super::rows::Kind;

/// Name and code of a province and its country, as stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Place {
    /// Name of the province.
    pub province: Option<String>,
    /// Code of the province, such as `ID` or `US-ID`.
    pub province_code: Option<String>,
    /// Name of the country.
    pub country: Option<String>,
    /// Code of the country.
    pub country_code: Option<String>,
}

/// A place as it lies in a row that is being read: province, its code, country, its code.
pub type RawPlace<'a> = [Option<&'a str>; 4];

impl Place {
    fn parts(&self) -> RawPlace<'_> {
        [
            &self.province,
            &self.province_code,
            &self.country,
            &self.country_code,
        ]
        .map(Option::as_deref)
    }
}

/// The texts behind the numbers, shared with readers.
#[derive(Clone, Debug, Default)]
pub struct Texts {
    /// Ids of customers, for each currency its own: so the customers of a currency have numbers
    /// that follow each other, and sums by customer are added up in little room.
    pub customers: Vec<Names>,
    /// Ids of products.
    pub products: Names,
    /// ISO 4217 codes.
    pub currencies: Names,
    /// Places.
    pub places: Arc<Vec<Place>>,
}

/// Gives numbers; belongs to the follower.
#[derive(Debug, Default)]
pub struct Dictionary {
    customers: Vec<Interner>,
    products: Interner,
    currencies: Interner,
    places: Arc<Vec<Place>>,
    place_numbers: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl Dictionary {
    /// The number of a customer among those who ordered in the currency of `kind`.
    ///
    /// # Panics
    ///
    /// When the kind is of another dictionary.
    pub fn customer(&mut self, kind: Kind, id: &str) -> u32 {
        self.customers[usize::from(kind.currency())].number(id)
    }

    /// The id of a customer by that number.
    #[must_use]
    pub fn customer_id(&self, kind: Kind, number: u32) -> &str {
        self.customers[usize::from(kind.currency())]
            .names()
            .text(number)
    }

    /// The number of a product.
    pub fn product(&mut self, id: &str) -> u32 {
        self.products.number(id)
    }

    /// The number of a currency with the buyer's wish; `None` when there are more currencies than
    /// any table of them has.
    pub fn kind(&mut self, currency: &str, accepts_marketing: bool) -> Option<Kind> {
        let currency = u16::try_from(self.currencies.number(currency)).ok()?;
        if usize::from(currency) == self.customers.len() {
            self.customers.push(Interner::default());
        }
        (currency <= u16::MAX / 2).then(|| Kind::new(currency, accepts_marketing))
    }

    /// The number of a place.
    ///
    /// # Panics
    ///
    /// When there are more than four billion different places.
    pub fn place(&mut self, place: RawPlace<'_>) -> u32 {
        let hash = self.hasher.hash_one(place);
        let (places, hasher) = (&mut self.places, &self.hasher);
        let known = self
            .place_numbers
            .find(hash, |known| places[*known as usize].parts() == place);
        if let Some(known) = known {
            return *known;
        }
        let number = u32::try_from(places.len()).expect("fewer than four billion places");
        let [province, province_code, country, country_code] =
            place.map(|part| part.map(ToOwned::to_owned));
        Arc::make_mut(places).push(Place {
            province,
            province_code,
            country,
            country_code,
        });
        let _entry = self.place_numbers.insert_unique(hash, number, |known| {
            hasher.hash_one(places[*known as usize].parts())
        });
        number
    }

    /// The texts so far, to be shared.
    #[must_use]
    pub fn texts(&self) -> Texts {
        Texts {
            customers: self
                .customers
                .iter()
                .map(|of_currency| of_currency.names().clone())
                .collect(),
            products: self.products.names().clone(),
            currencies: self.currencies.names().clone(),
            places: Arc::clone(&self.places),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_that_differ_in_any_part_have_different_numbers() {
        let mut dictionary = Dictionary::default();
        let idaho = [Some("Idaho"), Some("ID"), Some("United States"), Some("US")];
        let mut bare = idaho;
        bare[1] = None;
        let mut empty = idaho;
        empty[1] = Some("");
        let numbers = [idaho, bare, empty, [None; 4], idaho, bare, empty]
            .map(|place| dictionary.place(place));
        assert_eq!(numbers, [0, 1, 2, 3, 0, 1, 2]);
        let texts = dictionary.texts();
        assert_eq!(texts.places[0].parts(), idaho);
        assert_eq!(texts.places[3], Place::default());
    }
}
