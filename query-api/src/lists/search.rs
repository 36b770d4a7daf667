//! Looks through a list for the orders that a filter takes, for a bounded time.
//!
//! No index knows these filters: each would cost every order that is stored, and most of them a
//! sort as well. So the list is read from its newest order on along the index that it is sorted by,
//! stretch by stretch, until the page is full or the time is over. A page that ends for want of time
//! goes on where it ended: it may have fewer rows than asked for, even none, and says that there is
//! more. All stretches of a page are of one snapshot.
//!
//! What a place is called is compared by this program, never by the database, whose locale would
//! decide what lower case is: the spellings that occur in a stretch are looked at here, and those
//! that are meant are asked for.

use std::time::Duration;

use diesel::dsl::sql;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Nullable, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use ordertally_schema::tables::orders;
use tokio::time::Instant;

use super::cursor::OrderCursor;
use super::order::OrderRow;
use super::{OrderFilter, OrdersQuestion, Page};
use crate::facts::dictionary::Place;

/// Orders of the first stretch: enough for a page where one order in ten is taken, read in a
/// millisecond or two.
const STRETCH_MIN: i64 = 1_000;

/// Orders of a stretch at most: what is read after the time is over is less than that.
const STRETCH_MAX: i64 = 64_000;

/// A stretch that took less is followed by a larger one.
const QUICK: Duration = Duration::from_millis(50);

/// How much larger.
const GROWTH: i64 = 4;

/// Name and code of a province and its country, as stored.
type Spelling = (String, Option<String>, String, Option<String>);

/// Orders of a list that follow each other: after one place, up to another, which is included.
#[derive(Clone, Debug)]
struct Stretch {
    after: Option<OrderCursor>,
    /// `None` where the list ends.
    last: Option<OrderCursor>,
}

impl OrdersQuestion {
    /// A page of what the filter takes. No other stretch is begun after `search_time`.
    pub(super) async fn search(
        &self,
        connection: &mut AsyncPgConnection,
        search_time: Duration,
    ) -> QueryResult<Page<OrderRow, OrderCursor>> {
        let began = Instant::now();
        let wanted = usize::from(self.limit) + 1;
        let mut length = STRETCH_MIN;
        let mut after = self.after.clone();
        let mut rows = Vec::new();
        loop {
            let looked = Instant::now();
            let stretch = self.stretch(connection, after, length).await?;
            let missing = wanted - rows.len();
            rows.extend(self.taken(connection, &stretch, missing).await?);
            let Some(last) = stretch.last.filter(|_| rows.len() < wanted) else {
                return Ok(Page::of(rows, self.limit, OrderRow::cursor));
            };
            if began.elapsed() >= search_time {
                return Ok(Page {
                    data: rows,
                    next: Some(last),
                });
            }
            if looked.elapsed() < QUICK {
                length = (length * GROWTH).min(STRETCH_MAX);
            }
            after = Some(last);
        }
    }

    /// The next `length` orders of the list, whatever they are. Read from the index alone where the
    /// table has been vacuumed.
    async fn stretch(
        &self,
        connection: &mut AsyncPgConnection,
        after: Option<OrderCursor>,
        length: i64,
    ) -> QueryResult<Stretch> {
        let last = self
            .listed(after.as_ref())
            .select((orders::created_at, orders::event_id))
            .order((orders::created_at.desc(), orders::event_id.desc()))
            .offset(length - 1)
            .limit(1)
            .get_result(connection)
            .await
            .optional()?;
        let last = last.map(|(created_at, event_id)| OrderCursor {
            created_at,
            event_id,
        });
        Ok(Stretch { after, last })
    }

    /// Those of a stretch that the filter takes, `most` at most.
    async fn taken(
        &self,
        connection: &mut AsyncPgConnection,
        stretch: &Stretch,
        most: usize,
    ) -> QueryResult<Vec<OrderRow>> {
        let mut query = self.narrowed(stretch);
        if self.filter.names_place() {
            let spellings = self.spellings(connection, stretch).await?;
            if spellings.is_empty() {
                return Ok(Vec::new());
            }
            query = shipped_to(query, spellings);
        }
        query
            .select(OrderRow::as_select())
            .order((orders::created_at.desc(), orders::event_id.desc()))
            .limit(i64::try_from(most).unwrap_or(i64::MAX))
            .load(connection)
            .await
    }

