//! Connections: accepted, served, and finished in order when the service stops.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_io_timeout::TimeoutStream;
use tower::ServiceExt as _;

use crate::service::{Peer, Service};

/// A client that takes longer to send its headers is dropped.
const HEADER_PATIENCE: Duration = Duration::from_secs(10);

/// A client that takes nothing of its answer for this long is dropped.
const READ_PATIENCE: Duration = Duration::from_secs(30);

/// What to wait when the system has no more descriptors for connections.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves until `stop`, then finishes what is in hand, for `stop_timeout` at most.
pub async fn serve(
    listener: TcpListener,
    service: Service,
    connections_max: usize,
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
            // The system queues those who come while there are too many.
            accepted = listener.accept(), if connections.len() < connections_max => match accepted {
                Ok((stream, peer)) => {
                    let service = service.clone();
                    let _task = connections.spawn(connection(stream, peer, service, &graceful));
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
    peer: SocketAddr,
    service: Service,
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
    let service = service.map_request(move |mut request: Request<Incoming>| {
        let _none = request.extensions_mut().insert(Peer(peer));
        request
    });
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(READ_PATIENCE));
    let connection = builder
        .serve_connection(
            TokioIo::new(Box::pin(stream)),
            TowerToHyperService::new(service),
        )
        .into_owned();
    let watched = graceful.watch(connection);
    async move {
        if let Err(error) = watched.await {
            tracing::debug!(error, "a connection ended early");
        }
    }
}
