//! The analytics: the seam between who asks and where the figures come from.
//!
//! Handlers know [`Answers`], its questions and its rows, and nothing else. Today the figures are
//! computed in Postgres from the table `orders`, one snapshot an answer.

pub mod order_value;
pub mod places;
pub mod province_sales;
pub mod top_customers;

use std::sync::Arc;

use crate::database::{AskError, Database, Snapshot};
use crate::position::AtLeast;

pub use order_value::{DailyValue, OrderValueQuestion, TotalValue, ValueMode, ValueRows};
pub use places::{AddressKind, PlaceFilter};
pub use province_sales::{ProductUnits, ProvinceSales, ProvinceSalesQuestion};
pub use top_customers::{TopCustomer, TopCustomersQuestion};

/// What answers the three questions.
#[derive(Clone)]
pub struct Answers {
    database: Arc<Database>,
}

impl Answers {
    /// Answers from the orders in `database`.
    #[must_use]
    pub fn new(database: Arc<Database>) -> Self {
        Self { database }
    }

    /// The customers with the highest order value, by currency and rank.
    ///
    /// # Errors
    ///
    /// [`AskError`] when there is no answer now.
    pub async fn top_customers(
        &self,
        question: &TopCustomersQuestion,
        at_least: &AtLeast,
    ) -> Result<Snapshot<Vec<TopCustomer>>, AskError> {
        self.database.ask(question, at_least).await
    }

    /// Order value per currency, by day or in total.
    ///
    /// # Errors
    ///
    /// [`AskError`] when there is no answer now.
    pub async fn order_value(
        &self,
        question: &OrderValueQuestion,
        at_least: &AtLeast,
    ) -> Result<Snapshot<ValueRows>, AskError> {
        self.database.ask(question, at_least).await
    }

    /// Orders, value and units by product for each province and currency.
    ///
    /// # Errors
    ///
    /// [`AskError`] when there is no answer now.
    pub async fn province_sales(
        &self,
        question: &ProvinceSalesQuestion,
        at_least: &AtLeast,
    ) -> Result<Snapshot<Vec<ProvinceSales>>, AskError> {
        self.database.ask(question, at_least).await
    }
}
