//! What the numbers in the engines' columns stand for. Pure.

use std::collections::HashMap;

use anyhow::{Context, Result};
use serde::Serialize;

/// Texts numbered as they are met.
#[derive(Debug, Default)]
pub struct Numbered {
    numbers: HashMap<String, u32>,
}

impl Numbered {
    /// The number of a text; a new one where it is met for the first time.
    ///
    /// # Panics
    ///
    /// When there are more than 2^32.
    pub fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = u32::try_from(self.numbers.len()).expect("fewer than 2^32 names");
        self.numbers.insert(text.to_owned(), number);
        number
    }

    /// The number of a text that was met.
    ///
    /// # Errors
    ///
    /// When it was not.
    pub fn find(&self, text: &str) -> Result<i64> {
        let number = self.numbers.get(text);
        number
            .map(|number| i64::from(*number))
            .with_context(|| format!("the service names {text}, which is in no fact"))
    }

    /// All texts by their numbers.
    fn in_order(&self) -> Vec<&str> {
        let mut texts = vec![""; self.numbers.len()];
        for (text, number) in &self.numbers {
            texts[*number as usize] = text;
        }
        texts
    }
}

/// Province, its code, country and its code, as an address gives them.
pub type PlaceText<'a> = [Option<&'a str>; 4];

/// Places as addresses give them, each of a province.
#[derive(Debug, Default)]
pub struct Places {
    numbers: Numbered,
    /// The name of its province in lower case, by the place's number.
    name_of: Vec<String>,
    /// The number of its province, likewise.
    province_of: Vec<u32>,
    provinces: Numbered,
}

impl Places {
    /// The number of a place; a new one where it is met for the first time.
    pub fn number(&mut self, place: &PlaceText<'_>) -> u32 {
        let key = place.map(|part| part.unwrap_or("\0")).join("\x01");
        let number = self.numbers.number(&key);
        if number as usize == self.province_of.len() {
            let [province, _, country, _] = *place;
            let key = province_key(country, province);
            self.province_of.push(self.provinces.number(&key));
            self.name_of.push(folded(province.unwrap_or_default()));
        }
        number
    }

    /// The number of a province as an answer names it.
    ///
    /// # Errors
    ///
    /// When no fact has it.
    pub fn find_province(&self, country: Option<&str>, province: Option<&str>) -> Result<i64> {
        self.provinces.find(&province_key(country, province))
    }

    /// The numbers of all places whose province has this name, case aside. (The service knows
    /// codes as well; the questions asked here name names.)
    #[must_use]
    pub fn named(&self, asked: &str) -> Vec<u32> {
        let asked = folded(asked);
        (0..)
            .zip(&self.name_of)
            .filter(|(_, name)| **name == asked)
            .map(|(number, _)| number)
            .collect()
    }
}

fn folded(text: &str) -> String {
    text.trim().to_lowercase()
}

/// Blanks around a name are no part of it.
fn province_key(country: Option<&str>, province: Option<&str>) -> String {
    [country, province]
        .map(|text| text.map_or("\0", str::trim))
        .join("\x01")
}

/// Every name in the facts.
#[derive(Debug, Default)]
pub struct Names {
    /// Customers' ids.
    pub customers: Numbered,
    /// Currencies.
    pub currencies: Numbered,
    /// Products' ids.
    pub products: Numbered,
    /// Places.
    pub places: Places,
    ranks: Vec<u32>,
}

/// What an engine has to know of the names: nothing but which place is of which province.
#[derive(Debug, Serialize)]
pub struct OfNumbers<'a> {
    province_of_place: &'a [u32],
}

impl Names {
    /// The place of each customer among all in the order of their ids' bytes, by number: engines
    /// know customers by this rank, so that a tie is broken as the service breaks it.
    pub fn customer_ranks(&mut self) -> Vec<u32> {
        let texts = self.customers.in_order();
        let mut by_bytes: Vec<u32> = (0..).take(texts.len()).collect();
        by_bytes.sort_unstable_by_key(|number| texts[*number as usize].as_bytes());
        let mut ranks = vec![0; by_bytes.len()];
        for (rank, number) in (0..).zip(by_bytes) {
            ranks[number as usize] = rank;
        }
        self.ranks.clone_from(&ranks);
        ranks
    }

    /// What an engine calls a customer.
    ///
    /// # Errors
    ///
    /// When no fact has it.
    pub fn customer_rank(&self, id: &str) -> Result<i64> {
        let number = usize::try_from(self.customers.find(id)?)?;
        let rank = self.ranks.get(number).context("customers are not ranked")?;
        Ok(i64::from(*rank))
    }

    /// What an engine has to know.
    #[must_use]
    pub fn of_numbers(&self) -> OfNumbers<'_> {
        OfNumbers {
            province_of_place: &self.places.province_of,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn customers_are_ranked_by_the_bytes_of_their_ids() {
        let mut names = Names::default();
        for id in ["b", "10", "é", "a", "9", "b"] {
            names.customers.number(id);
        }
        assert_eq!(names.customer_ranks(), [3, 0, 4, 2, 1]);
        assert_eq!(names.customer_rank("é").unwrap(), 4);
        assert!(names.customer_rank("c").is_err());
    }

    #[test]
    fn places_of_a_province_differ_in_their_codes_alone() {
        let mut places = Places::default();
        let idaho = [Some("Idaho"), None, Some("United States"), None];
        let coded = [
            Some(" Idaho"),
            Some("ID"),
            Some("United States"),
            Some("US"),
        ];
        let other = [Some("Idaho"), Some("ID"), None, None];
        let numbers = [idaho, coded, other, idaho].map(|place| places.number(&place));
        assert_eq!(numbers, [0, 1, 2, 0]);
        assert_eq!(places.province_of, [0, 0, 1]);
        assert_eq!(places.named("IDAHO "), [0, 1, 2]);
        let found = places.find_province(Some("United States"), Some("Idaho"));
        assert_eq!(found.unwrap(), 0);
        assert_eq!(places.find_province(None, Some("Idaho")).unwrap(), 1);
    }
}
