//! Which address is which resource.
//!
//! Paths are matched as they came, so that a segment is decoded once, by its handler. An address
//! means one resource: with a slash at its end it means none, the heartbeat's aside. Where a resource
//! has several forms, the last segment of its address may name one: `/orders/value.csv`. An order's
//! id may end likewise, so that its address names none.

mod docs;
mod rejected;

use std::convert::Infallible;
use std::sync::Arc;

use chrono::Utc;
use warp::filters::BoxedFilter;
use warp::http::header::VARY;
use warp::http::{HeaderMap, HeaderValue, Method};
use warp::path::FullPath;
use warp::reply::Response;
use warp::{Filter, Rejection};

use crate::access::Scope;
use crate::call::{Call, Identity, Incoming};
use crate::handlers::{Outcome, Resources};
use crate::observe::Route;
use crate::problem::Problem;
use crate::reply;
use crate::representation::{RECORDS, Representation, TABLE};

/// What of a request tells one answer of an address from another.
const VARIES_BY: HeaderValue = HeaderValue::from_static("Accept, Accept-Encoding, Authorization");

type Suffix = Option<Representation>;

/// Every resource of the service; what is none of them is a 404.
#[must_use]
pub fn routes(resources: &Arc<Resources>) -> BoxedFilter<(Response,)> {
    analytics(resources)
        .or(records(resources))
        .unify()
        .or(rejected::routes(resources))
        .unify()
        .or(operations(resources))
        .unify()
        .or(docs::docs(resources))
        .unify()
        .or(nothing())
        .unify()
        .boxed()
}

fn analytics(resources: &Arc<Resources>) -> BoxedFilter<(Response,)> {
    let top_customers = warp::path("customers")
        .and(last("top", TABLE))
        .and(incoming(resources))
        .then(
            |suffix, resources: Arc<Resources>, incoming: Incoming| async move {
                let handler = async |call: Call| resources.top_customers(&call).await;
                answered(
                    "/customers/top",
                    Scope::Analytics,
                    incoming,
                    suffix,
                    TABLE,
                    handler,
                )
                .await
            },
        )
        .boxed();
    let order_value = warp::path("orders")
        .and(last("value", TABLE))
        .and(incoming(resources))
        .then(
            |suffix, resources: Arc<Resources>, incoming: Incoming| async move {
                let handler = async |call: Call| resources.order_value(&call).await;
                answered(
                    "/orders/value",
                    Scope::Analytics,
                    incoming,
                    suffix,
                    TABLE,
                    handler,
                )
                .await
            },
        )
        .boxed();
    let province_sales = warp::path("sales")
        .and(last("province", TABLE))
        .and(incoming(resources))
        .then(
            |suffix, resources: Arc<Resources>, incoming: Incoming| async move {
                let handler = async |call: Call| resources.province_sales(&call).await;
                answered(
                    "/sales/province",
                    Scope::Analytics,
                    incoming,
                    suffix,
                    TABLE,
                    handler,
                )
                .await
            },
        )
        .boxed();
    top_customers
        .or(order_value)
        .unify()
        .or(province_sales)
        .unify()
        .boxed()
}

fn records(resources: &Arc<Resources>) -> BoxedFilter<(Response,)> {
    let order = warp::path!("orders" / String)
        .and(exactly())
        .and(incoming(resources))
        .then(
            |id: String, resources: Arc<Resources>, incoming: Incoming| async move {
                let handler = async |call: Call| resources.order(&call, &id).await;
                answered(
                    "/orders/{event_id}",
                    Scope::Orders,
                    incoming,
                    None,
                    RECORDS,
                    handler,
                )
                .await
            },
        )
        .boxed();
    let orders = last("orders", RECORDS)
        .and(incoming(resources))
        .then(
            |suffix, resources: Arc<Resources>, incoming: Incoming| async move {
                let handler = async |call: Call| resources.orders(&call).await;
                answered("/orders", Scope::Orders, incoming, suffix, RECORDS, handler).await
            },
        )
        .boxed();
    let customer_orders = warp::path!("customers" / String / ..)
        .and(last("orders", RECORDS))
        .and(incoming(resources))
        .then(
            |id: String, suffix, resources: Arc<Resources>, incoming: Incoming| async move {
                let handler = async |call: Call| resources.customer_orders(&call, &id).await;
                let route = "/customers/{id}/orders";
                answered(route, Scope::Orders, incoming, suffix, RECORDS, handler).await
            },
        )
        .boxed();
    order.or(orders).unify().or(customer_orders).unify().boxed()
}

