//! What the service can be told, read once and checked before anything connects.

use std::net::SocketAddr;
use std::time::Duration;

use clap::{Parser, Subcommand};
use ordertally_settings::logs::LogSettings;
use ordertally_settings::{DatabaseUrl, TimeZone};

use crate::cors::AllowedOrigin;

/// Answers questions about orders over HTTP, from the database that ordertally-consumer fills.
#[derive(Parser, Clone, Debug)]
#[command(name = "ordertally-query-api", version)]
pub struct Settings {
    /// What to do; without a command the service runs
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The Postgres database: postgres://USER:PASSWORD@HOST:PORT/DATABASE
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    pub database_url: DatabaseUrl,
    /// Where to listen; port 0 takes a free one
    #[arg(
        long,
        env = "HTTP_ADDR",
        default_value = "127.0.0.1:8080",
        value_name = "ADDRESS:PORT",
        global = true
    )]
    pub http_addr: SocketAddr,
    /// IANA zone of calendar days when a request names none
    #[arg(
        long,
        env = "REPORTING_TIME_ZONE",
        default_value = "UTC",
        value_name = "ZONE"
    )]
    pub reporting_time_zone: TimeZone,
    /// Connections to the database at most, 1 to 1000; requests beyond it wait for one
    #[arg(
        long,
        env = "DATABASE_POOL_SIZE",
        default_value_t = 8,
        value_parser = clap::value_parser!(u16).range(1..=1000),
        value_name = "CONNECTIONS"
    )]
    pub database_pool_size: u16,
    /// How long a request waits for a connection to the database, 100 to 60000
    #[arg(
        long,
        env = "DATABASE_CONNECT_TIMEOUT_MS",
        default_value_t = 2_000,
        value_parser = clap::value_parser!(u32).range(100..=60_000),
        value_name = "MILLISECONDS"
    )]
    pub database_connect_timeout_ms: u32,
    /// How long Postgres may work on one statement before it cancels it, 100 to 3600000; longer
    /// than a request may take, it ends what a request left behind
    #[arg(
        long,
        env = "STATEMENT_TIMEOUT_MS",
        default_value_t = 12_000,
        value_parser = clap::value_parser!(u32).range(100..=3_600_000),
        value_name = "MILLISECONDS"
    )]
    pub statement_timeout_ms: u32,
    /// How long the work for one request may take, 100 to 3600000; waiting for at_least is not
    /// counted
    #[arg(
        long,
        env = "REQUEST_TIMEOUT_MS",
        default_value_t = 10_000,
        value_parser = clap::value_parser!(u32).range(100..=3_600_000),
        value_name = "MILLISECONDS"
    )]
    pub request_timeout_ms: u32,
    /// Analytics questions worked on at once, each on a thread of its own, 1 to 1024; others wait
    /// for their turn [default: as many as there are processors]
    #[arg(
        long,
        env = "ANALYTICS_THREADS",
        default_value_t = processors(),
        hide_default_value = true,
        value_parser = clap::value_parser!(u16).range(1..=1024),
        value_name = "THREADS"
    )]
    pub analytics_threads: u16,
    /// Origins whose pages may read the answers in a browser, separated by commas:
    /// https://shop.example, or * for every one [default: none]
    #[arg(
        long,
        env = "CORS_ALLOWED_ORIGINS",
        value_delimiter = ',',
        value_name = "ORIGINS"
    )]
    pub cors_allowed_origins: Vec<AllowedOrigin>,
    /// How long requests in hand may take to finish once the service is asked to stop, 0 to 600000
    #[arg(
        long,
        env = "STOP_TIMEOUT_MS",
        default_value_t = 30_000,
        value_parser = clap::value_parser!(u32).range(0..=600_000),
        value_name = "MILLISECONDS"
    )]
    pub stop_timeout_ms: u32,
    /// What is logged, and how.
    #[command(flatten)]
    pub logs: LogSettings,
}

/// Another thing to do than to serve.
#[derive(Subcommand, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Ask a running service on HTTP_ADDR whether it is ready; exit status 0 when it is, else 1
    Healthcheck,
}

impl Settings {
    /// How long the work for one request may take.
    #[must_use]
    pub fn request_timeout(&self) -> Duration {
        Duration::from_millis(self.request_timeout_ms.into())
    }

    /// How long requests in hand may take to finish after the wish to stop.
    #[must_use]
    pub fn stop_timeout(&self) -> Duration {
        Duration::from_millis(self.stop_timeout_ms.into())
    }
}

fn processors() -> u16 {
    let processors = std::thread::available_parallelism().map_or(1, Into::into);
    u16::try_from(processors).unwrap_or(1024).min(1024)
}
