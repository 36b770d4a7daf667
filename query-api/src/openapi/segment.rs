//! A parameter that stands in the path.

use serde_json::Value;
use utoipa::openapi::Required;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};

/// A segment of a path that is a parameter.
#[derive(Clone, Copy, Debug)]
pub struct Segment {
    /// Its name in the path's template.
    pub name: &'static str,
    /// What it may be.
    pub kind: Kind,
    /// One that is taken.
    pub example: &'static str,
    /// What it means.
    pub about: &'static str,
}

/// What a segment may be.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A text without NUL; the most characters, where there is a bound.
    Text(Option<usize>),
    /// A number from 1.
    Number,
}

impl Segment {
    pub(super) fn described(&self) -> Parameter {
        let (schema, example) = match self.kind {
            Kind::Text(chars_max) => {
                let schema = ObjectBuilder::new()
                    .schema_type(Type::String)
                    .min_length(Some(1))
                    .max_length(chars_max)
                    .pattern(Some(r"^[^\u0000]+$"));
                (schema, Value::from(self.example))
            }
            Kind::Number => {
                let schema = ObjectBuilder::new()
                    .schema_type(Type::Integer)
                    .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
                    .minimum(Some(1));
                let example: i64 = self.example.parse().expect("a number");
                (schema, Value::from(example))
            }
        };
        ParameterBuilder::new()
            .name(self.name)
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .description(Some(self.about))
            .schema(Some(schema.examples([example.clone()])))
            .example(Some(example))
            .build()
    }
}
