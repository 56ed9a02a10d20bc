//! The body of an answer of Webex, which holds its connection until it has come whole.

use std::fmt;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use super::broken::Broken;
use super::exclusive::Exclusive;
use super::pool::Pool;
use super::shared::Place;

/// A body on its way. Dropped before its end, it takes its connection of HTTP/1.1 with it, unless the rest has come already.
pub struct Arriving(Source);

/// Where it comes from.
enum Source {
    /// Nothing comes any more.
    Nowhere,
    /// A connection of HTTP/1.1, which is moved, and belongs into the pool afterwards.
    Exclusive(Box<Exclusive>, Arc<Pool>),
    /// One of HTTP/2, on which it has a place.
    Shared(
        Incoming,
        #[expect(dead_code, reason = "it is held, not read")] Place,
    ),
}

impl Arriving {
    /// The body of an answer whose head has come on `connection`, which `pool` gets back.
    pub(super) fn exclusive(connection: Box<Exclusive>, pool: Arc<Pool>) -> Self {
        let mut arriving = Self(Source::Exclusive(connection, pool));
        if arriving.is_end_stream() {
            arriving.let_go();
        }
        arriving
    }

    /// The body of an answer whose head has come on a connection with others.
    pub(super) fn shared(body: Incoming, place: Place) -> Self {
        Self(match body.is_end_stream() {
            true => Source::Nowhere,
            false => Source::Shared(body, place),
        })
    }

    /// Nothing more comes: the connection is free, or becomes free when the request has been sent whole.
    fn let_go(&mut self) {
        if let Source::Exclusive(connection, pool) = mem::replace(&mut self.0, Source::Nowhere) {
            pool.take_back(connection);
        }
    }
}

impl Body for Arriving {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        let this = self.get_mut();
        let polled = match &mut this.0 {
            Source::Nowhere => return Poll::Ready(None),
            Source::Exclusive(connection, _) => connection.poll_frame(cx),
            Source::Shared(body, _) => Pin::new(body).poll_frame(cx).map_err(Broken::from),
        };
        let over = match &polled {
            Poll::Pending => false,
            // Nobody asks for the end of a body whose length is known.
            Poll::Ready(Some(Ok(_))) => this.is_end_stream(),
            Poll::Ready(Some(Err(_)) | None) => true,
        };
        if over {
            this.let_go();
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Source::Nowhere => true,
            Source::Exclusive(connection, _) => connection.is_end_stream(),
            Source::Shared(body, _) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Source::Nowhere => SizeHint::with_exact(0),
            Source::Exclusive(connection, _) => connection.size_hint(),
            Source::Shared(body, _) => body.size_hint(),
        }
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        // What has come of the body and is not wanted is taken out of the connection's way, as after a 401.
        if let Source::Exclusive(mut connection, pool) = mem::replace(&mut self.0, Source::Nowhere) {
            connection.skip();
            pool.put_back(connection);
        }
    }
}

impl fmt::Debug for Arriving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arriving").finish_non_exhaustive()
    }
}
