//! Asks a running service whether it is ready, for supervisors without an HTTP client of their own.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use thiserror::Error;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// Longer than the service takes to find its database gone (2 s), shorter than supervisors wait.
const PATIENCE: Duration = Duration::from_secs(4);

/// Why a service does not count as ready.
#[derive(Debug, Error)]
pub enum NotReady {
    /// It cannot be reached.
    #[error("cannot ask {address}")]
    Unreachable {
        /// Where it was looked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// It did not answer in time.
    #[error("no answer from {0} within {PATIENCE:?}")]
    Silent(SocketAddr),
    /// It answered that it is not.
    #[error("{address} answered '{status}'; GET /readyz tells why")]
    Answer {
        /// Where it was asked.
        address: SocketAddr,
        /// The status line of its answer.
        status: String,
    },
}

/// Asks `/readyz` of the service that listens on `listening`.
///
/// # Errors
///
/// [`NotReady`] when the service is out of reach, silent, or says that it is not ready.
pub async fn ask(listening: SocketAddr) -> Result<(), NotReady> {
    let address = reachable(listening);
    let status = tokio::time::timeout(PATIENCE, status_line(address))
        .await
        .map_err(|_| NotReady::Silent(address))?
        .map_err(|source| NotReady::Unreachable { address, source })?;
    if status.split(' ').nth(1) == Some("200") {
        Ok(())
    } else {
        Err(NotReady::Answer { address, status })
    }
}

/// A service that listens on every address of the machine is asked through the loopback.
fn reachable(listening: SocketAddr) -> SocketAddr {
    let ip = match listening.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listening.port())
}

async fn status_line(address: SocketAddr) -> io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut line = String::new();
    let _length = BufReader::new(stream).read_line(&mut line).await?;
    Ok(line.trim_end().to_owned())
}
