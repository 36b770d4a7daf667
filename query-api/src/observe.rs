//! What is seen of the service from outside: one access line and a few figures for each request.
//!
//! A request is told by its route, never by its address: addresses hold customers' ids.

use std::sync::OnceLock;
use std::time::Duration;

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method};
use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use warp::reply::Response;

use crate::correlation::Correlation;
use crate::database::Connections;
use crate::facts::Board;

const REQUESTS: &str = "ordertally_http_requests_total";
const DURATION: &str = "ordertally_http_request_duration_seconds";
const IN_FLIGHT: &str = "ordertally_http_requests_in_flight";
const CONNECTIONS: &str = "ordertally_database_connections";
const WAITING: &str = "ordertally_database_connection_waiters";
const FACTS: &str = "ordertally_facts_orders";
const FRESH: &str = "ordertally_facts_fresh_orders";
const FOLLOWED: &str = "ordertally_facts_followed";
const BUILD: &str = "ordertally_build_info";

/// From answers out of memory to the longest request, about three steps for each factor of ten.
const DURATION_BUCKETS: [f64; 14] = [
    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0,
];

/// Asked every few seconds for ever; their good answers are logged at debug alone.
const SUPERVISION: [&str; 4] = ["/healthcheck/heartbeat/", "/livez", "/readyz", "/metrics"];

/// The resource that a response comes from, as it is documented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route(pub &'static str);

/// The figures of this process.
#[derive(Clone)]
pub struct Metrics {
    handle: PrometheusHandle,
}

impl Metrics {
    /// The process's figures; services in one process share them.
    #[must_use]
    pub fn of_process() -> Self {
        static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
        let handle = HANDLE.get_or_init(record).clone();
        Self { handle }
    }

    /// The page for Prometheus.
    #[must_use]
    pub fn page(&self, connections: &Connections, board: &Board) -> Response {
        if let Some(facts) = board.facts() {
            gauge!(FACTS).set(as_f64(facts.orders()));
            gauge!(FRESH).set(as_f64(facts.fresh_orders()));
        }
        gauge!(FOLLOWED).set(if board.is_followed() { 1.0 } else { 0.0 });
        for (state, count) in [("idle", connections.idle), ("busy", connections.busy)] {
            gauge!(CONNECTIONS, "state" => state).set(as_f64(count));
        }
        gauge!(WAITING).set(as_f64(connections.waiting));
        self.handle.run_upkeep();
        let mut response = Response::new(self.handle.render().into());
        let _none = response.headers_mut().insert(
            CONTENT_TYPE,
            HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8"),
        );
        response
    }
}

#[allow(clippy::cast_precision_loss)] // far fewer than 2^52 orders or connections
fn as_f64(count: usize) -> f64 {
    count as f64
}

fn record() -> PrometheusHandle {
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Full(DURATION.into()), &DURATION_BUCKETS)
        .expect("there are buckets")
        .build_recorder();
    let handle = recorder.handle();
    if metrics::set_global_recorder(recorder).is_err() {
        tracing::warn!("the process has another recorder of metrics; /metrics stays empty");
    }
    describe_counter!(REQUESTS, "Requests answered, by route, method and status");
    describe_histogram!(DURATION, "Time from request to response, by route");
    describe_gauge!(IN_FLIGHT, "Requests being answered");
    describe_gauge!(CONNECTIONS, "Connections to the database, by state");
    describe_gauge!(WAITING, "Requests that wait for a connection");
    describe_gauge!(FACTS, "Orders in memory");
    describe_gauge!(
        FRESH,
        "Orders in memory that are not merged into their months yet"
    );
    describe_gauge!(FOLLOWED, "1 while what is committed is followed, else 0");
    describe_gauge!(BUILD, "Always 1; its label is the version of the program");
    gauge!(BUILD, "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    gauge!(IN_FLIGHT).set(0.0);
    handle
}

/// Counts a request as being answered for as long as this lives.
pub struct InFlight(());

impl InFlight {
    /// From now on.
    #[must_use]
    pub fn begin() -> Self {
        gauge!(IN_FLIGHT).increment(1.0);
        Self(())
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        gauge!(IN_FLIGHT).decrement(1.0);
    }
}

/// Notes a request that was answered.
pub fn answered<B>(
    method: &Method,
    response: &http::Response<B>,
    correlation: &Correlation,
    took: Duration,
) {
    let route = response
        .extensions()
        .get::<Route>()
        .map_or("unknown", |route| route.0);
    let method = known(method);
    let status = response.status().as_u16();
    counter!(
        REQUESTS,
        "route" => route, "method" => method, "status" => status.to_string()
    )
    .increment(1);
    histogram!(DURATION, "route" => route).record(took.as_secs_f64());
    let duration_ms = took.as_secs_f64() * 1_000.0;
    if SUPERVISION.contains(&route) && status < 500 {
        tracing::debug!(
            http.method = method,
            http.route = route,
            http.status = status,
            duration_ms,
            request.id = correlation.request_id,
            trace.id = correlation.trace_id,
            "answered"
        );
    } else {
        tracing::info!(
            http.method = method,
            http.route = route,
            http.status = status,
            duration_ms,
            request.id = correlation.request_id,
            trace.id = correlation.trace_id,
            "answered"
        );
    }
}

/// Methods from outside do not become labels by themselves: there is no bound to them.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "OTHER",
    }
}
