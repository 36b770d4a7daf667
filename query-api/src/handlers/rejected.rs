//! Rejected records, for those who must mend them.

use warp::reply::Response;

use super::{Outcome, Resources, both, no_answer};
use crate::call::Call;
use crate::code_page;
use crate::database::Snapshot;
use crate::lists::Fields;
use crate::params::{self, path_segment};
use crate::problem::Problem;
use crate::reply;
use crate::requests;

/// What is said of an id that no rejected record has.
const UNKNOWN: &str = "no rejected record has this id";

impl Resources {
    /// `GET /rejected-events`.
    ///
    /// # Errors
    ///
    /// The problem to answer with; so for each method here.
    pub async fn rejected_events(&self, call: &Call) -> Outcome {
        let request = requests::rejected_events(&call.query, call.now(self.zone))
            .map_err(|faults| call.wrong(faults))?;
        self.lists
            .rejected_events(&request.question, &request.at_least)
            .await
            .map(|answer| reply::list(call, "rejected-events", &request, Fields::default(), answer))
            .map_err(|error| no_answer(call, &error))
    }

    /// `GET /rejected-events/{id}`.
    pub async fn rejected_event(&self, call: &Call, raw_id: &str) -> Outcome {
        // A text that is no number is not wrong, only unknown.
        let id = path_segment("id", raw_id, params::text);
        let at_least = requests::rejected_event(&call.query);
        let (id, at_least) = both(id, at_least).map_err(|faults| call.wrong(faults))?;
        let is_number = id.bytes().all(|byte| byte.is_ascii_digit());
        let id = id.parse().ok().filter(|_| is_number);
        let id = id.ok_or_else(|| Problem::not_found(UNKNOWN, &call.path))?;
        let answer = self
            .lists
            .rejected_event(id, &at_least)
            .await
            .map_err(|error| no_answer(call, &error))?;
        let Snapshot {
            data,
            positions,
            as_of,
        } = answer;
        let data = data.ok_or_else(|| Problem::not_found(UNKNOWN, &call.path).at(&positions))?;
        let answer = Snapshot {
            data,
            positions,
            as_of,
        };
        Ok(reply::document(
            call,
            "rejected-event",
            Fields::default(),
            answer,
        ))
    }

    /// `GET /rejected-events/counts`.
    pub async fn rejected_counts(&self, call: &Call) -> Outcome {
        let (question, at_least) = requests::rejected_counts(&call.query, call.now(self.zone))
            .map_err(|faults| call.wrong(faults))?;
        self.lists
            .rejected_counts(&question, &at_least)
            .await
            .map(|answer| reply::counts(call, "rejected-counts", &question.range, &answer))
            .map_err(|error| no_answer(call, &error))
    }

    /// `GET /docs/codes`.
    #[must_use]
    pub fn code_page(&self) -> Response {
        code_page::response()
    }
}
