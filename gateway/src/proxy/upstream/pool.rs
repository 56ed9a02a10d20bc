//! Which connection takes a request: one that is there, or a new one.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use http::Uri;
use hyper_util::client::legacy::connect::Connection as _;
use tokio::runtime::Handle;
use tokio::sync::{Mutex as Turn, Notify, oneshot};
use tokio::time::{Instant, sleep, timeout};
use tower::BoxError;
use tower_service::Service;

use super::exclusive::{Exclusive, Left};
use super::shared::{Place, Shared};
use super::{Connector, Stream};

/// An idle connection is closed before the other side does it, so that no request meets a closing one, and one on which all has
/// died in silence.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
/// Connections of HTTP/2: enough for all the connections that the listener takes.
const MOST_SHARED: usize = 164;
/// Connections that are older than this get no new requests, so that changes in the DNS are followed also where requests never
/// pause.
const OLDEST: Duration = Duration::from_mins(5);
/// For the request that opens a connection of HTTP/2, before those after it open their own.
const OPENING: Duration = Duration::from_secs(1);

/// All the connections to Webex. Those of HTTP/1.1 are used last in, first out: those that are not needed grow old.
pub(super) struct Pool {
    connector: Connector,
    destination: Uri,
    oldest: Duration,
    /// The last connection that was opened speaks HTTP/2: requests share connections.
    shares: AtomicBool,
    held: Mutex<Held>,
    opening: Turn<()>,
    /// Told when a connection of HTTP/1.1 is free and somebody waits for a new one.
    freed: Notify,
}

#[derive(Default)]
struct Held {
    /// The one that was used last is the last.
    idle: Vec<Idle>,
    shared: Vec<Shared>,
    /// A task waits for idle connections to grow old.
    reaping: bool,
    /// Requests that wait for a new connection.
    waiting: usize,
}

struct Idle {
    connection: Box<Exclusive>,
    since: Instant,
}

/// A request that waits for a new connection, until this is dropped.
struct Waiting<'a>(&'a Pool);

/// A connection that takes a request.
pub(super) enum Lease {
    /// Of HTTP/1.1.
    Exclusive(Box<Exclusive>),
    /// Of HTTP/2, with a place on it.
    Shared(Shared, Place),
}

impl Pool {
    /// Connections to `destination` that `connector` makes; none is opened yet.
    pub(super) fn new(connector: Connector, destination: Uri) -> Self {
        Self {
            connector,
            destination,
            oldest: OLDEST,
            shares: AtomicBool::default(),
            held: Mutex::default(),
            opening: Turn::default(),
            freed: Notify::new(),
        }
    }

    #[cfg(test)]
    pub(super) fn set_oldest(&mut self, oldest: Duration) {
        self.oldest = oldest;
    }

    #[cfg(test)]
    pub(super) fn idle(&self) -> usize {
        self.lock().idle.len()
    }

    #[cfg(test)]
    pub(super) fn shared(&self) -> usize {
        self.lock().shared.len()
    }

    /// A connection that is there `now`. It may have ended since it was used last.
    pub(super) fn find(&self, now: Instant) -> Option<Lease> {
        let mut held = self.lock();
        if !held.shared.is_empty()
            && let Some(lease) = held.share(self.oldest, now)
        {
            return Some(lease);
        }
        let idle = held.idle.pop()?;
        if now.saturating_duration_since(idle.since) <= IDLE_TIMEOUT {
            return Some(Lease::Exclusive(idle.connection));
        }
        // Those before it have been idle for longer.
        let old = std::mem::take(&mut held.idle);
        drop(held);
        drop(old);
        None
    }

    /// A new connection and `true`, or one that others have opened or left meanwhile. Whoever gives up waiting does not end the
    /// connecting: that goes on, for the next request.
    pub(super) async fn open(self: &Arc<Self>) -> Result<(Lease, bool), BoxError> {
        // Where requests share connections, those that come together wait for the first one's: each would open one of its own
        // otherwise, for all but one in vain.
        let _turn = match self.shares.load(Ordering::Relaxed) {
            true => timeout(OPENING, self.opening.lock()).await.ok(),
            false => None,
        };
        // One may have come meanwhile; from now on it is told.
        let _waiting = Waiting::begin(self);
        if let Some(lease) = self.find(Instant::now()) {
            return Ok((lease, false));
        }
        let (ready, mut opened) = oneshot::channel();
        let pool = Arc::clone(self);
        tokio::spawn(async move {
            if let Err(Ok(Lease::Exclusive(unclaimed))) = ready.send(pool.connect().await) {
                pool.put_back(unclaimed);
            }
        });
        loop {
            tokio::select! {
                biased;
                opened = &mut opened => return Ok((opened??, true)),
                () = self.freed.notified() => {
                    if let Some(lease) = self.find(Instant::now()) {
                        return Ok((lease, false));
                    }
                }
            }
        }
    }

