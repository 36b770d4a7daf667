//! A way to a server that can be cut, slowed and stopped; before Postgres also at named points of
//! a transaction.

mod postgres;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use postgres::Point;
use postgres::Requests;

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

/// Which side of a point a [`Trap`] springs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The request does not reach the server.
    Before,
    /// The request does, and what the server says next reaches nobody.
    After,
}

/// What becomes of a connection on which a [`Trap`] sprang.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// It ends.
    Cut,
    /// Nothing passes any more until one of the two ends it.
    Hold,
}

/// Springs once, on the first connection that comes to the point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trap {
    /// In the conversation with Postgres.
    pub point: Point,
    /// Before it or after it.
    pub side: Side,
    /// What becomes of the connection.
    pub then: Then,
}

/// The next COMMIT of a batch reaches the server; its answer reaches nobody, and the connection ends.
pub const LOST_COMMIT_ANSWER: Trap = Trap {
    point: Point::Commit,
    side: Side::After,
    then: Then::Cut,
};

/// A proxy on a port of its own; ends with this value.
pub struct Proxy {
    address: SocketAddr,
    state: Arc<State>,
    accepting: JoinHandle<()>,
}

struct State {
    mode: watch::Sender<Mode>,
    /// Counted up to cut every connection there is.
    cuts: watch::Sender<u64>,
    /// Those that are set.
    traps: watch::Sender<Vec<Trap>>,
    is_postgres: bool,
}

impl Proxy {
    /// In front of the server at `server`, which need not listen yet.
    ///
    /// # Errors
    ///
    /// When there is no port.
    pub async fn start(server: impl Into<String>) -> anyhow::Result<Self> {
        Self::before(server.into(), false).await
    }

    async fn before(server: String, is_postgres: bool) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let state = Arc::new(State {
            mode: watch::Sender::new(Mode::Pass),
            cuts: watch::Sender::new(0),
            traps: watch::Sender::default(),
            is_postgres,
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
            address,
            state,
            accepting,
        })
    }

    /// In front of the Postgres server of `url`, and the URL of the way through it.
    ///
    /// # Errors
    ///
    /// When there is no port, or `url` has not the form of a test's.
    pub async fn before_postgres(url: &str) -> anyhow::Result<(Self, String)> {
        let (head, tail) = url.split_once('@').context("the URL has no user")?;
        let (server, path) = tail.split_once('/').context("the URL has no database")?;
        let proxy = Self::before(server.to_owned(), true).await?;
        let url = format!("{head}@{}/{path}", proxy.address);
        Ok((proxy, url))
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on.
    pub fn set(&self, mode: Mode) {
        self.state.mode.send_replace(mode);
    }

    /// Ends every connection.
    pub fn cut(&self) {
        self.state.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// Sets a trap. Once it has sprung it is gone.
    pub fn trap(&self, trap: Trap) {
        self.state.traps.send_modify(|traps| traps.push(trap));
    }

    /// Takes a trap away; whether it was there still.
    pub fn disarm(&self, trap: Trap) -> bool {
        self.state.traps.send_if_modified(|traps| {
            let place = traps.iter().position(|set| *set == trap);
            place.map(|place| traps.swap_remove(place)).is_some()
        })
    }

    /// Whether a trap is set.
    #[must_use]
    pub fn is_set(&self, trap: Trap) -> bool {
        self.state.traps.borrow().contains(&trap)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.cut();
    }
}

impl State {
    /// Springs the trap, where one is set for this point and side.
    fn spring(&self, point: Point, side: Side) -> Option<Then> {
        let mut sprung = None;
        self.traps.send_if_modified(|traps| {
            let matches = |trap: &Trap| (trap.point, trap.side) == (point, side);
            sprung = traps
                .iter()
                .position(matches)
                .map(|place| traps.swap_remove(place));
            sprung.is_some()
        });
        sprung.map(|trap| trap.then)
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
    let (mut from_client, mut from_server) = (vec![0; 16 * 1024], vec![0; 16 * 1024]);
    let mut requests = state.is_postgres.then(Requests::default);
    let mut reached = None;
    loop {
        tokio::select! {
            _ = cuts.changed() => return,
            read = client.read(&mut from_client) => {
                let Ok(length @ 1..) = read else { return };
                if !let_through(state, &mut cuts).await {
                    return;
                }
                let bytes = &from_client[..length];
                let point = requests.as_mut().and_then(|requests| requests.point_in(bytes));
                reached = point.or(reached);
                match point.and_then(|point| state.spring(point, Side::Before)) {
                    None => {}
                    Some(Then::Cut) => return,
                    Some(Then::Hold) => return hold(client, &mut cuts).await,
                }
                if server.write_all(bytes).await.is_err() {
                    return;
                }
            }
            read = server.read(&mut from_server) => {
                let Ok(length @ 1..) = read else { return };
                match reached.take().and_then(|point| state.spring(point, Side::After)) {
                    None => {}
                    Some(Then::Cut) => return,
                    Some(Then::Hold) => return hold(client, &mut cuts).await,
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

/// Lets nothing through until the client goes or everything is cut.
async fn hold(mut client: TcpStream, cuts: &mut watch::Receiver<u64>) {
    let mut ignored = [0; 1024];
    let gone = async { while matches!(client.read(&mut ignored).await, Ok(1..)) {} };
    tokio::select! {
        _ = cuts.changed() => {}
        () = gone => {}
    }
}
