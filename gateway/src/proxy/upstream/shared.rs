//! A connection of HTTP/2, on which many requests run at once.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::time::Instant;

use super::Stream;
use super::broken::Unanswered;
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
pub(super) struct Shared {
    sender: SendRequest<Attempt>,
    load: Arc<Load>,
    since: Instant,
}

/// What runs on a connection.
#[derive(Debug)]
struct Load {
    /// Requests whose answers have not come whole.
    requests: AtomicUsize,
    /// When the last of them ended.
    idle_since: Mutex<Instant>,
}

/// A request's place on a connection, until this is dropped.
#[derive(Debug)]
pub(super) struct Place(Arc<Load>);

impl Shared {
    /// Speaks HTTP/2 on `stream`. The connection moves in a task of its own.
    pub(super) async fn open(stream: Stream) -> hyper::Result<Self> {
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
        let since = Instant::now();
        let load = Load {
            requests: AtomicUsize::new(0),
            idle_since: Mutex::new(since),
        };
        Ok(Self {
            sender,
            load: Arc::new(load),
            since,
        })
    }

    /// Whether it takes requests `now`: it is open, not older than `oldest`, and has not been idle for longer than `idle`.
    pub(super) fn serves(&self, oldest: Duration, idle: Duration, now: Instant) -> bool {
        let age = now.saturating_duration_since(self.since);
        let rest = now.saturating_duration_since(self.idle_since().unwrap_or(now));
        !self.sender.is_closed() && age <= oldest && rest <= idle
    }

    /// Since when nothing has run on it; `None` while something does.
    pub(super) fn idle_since(&self) -> Option<Instant> {
        let since = self
            .load
            .idle_since
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        (self.requests() == 0).then_some(*since)
    }

    /// Whether it is the same connection.
    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.load, &other.load)
    }

    /// How many requests run on it.
    pub(super) fn requests(&self) -> usize {
        self.load.requests.load(Ordering::Relaxed)
    }

    /// A place for a request, where there is one.
    pub(super) fn place(&self) -> Option<Place> {
        (self.requests() < STREAMS).then(|| self.crowd())
    }

    /// A place whether there is one or not: the request waits until the server lets it begin.
    pub(super) fn crowd(&self) -> Place {
        self.load.requests.fetch_add(1, Ordering::Relaxed);
        Place(Arc::clone(&self.load))
    }

    /// Sends a request, up to the head of its answer.
    pub(super) fn send(
        &mut self,
        request: Request<Attempt>,
    ) -> impl Future<Output = Result<Response<Incoming>, Unanswered<Request<Attempt>>>> + use<> {
        let answer = self.sender.try_send_request(request);
        async { answer.await.map_err(Into::into) }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.0.requests.fetch_sub(1, Ordering::Relaxed) == 1 {
            *self.0.idle_since.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        }
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("requests", &self.requests())
            .finish_non_exhaustive()
    }
}
