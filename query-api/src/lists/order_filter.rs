//! Which orders a list shows.

use rust_decimal::Decimal;

use crate::answers::PlaceFilter;

/// What an order must be to be listed: all of it that is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrderFilter {
    /// Of this customer.
    pub customer_id: Option<String>,
    /// In this currency.
    pub currency: Option<String>,
    /// Of this status of payment.
    pub financial_status: Option<&'static str>,
    /// Shipped to these places.
    pub places: PlaceFilter,
    /// Worth so much at least, in its own currency.
    pub min_value: Option<Decimal>,
    /// Worth so much at most, in its own currency.
    pub max_value: Option<Decimal>,
    /// Whether its buyer accepts marketing.
    pub accepts_marketing: Option<bool>,
}

impl OrderFilter {
    /// Each part as a text, for the fingerprint of the query. Spellings that mean the same are one.
    #[must_use]
    pub fn parts(&self) -> Vec<Option<String>> {
        let amount = |amount: Decimal| amount.normalize().to_string();
        vec![
            self.customer_id.clone(),
            self.currency.clone(),
            self.financial_status.map(ToOwned::to_owned),
            self.places.province().map(ToOwned::to_owned),
            self.places.country().map(ToOwned::to_owned),
            self.min_value.map(amount),
            self.max_value.map(amount),
            self.accepts_marketing.map(|accepts| accepts.to_string()),
        ]
    }

    /// Whether an index finds the listed orders one after the other: whether no more than the
    /// customer is given.
    #[must_use]
    pub fn is_indexed(&self) -> bool {
        let customer_alone = Self {
            customer_id: self.customer_id.clone(),
            ..Self::default()
        };
        *self == customer_alone
    }

    /// Whether a place is asked for.
    #[must_use]
    pub fn names_place(&self) -> bool {
        self.places != PlaceFilter::default()
    }
}
