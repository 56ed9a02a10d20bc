//! Accepts connections and serves a router on them, with limits, until told to stop.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::warn;

use super::connection::{Connection, GRACE};
use super::head_limit::HeadLimit;
use super::site::{Ends, Site};
use crate::net::patient::Patient;
use crate::proxy::budget::IDLE_LIMIT;

/// A client that needs longer than this for a request's head is cut off, and so is one that asks nothing for as long.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// A client that is still sending when its connection ends is listened to for this long, so that it can read its answer.
const LINGER: Duration = Duration::from_secs(2);
/// After a failed accept (no file descriptors left, mostly) the next try waits this long instead of spinning.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The address at the other end of a request's connection.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

/// How long a listener's clients may take, and how many there may be.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// For the head of a request.
    pub head: Duration,
    /// Without reading anything of an answer.
    pub idle: Duration,
    /// For a client that still sends when its connection ends.
    pub linger: Duration,
    /// Connections at once; more wait to be accepted.
    pub connections: usize,
    /// For running requests, once the listener has stopped.
    pub drain: Duration,
}

/// Who answers on a connection, and on which runtime.
#[derive(Clone)]
pub struct Seat {
    /// Runs everything that belongs to the connection.
    pub runtime: Handle,
    /// Answers.
    pub site: Site,
    open: Arc<AtomicUsize>,
}

/// A connection at a seat, until this is dropped.
struct Seated(Arc<AtomicUsize>);

/// Where connections come from.
pub trait Accept {
    /// The next connection.
    fn accept(&self) -> impl Future<Output = io::Result<(TcpStream, SocketAddr)>> + Send;
}

impl Limits {
    /// The limits of the product, for `connections` clients and running requests that may take `drain` at the end.
    #[must_use]
    pub fn new(connections: usize, drain: Duration) -> Self {
        Self {
            head: HEAD_TIMEOUT,
            idle: IDLE_LIMIT,
            linger: LINGER,
            connections,
            drain,
        }
    }
}

impl Seat {
    /// A seat without connections.
    #[must_use]
    pub fn new(runtime: Handle, site: Site) -> Self {
        Self {
            runtime,
            site,
            open: Arc::default(),
        }
    }

    /// The one seat of whoever calls this within a runtime.
    #[must_use]
    pub fn here(site: Site) -> Vec<Self> {
        vec![Self::new(Handle::current(), site)]
    }

    fn take(&self) -> Seated {
        self.open.fetch_add(1, Ordering::Relaxed);
        Seated(Arc::clone(&self.open))
    }
}

impl Drop for Seated {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Accept for TcpListener {
    fn accept(&self) -> impl Future<Output = io::Result<(TcpStream, SocketAddr)>> + Send {
        TcpListener::accept(self)
    }
}

/// Serves at `seats` until `stop`, then lets running requests end. A connection gets the seat with the fewest of them.
pub async fn serve(listener: impl Accept, seats: Vec<Seat>, stop: CancellationToken, limits: Limits) {
    let (open, cut) = (TaskTracker::new(), CancellationToken::new());
    let slots = Arc::new(Semaphore::new(limits.connections));
    // Connections look at these all the time: those of one seat do not wait for those of another.
    let seats: Vec<_> = seats
        .into_iter()
        .map(|seat| (seat, stop.child_token(), cut.child_token()))
        .collect();
    let mut full = false;
    loop {
        if slots.available_permits() == 0 && !full {
            warn!(
                "{} connections are open: new ones wait until one ends",
                limits.connections
            );
        }
        full = slots.available_permits() == 0;
        let next = async {
            let slot = Arc::clone(&slots).acquire_owned().await;
            (slot, listener.accept().await)
        };
        let (slot, accepted) = tokio::select! {
            () = stop.cancelled() => break,
            next = next => next,
        };
        match accepted {
            Ok((stream, peer)) => {
                let seat = seats
                    .iter()
                    .min_by_key(|(seat, ..)| seat.open.load(Ordering::Relaxed));
                let (Some((seat, stop, cut)), Ok(stream)) = (seat, stream.into_std()) else {
                    warn!("a connection could not be handed to a worker");
                    continue;
                };
                let (site, seated) = (seat.site.clone(), seat.take());
                let (stop, cut) = (stop.clone(), cut.clone());
                let connection = async move {
                    let _held = (slot, seated);
                    converse(stream, peer, site, stop, cut, limits).await;
                };
                open.spawn_on(connection, &seat.runtime);
            }
            Err(error) => {
                warn!("cannot accept a connection: {error}");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    open.close();
    if timeout(limits.drain, open.wait()).await.is_err() {
        let (left, drain) = (open.len(), limits.drain);
        warn!("{left} connections had requests that did not end within {drain:?}: they are cut");
        cut.cancel();
        // What is cut has to look cut, and to be logged.
        let _ = timeout(GRACE, open.wait()).await;
    }
}

/// One connection, until the client or an error ends it, or `stop` and the end of the request that runs then, or `cut`, which
/// comes after `stop`.
async fn converse(
    stream: std::net::TcpStream,
    peer: SocketAddr,
    site: Site,
    stop: CancellationToken,
    cut: CancellationToken,
    limits: Limits,
) {
    // Its events come to this runtime from now on.
    let Ok(stream) = TcpStream::from_std(stream) else {
        return;
    };
    let Ok(local) = stream.local_addr() else { return };
    let ends = Ends {
        peer: canonical(peer),
        local: canonical(local),
    };
    // Answers are written whole; waiting for more to fill a packet only delays them.
    let _ = stream.set_nodelay(true);
    let stream = Patient::new(stream, limits.idle);
    let connection = Connection::new(
        stream,
        site,
        ends,
        HeadLimit::new(limits.head),
        limits.linger,
        limits.idle,
    );
    connection.run(&stop, &cut).await;
}

/// A listener of IPv6 takes connections of IPv4 too, and shows their addresses mapped (RFC 4291 section 2.5.5.2).
fn canonical(address: SocketAddr) -> SocketAddr {
    match address.ip().to_canonical() {
        ip if ip == address.ip() => address,
        ip => SocketAddr::new(ip, address.port()),
    }
}

#[cfg(test)]
mod tests;
