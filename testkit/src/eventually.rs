//! Waiting for a condition with a deadline, in place of sleeping and hoping.

use std::time::{Duration, Instant};

/// Short beside everything that is waited for, long beside a look at it.
const INTERVAL: Duration = Duration::from_millis(25);

/// Waits until `condition` holds.
///
/// # Panics
///
/// With `what`, when it does not within the deadline.
#[track_caller]
pub fn eventually<F>(deadline: Duration, what: &str, condition: F) -> impl Future<Output = ()>
where
    F: AsyncFnMut() -> bool,
{
    let caller = std::panic::Location::caller();
    let mut condition = condition;
    async move {
        let what = format!("{what} (awaited at {caller})");
        eventually_some(deadline, &what, async || condition().await.then_some(())).await;
    }
}

/// Waits until `value` is there, and gives it back.
///
/// # Panics
///
/// With `what`, when it is not within the deadline.
pub async fn eventually_some<T, F>(deadline: Duration, what: &str, mut value: F) -> T
where
    F: AsyncFnMut() -> Option<T>,
{
    let started = Instant::now();
    loop {
        if let Some(value) = value().await {
            return value;
        }
        assert!(
            started.elapsed() < deadline,
            "not within {deadline:?}: {what}"
        );
        tokio::time::sleep(INTERVAL).await;
    }
}
