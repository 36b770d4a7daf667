//! Connections to Postgres, encrypted where the address asks for it.

use std::future::poll_fn;
use std::sync::Arc;

use diesel_async::AsyncPgConnection;
use openssl::error::ErrorStack;
use openssl::ssl::{SslConnector, SslMethod, SslVerifyMode};
use postgres_openssl::{MakeTlsConnector, TlsStream};
use thiserror::Error;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_postgres::config::SslMode;
use tokio_postgres::{AsyncMessage, Client, Config, Connection, Socket};

/// Connects for Diesel. The connection ends with the value given back.
///
/// # Errors
///
/// As [`connect`].
pub async fn connect_diesel(config: &Config) -> Result<AsyncPgConnection, ConnectError> {
    let (client, driver) = connect(config).await?;
    drop(driver); // the task runs on by itself until the client is dropped
    AsyncPgConnection::try_from(client)
        .await
        .map_err(ConnectError::Diesel)
}

/// Why no connection was made.
#[derive(Debug, Error)]
pub enum ConnectError {
    /// TLS could not be set up.
    #[error("cannot set up TLS")]
    Tls(#[from] ErrorStack),
    /// Postgres could not be reached or refused.
    #[error("cannot connect to Postgres")]
    Connect(#[from] tokio_postgres::Error),
    /// Diesel could not set the session up.
    #[error("cannot set up the session with Postgres")]
    Diesel(#[source] diesel::ConnectionError),
}

/// Told with `NOTIFY` after a commit, without a word, so that whoever follows looks at once.
pub const COMMITS_CHANNEL: &str = "ordertally_commits";

/// How a connection came to its end.
pub type Driver = JoinHandle<Result<(), tokio_postgres::Error>>;

/// Connects, and drives the connection on a task of its own, which ends with the connection and
/// gives back why.
///
/// With `sslmode=require` the server's certificate is verified against the system's roots (or
/// `SSL_CERT_FILE`); with `prefer`, the default, it is not, as libpq has it.
///
/// # Errors
///
/// [`ConnectError`] when TLS cannot be set up, or Postgres is out of reach or refuses.
pub async fn connect(config: &Config) -> Result<(Client, Driver), ConnectError> {
    let (client, connection) = open(config).await?;
    Ok((client, tokio::spawn(connection)))
}

/// As [`connect`], and tells `noticed` of each notification of the session.
///
/// # Errors
///
/// As [`connect`].
pub async fn connect_noticing(
    config: &Config,
    noticed: Arc<Notify>,
) -> Result<(Client, Driver), ConnectError> {
    let (client, mut connection) = open(config).await?;
    let driver = tokio::spawn(async move {
        while let Some(message) = poll_fn(|context| connection.poll_message(context)).await {
            if let AsyncMessage::Notification(_) = message? {
                noticed.notify_one();
            }
        }
        Ok(())
    });
    Ok((client, driver))
}

async fn open(
    config: &Config,
) -> Result<(Client, Connection<Socket, TlsStream<Socket>>), ConnectError> {
    let mut tls = SslConnector::builder(SslMethod::tls_client())?;
    if config.get_ssl_mode() != SslMode::Require {
        tls.set_verify(SslVerifyMode::NONE);
    }
    let mut tls = MakeTlsConnector::new(tls.build());
    if config.get_ssl_mode() != SslMode::Require {
        tls.set_callback(|configuration, _| {
            configuration.set_verify_hostname(false);
            Ok(())
        });
    }
    Ok(config.connect(tls).await?)
}
