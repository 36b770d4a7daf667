//! Trying again what needs a server that another lane may have taken away for the moment.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};

/// Longer than any server is away.
pub const BOUND: Duration = Duration::from_secs(90);

const INTERVAL: Duration = Duration::from_millis(100);

/// Tries until it works.
///
/// # Errors
///
/// The last attempt's, once the bound is over.
pub async fn until_it_works<T>(
    what: &str,
    mut attempt: impl AsyncFnMut() -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let began = Instant::now();
    loop {
        let attempt = tokio::time::timeout(BOUND, attempt()).await;
        let attempt = attempt.unwrap_or_else(|_| bail!("no answer"));
        match attempt {
            Ok(value) => return Ok(value),
            Err(error) if began.elapsed() > BOUND => {
                return Err(error).with_context(|| format!("{what}: not within {BOUND:?}"));
            }
            Err(_) => tokio::time::sleep(INTERVAL).await,
        }
    }
}

/// Does what blocks its thread on one where nobody waits for it.
///
/// # Errors
///
/// What the work says.
pub async fn elsewhere<T, E, F>(work: impl FnOnce() -> F + Send + 'static) -> anyhow::Result<T>
where
    T: Send + 'static,
    E: Into<anyhow::Error>,
    F: Future<Output = Result<T, E>>,
{
    let runtime = tokio::runtime::Handle::current();
    let done = tokio::task::spawn_blocking(move || {
        runtime.block_on(async { work().await.map_err(Into::into) })
    });
    done.await.context("the work was cut off")?
}
