//! An operation: all that is said of a resource.

use utoipa::openapi::path::{
    Operation as Described, OperationBuilder, Parameter as DescribedParameter, ParameterBuilder,
};
use utoipa::openapi::response::ResponsesBuilder;
use utoipa::openapi::{Ref, RefOr, Schema, SecurityRequirement};

use super::BEARER;
use super::answers::Good;
use super::problems::Refusal;
use super::segment::Segment;
use crate::params::Parameter;

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
    /// What a token must be good for, where tokens are needed.
    pub(super) scope: Option<&'static str>,
    pub(super) good: fn() -> Good,
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
            .description(Some(self.about))
            .operation_id(Some(self.id))
            .responses(self.responses());
        for parameter in segments.chain(parameters) {
            operation = operation.parameter(parameter);
        }
        if let Some(scope) = self.scope {
            // The empty one: without tokens the service asks for none.
            operation = operation
                .security(SecurityRequirement::default())
                .security(SecurityRequirement::new(BEARER, [scope]));
        }
        operation.build()
    }

    fn responses(&self) -> ResponsesBuilder {
        let mut responses = ResponsesBuilder::new();
        for (status, response) in (self.good)().responses() {
            responses = responses.response(status, response);
        }
        for refusal in self.refusals {
            let reference = Ref::from_response_name(refusal.name);
            responses = responses.response(refusal.status.to_string(), reference);
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
