//! What each resource does with a request: check it, ask, reply.

use chrono_tz::Tz;
use serde_json::json;
use warp::reply::Response;

use crate::answers::Answers;
use crate::database::{AskError, Snapshot};
use crate::health::Health;
use crate::lists::Lists;
use crate::observe::Metrics;
use crate::params::{self, InvalidParameter, path_segment};
use crate::problem::Problem;
use crate::{reply, requests};

/// Everything that a handler may use.
pub struct Resources {
    answers: Answers,
    lists: Lists,
    health: Health,
    metrics: Metrics,
    /// The zone of days when a request names none.
    zone: Tz,
}

/// What a handler sees of a request: raw text, not yet decoded.
#[derive(Clone, Debug)]
pub struct Call {
    /// The path as it came.
    pub path: String,
    /// The query string as it came; empty when there is none.
    pub query: String,
}

/// A good answer or a problem.
pub type Outcome = Result<Response, Problem>;

impl Call {
    fn wrong(&self, faults: Vec<InvalidParameter>) -> Problem {
        Problem::invalid_parameters(faults, &self.path)
    }

    fn no_answer(&self, error: &AskError) -> Problem {
        Problem::no_answer(error, &self.path)
    }
}

impl Resources {
    /// With what answers, and the zone of days when a request names none.
    #[must_use]
    pub fn new(answers: Answers, lists: Lists, health: Health, metrics: Metrics, zone: Tz) -> Self {
        Self {
            answers,
            lists,
            health,
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
        let (question, at_least) =
            requests::top_customers(&call.query, self.zone).map_err(|faults| call.wrong(faults))?;
        self.answers
            .top_customers(&question, &at_least)
            .await
            .map(|answer| reply::analytics(&question.range, answer))
            .map_err(|error| call.no_answer(&error))
    }

    /// `GET /orders/value`.
    pub async fn order_value(&self, call: &Call) -> Outcome {
        let (question, at_least) =
            requests::order_value(&call.query, self.zone).map_err(|faults| call.wrong(faults))?;
        let range = question.range;
        self.answers
            .order_value(&question, &at_least, move |answer| {
                reply::analytics(&range, answer)
            })
            .await
            .map_err(|error| call.no_answer(&error))
    }

    /// `GET /sales/province`.
    pub async fn province_sales(&self, call: &Call) -> Outcome {
        let (question, at_least) = requests::province_sales(&call.query, self.zone)
            .map_err(|faults| call.wrong(faults))?;
        let range = question.range;
        self.answers
            .province_sales(&question, &at_least, move |answer| {
                reply::analytics(&range, answer)
            })
            .await
            .map_err(|error| call.no_answer(&error))
    }

    /// `GET /orders/{event_id}`.
    pub async fn order(&self, call: &Call, raw_event_id: &str) -> Outcome {
        // An id longer than any event's is not wrong, only unknown.
        let event_id = path_segment("event_id", raw_event_id, params::text);
        let at_least = requests::order(&call.query);
        let (event_id, at_least) = both(event_id, at_least).map_err(|faults| call.wrong(faults))?;
        let answer = self
            .lists
            .order(&event_id, &at_least)
            .await
            .map_err(|error| call.no_answer(&error))?;
        let Snapshot {
            data,
            positions,
            as_of,
        } = answer;
        let data = data.ok_or_else(|| {
            Problem::not_found("no order has this event id", &call.path).at(&positions)
        })?;
        Ok(reply::document(Snapshot {
            data,
            positions,
            as_of,
        }))
    }

    /// `GET /orders`.
    pub async fn orders(&self, call: &Call) -> Outcome {
        let request =
            requests::orders(&call.query, self.zone).map_err(|faults| call.wrong(faults))?;
        self.lists
            .orders(&request.question, &request.at_least)
            .await
            .map(|answer| reply::list(&request, answer))
            .map_err(|error| call.no_answer(&error))
    }

    /// `GET /customers/{id}/orders`.
    pub async fn customer_orders(&self, call: &Call, raw_customer_id: &str) -> Outcome {
        let customer_id = path_segment("id", raw_customer_id, params::id);
        // A wrong id leaves the query's faults to be named as well.
        let asked = customer_id.clone().unwrap_or_default();
        let request = requests::customer_orders(&call.query, asked, self.zone);
        let (_, request) = both(customer_id, request).map_err(|faults| call.wrong(faults))?;
        self.lists
            .orders(&request.question, &request.at_least)
            .await
            .map(|answer| reply::list(&request, answer))
            .map_err(|error| call.no_answer(&error))
    }

    /// `GET /rejected-events`.
    pub async fn rejected_events(&self, call: &Call) -> Outcome {
        let request = requests::rejected_events(&call.query, self.zone)
            .map_err(|faults| call.wrong(faults))?;
        self.lists
            .rejected_events(&request.question, &request.at_least)
            .await
            .map(|answer| reply::list(&request, answer))
            .map_err(|error| call.no_answer(&error))
    }

    /// `GET /healthcheck/heartbeat/` and `GET /livez`: the process is there.
    #[must_use]
    pub fn alive(&self) -> Response {
        reply::json(&json!({"status": "alive"}))
    }

    /// `GET /readyz`.
    pub async fn ready(&self, call: &Call) -> Outcome {
        let health = self.health.check().await;
        match health.missing() {
            None => Ok(reply::json(&json!({"status": "ready", "checks": health}))),
            Some(missing) => {
                Err(Problem::unavailable(missing, &call.path).with("checks", json!(health)))
            }
        }
    }

    /// `GET /metrics`.
    #[must_use]
    pub fn metrics(&self) -> Response {
        self.metrics
            .page(&self.health.connections(), self.health.board())
    }
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
