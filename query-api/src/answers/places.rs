//! Provinces and countries as orders carry them, and how a request names one.
//!
//! Matching happens here and not in the database, whose locale must not decide what lower case
//! is or which characters are blank.

use crate::facts::dictionary::Place;

/// The provinces that a request asks for: all that match every part given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlaceFilter {
    province: Option<String>,
    country: Option<String>,
}

impl PlaceFilter {
    /// Provinces of this name or code, in countries of this name or code.
    #[must_use]
    pub fn new(province: Option<&str>, country: Option<&str>) -> Self {
        Self {
            province: province.map(folded),
            country: country.map(folded),
        }
    }

    /// The province asked for, as it is compared.
    #[must_use]
    pub fn province(&self) -> Option<&str> {
        self.province.as_deref()
    }

    /// The country asked for, as it is compared.
    #[must_use]
    pub fn country(&self) -> Option<&str> {
        self.country.as_deref()
    }

    /// Whether `place` is meant.
    #[must_use]
    pub fn takes(&self, place: &Place) -> bool {
        self.province
            .as_deref()
            .is_none_or(|province| place.is_province(province))
            && self
                .country
                .as_deref()
                .is_none_or(|country| place.is_country(country))
    }
}

impl Place {
    /// By name, by the code that the order carries, or by that code with the country's before it:
    /// `Idaho`, `ID` and `US-ID` all name the province of an order that carries Idaho, ID and US.
    fn is_province(&self, asked: &str) -> bool {
        let name = self.province.as_deref().map(folded);
        let code = self.province_code.as_deref().map(folded);
        let country_code = self.country_code.as_deref().map(folded);
        let qualified = match (&country_code, &code) {
            (Some(country), Some(code)) if !country.is_empty() && !code.is_empty() => {
                Some(format!("{country}-{code}"))
            }
            _ => None,
        };
        [name, code, qualified]
            .iter()
            .flatten()
            .any(|known| known == asked)
    }

    fn is_country(&self, asked: &str) -> bool {
        [&self.country, &self.country_code]
            .into_iter()
            .flatten()
            .any(|known| folded(known) == asked)
    }
}

/// What is compared: without the blanks around it, in Unicode's lower case.
fn folded(text: &str) -> String {
    text.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(
        province: &str,
        code: Option<&str>,
        country: &str,
        country_code: Option<&str>,
    ) -> Place {
        Place {
            province: Some(province.into()),
            province_code: code.map(Into::into),
            country: Some(country.into()),
            country_code: country_code.map(Into::into),
        }
    }

    #[test]
    fn a_province_is_meant_by_name_and_by_the_codes_it_carries() {
        let short = place(" Idaho\u{a0}", Some("ID"), "United States", Some("US"));
        let long = place("Idaho", Some("US-ID"), "United States", None);
        let bare = place("IDAHO", None, "United States", Some("US"));
        for (asked, places) in [
            ("idaho", [true, true, true]),
            ("\u{2003}IDAHO ", [true, true, true]),
            ("id", [true, false, false]),
            ("us-id", [true, true, false]),
            ("ida", [false, false, false]),
            ("us", [false, false, false]),
        ] {
            let filter = PlaceFilter::new(Some(asked), None);
            assert_eq!(
                [&short, &long, &bare].map(|place| filter.takes(place)),
                places,
                "{asked}"
            );
        }
    }

    #[test]
    fn lower_case_is_unicodes() {
        for (asked, stored) in [
            ("ÎLE-DE-FRANCE", "Île-de-France"),
            ("ÅLAND", "Åland"),
            ("ΘΕΣΣΑΛΊΑ", "Θεσσαλία"),
        ] {
            let stored = place(stored, None, "x", None);
            assert!(
                PlaceFilter::new(Some(asked), None).takes(&stored),
                "{asked}"
            );
        }
    }

    #[test]
    fn the_country_narrows() {
        let georgia = place("Georgia", Some("GA"), "United States", Some("US"));
        for (country, taken) in [("us", true), ("united states", true), ("ge", false)] {
            assert_eq!(
                PlaceFilter::new(Some("georgia"), Some(country)).takes(&georgia),
                taken
            );
        }
    }

    #[test]
    fn what_an_address_does_not_say_matches_nothing() {
        let nowhere = Place::default();
        assert!(!PlaceFilter::new(Some("x"), None).takes(&nowhere));
        assert!(!PlaceFilter::new(None, Some("x")).takes(&nowhere));
        assert!(PlaceFilter::new(None, None).takes(&nowhere));
    }
}
