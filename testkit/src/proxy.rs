//! A way to Postgres that can be cut, slowed, stopped, and made to lose exactly the answer to a
//! COMMIT.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::Context;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What becomes of what passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It passes.
    Pass,
    /// It passes later.
    Slow,
    /// It waits.
    Hang,
}

/// How much later, each way and each time.
const SLOWNESS: Duration = Duration::from_millis(50);

/// A proxy on a port of its own; ends with this value.
pub struct Proxy {
    url: String,
    state: Arc<State>,
    accepting: JoinHandle<()>,
}

struct State {
    mode: watch::Sender<Mode>,
    /// Counted up to cut every connection there is.
    cuts: watch::Sender<u64>,
    /// Whether the next answer to a COMMIT is to be lost.
    losing: watch::Sender<bool>,
    /// How many were.
    lost: AtomicUsize,
}

impl Proxy {
    /// In front of the server of `url`.
    ///
    /// # Errors
    ///
    /// When there is no port, or `url` has not the form of a test's.
    pub async fn start(url: &str) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let (head, tail) = url.split_once('@').context("the URL has no user")?;
        let (server, path) = tail.split_once('/').context("the URL has no database")?;
        let proxied = format!("{head}@127.0.0.1:{port}/{path}");
        let server = server.to_owned();
        let state = Arc::new(State {
            mode: watch::Sender::new(Mode::Pass),
            cuts: watch::Sender::new(0),
            losing: watch::Sender::new(false),
            lost: AtomicUsize::new(0),
        });
        let shared = Arc::clone(&state);
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (state, server) = (Arc::clone(&shared), server.clone());
                tokio::spawn(async move {
                    // A server that is away refuses, and so do we: the client's stream is dropped.
                    if let Ok(server) = TcpStream::connect(server).await {
                        pass(client, server, &state).await;
                    }
                });
            }
        });
        Ok(Self {
            url: proxied,
            state,
            accepting,
        })
    }

    /// The way through it.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// From now on.
    pub fn set(&self, mode: Mode) {
        self.state.mode.send_replace(mode);
    }

    /// Ends every connection.
    pub fn cut(&self) {
        self.state.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// The next COMMIT reaches the server; its answer reaches nobody, and the connection ends.
    pub fn lose_next_commit_answer(&self) {
        self.state.losing.send_replace(true);
    }

    /// How many answers to a COMMIT were lost.
    #[must_use]
    pub fn lost_answers(&self) -> usize {
        self.state.lost.load(Ordering::SeqCst)
    }

    /// Everything passes again.
    pub fn heal(&self) {
        self.set(Mode::Pass);
        self.state.losing.send_replace(false);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.cut();
    }
}

async fn pass(mut client: TcpStream, mut server: TcpStream, state: &State) {
    for stream in [&client, &server] {
        if stream.set_nodelay(true).is_err() {
            return; // it is closed already
        }
    }
    let mut cuts = state.cuts.subscribe();
    cuts.mark_unchanged();
    let (mut from_client, mut from_server) = ([0; 16 * 1024], [0; 16 * 1024]);
    let mut losing = false;
    loop {
        tokio::select! {
            _ = cuts.changed() => return,
            read = client.read(&mut from_client) => {
                let Ok(length @ 1..) = read else { return };
                if !let_through(state, &mut cuts).await {
                    return;
                }
                // COMMIT is sent alone, as a simple query.
                if from_client[..length].ends_with(b"COMMIT\0") {
                    losing = state.losing.send_if_modified(std::mem::take);
                }
                if server.write_all(&from_client[..length]).await.is_err() {
                    return;
                }
            }
            read = server.read(&mut from_server) => {
                let Ok(length @ 1..) = read else { return };
                if losing {
                    // The server has answered, so the transaction is committed.
                    state.lost.fetch_add(1, Ordering::SeqCst);
                    return;
                }
                if !let_through(state, &mut cuts).await {
                    return;
                }
                if client.write_all(&from_server[..length]).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// Waits as the mode wants it; false when the connection is cut meanwhile.
async fn let_through(state: &State, cuts: &mut watch::Receiver<u64>) -> bool {
    let mut mode = state.mode.subscribe();
    if *mode.borrow() == Mode::Slow {
        tokio::time::sleep(SLOWNESS).await;
    }
    tokio::select! {
        _ = cuts.changed() => false,
        passing = mode.wait_for(|mode| *mode != Mode::Hang) => passing.is_ok(),
    }
}
