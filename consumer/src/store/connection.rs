//! Connections: a few, shared by the writers, each thrown away after any trouble.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ordertally_schema::database::{self, Driver};
use ordertally_settings::DatabaseUrl;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio_postgres::{Client, Config, Statement};

use super::failure::StoreError;
use super::{commit, rejected, rows};

/// Longest that making a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// What every session sets, so that an owner that freezes in a transaction does not block the
/// next one, and no statement waits for ever.
const SESSION: &str = "
    SET idle_in_transaction_session_timeout = '10s';
    SET statement_timeout = '30s';
    SET lock_timeout = '5s';
    SET TIME ZONE 'UTC'";

/// The connections to one database.
#[derive(Clone)]
pub struct Pool {
    config: Arc<Config>,
    permits: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<Connection>>>,
    /// Woken by each commit.
    committed: Arc<Notify>,
}

/// How to connect so that a server that is gone without a word is noticed.
pub(crate) fn watchful(url: &DatabaseUrl) -> Config {
    let mut config = url.config().clone();
    config
        .connect_timeout(CONNECT_TIMEOUT)
        .keepalives(true)
        .keepalives_idle(Duration::from_secs(10))
        .keepalives_interval(Duration::from_secs(5))
        .keepalives_retries(3)
        .tcp_user_timeout(Duration::from_secs(20));
    if config.get_application_name().is_none() {
        config.application_name("ordertally-consumer");
    }
    config
}

/// A client with its statements, prepared once.
pub(crate) struct Session {
    pub client: Client,
    pub statements: Statements,
}

/// What a batch's transaction is made of.
pub(crate) struct Statements {
    pub lock: Statement,
    pub lookup: Statement,
    pub copy_orders: Statement,
    pub insert_facts: Statement,
    pub keep_rejected: Statement,
    pub supersede: Statement,
    pub advance: Statement,
}

impl Statements {
    async fn prepare(client: &Client) -> Result<Self, tokio_postgres::Error> {
        Ok(Self {
            lock: client.prepare(commit::LOCK).await?,
            lookup: client.prepare(commit::LOOKUP).await?,
            copy_orders: client.prepare(&rows::COPY).await?,
            insert_facts: client.prepare(commit::INSERT_FACTS).await?,
            keep_rejected: client.prepare(rejected::KEEP).await?,
            supersede: client.prepare(rejected::SUPERSEDE).await?,
            advance: client.prepare(commit::ADVANCE).await?,
        })
    }
}

/// One connection, ended when it is dropped.
struct Connection {
    session: Session,
    _driver: AbortOnDrop,
}

/// The task that drives a connection. Closes the socket at once when it is dropped, also where
/// Postgres does not answer any more.
pub(super) struct AbortOnDrop(pub(super) Driver);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A connection for one transaction. Given back with [`Lease::give_back`] when all went well;
/// otherwise dropped, and the connection with it.
pub struct Lease {
    connection: Option<Connection>,
    idle: Arc<Mutex<Vec<Connection>>>,
    _permit: OwnedSemaphorePermit,
}

impl Pool {
    /// At most `connections` to the database at `url`. Connects when first used.
    #[must_use]
    pub fn new(url: &DatabaseUrl, connections: usize) -> Self {
        Self {
            config: Arc::new(watchful(url)),
            permits: Arc::new(Semaphore::new(connections)),
            idle: Arc::default(),
            committed: Arc::default(),
        }
    }

    /// How to connect.
    pub(super) fn config(&self) -> &Config {
        &self.config
    }

    /// Woken by each commit.
    pub(super) fn committed(&self) -> &Notify {
        &self.committed
    }

    /// A connection, made anew where none is idle.
    ///
    /// # Errors
    ///
    /// [`StoreError::Outage`] while Postgres is out of reach, [`StoreError::Stop`] when it refuses
    /// for good (a wrong password, no such database).
    ///
    /// # Panics
    ///
    /// Never: the semaphore is not closed.
    pub async fn lease(&self) -> Result<Lease, StoreError> {
        let permit = Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .expect("the semaphore is never closed");
        let idle = {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            idle.retain(|connection| !connection.session.client.is_closed());
            idle.pop()
        };
        let connection = match idle {
            Some(connection) => connection,
            None => tokio::time::timeout(2 * CONNECT_TIMEOUT, self.connect())
                .await
                .map_err(|_| StoreError::deadline("connecting"))??,
        };
        Ok(Lease {
            connection: Some(connection),
            idle: Arc::clone(&self.idle),
            _permit: permit,
        })
    }

    async fn connect(&self) -> Result<Connection, StoreError> {
        let (client, driver) = database::connect(&self.config).await?;
        let driver = AbortOnDrop(driver);
        client.batch_execute(SESSION).await?;
        let statements = Statements::prepare(&client).await?;
        Ok(Connection {
            session: Session { client, statements },
            _driver: driver,
        })
    }
}

impl Lease {
    /// The connection's client.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.session().client
    }

    /// The connection, with its prepared statements.
    pub(crate) fn session(&self) -> &Session {
        &self
            .connection
            .as_ref()
            .expect("a lease has its connection until it is given back")
            .session
    }

    /// Lets others use the connection: its transaction has ended.
    pub fn give_back(mut self) {
        if let Some(connection) = self.connection.take() {
            self.idle
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(connection);
        }
    }
}
