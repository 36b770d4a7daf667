//! The three questions, and how a request asks them.

use chrono::NaiveDate;
use chrono_tz::Tz;
use url::form_urlencoded::Serializer;

/// Calendar days, both included, in a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Days {
    /// The first.
    pub start: NaiveDate,
    /// The last.
    pub end: NaiveDate,
    /// Whose calendar it is.
    pub zone: Tz,
}

/// Who spent most?
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopCustomers {
    /// Which orders.
    pub days: Days,
    /// How many customers of each currency.
    pub count: usize,
    /// Only this currency.
    pub currency: Option<String>,
    /// Only orders whose buyer accepts marketing, or does not.
    pub accepts_marketing: Option<bool>,
}

/// How much was ordered?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderValue {
    /// Which orders.
    pub days: Days,
    /// Each day by itself (`DAY`), or all together (`TOTAL`).
    pub by_day: bool,
}

/// What was sold where?
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvinceSales {
    /// Which orders.
    pub days: Days,
    /// Only provinces of this name or code.
    pub province: Option<String>,
    /// Only countries of this name or code.
    pub country: Option<String>,
    /// Only this currency.
    pub currency: Option<String>,
    /// By the billing instead of the shipping address.
    pub by_billing: bool,
}

impl TopCustomers {
    /// The request that asks it.
    #[must_use]
    pub fn path(&self) -> String {
        let mut query = query(self.days);
        query.append_pair("count", &self.count.to_string());
        optional(&mut query, "currency", self.currency.as_deref());
        let accepts = self.accepts_marketing.map(|accepts| accepts.to_string());
        optional(&mut query, "accepts_marketing", accepts.as_deref());
        format!("/customers/top?{}", query.finish())
    }
}

impl OrderValue {
    /// The request that asks it.
    #[must_use]
    pub fn path(&self) -> String {
        let mut query = query(self.days);
        query.append_pair("mode", if self.by_day { "DAY" } else { "TOTAL" });
        format!("/orders/value?{}", query.finish())
    }
}

impl ProvinceSales {
    /// The request that asks it.
    #[must_use]
    pub fn path(&self) -> String {
        let mut query = query(self.days);
        optional(&mut query, "province", self.province.as_deref());
        optional(&mut query, "country", self.country.as_deref());
        optional(&mut query, "currency", self.currency.as_deref());
        query.append_pair(
            "address",
            if self.by_billing {
                "billing"
            } else {
                "shipping"
            },
        );
        format!("/sales/province?{}", query.finish())
    }
}

fn query(days: Days) -> Serializer<'static, String> {
    let mut query = Serializer::new(String::new());
    query
        .append_pair("start_date", &days.start.to_string())
        .append_pair("end_date", &days.end.to_string())
        .append_pair("tz", days.zone.name());
    query
}

fn optional(query: &mut Serializer<'static, String>, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        query.append_pair(name, value);
    }
}
