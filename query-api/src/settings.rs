//! What the service can be told, read once and checked before anything connects.

use std::net::SocketAddr;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use ordertally_settings::logs::LogSettings;
use ordertally_settings::{DatabaseUrl, TimeZone};
use thiserror::Error;

use crate::access::Anonymous;
use crate::client::Proxy;
use crate::commands::tokens::TokensCommand;
use crate::cors::AllowedOrigin;

/// This machine alone can ask, unless somebody says otherwise.
const HTTP_ADDR: &str = "127.0.0.1:8080";

/// Answers questions about orders over HTTP, from the database that ordertally-consumer fills.
#[derive(Parser, Clone, Debug)]
#[command(
    name = "ordertally-query-api",
    version,
    args_conflicts_with_subcommands = true
)]
pub struct CommandLine {
    /// What to do; without a command the service runs.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The settings of the service.
    #[command(flatten)]
    pub service: Settings,
}

/// Another thing to do than to serve.
#[derive(Subcommand, Clone, Debug)]
pub enum Command {
    /// Ask a running service whether it is ready; exit status 0 when it is, else 1
    Healthcheck(HealthcheckSettings),
    /// Make, list and revoke the tokens that requests are answered for
    #[command(subcommand)]
    Tokens(Box<TokensCommand>),
}

/// The settings of `healthcheck`.
#[derive(Args, Clone, Debug)]
pub struct HealthcheckSettings {
    /// Where the service listens
    #[arg(
        long,
        env = "HTTP_ADDR",
        default_value = HTTP_ADDR,
        value_name = "ADDRESS:PORT"
    )]
    pub http_addr: SocketAddr,
    /// What is logged, and how.
    #[command(flatten)]
    pub logs: LogSettings,
}

/// The settings of the service.
#[derive(Args, Clone, Debug)]
pub struct Settings {
    /// The Postgres database, which must be given: postgres://USER:PASSWORD@HOST:PORT/DATABASE
    // Not required by its type, since commands are read without it.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    database_url: Option<DatabaseUrl>,
    /// Where to listen; port 0 takes a free one
    #[arg(
        long,
        env = "HTTP_ADDR",
        default_value = HTTP_ADDR,
        value_name = "ADDRESS:PORT"
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
    /// How long a filtered list of orders is searched for a page, 0 to 60000; then the page is given
    /// with what was found, and says that there is more. Well below REQUEST_TIMEOUT_MS
    #[arg(
        long,
        env = "LIST_SEARCH_MS",
        default_value_t = 1_000,
        value_parser = clap::value_parser!(u32).range(0..=60_000),
        value_name = "MILLISECONDS"
    )]
    pub list_search_ms: u32,
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
    /// Answer requests without a token, from anywhere; without it they are answered only where
    /// HTTP_ADDR is this machine's own address and there are no tokens
    #[arg(long, env = "ALLOW_ANONYMOUS", default_value_t = false, num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    pub allow_anonymous: bool,
    /// Requests a minute that each token may make, 0 to 1000000; 0 for as many as it likes
    #[arg(
        long,
        env = "RATE_LIMIT_PER_TOKEN",
        default_value_t = 0,
        value_parser = clap::value_parser!(u32).range(0..=1_000_000),
        value_name = "REQUESTS"
    )]
    pub rate_limit_per_token: u32,
    /// Requests a minute without a token that are taken from each address, likewise; IPv6 addresses
    /// of one /64 network count as one
    #[arg(
        long,
        env = "RATE_LIMIT_PER_ADDRESS",
        default_value_t = 0,
        value_parser = clap::value_parser!(u32).range(0..=1_000_000),
        value_name = "REQUESTS"
    )]
    pub rate_limit_per_address: u32,
    /// Requests answered at once, 0 to 100000; others are refused with 503; 0 for any number
    #[arg(
        long,
        env = "MAX_REQUESTS",
        default_value_t = 0,
        value_parser = clap::value_parser!(u32).range(0..=100_000),
        value_name = "REQUESTS"
    )]
    pub max_requests: u32,
    /// Connections kept at once, 1 to 100000; others wait until one is closed
    #[arg(
        long,
        env = "MAX_CONNECTIONS",
        default_value_t = 10_000,
        value_parser = clap::value_parser!(u32).range(1..=100_000),
        value_name = "CONNECTIONS"
    )]
    pub max_connections: u32,
    /// Proxies whose X-Forwarded-For is believed, addresses or networks separated by commas:
    /// 127.0.0.1,10.0.0.0/8 [default: none]
    #[arg(
        long,
        env = "TRUSTED_PROXIES",
        value_delimiter = ',',
        value_name = "ADDRESSES"
    )]
    pub trusted_proxies: Vec<Proxy>,
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

/// The service was given no database.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("--database-url <URL> (or the variable DATABASE_URL) is required")]
pub struct NoDatabase;

impl Settings {
    /// The Postgres database.
    ///
    /// # Errors
    ///
    /// When none was given.
    pub fn database_url(&self) -> Result<&DatabaseUrl, NoDatabase> {
        self.database_url.as_ref().ok_or(NoDatabase)
    }

    /// From whom no token is asked.
    #[must_use]
    pub fn anonymous(&self) -> Anonymous {
        if self.allow_anonymous {
            Anonymous::Always
        } else if self.http_addr.ip().is_loopback() {
            Anonymous::UntilTokens
        } else {
            Anonymous::Never
        }
    }

    /// How long the work for one request may take.
    #[must_use]
    pub fn request_timeout(&self) -> Duration {
        Duration::from_millis(self.request_timeout_ms.into())
    }

    /// How long a list is searched for a page.
    #[must_use]
    pub fn list_search(&self) -> Duration {
        Duration::from_millis(self.list_search_ms.into())
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
