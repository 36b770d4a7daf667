//! An operation: all that is said of a resource.

use std::collections::BTreeMap;

use utoipa::openapi::path::{
    Operation as Described, OperationBuilder, Parameter as DescribedParameter, ParameterBuilder,
};
use utoipa::openapi::response::ResponsesBuilder;
use utoipa::openapi::{Ref, RefOr, Schema, SecurityRequirement};

use super::BEARER;
use super::answers::Good;
use super::problems::{BY_ACCESS, BY_LIMITS, Refusal};
use super::segment::Segment;
use crate::access::Scope;
use crate::params::Parameter;
use crate::service::UNLIMITED;

/// Parameters whose example a form that shows them shall begin with: without days a question has
/// no answer. The others would narrow the answer, or refuse it.
const SUGGESTED: [&str; 2] = ["start_date", "end_date"];

/// A resource that can be read.
pub struct Operation {
    /// The template of its path, which is also the route in metrics.
    pub path: &'static str,
    /// Its stable name, for clients that are generated.
    pub id: &'static str,
    pub(super) tag: &'static str,
    pub(super) summary: &'static str,
    pub(super) about: &'static str,
    pub(super) segments: &'static [Segment],
    /// The very parameters that requests are read with.
    pub(super) parameters: &'static [&'static dyn Parameter],
    /// What a token must be for, where tokens are needed; `None` where none is, ever.
    pub(super) scope: Option<Scope>,
    pub(super) good: fn() -> Good,
    /// Those of its own; who may ask, and how much, has others.
    pub(super) refusals: &'static [&'static Refusal],
}

impl Operation {
    /// As OpenAPI has it.
    pub(super) fn described(&self) -> Described {
        let segments = self.segments.iter().map(Segment::described);
        let parameters = self.parameters.iter().map(|known| parameter(*known));
        let mut operation = OperationBuilder::new()
            .tag(self.tag)
            .summary(Some(self.summary))
            .description(Some(self.told()))
            .operation_id(Some(self.id))
            .responses(self.responses());
        for parameter in segments.chain(parameters) {
            operation = operation.parameter(parameter);
        }
        if let Some(scope) = self.scope {
            // The empty one: without tokens the service asks for none.
            operation = operation
                .security(SecurityRequirement::default())
                .security(SecurityRequirement::new(BEARER, [scope.as_str()]));
        }
        operation.build()
    }

    fn told(&self) -> String {
        match self.scope {
            Some(scope) => format!("{}\n\nScope: `{scope}`.", self.about),
            None => self.about.to_owned(),
        }
    }

    fn responses(&self) -> ResponsesBuilder {
        let mut responses = ResponsesBuilder::new();
        for (status, response) in (self.good)().responses() {
            responses = responses.response(status, response);
        }
        let mut refusals: BTreeMap<u16, &str> = BTreeMap::new();
        let by_access = self.scope.map_or(&[][..], |_| BY_ACCESS);
        let unlimited = UNLIMITED.contains(&self.path);
        let by_limits = if unlimited { &[] } else { BY_LIMITS };
        for refusal in [self.refusals, by_access, by_limits].into_iter().flatten() {
            let _same = refusals.insert(refusal.status, refusal.name);
        }
        for (status, name) in refusals {
            responses = responses.response(status.to_string(), Ref::from_response_name(name));
        }
        responses
    }
}

fn parameter(known: &dyn Parameter) -> DescribedParameter {
    let described = known.described();
    let example = match &described.schema {
        Some(RefOr::T(Schema::Object(schema))) => schema.examples.first().cloned(),
        _ => None,
    };
    if SUGGESTED.contains(&known.name()) {
        ParameterBuilder::from(described).example(example).build()
    } else {
        described
    }
}
