//! The customers with the highest order value.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Numeric, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use rust_decimal::Decimal;
use serde::Serialize;

use crate::amount;
use crate::calendar::DateRange;
use crate::database::Question;

/// Who spent most?
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopCustomersQuestion {
    /// The days that count.
    pub range: DateRange,
    /// How many customers of each currency.
    pub count: u16,
    /// Only orders in this currency.
    pub currency: Option<String>,
    /// Only orders whose buyer accepts marketing, or does not.
    pub accepts_marketing: Option<bool>,
}

/// A customer among the best of a currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TopCustomer {
    /// Place among the customers of the currency, from 1.
    pub rank: i64,
    /// The customer.
    pub customer_id: String,
    /// The email on the newest of the orders counted here.
    pub email: String,
    /// The first name on that order.
    pub first_name: Option<String>,
    /// The last name on that order.
    pub last_name: Option<String>,
    /// ISO 4217 code.
    pub currency: String,
    /// How many orders.
    pub orders: i64,
    /// Their value.
    pub order_value: String,
}

/// The sums first, the names only for those who are in the answer. Ties go to the lower customer
/// id and, among orders of one instant, the name to the greater event id, both in byte order.
const SQL: &str = r#"
WITH sums AS (
    SELECT currency, customer_id, count(*) AS orders, sum(order_value) AS order_value
    FROM orders
    WHERE created_at >= $1 AND created_at < $2
      AND width_bucket(created_at, $3) % 2 = 0
      AND ($4 IS NULL OR currency = $4)
      AND ($5 IS NULL OR buyer_accepts_marketing = $5)
    GROUP BY currency, customer_id
),
ranked AS (
    SELECT
        sums.*,
        row_number() OVER (
            PARTITION BY currency ORDER BY order_value DESC, customer_id COLLATE "C"
        ) AS rank
    FROM sums
)
SELECT
    ranked.rank,
    ranked.customer_id,
    newest.email,
    newest.first_name,
    newest.last_name,
    ranked.currency,
    ranked.orders,
    ranked.order_value
FROM ranked
CROSS JOIN LATERAL (
    SELECT email, first_name, last_name
    FROM orders
    WHERE orders.customer_id = ranked.customer_id
      AND orders.currency = ranked.currency
      AND created_at >= $1 AND created_at < $2
      AND width_bucket(created_at, $3) % 2 = 0
      AND ($5 IS NULL OR buyer_accepts_marketing = $5)
    ORDER BY created_at DESC, event_id COLLATE "C" DESC
    LIMIT 1
) AS newest
WHERE ranked.rank <= $6
ORDER BY ranked.currency COLLATE "C", ranked.rank
"#;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    rank: i64,
    #[diesel(sql_type = Text)]
    customer_id: String,
    #[diesel(sql_type = Text)]
    email: String,
    #[diesel(sql_type = Nullable<Text>)]
    first_name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    last_name: Option<String>,
    #[diesel(sql_type = Text)]
    currency: String,
    #[diesel(sql_type = BigInt)]
    orders: i64,
    #[diesel(sql_type = Numeric)]
    order_value: Decimal,
}

impl Question for TopCustomersQuestion {
    type Data = Vec<TopCustomer>;

    async fn ask(&self, connection: &mut AsyncPgConnection) -> QueryResult<Self::Data> {
        let span = self.range.span();
        let rows: Vec<Row> = diesel::sql_query(SQL)
            .bind::<Nullable<Timestamptz>, _>(span.from)
            .bind::<Nullable<Timestamptz>, _>(span.until)
            .bind::<Array<Timestamptz>, _>(span.holes)
            .bind::<Nullable<Text>, _>(&self.currency)
            .bind::<Nullable<Bool>, _>(self.accepts_marketing)
            .bind::<BigInt, _>(i64::from(self.count))
            .load(connection)
            .await?;
        Ok(rows.into_iter().map(TopCustomer::from).collect())
    }
}

impl From<Row> for TopCustomer {
    fn from(row: Row) -> Self {
        Self {
            order_value: amount::text(row.order_value, &row.currency),
            rank: row.rank,
            customer_id: row.customer_id,
            email: row.email,
            first_name: row.first_name,
            last_name: row.last_name,
            currency: row.currency,
            orders: row.orders,
        }
    }
}
