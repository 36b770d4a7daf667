//! Which address is which resource.
//!
//! Paths are matched as they came, so that a segment is decoded once, by its handler. An address
//! means one resource: with a slash at its end it means none, the heartbeat's aside.

use std::convert::Infallible;
use std::sync::Arc;

use warp::filters::BoxedFilter;
use warp::http::Method;
use warp::path::FullPath;
use warp::reply::Response;
use warp::{Filter, Rejection};

use crate::handlers::{Call, Outcome, Resources};
use crate::observe::Route;
use crate::problem::Problem;

/// Every resource of the service; what is none of them is a 404.
#[must_use]
pub fn routes(resources: &Arc<Resources>) -> BoxedFilter<(Response,)> {
    analytics(resources)
        .or(records(resources))
        .unify()
        .or(operations(resources))
        .unify()
        .or(nothing())
        .unify()
        .boxed()
}

fn analytics(resources: &Arc<Resources>) -> BoxedFilter<(Response,)> {
    let top_customers = warp::path!("customers" / "top")
        .and(exactly())
        .and(call(resources))
        .then(|method, resources: Arc<Resources>, call: Call| async move {
            answered(
                "/customers/top",
                &method,
                &call,
                resources.top_customers(&call),
            )
            .await
        })
        .boxed();
    let order_value = warp::path!("orders" / "value")
        .and(exactly())
        .and(call(resources))
        .then(|method, resources: Arc<Resources>, call: Call| async move {
            answered(
                "/orders/value",
                &method,
                &call,
                resources.order_value(&call),
            )
            .await
        })
        .boxed();
    let province_sales = warp::path!("sales" / "province")
        .and(exactly())
        .and(call(resources))
        .then(|method, resources: Arc<Resources>, call: Call| async move {
            answered(
                "/sales/province",
                &method,
                &call,
                resources.province_sales(&call),
            )
            .await
        })
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
        .and(call(resources))
        .then(
            |id: String, method, resources: Arc<Resources>, call: Call| async move {
                answered(
                    "/orders/{event_id}",
                    &method,
                    &call,
                    resources.order(&call, &id),
                )
                .await
            },
        )
        .boxed();
    let orders = warp::path!("orders")
        .and(exactly())
        .and(call(resources))
        .then(|method, resources: Arc<Resources>, call: Call| async move {
            answered("/orders", &method, &call, resources.orders(&call)).await
        })
        .boxed();
    let customer_orders = warp::path!("customers" / String / "orders")
        .and(exactly())
        .and(call(resources))
        .then(
            |id: String, method, resources: Arc<Resources>, call: Call| async move {
                let outcome = resources.customer_orders(&call, &id);
                answered("/customers/{id}/orders", &method, &call, outcome).await
            },
        )
        .boxed();
    let rejected_events = warp::path!("rejected-events")
        .and(exactly())
        .and(call(resources))
        .then(|method, resources: Arc<Resources>, call: Call| async move {
            answered(
                "/rejected-events",
                &method,
                &call,
                resources.rejected_events(&call),
            )
            .await
        })
        .boxed();
    order
        .or(orders)
        .unify()
        .or(customer_orders)
        .unify()
        .or(rejected_events)
        .unify()
        .boxed()
}

fn operations(resources: &Arc<Resources>) -> BoxedFilter<(Response,)> {
    let heartbeat = warp::path!("healthcheck" / "heartbeat")
        .and(call(resources))
        .then(|method, resources: Arc<Resources>, call: Call| async move {
            let outcome = async { Ok(resources.alive()) };
            answered("/healthcheck/heartbeat/", &method, &call, outcome).await
        })
        .boxed();
    let live = warp::path!("livez")
        .and(exactly())
        .and(call(resources))
        .then(|method, resources: Arc<Resources>, call: Call| async move {
            answered("/livez", &method, &call, async { Ok(resources.alive()) }).await
        })
        .boxed();
    let ready = warp::path!("readyz")
        .and(exactly())
        .and(call(resources))
        .then(|method, resources: Arc<Resources>, call: Call| async move {
            answered("/readyz", &method, &call, resources.ready(&call)).await
        })
        .boxed();
    let metrics = warp::path!("metrics")
        .and(exactly())
        .and(call(resources))
        .then(|method, resources: Arc<Resources>, call: Call| async move {
            answered("/metrics", &method, &call, async {
                Ok(resources.metrics())
            })
            .await
        })
        .boxed();
    heartbeat
        .or(live)
        .unify()
        .or(ready)
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

/// A resource's answer: reading it is all that can be done with any of them.
async fn answered(
    route: &'static str,
    method: &Method,
    call: &Call,
    outcome: impl Future<Output = Outcome>,
) -> Response {
    let outcome = match *method {
        Method::GET | Method::HEAD => outcome.await,
        _ => Err(Problem::method_not_allowed(&call.path)),
    };
    let response = outcome.unwrap_or_else(Problem::into_response);
    marked(response, route)
}

fn marked(mut response: Response, route: &'static str) -> Response {
    let _none = response.extensions_mut().insert(Route(route));
    response
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

fn call(
    resources: &Arc<Resources>,
) -> impl Filter<Extract = (Method, Arc<Resources>, Call), Error = Infallible> + Clone + use<> {
    let resources = Arc::clone(resources);
    let query = warp::query::raw().or(warp::any().map(String::new)).unify();
    warp::method()
        .and(warp::any().map(move || Arc::clone(&resources)))
        .and(
            warp::path::full()
                .and(query)
                .map(|path: FullPath, query| Call {
                    path: path.as_str().to_owned(),
                    query,
                }),
        )
}
