//! Who may ask for what.
//!
//! A request is identified once, before anything else is done with it, and each resource asks for
//! its [`Scope`]. The tokens are [known](known) in memory, read anew every other second, so that no
//! request waits for the database and a revoked token is refused within seconds.

pub mod known;
pub mod scope;
pub mod store;
pub mod token;

use std::sync::Arc;

use http::HeaderMap;
use http::header::AUTHORIZATION;

pub use known::{KnownTokens, Token};
pub use scope::{Scope, Scopes};

/// Who asks.
#[derive(Clone, Debug)]
pub enum Caller {
    /// Anybody, who may ask for everything here.
    Anyone,
    /// Somebody on this machine, while it is not known whether there are tokens. The figures of a
    /// service that has no database yet are theirs to see.
    Unread,
    /// Who has this token.
    Bearer(Arc<Token>),
}

/// Why somebody is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// There is no token, and one is needed.
    NoToken,
    /// There are no tokens at all, and this address needs them.
    NoTokens,
    /// The header holds no bearer token.
    Malformed,
    /// The token is not known, or was revoked.
    Unknown,
    /// The token's time is over.
    Expired,
    /// The token is not for this.
    Scope(Scope),
    /// The tokens were not read yet.
    NotRead,
}

/// From whom no token is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anonymous {
    /// From anybody, because the settings say so.
    Always,
    /// From this machine, as long as there are no tokens.
    UntilTokens,
    /// From nobody.
    Never,
}

/// Identifies who asks.
#[derive(Clone, Debug)]
pub struct Access {
    tokens: Arc<KnownTokens>,
    anonymous: Anonymous,
}

impl Access {
    /// By these tokens.
    #[must_use]
    pub fn new(tokens: Arc<KnownTokens>, anonymous: Anonymous) -> Self {
        Self { tokens, anonymous }
    }

    /// Who asks with these headers.
    ///
    /// # Errors
    ///
    /// Why nobody is identified.
    pub async fn identified(&self, headers: &HeaderMap) -> Result<Caller, Denied> {
        self.tokens.tried().await;
        let mut given = headers.get_all(AUTHORIZATION).iter();
        let (Some(value), None) = (given.next(), given.next()) else {
            return if headers.contains_key(AUTHORIZATION) {
                Err(Denied::Malformed)
            } else {
                self.without_token()
            };
        };
        let text = value.to_str().map_err(|_| Denied::Malformed)?;
        let (scheme, token) = text.split_once(' ').ok_or(Denied::Malformed)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Denied::Malformed);
        }
        let hash = token::hash(token.trim());
        self.tokens.find(&hash).map(Caller::Bearer)
    }

    fn without_token(&self) -> Result<Caller, Denied> {
        match (self.anonymous, self.tokens.count()) {
            (Anonymous::Always, _) | (Anonymous::UntilTokens, Some(0)) => Ok(Caller::Anyone),
            (Anonymous::UntilTokens, None) => Ok(Caller::Unread),
            (Anonymous::Never, None) => Err(Denied::NotRead),
            (Anonymous::Never, Some(0)) => Err(Denied::NoTokens),
            (_, Some(_)) => Err(Denied::NoToken),
        }
    }
}

impl Caller {
    /// Whether they may ask for this.
    #[must_use]
    pub fn may(&self, scope: Scope) -> bool {
        self.permitted(scope).is_ok()
    }

    /// Lets them ask for this.
    ///
    /// # Errors
    ///
    /// Why they may not.
    pub fn permitted(&self, scope: Scope) -> Result<(), Denied> {
        match self {
            Self::Anyone => Ok(()),
            Self::Unread if scope == Scope::Metrics => Ok(()),
            Self::Unread => Err(Denied::NotRead),
            Self::Bearer(token) if token.scopes.contains(scope) => Ok(()),
            Self::Bearer(_) => Err(Denied::Scope(scope)),
        }
    }
}
