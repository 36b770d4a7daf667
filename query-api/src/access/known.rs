//! The tokens in memory: looked up for each request, read anew every other second.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use chrono::{DateTime, Utc};
use hashbrown::HashMap;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use super::Denied;
use super::scope::Scopes;
use super::store::{self, ValidToken};
use super::token::Hash;
use crate::database::{AskError, Database, chain};

/// How long a token that was made or revoked may go unnoticed.
const READ_EVERY: Duration = Duration::from_secs(2);

/// How often it is noted which tokens were used: to the minute is what anybody asks for.
const NOTE_EVERY: Duration = Duration::from_secs(60);

/// How long Postgres may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// A token that somebody has.
#[derive(Debug)]
pub struct Token {
    /// Its identity.
    pub id: i64,
    /// What it is for.
    pub scopes: Scopes,
    expires_at: Option<DateTime<Utc>>,
    /// Seconds since 1970; 0 while it was not used since the last note.
    used_at: AtomicI64,
}

/// The tokens that are known.
#[derive(Debug)]
pub struct KnownTokens {
    /// `None` until they were read.
    by_hash: ArcSwapOption<HashMap<Hash, Arc<Token>>>,
    /// Whether it was tried to read them.
    tried: watch::Sender<bool>,
}

impl Default for KnownTokens {
    fn default() -> Self {
        Self {
            by_hash: ArcSwapOption::empty(),
            tried: watch::Sender::new(false),
        }
    }
}

impl KnownTokens {
    /// How many there are; `None` until they were read.
    #[must_use]
    pub fn count(&self) -> Option<usize> {
        self.by_hash.load().as_ref().map(|tokens| tokens.len())
    }

    /// Returns once it was tried to read them: at once, but in the first moments of the service.
    pub async fn tried(&self) {
        if self.count().is_some() {
            return;
        }
        let mut tried = self.tried.subscribe();
        // The sender lives as long as this.
        if tried.wait_for(|tried| *tried).await.is_err() {
            unreachable!("the sender is here")
        }
    }

    /// The token of this hash, which is being used now.
    ///
    /// # Errors
    ///
    /// Why it is refused.
    pub fn find(&self, hash: &Hash) -> Result<Arc<Token>, Denied> {
        let tokens = self.by_hash.load();
        let tokens = tokens.as_ref().ok_or(Denied::NotRead)?;
        // Whoever could learn from the time that this takes would learn of hashes alone.
        let token = tokens.get(hash).ok_or(Denied::Unknown)?;
        let now = Utc::now();
        if token.expires_at.is_some_and(|over| over <= now) {
            return Err(Denied::Expired);
        }
        token.used_at.store(now.timestamp(), Ordering::Relaxed);
        Ok(Arc::clone(token))
    }

    /// Reads them anew for as long as it is polled. While the database is away those that were
    /// known stay so.
    pub async fn keep(&self, database: &Database) -> Infallible {
        let mut noted = Instant::now();
        let mut told = false;
        loop {
            match self.read(database).await {
                Ok(()) => told = false,
                Err(error) if !told => {
                    tracing::warn!(cause = chain(&error), "the tokens cannot be read now");
                    told = true;
                }
                Err(_) => {}
            }
            self.tried.send_replace(true);
            if noted.elapsed() >= NOTE_EVERY {
                noted = Instant::now();
                if let Err(error) = self.note_use(database).await {
                    tracing::debug!(cause = chain(&error), "the use of tokens cannot be noted");
                }
            }
            sleep(READ_EVERY).await;
        }
    }

    async fn read(&self, database: &Database) -> Result<(), AskError> {
        let read = async {
            let mut connection = database.connection().await?;
            Ok::<_, AskError>(store::valid(&mut connection).await?)
        };
        let valid = timeout(PATIENCE, read)
            .await
            .map_err(|_| AskError::TooSlow(PATIENCE))??;
        let before = self.by_hash.load_full();
        let tokens = valid.into_iter().map(|token| {
            let known = before.as_ref().and_then(|before| before.get(&token.hash));
            (token.hash, Arc::new(Token::read(token, known)))
        });
        self.by_hash.store(Some(Arc::new(tokens.collect())));
        Ok(())
    }

    async fn note_use(&self, database: &Database) -> Result<(), AskError> {
        let Some(tokens) = self.by_hash.load_full() else {
            return Ok(());
        };
        let used: Vec<_> = tokens
            .values()
            .filter_map(|token| Some((token.id, token.take_use()?)))
            .collect();
        if used.is_empty() {
            return Ok(());
        }
        let mut connection = database.connection().await?;
        Ok(store::note_use(&mut connection, &used).await?)
    }
}

impl Token {
    /// As it was read. When the one that was `known` was used is not forgotten.
    fn read(token: ValidToken, known: Option<&Arc<Self>>) -> Self {
        let used_at = known.map_or(0, |known| known.used_at.load(Ordering::Relaxed));
        Self {
            id: token.id,
            scopes: token.scopes,
            expires_at: token.expires_at,
            used_at: AtomicI64::new(used_at),
        }
    }

    /// When it was used, if it was since this was asked.
    fn take_use(&self) -> Option<DateTime<Utc>> {
        match self.used_at.swap(0, Ordering::Relaxed) {
            0 => None,
            seconds => DateTime::from_timestamp_secs(seconds),
        }
    }
}
