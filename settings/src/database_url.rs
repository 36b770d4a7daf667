//! The address of the Postgres database, with a password that never prints.

use std::fmt;
use std::str::FromStr;

use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;
use url::Url;

/// A checked `postgres://user:password@host:port/database?option=value` address.
///
/// `Display` and `Debug` show it without its password and its options. Options are those of
/// `tokio_postgres::Config`; `sslmode=require` verifies the server's certificate against the
/// system's roots (or `SSL_CERT_FILE`), `sslmode=prefer`, the default, encrypts where the server
/// offers it without verifying.
#[derive(Clone)]
pub struct DatabaseUrl {
    secret: SecretString,
    config: tokio_postgres::Config,
    shown: String,
}

/// Why a database address was refused. Never quotes the address, which may hold a password.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum DatabaseUrlError {
    /// Not a URL, or one of another scheme.
    #[error("not a database address: use postgres://USER:PASSWORD@HOST:PORT/DATABASE")]
    Scheme,
    /// The address names no host.
    #[error("the database address names no host: use postgres://USER:PASSWORD@HOST:PORT/DATABASE")]
    Host,
    /// The address names no database.
    #[error("the database address names no database: add /NAME after the host")]
    Database,
    /// An option, a port or an escape that the client does not take.
    #[error("the database address has a port, an option or an escape that is not understood: {0}")]
    Option(String),
}

impl DatabaseUrl {
    /// What a client connects with.
    #[must_use]
    pub fn config(&self) -> &tokio_postgres::Config {
        &self.config
    }

    /// The whole address, password included. For handing on to a child process, never for a log.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.secret.expose_secret()
    }
}

impl FromStr for DatabaseUrl {
    type Err = DatabaseUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = Url::parse(text).map_err(|_| DatabaseUrlError::Scheme)?;
        if !matches!(url.scheme(), "postgres" | "postgresql") {
            return Err(DatabaseUrlError::Scheme);
        }
        let host_option = url.query_pairs().any(|(name, _)| name == "host");
        let Some(host) = url
            .host_str()
            .filter(|host| !host.is_empty())
            .or(host_option.then_some("(socket)"))
        else {
            return Err(DatabaseUrlError::Host);
        };
        if url.path().trim_matches('/').is_empty() {
            return Err(DatabaseUrlError::Database);
        }
        let config: tokio_postgres::Config = text
            .parse()
            .map_err(|error| DatabaseUrlError::Option(reason(&error)))?;
        let user = match url.username() {
            "" => String::new(),
            user => format!("{user}@"),
        };
        let port = url
            .port()
            .map(|port| format!(":{port}"))
            .unwrap_or_default();
        Ok(Self {
            shown: format!("postgres://{user}{host}{port}{}", url.path()),
            secret: text.to_owned().into(),
            config,
        })
    }
}

/// The client's own words, which name the option but not its value.
fn reason(error: &tokio_postgres::Error) -> String {
    use std::error::Error as _;
    error
        .source()
        .map_or_else(|| error.to_string(), ToString::to_string)
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.shown)
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_never_prints() {
        let url: DatabaseUrl = "postgres://me:s3cret@db.example:5433/orders?application_name=x"
            .parse()
            .expect("a good address");
        for shown in [url.to_string(), format!("{url:?}")] {
            assert_eq!(shown, "postgres://me@db.example:5433/orders");
        }
        assert!(url.expose().contains("s3cret"));
    }

    #[test]
    fn wrong_addresses_are_refused_without_quoting_them() {
        for (text, expected) in [
            ("s3cret", DatabaseUrlError::Scheme),
            ("mysql://me:s3cret@host/db", DatabaseUrlError::Scheme),
            ("postgres:///db", DatabaseUrlError::Host),
            ("postgres://me:s3cret@host", DatabaseUrlError::Database),
            ("postgres://me:s3cret@host/", DatabaseUrlError::Database),
        ] {
            let error = text.parse::<DatabaseUrl>().expect_err(text);
            assert_eq!(error, expected, "{text}");
            assert!(!error.to_string().contains("s3cret"));
        }
        let error = "postgres://me:s3cret@host/db?sslmode=wrong"
            .parse::<DatabaseUrl>()
            .expect_err("the option is wrong");
        assert!(matches!(error, DatabaseUrlError::Option(_)));
        assert!(!error.to_string().contains("s3cret"));
    }
}