    /// Takes a connection whose answer has come whole. Where the request is still being sent, it is free afterwards.
    pub(super) fn take_back(self: &Arc<Self>, mut connection: Box<Exclusive>) {
        match connection.left() {
            Left::Free => self.keep(connection),
            Left::Ended => {}
            Left::Busy => {
                let pool = Arc::clone(self);
                tokio::spawn(async move {
                    if connection.finish().await {
                        pool.keep(connection);
                    }
                });
            }
        }
    }

    /// Takes a connection of which nobody wants anything more: it is closed unless nothing runs on it.
    pub(super) fn put_back(self: &Arc<Self>, mut connection: Box<Exclusive>) {
        if connection.left() == Left::Free {
            self.keep(connection);
        }
    }

    fn keep(self: &Arc<Self>, connection: Box<Exclusive>) {
        let since = Instant::now();
        if connection.is_older(self.oldest, since) {
            return;
        }
        let mut held = self.lock();
        held.idle.push(Idle { connection, since });
        let (wanted, reaping) = (held.waiting > 0, held.reaping);
        drop(held);
        if wanted {
            self.freed.notify_one();
        }
        if !reaping {
            self.reap();
        }
    }

    /// Sees to it that somebody closes idle connections when they are old.
    fn reap(self: &Arc<Self>) {
        // At the end of the process there is no runtime any more.
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        if !std::mem::replace(&mut self.lock().reaping, true) {
            runtime.spawn(reap(Arc::downgrade(self)));
        }
    }

    /// Gives a connection of HTTP/2 no more requests.
    pub(super) fn forget(&self, gone: &Shared) {
        self.lock().shared.retain(|shared| !shared.is(gone));
    }

    async fn connect(self: &Arc<Self>) -> Result<Lease, BoxError> {
        let stream: Stream = self.connector.clone().call(self.destination.clone()).await?;
        let shares = stream.connected().is_negotiated_h2();
        self.shares.store(shares, Ordering::Relaxed);
        if !shares {
            return Ok(Lease::Exclusive(Exclusive::open(stream)));
        }
        // Others may have opened one at the same time, when nobody knew that it can be shared.
        let found = self.lock().share(self.oldest, Instant::now());
        if let Some(lease) = found {
            return Ok(lease);
        }
        let connection = Shared::open(stream).await?;
        let place = connection.crowd();
        self.lock().shared.push(connection.clone());
        self.reap();
        Ok(Lease::Shared(connection, place))
    }

    /// Closes what has been idle for too long, and tells when to look again; `None` when nothing is left to look at.
    fn close_old(&self) -> Option<Duration> {
        let now = Instant::now();
        let mut held = self.lock();
        let fresh = |since: Instant| now.saturating_duration_since(since) <= IDLE_TIMEOUT;
        let old = held.idle.partition_point(|idle| !fresh(idle.since));
        let old: Vec<_> = held.idle.drain(..old).collect();
        let serves = |shared: &mut Shared| shared.serves(self.oldest, IDLE_TIMEOUT, now);
        let gone: Vec<_> = held.shared.extract_if(.., |shared| !serves(shared)).collect();
        let idle = held.idle.first().map(|idle| idle.since);
        let shared = held
            .shared
            .iter()
            .map(|shared| shared.idle_since().unwrap_or(now));
        let next = idle.into_iter().chain(shared).min();
        held.reaping = next.is_some();
        drop(held);
        // Not under the lock: it takes its time.
        drop((old, gone));
        // A moment later it is too old, and not a moment before.
        next.map(|since| (since + IDLE_TIMEOUT).saturating_duration_since(now) + Duration::from_millis(1))
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn reap(pool: Weak<Pool>) {
    while let Some(pause) = pool.upgrade().and_then(|pool| pool.close_old()) {
        sleep(pause).await;
    }
}

impl Held {
    /// The first connection with a place; where there are as many as there may be, the one with the fewest requests.
    fn share(&mut self, oldest: Duration, now: Instant) -> Option<Lease> {
        self.shared
            .retain(|shared| shared.serves(oldest, IDLE_TIMEOUT, now));
        let free = |shared: &Shared| Some(Lease::Shared(shared.clone(), shared.place()?));
        if let Some(lease) = self.shared.iter().find_map(free) {
            return Some(lease);
        }
        let full = self.shared.len() >= MOST_SHARED;
        let least = self.shared.iter().min_by_key(|shared| shared.requests());
        least
            .filter(|_| full)
            .map(|shared| Lease::Shared(shared.clone(), shared.crowd()))
    }
}

impl<'a> Waiting<'a> {
    fn begin(pool: &'a Pool) -> Self {
        pool.lock().waiting += 1;
        Self(pool)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.lock().waiting -= 1;
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("destination", &self.destination)
            .finish_non_exhaustive()
    }
}
