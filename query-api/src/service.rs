//! What every request passes on its way to the routes, and every answer on its way back.
//!
//! In order: it gets an id and is noted; it is told who asks; it is counted against their limit and
//! takes one of the places for requests that are answered at once. Pages of other origins are
//! told what they may read, and answers are compressed.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt as _;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Incoming;
use tokio::time::Instant;
use tower::util::BoxCloneSyncService;
use tower::{BoxError, Service as _, ServiceBuilder, service_fn};
use tower_http::cors::CorsLayer;
use warp::filters::BoxedFilter;

use crate::access::{Access, Caller, Denied};
use crate::call::Identity;
use crate::client::{self, Proxy};
use crate::coding::compression;
use crate::correlation::{Correlation, REQUEST_ID};
use crate::limits::{Counted, Limits};
use crate::observe;
use crate::problem::Problem;

/// Path and query together; the longest request that this service answers has some 7,000.
const URI_BYTES_MAX: usize = 8_192;

/// Asked by supervisors, who must be answered whatever else is asked.
pub const UNLIMITED: [&str; 4] = [
    "/livez",
    "/readyz",
    "/healthcheck/heartbeat",
    "/healthcheck/heartbeat/",
];

/// An answer as it goes out.
pub type Answer = Response<UnsyncBoxBody<Bytes, BoxError>>;

/// Answers requests, whatever they are.
pub type Service = BoxCloneSyncService<Request<Incoming>, Answer, Infallible>;

/// The other end of a connection.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

/// What stands before the routes.
#[derive(Clone, Debug)]
pub struct Door {
    /// Identifies who asks.
    pub access: Access,
    /// How much may be asked.
    pub limits: Arc<Limits>,
    /// Whose word on a client's address is believed.
    pub proxies: Arc<[Proxy]>,
    /// Which pages may read.
    pub cors: Option<CorsLayer>,
}

/// The routes with all that is around them.
#[must_use]
pub fn service(routes: &BoxedFilter<(warp::reply::Response,)>, door: &Door) -> Service {
    let (routes, inner) = (routes.clone(), door.clone());
    let admitted = service_fn(move |request| admit(inner.clone(), routes.clone(), request));
    let answered = ServiceBuilder::new()
        .option_layer(door.cors.clone())
        .layer(compression())
        .service(admitted);
    BoxCloneSyncService::new(service_fn(move |request| note(answered.clone(), request)))
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
    let correlation = Correlation::of(request.headers());
    let mut response = inner.call(request).await?;
    let _none = response
        .headers_mut()
        .insert(REQUEST_ID, correlation.request_id_value());
    observe::answered(&method, &response, &correlation, began.elapsed());
    Ok(response.map(|body| body.map_err(Into::into).boxed_unsync()))
}

/// Lets a request in, unless there are too many.
async fn admit(
    door: Door,
    routes: BoxedFilter<(warp::reply::Response,)>,
    mut request: Request<Incoming>,
) -> Result<warp::reply::Response, Infallible> {
    let path = request.uri().path().to_owned();
    if UNLIMITED.contains(&&*path) {
        return Ok(route(routes, request).await);
    }
    let identity = door.access.identified(request.headers()).await;
    let counted = counted(&identity, door.address(&request));
    let (verdict, place) = (door.limits.count(counted), door.limits.place());
    let refused = verdict.as_ref().and_then(|verdict| verdict.retry_after);
    let mut response = if let Some(seconds) = refused {
        Problem::too_many_requests(seconds, &path).into_response()
    } else if place.is_err() {
        Problem::unavailable(
            "too many requests are being answered; try again later",
            &path,
        )
        .into_response()
    } else {
        let _none = request.extensions_mut().insert(Identity(identity));
        route(routes, request).await
    };
    if let Some(verdict) = verdict {
        verdict.tell(response.headers_mut());
    }
    Ok(response)
}

impl Door {
    fn address(&self, request: &Request<Incoming>) -> IpAddr {
        let peer = request.extensions().get::<Peer>();
        let Some(Peer(peer)) = peer else {
            unreachable!("the server notes the other end of each connection")
        };
        client::address(peer.ip(), request.headers(), &self.proxies)
    }
}

/// A token that is refused is counted as none: guessing has the limit of its address.
fn counted(identity: &Result<Caller, Denied>, address: IpAddr) -> Counted {
    match identity {
        Ok(Caller::Bearer(token)) => Counted::Token(token.id),
        _ => Counted::Address(address),
    }
}

/// The answer of the routes, or the problem of an address that they cannot be given.
async fn route(
    routes: BoxedFilter<(warp::reply::Response,)>,
    request: Request<Incoming>,
) -> warp::reply::Response {
    let Some(target) = request.uri().path_and_query() else {
        // The CONNECT method names no path, and warp expects one.
        return Problem::not_found("there is no such resource", "").into_response();
    };
    if target.as_str().len() > URI_BYTES_MAX {
        return Problem::uri_too_long(URI_BYTES_MAX).into_response();
    }
    let path = target.path().to_owned();
    let routed = warp::service(routes).call(request);
    match AssertUnwindSafe(routed).catch_unwind().await {
        Ok(Ok(response)) => response,
        Ok(Err(never)) => match never {},
        // The panic's hook has told the log what and where.
        Err(_panic) => Problem::internal(&path).into_response(),
    }
}
