//! What every request passes on its way to the routes and every answer on its way back.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;

use bytes::Bytes;
use futures_util::FutureExt as _;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Incoming;
use tokio::time::Instant;
use tower::util::BoxCloneService;
use tower::{BoxError, Service as _, ServiceBuilder, ServiceExt as _, service_fn};
use tower_http::cors::CorsLayer;
use warp::filters::BoxedFilter;

use crate::coding::compression;
use crate::observe;
use crate::problem::Problem;

/// Path and query together; the longest request that this service answers has some 7,000.
const URI_BYTES_MAX: usize = 8_192;

/// An answer as it goes out.
pub type Answer = Response<UnsyncBoxBody<Bytes, BoxError>>;

/// Answers requests, whatever they are.
pub type Service = BoxCloneService<Request<Incoming>, Answer, Infallible>;

/// The routes with all that is around them.
#[must_use]
pub fn service(routes: &BoxedFilter<(warp::reply::Response,)>, cors: Option<CorsLayer>) -> Service {
    let routes = routes.clone();
    let routed = service_fn(move |request| route(routes.clone(), request));
    let answered = ServiceBuilder::new()
        .option_layer(cors)
        .layer(compression())
        .service(routed);
    service_fn(move |request| note(answered.clone(), request)).boxed_clone()
}

/// Passes a request on, and notes it and its answer.
async fn note<S, B>(mut inner: S, request: Request<Incoming>) -> Result<Answer, Infallible>
where
    S: tower::Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let _in_flight = observe::InFlight::begin();
    let began = Instant::now();
    let method = request.method().clone();
    let response = inner.call(request).await?;
    observe::answered(&method, &response, began.elapsed());
    Ok(response.map(|body| body.map_err(Into::into).boxed_unsync()))
}

/// The answer of the routes, or the problem of an address that they cannot be given.
async fn route(
    routes: BoxedFilter<(warp::reply::Response,)>,
    request: Request<Incoming>,
) -> Result<warp::reply::Response, Infallible> {
    let Some(target) = request.uri().path_and_query() else {
        // The CONNECT method names no path, and warp expects one.
        return Ok(Problem::not_found("there is no such resource", "").into_response());
    };
    if target.as_str().len() > URI_BYTES_MAX {
        return Ok(Problem::uri_too_long(URI_BYTES_MAX).into_response());
    }
    let path = target.path().to_owned();
    let routed = warp::service(routes).call(request);
    match AssertUnwindSafe(routed).catch_unwind().await {
        Ok(answered) => answered,
        // The panic's hook has told the log what and where.
        Err(_panic) => Ok(Problem::internal(&path).into_response()),
    }
}
