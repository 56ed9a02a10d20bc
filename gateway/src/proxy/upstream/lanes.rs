//! Which connection takes a request. A client of the HTTP/2 library opens one connection and queues on it what the server lets
//! no stream for; so there are several clients, and the next is used when those before it are full.

use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, Version};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::connect::capture_connection;
use hyper_util::client::legacy::{Builder, Client as Pool, Error};
use tokio::sync::Mutex as Turn;
use tokio::time::{Instant, timeout};

use crate::net::deadline::Deadline;
use crate::net::route::Route;
use crate::proxy::body::Attempt;

/// Requests at once on a connection of HTTP/2: what servers allow at least (RFC 9113 section 6.5.2).
const STREAMS: usize = 100;
/// Enough for all the connections that the listener takes.
const LANES: usize = 164;
/// Connections older than this get no new requests, so that changes in the DNS are followed also where requests never pause.
const OLDEST: Duration = Duration::from_mins(5);
/// For the request that opens a connection of HTTP/2, before those after it open their own.
const OPENING: Duration = Duration::from_secs(1);

/// What makes connections.
pub type Connector = Deadline<HttpsConnector<Route>>;

type Client = Pool<Connector, Attempt>;

/// All the connections to Webex.
pub struct Lanes {
    builder: Builder,
    connector: Connector,
    oldest: Duration,
    /// Webex has answered in HTTP/2: requests share connections.
    shared: AtomicBool,
    all: Box<[Lane]>,
}

/// One connection where Webex speaks HTTP/2, a pool of them where it does not.
struct Lane {
    /// Requests whose answers have not come whole.
    busy: Arc<AtomicUsize>,
    /// `None` until the first request comes here.
    current: Mutex<Option<Current>>,
}

#[derive(Clone)]
struct Current {
    client: Arc<Client>,
    since: Instant,
    opening: Arc<Opening>,
}

/// Whether a client has its connection.
#[derive(Default)]
struct Opening {
    done: AtomicBool,
    turn: Turn<()>,
}

/// A request's place on a connection, until this is dropped.
#[derive(Debug)]
pub struct Place(Arc<AtomicUsize>);

/// The body of an answer, which takes a place on its connection.
#[derive(Debug)]
pub struct Placed {
    body: Incoming,
    _place: Place,
}

impl Lanes {
    /// Connections that `connector` makes and `builder` configures; none is opened yet.
    pub fn new(builder: Builder, connector: Connector) -> Self {
        let lane = |_| Lane {
            busy: Arc::default(),
            current: Mutex::default(),
        };
        Self {
            all: (0..LANES).map(lane).collect(),
            builder,
            connector,
            oldest: OLDEST,
            shared: AtomicBool::default(),
        }
    }

    #[cfg(test)]
    pub(super) fn set_oldest(&mut self, oldest: Duration) {
        self.oldest = oldest;
    }

    /// Sends a request on a connection that has room for it.
    pub async fn send(&self, request: Request<Attempt>) -> Result<Response<Placed>, Error> {
        let (lane, place) = self.take();
        let current = self.current(lane);
        let opens = self.shared.load(Ordering::Relaxed) && !current.opening.done.load(Ordering::Acquire);
        let answer = match opens {
            true => current.open(request).await?,
            false => current.client.request(request).await?,
        };
        self.shared
            .store(answer.version() == Version::HTTP_2, Ordering::Relaxed);
        Ok(answer.map(|body| Placed { body, _place: place }))
    }

    /// The first lane with a place, or the one with the fewest requests.
    fn take(&self) -> (&Lane, Place) {
        let free = |lane| Some((lane, Place::among(lane, STREAMS)?));
        let least = || {
            let least = self
                .all
                .iter()
                .min_by_key(|lane| lane.busy.load(Ordering::Relaxed))?;
            Some((least, Place::among(least, usize::MAX)?))
        };
        let taken = self.all.iter().find_map(free).or_else(least);
        taken.expect("there are lanes")
    }

    /// The client of a lane; a new one where its connection is old. Requests on that go on.
    fn current(&self, lane: &Lane) -> Current {
        let mut current = lane.current.lock().unwrap_or_else(PoisonError::into_inner);
        // What is old goes, as soon as the requests on it have ended.
        drop(current.take_if(|current| current.since.elapsed() > self.oldest));
        let new = || Current::new(self.builder.build(self.connector.clone()));
        current.get_or_insert_with(new).clone()
    }
}

impl Current {
    fn new(client: Client) -> Self {
        Self {
            client: Arc::new(client),
            since: Instant::now(),
            opening: Arc::default(),
        }
    }

    /// Sends a request. Where it is the first, those that wait here are let go when it has a connection: each would open one of
    /// its own otherwise, for all but one in vain.
    async fn open(&self, mut request: Request<Attempt>) -> Result<Response<Incoming>, Error> {
        let turn = timeout(OPENING, self.opening.turn.lock()).await;
        if self.opening.done.load(Ordering::Acquire) {
            drop(turn);
            return self.client.request(request).await;
        }
        let mut connection = capture_connection(&mut request);
        let mut answer = self.client.request(request);
        tokio::select! {
            answer = &mut answer => return answer,
            _ = connection.wait_for_connection_metadata() => {}
        }
        self.opening.done.store(true, Ordering::Release);
        drop(turn);
        answer.await
    }
}

impl Place {
    /// A place among at most `most`.
    fn among(lane: &Lane, most: usize) -> Option<Self> {
        let taken = lane
            .busy
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |taken| {
                (taken < most).then_some(taken + 1)
            });
        taken.ok().map(|_| Self(Arc::clone(&lane.busy)))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl fmt::Debug for Lanes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lanes").finish_non_exhaustive()
    }
}

impl Body for Placed {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
