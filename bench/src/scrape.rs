//! What a running consumer tells of itself, read once from its `/metrics`.

use std::net::SocketAddr;

use anyhow::{Context, Result};

/// One answer in Prometheus' text form.
#[derive(Debug)]
pub struct Scrape(String);

/// Asks the consumer that serves at `addr`.
///
/// # Errors
///
/// When nothing answers there.
pub async fn scrape(addr: SocketAddr) -> Result<Scrape> {
    let url = format!("http://{addr}/metrics");
    let asked = async {
        let answer = reqwest::get(&url).await?.error_for_status()?;
        answer.text().await
    };
    asked
        .await
        .map(Scrape)
        .with_context(|| format!("cannot read {url}"))
}

impl Scrape {
    /// The value of a series, named with its labels as it stands there.
    ///
    /// # Errors
    ///
    /// When it is not there: the consumer's metrics have been renamed.
    pub fn value(&self, series: &str) -> Result<f64> {
        self.0
            .lines()
            .find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok())
            .with_context(|| format!("the consumer's metrics have no {series}"))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_series_is_found_by_its_whole_name() {
        let scrape = Scrape("# TYPE a counter\na_b 1\na{c=\"d\"} 2\na 3.5\n".into());
        assert_eq!(scrape.value("a").unwrap(), 3.5);
        assert_eq!(scrape.value("a{c=\"d\"}").unwrap(), 2.0);
        assert!(scrape.value("b").is_err());
    }
}
