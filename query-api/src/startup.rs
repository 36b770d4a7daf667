//! The service put together: built first, run after, so that tests run the same on a free port.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::access::{Access, KnownTokens};
use crate::answers::Answers;
use crate::database::Database;
use crate::database::session::session;
use crate::facts::Board;
use crate::facts::follow::Follower;
use crate::handlers::Resources;
use crate::health::Health;
use crate::limits::Limits;
use crate::lists::Lists;
use crate::observe::Metrics;
use crate::service::Door;
use crate::settings::Settings;
use crate::status::Status;
use crate::{cors, routes, server, service};

/// A service that listens already and answers once it runs.
pub struct Startup {
    listener: TcpListener,
    address: SocketAddr,
    follower: Follower,
    database: Arc<Database>,
    tokens: Arc<KnownTokens>,
    resources: Arc<Resources>,
    door: Door,
    connections_max: usize,
    stop_timeout: Duration,
}

impl Startup {
    /// Takes the address; connects to nothing.
    ///
    /// # Errors
    ///
    /// When no database was given, or the address cannot be listened on.
    pub async fn build(settings: &Settings) -> anyhow::Result<Self> {
        let url = settings.database_url()?;
        let listener = TcpListener::bind(settings.http_addr)
            .await
            .with_context(|| {
                format!(
                    "cannot listen on {}; choose another with --http-addr",
                    settings.http_addr
                )
            })?;
        let address = listener
            .local_addr()
            .context("the listener has no address")?;
        let database = Database::new(url, settings).context("cannot set up the connection pool")?;
        let database = Arc::new(database);
        let board = Arc::new(Board::default());
        let tokens = Arc::new(KnownTokens::default());
        let threads = settings.analytics_threads.into();
        let resources = Resources::new(
            Answers::new(Arc::clone(&board), Arc::clone(&database), threads),
            Lists::new(Arc::clone(&database), settings.list_search()),
            Health::new(
                Arc::clone(&database),
                Arc::clone(&board),
                Arc::clone(&tokens),
            ),
            Status::new(Arc::clone(&database), Arc::clone(&board)),
            Metrics::of_process(),
            settings.reporting_time_zone.0,
        );
        Ok(Self {
            listener,
            address,
            follower: Follower::new(session(url, settings), board),
            resources: Arc::new(resources),
            door: Door {
                access: Access::new(Arc::clone(&tokens), settings.anonymous()),
                limits: Arc::new(Limits::new(settings)),
                proxies: settings.trusted_proxies.clone().into(),
                cors: cors::layer(&settings.cors_allowed_origins),
            },
            database,
            tokens,
            connections_max: usize::try_from(settings.max_connections).unwrap_or(usize::MAX),
            stop_timeout: settings.stop_timeout(),
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `stop`; requests in hand are finished.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let service = service::service(&routes::routes(&self.resources), &self.door);
        // Ends with this, whichever way this ends.
        let mut beside = JoinSet::new();
        let _task = beside.spawn(self.follower.run());
        let (tokens, database) = (self.tokens, self.database);
        let _task = beside.spawn(async move { tokens.keep(&database).await });
        let _task = beside.spawn(async move { self.door.limits.forget().await });
        server::serve(
            self.listener,
            service,
            self.connections_max,
            stop,
            self.stop_timeout,
        )
        .await;
    }
}
