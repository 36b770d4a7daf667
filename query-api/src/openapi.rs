//! The description of the service in OpenAPI 3.1, for programs and for the page at `/docs`.
//!
//! It is made of what answers: [parameters](crate::params::Parameter) describe themselves, schemas
//! come from the types that are sent, examples are such values, put into each form by the code that
//! does it for answers. What is left to be written is in the table of [`operations`], a line a
//! resource, and in the one of [`problems`]. The tests hold every answer against it.

mod answers;
mod examples;
mod headers;
mod operation;
mod operations;
mod problems;
mod schemas;
mod segment;

use utoipa::openapi::path::{HttpMethod, PathsBuilder};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    Components, ComponentsBuilder, Info, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder,
    PathItem, Server,
};

pub use operation::Operation;
pub use operations::OPERATIONS;

/// What holds for all operations.
const OVERVIEW: &str = include_str!("openapi/overview.md");

/// The name of the way to say who asks.
const BEARER: &str = "bearer";

/// The groups of operations, in the order in which they are shown.
const TAGS: [(&str, &str); 4] = [
    (
        "Questions",
        "Who orders most, how much, and where. Answered from memory",
    ),
    ("Orders", "Single orders, and lists of them"),
    (
        "Rejected events",
        "Records that were no valid orders, and why",
    ),
    ("Operation", "How the service is"),
];

/// The description of this release.
#[must_use]
pub fn description() -> OpenApi {
    let mut paths = PathsBuilder::new();
    for operation in OPERATIONS {
        let item = PathItem::new(HttpMethod::Get, operation.described());
        paths = paths.path(operation.path, item);
    }
    let tags = TAGS.map(|(name, about)| {
        TagBuilder::new()
            .name(name)
            .description(Some(about))
            .build()
    });
    OpenApiBuilder::new()
        .info(info())
        .servers(Some([Server::new("/")]))
        .paths(paths)
        .components(Some(components()))
        .tags(Some(tags))
        .build()
}

fn info() -> Info {
    let license = LicenseBuilder::new()
        .name("Apache License 2.0")
        .identifier(Some("Apache-2.0"))
        .build();
    InfoBuilder::new()
        .title("Ordertally")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(OVERVIEW))
        .license(Some(license))
        .build()
}

fn components() -> Components {
    let mut components = ComponentsBuilder::new()
        .schemas_from_iter(schemas::schemas())
        .responses_from_iter(problems::responses());
    for (name, header) in headers::headers() {
        components = components.header(name, header);
    }
    let mut bearer = Http::new(HttpAuthScheme::Bearer);
    bearer.description = Some(
        "A token, as `ordertally-query-api tokens create` shows it. Where the service has none, or \
         takes requests without, none is needed"
            .to_owned(),
    );
    components
        .security_scheme(BEARER, SecurityScheme::Http(bearer))
        .build()
}
