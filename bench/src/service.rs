//! A running `ordertally-query-api`, and questions to it: one at a time, on one connection.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use ordertally_local::child::{Child, Launch, Signal};
use ordertally_local::port;
use ordertally_local::resident::{Resident, resident};
use reqwest::Client;
use tempfile::TempDir;

use crate::programs;
use crate::usage;

/// A hundred million orders are read well within it.
const READY_DEADLINE: Duration = Duration::from_secs(600);
const STOP_GRACE: Duration = Duration::from_secs(60);
/// Longer than the service lets any request take.
const ANSWER_DEADLINE: Duration = Duration::from_secs(60);

/// For each partition the next offset that an answer includes.
const POSITION_HEADER: &str = "Ordertally-Position";

/// The service's process.
#[derive(Debug)]
pub struct Service {
    child: Child,
    address: SocketAddr,
    /// From its start until it was ready.
    pub ready_after: Duration,
    _folder: TempDir,
}

impl Service {
    /// Starts it with its defaults and waits until it is ready.
    ///
    /// # Errors
    ///
    /// When it ends, or is not ready in time; with the end of its log.
    pub async fn start(database_url: &str) -> Result<Self> {
        let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port::free()));
        let name = "ordertally-query-api";
        let mut command = programs::command(name)?;
        command
            .env("DATABASE_URL", database_url)
            .env("HTTP_ADDR", address.to_string());
        let started = Instant::now();
        let mut child = Launch::new(name, command, folder.path().join("query-api.log")).start()?;
        let client = Client::new();
        let url = format!("http://{address}/readyz");
        let ready = async || {
            let answer = client.get(&url).send().await;
            answer.is_ok_and(|answer| answer.status().is_success())
        };
        child.ready(READY_DEADLINE, ready).await?;
        Ok(Self {
            child,
            address,
            ready_after: started.elapsed(),
            _folder: folder,
        })
    }

    /// A connection of one's own, made with the first question.
    ///
    /// # Errors
    ///
    /// When the client refuses its settings.
    pub fn connection(&self) -> Result<Connection> {
        let client = Client::builder()
            .pool_max_idle_per_host(1)
            .timeout(ANSWER_DEADLINE)
            .build()
            .context("cannot make an HTTP client")?;
        Ok(Connection {
            client,
            base: format!("http://{}", self.address),
        })
    }

    /// What it holds resident.
    ///
    /// # Errors
    ///
    /// When it has ended.
    pub fn resident(&self) -> Result<Resident> {
        resident(self.child.id())
    }

    /// CPU seconds since its start.
    ///
    /// # Errors
    ///
    /// When it has ended.
    pub fn cpu_seconds(&self) -> Result<f64> {
        usage::cpu_seconds(self.child.id())
    }

    /// Stops it as its supervisor would.
    ///
    /// # Errors
    ///
    /// When it does not end in order.
    pub async fn stop(mut self) -> Result<()> {
        let status = self.child.stop(Signal::TERM, STOP_GRACE).await?;
        ensure!(
            status.success(),
            "the query service did not end in order: {status}"
        );
        Ok(())
    }
}

/// One connection to the service.
#[derive(Clone, Debug)]
pub struct Connection {
    client: Client,
    base: String,
}

/// An answer, whole.
#[derive(Debug)]
pub struct Answer {
    /// From before the request until the last byte of its body was there.
    pub took: Duration,
    /// When that was.
    pub at: Instant,
    /// `Ordertally-Position`, as it was sent.
    pub positions: String,
    /// The body.
    pub body: Vec<u8>,
}

impl Connection {
    /// Asks, and reads the whole answer.
    ///
    /// # Errors
    ///
    /// When there is none, or it is not 200.
    pub async fn ask(&self, target: &str) -> Result<Answer> {
        let began = Instant::now();
        let answer = self
            .client
            .get(format!("{}{target}", self.base))
            .send()
            .await
            .with_context(|| format!("no answer to {target}"))?;
        let status = answer.status();
        let positions = answer
            .headers()
            .get(POSITION_HEADER)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned();
        let body = answer.bytes().await?;
        let at = Instant::now();
        ensure!(
            status.is_success(),
            "{target} is answered with {status}: {}",
            String::from_utf8_lossy(&body)
        );
        Ok(Answer {
            took: at - began,
            at,
            positions,
            body: body.to_vec(),
        })
    }
}
