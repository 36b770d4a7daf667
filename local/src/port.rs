//! Ports on the loopback address.

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use thiserror::Error;

/// Below Linux' usual range for outgoing connections (from 32768), so that a server that is
/// stopped finds its port free when it starts again.
const FIRST: u16 = 15_000;
const COUNT: u16 = 16_000;

/// Longest that a server may take to die.
const LEFTOVER_DEADLINE: Duration = Duration::from_secs(3);
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// A port that a server was to listen on is taken.
#[derive(Debug, Error)]
#[error(
    "port {port} is in use, and {wanted_by} needs it: stop what listens there, or choose another with {flag}"
)]
pub struct PortInUse {
    /// The port.
    pub port: u16,
    /// Who wanted it.
    pub wanted_by: String,
    /// The flag that chooses another.
    pub flag: &'static str,
}

/// A port on which nothing listens now, and which this process has not given out before.
///
/// # Panics
///
/// When thousands of ports in a row are taken.
#[must_use]
pub fn free() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Processes start at different places, so that they seldom try the same one at once.
    let start = std::process::id().wrapping_mul(7919);
    (0..COUNT)
        .find_map(|_| {
            let step = u32::from(NEXT.fetch_add(1, Ordering::Relaxed));
            let place = start.wrapping_add(step) % u32::from(COUNT);
            let port = FIRST + u16::try_from(place).expect("less than COUNT");
            is_free(port).then_some(port)
        })
        .expect("one of 16,000 ports is free")
}

/// Whether a server could listen there now.
#[must_use]
pub fn is_free(port: u16) -> bool {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        Ok(_) => true,
        Err(error) => {
            if error.kind() != io::ErrorKind::AddrInUse {
                tracing::debug!(port, %error, "cannot listen there");
            }
            false
        }
    }
}

/// Nothing where the port is free, or soon is: a server that was killed lets go of its own in its last
/// moments.
///
/// # Errors
///
/// [`PortInUse`], which says what to do.
pub async fn check(port: u16, wanted_by: &str, flag: &'static str) -> Result<(), PortInUse> {
    let started = Instant::now();
    while !is_free(port) {
        if started.elapsed() > LEFTOVER_DEADLINE {
            return Err(PortInUse {
                port,
                wanted_by: wanted_by.to_owned(),
                flag,
            });
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_port_is_waited_for_while_its_last_holder_dies() {
        let port = free();
        let holder = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
        let refused = check(port, "Kafka", "--kafka-port").await;
        assert!(refused.unwrap_err().to_string().contains("--kafka-port"));
        let (checked, ()) = tokio::join!(check(port, "Kafka", "--kafka-port"), async {
            tokio::time::sleep(2 * POLL_INTERVAL).await;
            drop(holder);
        });
        checked.unwrap();
    }
}
