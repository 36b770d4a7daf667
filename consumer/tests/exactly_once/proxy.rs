//! A way to Postgres that can lose exactly the answer to a COMMIT, and that can hang.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A proxy on a port of its own.
pub struct Proxy {
    url: String,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    armed: AtomicBool,
    cuts: AtomicUsize,
    hangs: AtomicBool,
}

impl Proxy {
    /// In front of the server of `url`.
    pub async fn start(url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (head, tail) = url.split_once('@').unwrap();
        let (server, path) = tail.split_once('/').unwrap();
        let proxied = format!("{head}@127.0.0.1:{port}/{path}");
        let server = server.to_owned();
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&server).await.unwrap();
                tokio::spawn(pass(client, server, Arc::clone(&shared)));
            }
        });
        Self {
            url: proxied,
            state,
        }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// The next COMMIT reaches the server; its answer reaches nobody, and the connection ends.
    pub fn lose_next_commit_answer(&self) {
        self.state.armed.store(true, Ordering::SeqCst);
    }

    /// From now on nothing passes, and every connection stays open.
    pub fn hang(&self) {
        self.state.hangs.store(true, Ordering::SeqCst);
    }

    /// How many answers were lost.
    pub fn cuts(&self) -> usize {
        self.state.cuts.load(Ordering::SeqCst)
    }
}

async fn pass(mut client: TcpStream, mut server: TcpStream, state: Arc<State>) {
    let (mut from_client, mut from_server) = ([0; 16 * 1024], [0; 16 * 1024]);
    let mut losing = false;
    loop {
        tokio::select! {
            read = client.read(&mut from_client) => {
                let Ok(length @ 1..) = read else { return };
                if state.hangs.load(Ordering::SeqCst) {
                    continue;
                }
                // COMMIT is sent alone, as a simple query.
                let commit = from_client[..length].ends_with(b"COMMIT\0");
                if commit && state.armed.swap(false, Ordering::SeqCst) {
                    losing = true;
                }
                if server.write_all(&from_client[..length]).await.is_err() {
                    return;
                }
            }
            read = server.read(&mut from_server) => {
                let Ok(length @ 1..) = read else { return };
                if losing {
                    // The server has answered, so the transaction is committed.
                    state.cuts.fetch_add(1, Ordering::SeqCst);
                    return;
                }
                if client.write_all(&from_server[..length]).await.is_err() {
                    return;
                }
            }
        }
    }
}
