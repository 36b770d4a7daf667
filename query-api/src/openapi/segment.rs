//! A parameter that stands in the path.

use utoipa::openapi::Required;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};

/// A segment of a path that is a parameter: a text without NUL.
#[derive(Clone, Copy, Debug)]
pub struct Segment {
    /// Its name in the path's template.
    pub name: &'static str,
    /// The most characters, where there is a bound.
    pub chars_max: Option<usize>,
    /// One that is taken.
    pub example: &'static str,
    /// What it means.
    pub about: &'static str,
}

impl Segment {
    pub(super) fn described(&self) -> Parameter {
        let schema = ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(1))
            .max_length(self.chars_max)
            .pattern(Some(r"^[^\u0000]+$"))
            .examples([self.example]);
        ParameterBuilder::new()
            .name(self.name)
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .description(Some(self.about))
            .schema(Some(schema))
            .example(Some(self.example.into()))
            .build()
    }
}
