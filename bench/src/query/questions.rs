//! The three kinds of question, and how each is asked over HTTP. Pure.

use serde::Serialize;

use super::days::Days;

/// Which of the three questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Top customers.
    Customers,
    /// Order value by day or in total.
    Value,
    /// Sales by province and product.
    Provinces,
}

impl Kind {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Customers, Self::Value, Self::Provinces];

    /// What people call it.
    #[must_use]
    pub fn shown(self) -> &'static str {
        match self {
            Self::Customers => "top customers",
            Self::Value => "value by day or total",
            Self::Provinces => "provinces and products",
        }
    }
}

/// Whether a question is always the same, and about how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Span {
    /// All days, in UTC, unfiltered.
    Year,
    /// Thirty of them.
    ThirtyDays,
    /// One.
    Day,
    /// Drawn from the seed: days, zone and filters.
    Drawn,
}

impl Span {
    /// Those of the questions that are always the same.
    pub const FIXED: [Self; 3] = [Self::Year, Self::ThirtyDays, Self::Day];

    /// What people call it.
    #[must_use]
    pub fn shown(self) -> &'static str {
        match self {
            Self::Year => "the year",
            Self::ThirtyDays => "30 days",
            Self::Day => "a day",
            Self::Drawn => "drawn ranges",
        }
    }
}

/// What is asked of the orders of the days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Who ordered most?
    Customers {
        /// So many of each currency.
        count: u32,
        /// Only this currency.
        currency: Option<&'static str>,
        /// Only of buyers who accept marketing, or do not.
        accepts_marketing: Option<bool>,
    },
    /// How much was ordered?
    Value {
        /// By day, or in total.
        by_day: bool,
    },
    /// What was sold where?
    Provinces {
        /// Only in this one.
        province: Option<&'static str>,
        /// By the billing address in place of the shipping address.
        billing: bool,
    },
}

/// One question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// How it came about.
    pub span: Span,
    /// The days that count.
    pub days: Days,
    /// The rest.
    pub asked: Asked,
}

impl Question {
    /// Which of the three.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self.asked {
            Asked::Customers { .. } => Kind::Customers,
            Asked::Value { .. } => Kind::Value,
            Asked::Provinces { .. } => Kind::Provinces,
        }
    }

    /// The path and query string that ask it.
    #[must_use]
    pub fn target(&self) -> String {
        let Days { start, end, zone } = self.days;
        let (path, mut pairs) = match self.asked {
            Asked::Customers {
                count,
                currency,
                accepts_marketing,
            } => (
                "customers/top",
                vec![
                    ("count", Some(count.to_string())),
                    ("currency", currency.map(str::to_owned)),
                    (
                        "accepts_marketing",
                        accepts_marketing.map(|yes| yes.to_string()),
                    ),
                ],
            ),
            Asked::Value { by_day } => (
                "orders/value",
                vec![(
                    "mode",
                    Some(if by_day { "DAY" } else { "TOTAL" }.to_owned()),
                )],
            ),
            Asked::Provinces { province, billing } => (
                "sales/province",
                vec![
                    ("province", province.map(str::to_owned)),
                    ("address", billing.then(|| "billing".to_owned())),
                ],
            ),
        };
        pairs.push(("tz", Some(zone.name().to_owned())));
        let mut target = format!("/{path}?start_date={start}&end_date={end}");
        for (name, value) in pairs {
            if let Some(value) = value {
                target.push_str(&format!("&{name}={}", value.replace(' ', "+")));
            }
        }
        target
    }
}