fn operations(resources: &Arc<Resources>) -> BoxedFilter<(Response,)> {
    let heartbeat = warp::path!("healthcheck" / "heartbeat")
        .and(incoming(resources))
        .then(|resources: Arc<Resources>, incoming: Incoming| async move {
            let outcome = async { Ok(resources.alive()) };
            told("/healthcheck/heartbeat/", &incoming, outcome).await
        })
        .boxed();
    let live = warp::path!("livez")
        .and(exactly())
        .and(incoming(resources))
        .then(|resources: Arc<Resources>, incoming: Incoming| async move {
            told("/livez", &incoming, async { Ok(resources.alive()) }).await
        })
        .boxed();
    let ready = warp::path!("readyz")
        .and(exactly())
        .and(incoming(resources))
        .then(|resources: Arc<Resources>, incoming: Incoming| async move {
            told("/readyz", &incoming, resources.ready(&incoming.path)).await
        })
        .boxed();
    let status = warp::path!("status")
        .and(exactly())
        .and(incoming(resources))
        .then(|resources: Arc<Resources>, incoming: Incoming| async move {
            let outcome = async {
                incoming.permitted(Scope::Metrics)?;
                Ok(resources.status().await)
            };
            told("/status", &incoming, outcome).await
        })
        .boxed();
    let metrics = warp::path!("metrics")
        .and(exactly())
        .and(incoming(resources))
        .then(|resources: Arc<Resources>, incoming: Incoming| async move {
            let outcome = async {
                incoming.permitted(Scope::Metrics)?;
                Ok(resources.metrics())
            };
            told("/metrics", &incoming, outcome).await
        })
        .boxed();
    heartbeat
        .or(live)
        .unify()
        .or(ready)
        .unify()
        .or(status)
        .unify()
        .or(metrics)
        .unify()
        .boxed()
}

fn nothing() -> BoxedFilter<(Response,)> {
    warp::path::full()
        .map(|path: FullPath| {
            let problem = Problem::not_found("there is no such resource", path.as_str());
            marked(problem.into_response(), "unknown")
        })
        .boxed()
}

/// A resource's answer in the form that is agreed on.
async fn answered(
    route: &'static str,
    scope: Scope,
    incoming: Incoming,
    suffix: Suffix,
    offered: &[Representation],
    handler: impl AsyncFnOnce(Call) -> Outcome,
) -> Response {
    let outcome = async {
        let caller = incoming.permitted(scope)?;
        let call = Call::agreed(&incoming, caller.may(Scope::Orders), suffix, offered)?;
        handler(call).await
    };
    let mut response = read(&incoming, outcome).await;
    let _none = response.headers_mut().insert(VARY, VARIES_BY);
    marked(response, route)
}

/// The answer of a resource that has one form, whatever is asked for.
async fn told(
    route: &'static str,
    incoming: &Incoming,
    outcome: impl Future<Output = Outcome>,
) -> Response {
    marked(read(incoming, outcome).await, route)
}

/// Reading it is all that can be done with any resource.
async fn read(incoming: &Incoming, outcome: impl Future<Output = Outcome>) -> Response {
    let outcome = match incoming.method {
        Method::GET | Method::HEAD => outcome.await,
        Method::OPTIONS => Ok(reply::options()),
        _ => Err(Problem::method_not_allowed(&incoming.path)),
    };
    outcome.unwrap_or_else(Problem::into_response)
}

fn marked(mut response: Response, route: &'static str) -> Response {
    let _none = response.extensions_mut().insert(Route(route));
    response
}

/// The last segment of a path: `name`, or `name.csv` and the like where the resource has that form.
fn last(
    name: &'static str,
    offered: &'static [Representation],
) -> impl Filter<Extract = (Suffix,), Error = Rejection> + Clone {
    warp::path::param()
        .and_then(move |segment: String| async move {
            let Some(rest) = segment.strip_prefix(name) else {
                return Err(warp::reject::not_found());
            };
            if rest.is_empty() {
                return Ok(None);
            }
            let suffix = rest.strip_prefix('.').and_then(Representation::of_suffix);
            suffix
                .filter(|suffix| offered.contains(suffix))
                .map(Some)
                .ok_or_else(warp::reject::not_found)
        })
        .and(warp::path::end())
        .and(exactly())
}

/// Refuses a path with a slash at its end, which the path filters take for the one without.
fn exactly() -> impl Filter<Extract = (), Error = Rejection> + Clone {
    warp::path::full()
        .and_then(|path: FullPath| async move {
            if path.as_str().ends_with('/') {
                Err(warp::reject::not_found())
            } else {
                Ok(())
            }
        })
        .untuple_one()
}

fn incoming(
    resources: &Arc<Resources>,
) -> impl Filter<Extract = (Arc<Resources>, Incoming), Error = Infallible> + Clone + use<> {
    let resources = Arc::clone(resources);
    let query = warp::query::raw().or(warp::any().map(String::new)).unify();
    warp::any().map(move || Arc::clone(&resources)).and(
        warp::method()
            .and(warp::path::full())
            .and(query)
            .and(warp::header::headers_cloned())
            .and(warp::ext::optional::<Identity>())
            .map(
                |method, path: FullPath, query, headers: HeaderMap, identity| Incoming {
                    method,
                    path: path.as_str().to_owned(),
                    query,
                    headers,
                    identity,
                    at: Utc::now(),
                },
            ),
    )
}
