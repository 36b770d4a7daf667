//! Good answers: their forms, each with an example, and their headers.

use serde::Serialize;
use serde_json::Value;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{Content, Ref, RefOr, Schema};

use super::examples;
use super::headers::{
    AS_OF, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE_OPTIONS, ETAG,
    LINK, POSITION, RATE_LIMIT, RATE_LIMIT_POLICY, REFERRER_POLICY, REQUEST_ID, VARY,
};
use crate::reply::{self, Analytics, List};
use crate::representation::{RECORDS, Representation, TABLE};
use crate::table::{self, Row};

/// A good answer as it is described.
pub struct Good {
    about: &'static str,
    contents: Vec<(&'static str, Content)>,
    headers: Vec<&'static str>,
}

impl Good {
    /// To a question about days, by the schema of this name.
    pub(super) fn question<T: Serialize + Row>(schema: &'static str, rows: &[T]) -> Self {
        let document = Analytics {
            start_date: examples::START,
            end_date: examples::END,
            time_zone: "UTC",
            as_of: Some(examples::AS_OF.to_owned()),
            data: rows,
        };
        Self::kept("The answer", TABLE, schema, &document, rows)
    }

    /// A page of a list.
    pub(super) fn page<T: Serialize + Row + Clone>(schema: &'static str, row: T) -> Self {
        let rows = [row];
        let document = List {
            start_date: Some(examples::START),
            end_date: Some(examples::END),
            time_zone: "UTC",
            as_of: Some(examples::AS_OF.to_owned()),
            data: rows.to_vec(),
            has_more: true,
            next_cursor: Some(examples::CURSOR.to_owned()),
        };
        let mut page = Self::kept("A page", RECORDS, schema, &document, &rows);
        page.headers.push(LINK);
        page
    }

    /// One record.
    pub(super) fn record<T: Serialize + Row>(schema: &'static str, row: &T) -> Self {
        let rows = std::slice::from_ref(row);
        Self::kept("The record", RECORDS, schema, row, rows)
    }

    /// What is true only now.
    pub(super) fn momentary(schema: &'static str, document: &impl Serialize) -> Self {
        Self {
            about: "It is so",
            contents: vec![json(schema, document)],
            headers: vec![CACHE_CONTROL],
        }
    }

    /// A page for people.
    pub(super) fn html(about: &'static str) -> Self {
        Self {
            about,
            contents: vec![("text/html", text(examples::PAGE.into()))],
            headers: vec![
                CACHE_CONTROL,
                CONTENT_SECURITY_POLICY,
                CONTENT_TYPE_OPTIONS,
                REFERRER_POLICY,
            ],
        }
    }

    /// The figures for Prometheus.
    pub(super) fn figures() -> Self {
        Self {
            about: "The figures, as Prometheus reads them",
            contents: vec![("text/plain", text(examples::FIGURES.into()))],
            headers: Vec::new(),
        }
    }

    /// In each of the forms, to be kept by its tag.
    fn kept<T: Serialize + Row>(
        about: &'static str,
        forms: &[Representation],
        schema: &'static str,
        document: &impl Serialize,
        rows: &[T],
    ) -> Self {
        let contents = forms.iter().map(|form| match form {
            Representation::Json => json(schema, document),
            Representation::Csv => ("text/csv", text(string(table::of(rows)))),
            Representation::NdJson => ("application/x-ndjson", text(string(reply::lines(rows)))),
        });
        Self {
            about,
            contents: contents.collect(),
            headers: vec![POSITION, AS_OF, ETAG, CACHE_CONTROL, CONTENT_DISPOSITION],
        }
    }

    /// By status: the answer, and the word that the client has it where there is a tag to ask with.
    pub(super) fn responses(self) -> Vec<(&'static str, Response)> {
        let tagged = self.headers.contains(&ETAG);
        let mut good = ResponseBuilder::new().description(self.about);
        for (form, content) in self.contents {
            good = good.content(form, content);
        }
        let good = with_headers(good, &self.headers);
        if !tagged {
            return vec![("200", good)];
        }
        let known = ResponseBuilder::new().description("The client has the answer already");
        let known = with_headers(known, &[POSITION, AS_OF, ETAG, CACHE_CONTROL]);
        vec![("200", good), ("304", known)]
    }
}

/// Headers that any response has or may have.
const ANY: [&str; 4] = [VARY, REQUEST_ID, RATE_LIMIT, RATE_LIMIT_POLICY];

/// These headers on a response, and those of any.
pub(super) fn with_headers(mut response: ResponseBuilder, names: &[&str]) -> Response {
    for name in names.iter().chain(&ANY) {
        let reference = Ref::new(format!("#/components/headers/{name}"));
        response = response.header_ref(*name, reference);
    }
    response.build()
}

fn json(schema: &str, document: &impl Serialize) -> (&'static str, Content) {
    let document = serde_json::to_value(document).expect("an answer is plain data");
    let content = content(Ref::from_schema_name(schema).into(), document);
    ("application/json", content)
}

fn text(example: String) -> Content {
    let schema = ObjectBuilder::new().schema_type(Type::String).build();
    content(Schema::Object(schema).into(), example.into())
}

pub(super) fn content(schema: RefOr<Schema>, example: Value) -> Content {
    ContentBuilder::new()
        .schema(Some(schema))
        .example(Some(example))
        .build()
}

fn string(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("answers are text")
}
