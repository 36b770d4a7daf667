//! What each resource does with a request: check it, ask, reply.

mod rejected;

use std::sync::Arc;

use chrono_tz::Tz;
use headers::ETag;
use serde_json::json;
use warp::reply::Response;

use crate::answers::{Answers, ValueRows};
use crate::calendar::DateRange;
use crate::call::Call;
use crate::database::{AskError, Snapshot};
use crate::facts::Facts;
use crate::health::{Health, Liveness, Readiness};
use crate::lists::{Lists, ShownOrder};
use crate::observe::Metrics;
use crate::params::{self, InvalidParameter, path_segment};
use crate::position::AtLeast;
use crate::problem::Problem;
use crate::reply::{self, Freshness};
use crate::requests;
use crate::status::Status;

/// Everything that a handler may use.
pub struct Resources {
    answers: Answers,
    lists: Lists,
    health: Health,
    status: Status,
    metrics: Metrics,
    /// The zone of days when a request names none.
    zone: Tz,
}

/// A good answer or a problem.
pub type Outcome = Result<Response, Problem>;

/// What an answer from the facts is made of, or that the client has it.
enum Asked {
    /// To be computed from these facts, and this is its tag.
    Compute(Arc<Facts>, ETag),
    /// Nothing to compute.
    Known(Response),
}

impl Resources {
    /// With what answers, and the zone of days when a request names none.
    #[must_use]
    pub fn new(
        answers: Answers,
        lists: Lists,
        health: Health,
        status: Status,
        metrics: Metrics,
        zone: Tz,
    ) -> Self {
        Self {
            answers,
            lists,
            health,
            status,
            metrics,
            zone,
        }
    }

    /// `GET /customers/top`.
    ///
    /// # Errors
    ///
    /// The problem to answer with; so for each method here.
    pub async fn top_customers(&self, call: &Call) -> Outcome {
        let (question, at_least) = requests::top_customers(&call.query, call.now(self.zone))
            .map_err(|faults| call.wrong(faults))?;
        let range = &question.range;
        let whole = !call.personal || self.answers.knows_names();
        let (facts, tag) = match self.asked(call, range, &at_least, whole).await? {
            Asked::Compute(facts, tag) => (facts, tag),
            Asked::Known(response) => return Ok(response),
        };
        let (answer, whole) = self
            .answers
            .top_customers(facts, &question, call.personal)
            .await
            .map_err(|error| no_answer(call, &error))?;
        let response = reply::analytics(
            call.representation,
            "top-customers",
            range,
            &answer.data,
            &answer,
        );
        // An answer without its names is not what its tag stands for.
        Ok(if whole {
            reply::with_tag(response, tag)
        } else {
            response
        })
    }

    /// `GET /orders/value`.
    pub async fn order_value(&self, call: &Call) -> Outcome {
        let (question, at_least) = requests::order_value(&call.query, call.now(self.zone))
            .map_err(|faults| call.wrong(faults))?;
        let range = question.range;
        let (facts, tag) = match self.asked(call, &range, &at_least, true).await? {
            Asked::Compute(facts, tag) => (facts, tag),
            Asked::Known(response) => return Ok(response),
        };
        let form = call.representation;
        let shape = move |answer: Snapshot<ValueRows>| {
            let name = "order-value";
            match answer.data {
                ValueRows::Day(ref rows) => reply::analytics(form, name, &range, rows, &answer),
                ValueRows::Total(ref rows) => reply::analytics(form, name, &range, rows, &answer),
            }
        };
        self.answers
            .order_value(facts, question, shape)
            .await
            .map(|response| reply::with_tag(response, tag))
            .map_err(|error| no_answer(call, &error))
    }

    /// `GET /sales/province`.
    pub async fn province_sales(&self, call: &Call) -> Outcome {
        let (question, at_least) = requests::province_sales(&call.query, call.now(self.zone))
            .map_err(|faults| call.wrong(faults))?;
        let range = question.range;
        let (facts, tag) = match self.asked(call, &range, &at_least, true).await? {
            Asked::Compute(facts, tag) => (facts, tag),
            Asked::Known(response) => return Ok(response),
        };
        let form = call.representation;
        self.answers
            .province_sales(facts, question, move |answer| {
                reply::analytics(form, "province-sales", &range, &answer.data, &answer)
            })
            .await
            .map(|response| reply::with_tag(response, tag))
            .map_err(|error| no_answer(call, &error))
    }

