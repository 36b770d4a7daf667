//! The addresses of rejected records, and of the page that explains their codes.

use std::sync::Arc;

use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use super::{RECORDS, TABLE, answered, exactly, incoming, last, told};
use crate::access::Scope;
use crate::call::{Call, Incoming};
use crate::code_page;
use crate::handlers::Resources;

/// What has to do with rejected records.
pub fn routes(resources: &Arc<Resources>) -> BoxedFilter<(Response,)> {
    let list = last("rejected-events", RECORDS)
        .and(incoming(resources))
        .then(
            |suffix, resources: Arc<Resources>, incoming: Incoming| async move {
                let handler = async |call: Call| resources.rejected_events(&call).await;
                answered(
                    "/rejected-events",
                    Scope::RejectedEvents,
                    incoming,
                    suffix,
                    RECORDS,
                    handler,
                )
                .await
            },
        )
        .boxed();
    let counts = warp::path("rejected-events")
        .and(last("counts", TABLE))
        .and(incoming(resources))
        .then(
            |suffix, resources: Arc<Resources>, incoming: Incoming| async move {
                let handler = async |call: Call| resources.rejected_counts(&call).await;
                answered(
                    "/rejected-events/counts",
                    Scope::RejectedEvents,
                    incoming,
                    suffix,
                    TABLE,
                    handler,
                )
                .await
            },
        )
        .boxed();
    let one = warp::path!("rejected-events" / String)
        .and(exactly())
        .and(incoming(resources))
        .then(
            |id: String, resources: Arc<Resources>, incoming: Incoming| async move {
                let handler = async |call: Call| resources.rejected_event(&call, &id).await;
                answered(
                    "/rejected-events/{id}",
                    Scope::RejectedEvents,
                    incoming,
                    None,
                    RECORDS,
                    handler,
                )
                .await
            },
        )
        .boxed();
    let codes = warp::path!("docs" / "codes")
        .and(exactly())
        .and(incoming(resources))
        .then(|resources: Arc<Resources>, incoming: Incoming| async move {
            told(code_page::PATH, &incoming, async {
                Ok(resources.code_page())
            })
            .await
        })
        .boxed();
    list.or(counts)
        .unify()
        .or(one)
        .unify()
        .or(codes)
        .unify()
        .boxed()
}
