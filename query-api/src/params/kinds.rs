//! What kinds of parameters there are: each knows its name, its bounds and what it means, reads
//! its value and describes itself, so that what is checked and what is said cannot differ.

use utoipa::openapi::path::{Parameter as Described, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{Object, Required};

use super::{Fault, Params, integer};

/// A parameter of a query.
pub trait Parameter: Sync {
    /// Its name.
    fn name(&self) -> &'static str;

    /// As OpenAPI has it.
    fn described(&self) -> Described;
}

/// A whole number.
#[derive(Clone, Copy, Debug)]
pub struct Integer {
    /// Its name.
    pub name: &'static str,
    /// The smallest.
    pub least: u32,
    /// The greatest.
    pub most: u32,
    /// The one that is taken when none is given.
    pub default: u32,
    /// What it means.
    pub about: &'static str,
}

/// One of a few words.
#[derive(Clone, Copy, Debug)]
pub struct Word<T: 'static> {
    /// Its name.
    pub name: &'static str,
    /// The words, and what each means.
    pub words: &'static [(&'static str, T)],
    /// The one that is taken when none is given, if there is one.
    pub default: Option<&'static str>,
    /// What it means.
    pub about: &'static str,
}

/// A text with a form of its own.
#[derive(Clone, Copy, Debug)]
pub struct Text<T> {
    /// Its name.
    pub name: &'static str,
    /// Reads it.
    pub read: fn(&str) -> Result<T, Fault>,
    /// The form, as a regular expression of JSON Schema, where it has one.
    pub pattern: Option<&'static str>,
    /// The fewest and the most characters.
    pub chars: (usize, usize),
    /// One that is taken.
    pub example: &'static str,
    /// What it means.
    pub about: &'static str,
}

impl Integer {
    /// Its value, or the default.
    pub fn read(&self, params: &mut Params) -> u32 {
        params
            .optional(self.name, |text| integer(text, self.least, self.most))
            .unwrap_or(self.default)
    }
}

impl<T: Copy> Word<T> {
    /// What the word means that was given.
    pub fn read(&self, params: &mut Params) -> Option<T> {
        params.optional(self.name, |text| super::word(text, self.words))
    }
}

impl<T> Text<T> {
    /// Its value, if it was given.
    pub fn read(&self, params: &mut Params) -> Option<T> {
        params.optional(self.name, self.read)
    }

    /// Its value, which must be given.
    pub fn required(&self, params: &mut Params) -> Option<T> {
        params.required(self.name, self.read)
    }
}

impl Parameter for Integer {
    fn name(&self) -> &'static str {
        self.name
    }

    fn described(&self) -> Described {
        let schema = ObjectBuilder::new()
            .schema_type(Type::Integer)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int32)))
            .minimum(Some(self.least))
            .maximum(Some(self.most))
            .default(Some(self.default.into()))
            .examples([self.default]);
        described(self.name, self.about, schema.build()).build()
    }
}

impl<T: Sync> Parameter for Word<T> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn described(&self) -> Described {
        let schema = ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(self.words.iter().map(|(word, _)| *word)))
            .default(self.default.map(Into::into))
            .examples(self.words.first().map(|(word, _)| *word));
        described(self.name, self.about, schema.build()).build()
    }
}

impl<T> Parameter for Text<T> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn described(&self) -> Described {
        let (least, most) = self.chars;
        let schema = ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(least))
            .max_length(Some(most))
            .pattern(self.pattern)
            .examples([self.example]);
        described(self.name, self.about, schema.build()).build()
    }
}

fn described(name: &str, about: &str, schema: Object) -> ParameterBuilder {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some(about))
        .schema(Some(schema))
}
