//! Where the service is described: for programs, and as a page.

use std::sync::Arc;

use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use super::{exactly, incoming, told};
use crate::call::{Call, Incoming};
use crate::docs::Docs;
use crate::handlers::{Outcome, Resources};
use crate::problem::Problem;
use crate::representation::Representation::Json;

/// `/openapi.json`, `/docs` and the page's files. Each has one form, whatever `Accept` says, and
/// needs no token.
pub(super) fn docs(resources: &Arc<Resources>) -> BoxedFilter<(Response,)> {
    let docs = Arc::new(Docs::default());
    let known = Arc::clone(&docs);
    let docs = warp::any().map(move || Arc::clone(&docs));
    let description = warp::path!("openapi.json")
        .and(exactly())
        .and(docs.clone())
        .and(incoming(resources))
        .then(|docs: Arc<Docs>, _, incoming: Incoming| async move {
            let handler = async |call: Call| Ok(docs.description(&call));
            open("/openapi.json", incoming, handler).await
        })
        .boxed();
    let page = warp::path!("docs")
        .and(exactly())
        .and(docs.clone())
        .and(incoming(resources))
        .then(|docs: Arc<Docs>, _, incoming: Incoming| async move {
            let handler = async |call: Call| Ok(docs.page(&call));
            open("/docs", incoming, handler).await
        })
        .boxed();
    let moved = warp::path!("docs")
        .and(incoming(resources))
        .then(|_, incoming: Incoming| async move {
            told("/docs", &incoming, async { Ok(Docs::moved()) }).await
        })
        .boxed();
    let file = warp::path!("docs" / String)
        .and(exactly())
        .and_then(move |name: String| {
            let found = known.has(&name).then_some(name);
            async move { found.ok_or_else(warp::reject::not_found) }
        })
        .and(docs)
        .and(incoming(resources))
        .then(
            |name: String, docs: Arc<Docs>, _, incoming: Incoming| async move {
                let handler = async |call: Call| {
                    let file = docs.file(&name, &call);
                    file.ok_or_else(|| Problem::not_found("there is no such file", &call.path))
                };
                open("/docs/{file}", incoming, handler).await
            },
        )
        .boxed();
    description
        .or(page)
        .unify()
        .or(moved)
        .unify()
        .or(file)
        .unify()
        .boxed()
}

/// The answer of a resource that anybody may read.
async fn open(
    route: &'static str,
    incoming: Incoming,
    handler: impl AsyncFnOnce(Call) -> Outcome,
) -> Response {
    let outcome = async {
        let call = Call::agreed(&incoming, false, Some(Json), &[Json])?;
        handler(call).await
    };
    told(route, &incoming, outcome).await
}
