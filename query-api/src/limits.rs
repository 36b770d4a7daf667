//! How much may be asked: requests a minute for each token or address, and requests at once.
//!
//! A minute's requests may come at once; they come back one by one over the minute (the cell rate
//! algorithm). What is left is told in the `RateLimit` headers of the IETF's draft
//! "RateLimit header fields for HTTP".

use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};
use http::{HeaderName, HeaderValue};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};

use crate::client;
use crate::settings::Settings;

/// Who was asking is forgotten after this long, once their requests have come back.
const FORGET_EVERY: Duration = Duration::from_secs(60);

const WINDOW_SECONDS: u32 = 60;

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const STATE: HeaderName = HeaderName::from_static("ratelimit");

type Limiter<K> =
    RateLimiter<K, DefaultKeyedStateStore<K>, DefaultClock, StateInformationMiddleware>;

/// Limits of this service; none where the settings name none.
#[derive(Debug)]
pub struct Limits {
    by_token: Option<Limiter<i64>>,
    by_address: Option<Limiter<IpAddr>>,
    at_once: Option<Arc<Semaphore>>,
}

/// Whose requests are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// Those with this token.
    Token(i64),
    /// Those without one from this address.
    Address(IpAddr),
}

/// What a limit says of a request.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// Seconds after which to try again, where the request is refused.
    pub retry_after: Option<u64>,
    headers: [(HeaderName, HeaderValue); 2],
}

impl Limits {
    /// As the settings have them.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        let at_once = usize::try_from(settings.max_requests).unwrap_or(usize::MAX);
        Self {
            by_token: limiter(settings.rate_limit_per_token),
            by_address: limiter(settings.rate_limit_per_address),
            at_once: (at_once > 0).then(|| Arc::new(Semaphore::new(at_once))),
        }
    }

    /// Counts a request; `None` where there is no limit for it.
    #[must_use]
    pub fn count(&self, counted: Counted) -> Option<Verdict> {
        match counted {
            Counted::Token(id) => count(self.by_token.as_ref()?, "token", &id),
            Counted::Address(address) => {
                let network = client::network(address);
                count(self.by_address.as_ref()?, "address", &network)
            }
        }
    }

    /// A place among the requests that are answered at once; no permit where they are not counted.
    ///
    /// # Errors
    ///
    /// When all places are taken.
    pub fn place(&self) -> Result<Option<OwnedSemaphorePermit>, TryAcquireError> {
        let places = self.at_once.as_ref();
        places
            .map(|places| Arc::clone(places).try_acquire_owned())
            .transpose()
    }

    /// Forgets who was asking, for as long as it is polled, so that memory is bounded by who asks in
    /// a minute.
    pub async fn forget(&self) -> std::convert::Infallible {
        loop {
            tokio::time::sleep(FORGET_EVERY).await;
            if let Some(limiter) = &self.by_token {
                limiter.retain_recent();
                limiter.shrink_to_fit();
            }
            if let Some(limiter) = &self.by_address {
                limiter.retain_recent();
                limiter.shrink_to_fit();
            }
        }
    }
}

impl Verdict {
    /// Tells it on an answer.
    pub fn tell(self, headers: &mut http::HeaderMap) {
        for (name, value) in self.headers {
            let _none = headers.insert(name, value);
        }
    }
}

fn limiter<K: Hash + Eq + Clone>(a_minute: u32) -> Option<Limiter<K>> {
    let quota = Quota::per_minute(NonZeroU32::new(a_minute)?);
    Some(RateLimiter::keyed(quota).with_middleware::<StateInformationMiddleware>())
}

fn count<K: Hash + Eq + Clone>(limiter: &Limiter<K>, name: &str, key: &K) -> Option<Verdict> {
    let (quota, left, retry_after) = match limiter.check_key(key) {
        Ok(state) => (state.quota(), state.remaining_burst_capacity(), None),
        Err(refused) => {
            let wait = refused.wait_time_from(DefaultClock::default().now());
            // A fraction of a second is a second: earlier would be too early.
            (refused.quota(), 0, Some(wait.as_secs() + 1))
        }
    };
    let most = quota.burst_size().get();
    let whole = quota.replenish_interval() * (most - left);
    let policy = format!("\"{name}\";q={most};w={WINDOW_SECONDS}");
    let state = format!("\"{name}\";r={left};t={}", whole.as_secs());
    let value = |text: String| HeaderValue::from_str(&text).expect("names and digits are ASCII");
    Some(Verdict {
        retry_after,
        headers: [(POLICY, value(policy)), (STATE, value(state))],
    })
}
