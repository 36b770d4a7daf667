//! The rows of the answer, found as orders of them are met.
//!
//! Places are free text, so there may be very many that no order asked for has. Nothing here is
//! done for a place before an order of it comes by.

use hashbrown::HashMap;

use super::ProvinceSalesQuestion;
use crate::facts::dictionary::Texts;

/// Country, province and currency of a row of the answer.
pub type Key<'a> = (Option<&'a str>, Option<&'a str>, &'a str);

/// The group of orders that are not asked for.
const NOT_ASKED: u32 = u32::MAX;

/// The end of a chain.
const NONE: u32 = u32::MAX;

/// Stands for no currency; their numbers are smaller.
const NO_CURRENCY: u16 = u16::MAX;

/// A currency that orders of a place came in.
#[derive(Clone, Copy)]
struct Link {
    currency: u16,
    group: u32,
    /// The next currency of the same place.
    next: u32,
}

impl Link {
    const NOT_MET: Self = Self {
        currency: NO_CURRENCY,
        group: NOT_ASKED,
        next: NONE,
    };
}

/// The rows of the answer, and which orders go into which. Places that differ in their blanks or
/// codes alone fall together.
pub struct Groups<'a> {
    question: &'a ProvinceSalesQuestion,
    texts: &'a Texts,
    keys: Vec<Key<'a>>,
    numbers: HashMap<Key<'a>, u32>,
    /// The first currency of each place; few have more.
    places: Vec<Link>,
    /// The others.
    links: Vec<Link>,
}

impl<'a> Groups<'a> {
    /// Of what is asked.
    #[must_use]
    pub fn of(question: &'a ProvinceSalesQuestion, texts: &'a Texts) -> Self {
        Self {
            question,
            texts,
            keys: Vec::new(),
            numbers: HashMap::new(),
            places: vec![Link::NOT_MET; texts.places.len()],
            links: Vec::new(),
        }
    }

    /// How many were met.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Those that were met, in the order of their numbers.
    #[must_use]
    pub fn into_keys(self) -> Vec<Key<'a>> {
        self.keys
    }

    /// The group of an order; `None` when it is not asked for.
    #[inline]
    pub fn of_order(&mut self, place: u32, currency: u16) -> Option<u32> {
        let first = self.places[place as usize];
        let group = if first.currency == currency {
            first.group
        } else {
            self.find(place, currency)
        };
        (group != NOT_ASKED).then_some(group)
    }

    /// The group of an order whose place was not met, or in another currency first.
    fn find(&mut self, place: u32, currency: u16) -> u32 {
        let mut next = self.places[place as usize].next;
        while let Some(link) = self.links.get(next as usize) {
            if link.currency == currency {
                return link.group;
            }
            next = link.next;
        }
        self.meet(place, currency)
    }

    /// The group of the first order of a place in a currency.
    #[cold]
    fn meet(&mut self, place: u32, currency: u16) -> u32 {
        let group = self.key(place, currency).map_or(NOT_ASKED, |key| {
            *self.numbers.entry(key).or_insert_with(|| {
                self.keys.push(key);
                number(self.keys.len() - 1)
            })
        });
        let first = &mut self.places[place as usize];
        if first.currency == NO_CURRENCY {
            (first.currency, first.group) = (currency, group);
        } else {
            let next = std::mem::replace(&mut first.next, number(self.links.len()));
            self.links.push(Link {
                currency,
                group,
                next,
            });
        }
        group
    }

    fn key(&self, place: u32, currency: u16) -> Option<Key<'a>> {
        let place = self.texts.places.get(place as usize)?;
        let code = self.texts.currencies.text(currency.into());
        let question = self.question;
        let currency_asked = question.currency.as_ref().is_none_or(|asked| asked == code);
        if !(currency_asked && question.places.takes(place)) {
            return None;
        }
        let [country, province] =
            [&place.country, &place.province].map(|name| name.as_deref().map(str::trim));
        Some((country, province, code))
    }
}

fn number(place: usize) -> u32 {
    u32::try_from(place).expect("fewer groups than orders")
}
