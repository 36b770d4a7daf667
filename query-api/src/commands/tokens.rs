//! `tokens`: makes, lists and revokes what requests are answered for.

use anyhow::{Context as _, bail};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use clap::{Args, Subcommand};
use comfy_table::{ContentArrangement, Table, presets};
use diesel_async::AsyncPgConnection;
use ordertally_schema::database::connect_diesel;
use ordertally_settings::logs::{self, LogSettings};
use ordertally_settings::{DatabaseUrl, cli};

use crate::access::store::{self, ListedToken, NewToken};
use crate::access::{Scope, Scopes, token};

/// What can be done with tokens.
#[derive(Subcommand, Clone, Debug)]
pub enum TokensCommand {
    /// Make a token and print it, this once: it is kept nowhere
    Create(CreateSettings),
    /// List all tokens, without themselves
    List(TokensSettings),
    /// Revoke a token; running services refuse it within seconds
    Revoke(RevokeSettings),
}

/// What every command here is told.
#[derive(Args, Clone, Debug)]
pub struct TokensSettings {
    /// The Postgres database: postgres://USER:PASSWORD@HOST:PORT/DATABASE
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    pub database_url: DatabaseUrl,
    /// What is logged, and how.
    #[command(flatten)]
    pub logs: LogSettings,
}

/// The settings of `create`.
#[derive(Args, Clone, Debug)]
pub struct CreateSettings {
    /// Which database.
    #[command(flatten)]
    pub common: TokensSettings,
    /// What to call it: who uses it, for what
    #[arg(long, value_name = "NAME", value_parser = name)]
    pub name: String,
    /// What it may read, separated by commas: analytics (customers by their ids alone), orders (with
    /// personal data), rejected-events, metrics
    #[arg(long, value_name = "SCOPES", value_delimiter = ',', required = true)]
    pub scopes: Vec<Scope>,
    /// Refuse it after so many days, 1 to 3660 [default: it does not end by itself]
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u16).range(1..=3_660))]
    pub expires_in_days: Option<u16>,
}

/// The settings of `revoke`.
#[derive(Args, Clone, Debug)]
pub struct RevokeSettings {
    /// Which database.
    #[command(flatten)]
    pub common: TokensSettings,
    /// Which token: its id in the list
    #[arg(value_name = "ID")]
    pub id: i64,
}

impl TokensCommand {
    /// Does it.
    ///
    /// # Errors
    ///
    /// When the database is away or refuses, or there is no such token.
    pub async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Create(settings) => create(&settings).await,
            Self::List(settings) => list(&settings).await,
            Self::Revoke(settings) => revoke(&settings).await,
        }
    }
}

impl TokensSettings {
    async fn open(&self) -> anyhow::Result<AsyncPgConnection> {
        logs::start(&self.logs);
        connect_diesel(self.database_url.config())
            .await
            .with_context(|| format!("cannot reach {}", self.database_url))
    }
}

async fn create(settings: &CreateSettings) -> anyhow::Result<()> {
    let mut connection = settings.common.open().await?;
    let scopes: Scopes = settings.scopes.iter().copied().collect();
    let life = settings
        .expires_in_days
        .map(|days| TimeDelta::days(days.into()));
    let token = token::generate();
    let new = NewToken {
        name: &settings.name,
        hash: token::hash(&token),
        scopes: &scopes,
        expires_at: life.map(|life| Utc::now() + life),
    };
    let id = store::create(&mut connection, &new)
        .await
        .context("cannot keep the token; is the database migrated?")?;
    let until = new.expires_at.map_or_else(
        || "until it is revoked".to_owned(),
        |at| format!("until {}", shown(at)),
    );
    cli::tell(format_args!(
        "token {id} for {}, {until}; it is not shown again:",
        scopes.names().join(", ")
    ));
    cli::print(&token)?;
    Ok(())
}

async fn list(settings: &TokensSettings) -> anyhow::Result<()> {
    let mut connection = settings.open().await?;
    let tokens = store::list(&mut connection)
        .await
        .context("cannot list the tokens; is the database migrated?")?;
    if tokens.is_empty() {
        cli::tell("there are no tokens; make one with: ordertally-query-api tokens create");
        return Ok(());
    }
    let mut table = Table::new();
    let _table = table
        .load_style(presets::UTF8_HORIZONTAL_ONLY)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(["id", "name", "scopes", "state", "created", "last used"]);
    for token in tokens {
        let state = state(&token, Utc::now());
        let _table = table.add_row([
            token.id.to_string(),
            token.name,
            token.scopes.join(", "),
            state,
            shown(token.created_at),
            token.last_used_at.map_or_else(|| "never".to_owned(), shown),
        ]);
    }
    cli::print(table)?;
    Ok(())
}

async fn revoke(settings: &RevokeSettings) -> anyhow::Result<()> {
    let mut connection = settings.common.open().await?;
    let revoked = store::revoke(&mut connection, settings.id)
        .await
        .context("cannot revoke the token; is the database migrated?")?;
    let Some(token) = revoked else {
        bail!(
            "there is no token {}; see: ordertally-query-api tokens list",
            settings.id
        );
    };
    cli::print(format_args!(
        "token {} ({}) is {}",
        token.id,
        token.name,
        state(&token, Utc::now())
    ))?;
    Ok(())
}

fn state(token: &ListedToken, now: DateTime<Utc>) -> String {
    match (token.revoked_at, token.expires_at) {
        (Some(at), _) => format!("revoked {}", shown(at)),
        (None, Some(at)) if at <= now => format!("expired {}", shown(at)),
        (None, Some(at)) => format!("valid until {}", shown(at)),
        (None, None) => "valid".to_owned(),
    }
}

fn shown(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn name(text: &str) -> Result<String, String> {
    if text.trim().is_empty() || text.chars().count() > 200 || text.chars().any(char::is_control) {
        return Err("must have 1 to 200 characters, not only blanks".to_owned());
    }
    Ok(text.to_owned())
}