    /// The facts that a question is to be answered from, unless the client has the answer already.
    /// Whether it has is not asked where an answer would not be `whole`.
    async fn asked(
        &self,
        call: &Call,
        range: &DateRange,
        at_least: &AtLeast,
        whole: bool,
    ) -> Result<Asked, Problem> {
        let facts = self
            .answers
            .facts(at_least)
            .await
            .map_err(|error| no_answer(call, &error))?;
        // The address alone does not tell the days: they may be those of a period, or of the
        // service's own zone.
        let days = format!("{}/{}/{}", range.start, range.end, range.zone.name());
        let tag = call.tag(&[
            env!("CARGO_PKG_VERSION").as_bytes(),
            &facts.version,
            call.path.as_bytes(),
            call.query.as_bytes(),
            days.as_bytes(),
        ]);
        if whole && call.knows(&tag) {
            let freshness = Freshness::of(&facts.positions, facts.as_of);
            return Ok(Asked::Known(freshness.on(reply::not_modified(tag))));
        }
        Ok(Asked::Compute(facts, tag))
    }

    /// `GET /orders/{event_id}`.
    pub async fn order(&self, call: &Call, raw_event_id: &str) -> Outcome {
        // An id longer than any event's is not wrong, only unknown.
        let event_id = path_segment("event_id", raw_event_id, params::text);
        let asked = requests::order(&call.query);
        let (event_id, (fields, at_least)) =
            both(event_id, asked).map_err(|faults| call.wrong(faults))?;
        let answer = self
            .lists
            .order(&event_id, &at_least)
            .await
            .map_err(|error| no_answer(call, &error))?;
        let Snapshot {
            data,
            positions,
            as_of,
        } = answer;
        let data = data.ok_or_else(|| {
            Problem::not_found("no order has this event id", &call.path).at(&positions)
        })?;
        let answer = Snapshot {
            data: ShownOrder::new(data, fields),
            positions,
            as_of,
        };
        Ok(reply::document(call, "order", fields, answer))
    }

    /// `GET /orders`.
    pub async fn orders(&self, call: &Call) -> Outcome {
        let request = requests::orders(&call.query, call.now(self.zone))
            .map_err(|faults| call.wrong(faults))?;
        self.lists
            .orders(&request.question, &request.at_least)
            .await
            .map(|answer| reply::list(call, "orders", &request, request.question.fields, answer))
            .map_err(|error| no_answer(call, &error))
    }

    /// `GET /customers/{id}/orders`.
    pub async fn customer_orders(&self, call: &Call, raw_customer_id: &str) -> Outcome {
        let customer_id = path_segment("id", raw_customer_id, params::id);
        // A wrong id leaves the query's faults to be named as well.
        let asked = customer_id.clone().unwrap_or_default();
        let request = requests::customer_orders(&call.query, asked, call.now(self.zone));
        let (_, request) = both(customer_id, request).map_err(|faults| call.wrong(faults))?;
        self.lists
            .orders(&request.question, &request.at_least)
            .await
            .map(|answer| {
                let fields = request.question.fields;
                reply::list(call, "customer-orders", &request, fields, answer)
            })
            .map_err(|error| no_answer(call, &error))
    }

    /// `GET /healthcheck/heartbeat/` and `GET /livez`: the process is there.
    #[must_use]
    pub fn alive(&self) -> Response {
        reply::momentary(&Liveness::Alive)
    }

    /// `GET /readyz`.
    pub async fn ready(&self, path: &str) -> Outcome {
        let health = self.health.check().await;
        match health.missing() {
            None => Ok(reply::momentary(&Readiness::Ready { checks: health })),
            Some(missing) => Err(Problem::unavailable(missing, path).with("checks", json!(health))),
        }
    }

    /// `GET /status`.
    pub async fn status(&self) -> Response {
        reply::momentary(&self.status.now().await)
    }

    /// `GET /metrics`.
    #[must_use]
    pub fn metrics(&self) -> Response {
        self.metrics
            .page(&self.health.connections(), self.health.board())
    }
}

fn no_answer(call: &Call, error: &AskError) -> Problem {
    Problem::no_answer(error, &call.path)
}

/// Path and query checked together, so that the faults of both are named.
fn both<A, B>(
    path: Result<A, InvalidParameter>,
    query: Result<B, Vec<InvalidParameter>>,
) -> Result<(A, B), Vec<InvalidParameter>> {
    match (path, query) {
        (Ok(path), Ok(query)) => Ok((path, query)),
        (Err(fault), Ok(_)) => Err(vec![fault]),
        (Ok(_), Err(faults)) => Err(faults),
        (Err(fault), Err(mut faults)) => {
            faults.insert(0, fault);
            Err(faults)
        }
    }
}
