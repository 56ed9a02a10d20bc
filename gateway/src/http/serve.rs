//! Accepts connections and serves a router on them, with limits, until told to stop.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::Request;
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, warn};

use super::head_limit::HeadLimit;
use super::site::{Ends, Site};
use super::socket::{Conversation, Exchange, Socket};
use crate::net::patient::Patient;
use crate::proxy::budget::IDLE_LIMIT;

/// A client that needs longer than this for a request's head is cut off, and so is one that asks nothing for as long.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// More fields than this are answered 431.
const MOST_HEADERS: usize = 128;
/// Larger heads are answered 431.
const LARGEST_HEAD: usize = 64 * 1024;
/// A client that is still sending when its connection ends is listened to for this long, so that it can read its answer.
const LINGER: Duration = Duration::from_secs(2);
/// At the end, a request whose head is on its way is waited for this long, and so are connections that are cut.
const GRACE: Duration = Duration::from_millis(250);
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

/// A request's body that tells the connection when it is given up.
struct Inbound {
    body: Incoming,
    ended: bool,
    conversation: Arc<Conversation>,
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
    let conversation = Arc::new(Conversation::with(ends.peer.ip()));
    let (stream, head) = (Patient::new(stream, limits.idle), HeadLimit::new(limits.head));
    let socket = Socket::new(stream, Arc::clone(&conversation), head, limits.linger);
    let talk = Arc::clone(&conversation);
    let service = service_fn(move |request: Request<Incoming>| {
        talk.set_unread(false);
        let mut request = request.map(|body| match body.is_end_stream() {
            true => Body::empty(),
            false => Body::new(Inbound::new(body, &talk)),
        });
        let (site, exchange) = (site.clone(), Exchange::begin(&talk));
        // Connections that wait for a request hold no room for one.
        Box::pin(async move { Ok::<_, Infallible>(site.answer(&mut request, ends, exchange).await) })
    });
    let connection = http1::Builder::new()
        .max_headers(MOST_HEADERS)
        .max_buf_size(LARGEST_HEAD)
        .serve_connection(TokioIo::new(socket), service);
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        biased;
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            // The answer that runs is the last one; without one there is nothing to wait for but a head on its way.
            connection.as_mut().graceful_shutdown();
            let idle = async {
                sleep(GRACE).await;
                if conversation.is_running() {
                    std::future::pending::<()>().await;
                }
            };
            tokio::select! {
                ended = connection.as_mut() => ended,
                () = idle => Ok(()),
                () = cut.cancelled() => Ok(()),
            }
        }
    };
    if let Err(error) = ended {
        debug!("connection of {} ended: {error}", ends.peer);
    }
}

/// A listener of IPv6 takes connections of IPv4 too, and shows their addresses mapped (RFC 4291 section 2.5.5.2).
fn canonical(address: SocketAddr) -> SocketAddr {
    match address.ip().to_canonical() {
        ip if ip == address.ip() => address,
        ip => SocketAddr::new(ip, address.port()),
    }
}

impl Inbound {
    fn new(body: Incoming, conversation: &Arc<Conversation>) -> Self {
        Self {
            ended: false,
            body,
            conversation: Arc::clone(conversation),
        }
    }
}

impl HttpBody for Inbound {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.body).poll_frame(cx);
        this.ended |= matches!(polled, Poll::Ready(None));
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Inbound {
    fn drop(&mut self) {
        if !self.ended && !self.body.is_end_stream() {
            self.conversation.set_unread(true);
        }
    }
}

#[cfg(test)]
mod tests;
