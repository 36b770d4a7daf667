//! The sessions of this service: connected when needed, writing nothing, giving up in time.

use std::time::Duration;

use diesel::result::ConnectionError;
use diesel_async::AsyncPgConnection;
use diesel_async::pooled_connection::deadpool::{BuildError, Pool};
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig};
use ordertally_settings::DatabaseUrl;
use tokio_postgres::Config;

use super::chain;
use crate::settings::Settings;

/// Prepares connections; makes none.
pub(super) fn pool(
    url: &DatabaseUrl,
    settings: &Settings,
) -> Result<Pool<AsyncPgConnection>, BuildError> {
    let config = session(url, settings);
    let mut manager = ManagerConfig::default();
    manager.custom_setup = Box::new(move |_| {
        let config = config.clone();
        Box::pin(async move { connect(&config).await })
    });
    let manager = AsyncDieselConnectionManager::new_with_config(url.to_string(), manager);
    Pool::builder(manager)
        .max_size(settings.database_pool_size.into())
        .build()
}

/// What every session of this service is: one that writes nothing, and gives up in time.
pub(crate) fn session(url: &DatabaseUrl, settings: &Settings) -> Config {
    let mut config = url.config().clone();
    let ours = format!(
        "-c default_transaction_read_only=on -c statement_timeout={} \
         -c idle_in_transaction_session_timeout=30000",
        settings.statement_timeout_ms
    );
    let options = match config.get_options() {
        Some(given) => format!("{ours} {given}"),
        None => ours,
    };
    let _config = config.options(options);
    if config.get_application_name().is_none() {
        let _config = config.application_name("ordertally-query-api");
    }
    // A server that vanished without a word is noticed, whatever the system's own patience.
    let _config = config
        .keepalives_idle(Duration::from_secs(15))
        .tcp_user_timeout(Duration::from_secs(30));
    config
}

async fn connect(config: &Config) -> Result<AsyncPgConnection, ConnectionError> {
    let (client, driver) = ordertally_schema::database::connect(config)
        .await
        .map_err(|error| ConnectionError::BadConnection(chain(&error)))?;
    // The driver ends with its connection, and whoever uses the connection hears of it.
    drop(driver);
    AsyncPgConnection::try_from(client).await
}