    /// The spellings of the places asked for that occur in a stretch.
    async fn spellings(
        &self,
        connection: &mut AsyncPgConnection,
        stretch: &Stretch,
    ) -> QueryResult<Vec<Spelling>> {
        let mut spellings: Vec<Spelling> = self
            .narrowed(stretch)
            .select((
                orders::shipping_province,
                orders::shipping_province_code,
                orders::shipping_country,
                orders::shipping_country_code,
            ))
            .distinct()
            .load(connection)
            .await?;
        let places = &self.filter.places;
        spellings.retain(|(province, province_code, country, country_code)| {
            places.takes(&Place {
                province: Some(province.clone()),
                province_code: province_code.clone(),
                country: Some(country.clone()),
                country_code: country_code.clone(),
            })
        });
        Ok(spellings)
    }

    /// The orders of a stretch that the filter takes, places aside.
    fn narrowed<'a>(&'a self, stretch: &Stretch) -> orders::BoxedQuery<'a, Pg> {
        let mut query = self.listed(stretch.after.as_ref());
        // Of a comparison of rows the planner does not see that it is one end of a short range;
        // without this it would rather read the whole table.
        if let Some(after) = &stretch.after {
            query = query.filter(orders::created_at.le(after.created_at));
        }
        if let Some(last) = &stretch.last {
            query = query.filter(orders::created_at.ge(last.created_at)).filter(
                sql::<Bool>("(created_at, event_id) >= (")
                    .bind::<Timestamptz, _>(last.created_at)
                    .sql(", ")
                    .bind::<Text, _>(last.event_id.clone())
                    .sql(")"),
            );
        }
        let OrderFilter {
            currency,
            financial_status,
            min_value,
            max_value,
            accepts_marketing,
            customer_id: _,
            places: _,
        } = &self.filter;
        if let Some(currency) = currency {
            query = query.filter(orders::currency.eq(currency));
        }
        if let Some(financial_status) = financial_status {
            query = query.filter(orders::financial_status.eq(*financial_status));
        }
        if let Some(min_value) = min_value {
            query = query.filter(orders::order_value.ge(min_value));
        }
        if let Some(max_value) = max_value {
            query = query.filter(orders::order_value.le(max_value));
        }
        if let Some(accepts_marketing) = accepts_marketing {
            query = query.filter(orders::buyer_accepts_marketing.eq(*accepts_marketing));
        }
        query
    }
}

/// Only orders whose shipping address is spelled in one of these ways.
fn shipped_to(
    query: orders::BoxedQuery<'_, Pg>,
    spellings: Vec<Spelling>,
) -> orders::BoxedQuery<'_, Pg> {
    let (mut provinces, mut province_codes) = (Vec::new(), Vec::new());
    let (mut countries, mut country_codes) = (Vec::new(), Vec::new());
    for (province, province_code, country, country_code) in spellings {
        provinces.push(province);
        province_codes.push(province_code);
        countries.push(country);
        country_codes.push(country_code);
    }
    query.filter(
        sql::<Bool>("EXISTS (SELECT FROM unnest(")
            .bind::<Array<Text>, _>(provinces)
            .sql(", ")
            .bind::<Array<Nullable<Text>>, _>(province_codes)
            .sql(", ")
            .bind::<Array<Text>, _>(countries)
            .sql(", ")
            .bind::<Array<Nullable<Text>>, _>(country_codes)
            .sql(
                ") AS place (province, province_code, country, country_code)
                WHERE place.province = orders.shipping_province
                  AND place.country = orders.shipping_country
                  AND place.province_code IS NOT DISTINCT FROM orders.shipping_province_code
                  AND place.country_code IS NOT DISTINCT FROM orders.shipping_country_code)",
            ),
    )
}
