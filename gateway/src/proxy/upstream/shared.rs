//! A connection of HTTP/2, on which many requests run at once.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::time::Instant;

use super::Stream;
use crate::proxy::body::Attempt;

/// Requests at once: what servers allow at least (RFC 9113 section 6.5.2). More would queue where nobody sees them.
const STREAMS: usize = 100;
/// How often a connection with requests in flight is asked whether it is alive (PING).
const PING_INTERVAL: Duration = Duration::from_secs(5);
/// A connection that does not answer that in time is dead; less than `-timeout` together with the interval.
const PING_PATIENCE: Duration = Duration::from_secs(3);
/// What an answer may be ahead of the client that reads it, and so the memory that a slow reader holds: 2.5 MB/s at a round trip
/// of 100 ms.
const STREAM_WINDOW: u32 = 256 * 1024;
/// The same for all answers on a connection together: the most there is (RFC 9113 section 6.9.1), because what slow readers have
/// not taken counts against it and would stop the answers of everybody else. Each stream's own window bounds the memory. The
/// HTTP/2 library also closes a connection on which small frames wait for their readers, each counting as 256 bytes, once they
/// come to half of this.
const CONNECTION_WINDOW: u32 = (1 << 31) - 1;

/// A connection. Clones share it; it ends when the last one has been dropped and the last answer has come.
#[derive(Clone)]
pub struct Shared {
    sender: SendRequest<Attempt>,
    /// Requests whose answers have not come whole.
    busy: Arc<AtomicUsize>,
    since: Instant,
}

/// A request's place on a connection, until this is dropped.
#[derive(Debug)]
pub struct Place(Arc<AtomicUsize>);

impl Shared {
    /// Speaks HTTP/2 on `stream`. The connection moves in a task of its own.
    pub async fn open(stream: Stream) -> hyper::Result<Self> {
        let (sender, connection) = Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .keep_alive_interval(PING_INTERVAL)
            .keep_alive_timeout(PING_PATIENCE)
            .handshake(stream)
            .await?;
        // Why it ended is told to its requests.
        tokio::spawn(async move { drop(connection.await) });
        Ok(Self {
            sender,
            busy: Arc::default(),
            since: Instant::now(),
        })
    }

    /// Whether it takes requests, and is not older than `oldest`.
    pub fn serves(&self, oldest: Duration) -> bool {
        !self.sender.is_closed() && self.since.elapsed() <= oldest
    }

    /// Whether it is the same connection.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.busy, &other.busy)
    }

    /// How many requests run on it.
    pub fn load(&self) -> usize {
        self.busy.load(Ordering::Relaxed)
    }

    /// A place for a request, where there is one.
    pub fn place(&self) -> Option<Place> {
        (self.load() < STREAMS).then(|| self.crowd())
    }

    /// A place whether there is one or not: the request waits until the server lets it begin.
    pub fn crowd(&self) -> Place {
        self.busy.fetch_add(1, Ordering::Relaxed);
        Place(Arc::clone(&self.busy))
    }

    /// Sends a request, up to the head of its answer.
    pub async fn send(
        &mut self,
        request: Request<Attempt>,
    ) -> Result<Response<Incoming>, TrySendError<Request<Attempt>>> {
        self.sender.try_send_request(request).await
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("load", &self.load())
            .finish_non_exhaustive()
    }
}
