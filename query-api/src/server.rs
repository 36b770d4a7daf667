//! Connections: accepted, served, and finished in order when the service stops.

use std::convert::Infallible;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::time::Duration;

use futures_util::FutureExt as _;
use http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tower::Service as _;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use crate::observe;
use crate::problem::Problem;

/// Path and query together; the longest request that this service answers has some 7,000.
const URI_BYTES_MAX: usize = 8_192;

/// A client that takes longer to send its headers is dropped.
const HEADER_PATIENCE: Duration = Duration::from_secs(10);

/// What to wait when the system has no more descriptors for connections.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves until `stop`, then finishes what is in hand, for `stop_timeout` at most.
pub async fn serve(
    listener: TcpListener,
    routes: BoxedFilter<(Response,)>,
    stop: impl Future<Output = ()>,
    stop_timeout: Duration,
) {
    let mut stop = pin!(stop);
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = &mut stop => break,
            Some(ended) = connections.join_next() => note_end(ended),
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let _task = connections.spawn(connection(stream, routes.clone(), &graceful));
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
    drop(listener);
    let finished = async {
        graceful.shutdown().await;
        while let Some(ended) = connections.join_next().await {
            note_end(ended);
        }
    };
    if tokio::time::timeout(stop_timeout, finished).await.is_err() {
        tracing::warn!(
            open = connections.len(),
            "requests were not finished in time and are cut off"
        );
        connections.shutdown().await;
    }
}

fn note_end(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a connection ended by a fault of this service");
    }
}

/// One connection from its start to its end.
fn connection(
    stream: TcpStream,
    routes: BoxedFilter<(Response,)>,
    graceful: &GracefulShutdown,
) -> impl Future<Output = ()> + Send + use<> {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection keeps its delay");
    }
    let mut builder = Builder::new(TokioExecutor::new());
    let _http1 = builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_PATIENCE);
    let service = service_fn(move |request| answer(routes.clone(), request));
    let connection = builder
        .serve_connection(TokioIo::new(stream), service)
        .into_owned();
    let watched = graceful.watch(connection);
    async move {
        if let Err(error) = watched.await {
            tracing::debug!(error, "a connection ended early");
        }
    }
}

/// Answers a request and notes it, whatever it is.
async fn answer(
    routes: BoxedFilter<(Response,)>,
    request: Request<Incoming>,
) -> Result<Response, Infallible> {
    let _in_flight = observe::InFlight::begin();
    let began = Instant::now();
    let method = request.method().clone();
    let response = match request.uri().path_and_query() {
        // The CONNECT method names no path, and warp expects one.
        None => Problem::not_found("there is no such resource", "").into_response(),
        Some(target) if target.as_str().len() > URI_BYTES_MAX => {
            Problem::uri_too_long(URI_BYTES_MAX).into_response()
        }
        Some(target) => {
            let path = target.path().to_owned();
            let routed = warp::service(routes).call(request);
            match AssertUnwindSafe(routed).catch_unwind().await {
                Ok(Ok(response)) => response,
                Ok(Err(never)) => match never {},
                // The panic's hook has told the log what and where.
                Err(_panic) => Problem::internal(&path).into_response(),
            }
        }
    };
    observe::answered(&method, &response, began.elapsed());
    Ok(response)
}
