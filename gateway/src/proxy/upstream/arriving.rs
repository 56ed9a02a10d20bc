//! The body of an answer of Webex, which holds its connection until it has come whole.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use super::exclusive::Exclusive;
use super::pool::Pool;
use super::shared::Place;

/// A body on its way. Dropped before its end, it takes its connection of HTTP/1.1 with it, unless the rest has come already.
pub struct Arriving {
    /// `None` only while it is dropped.
    body: Option<Incoming>,
    hold: Hold,
}

/// What the body needs of its connection.
pub enum Hold {
    /// Nothing any more.
    Nothing,
    /// To be moved; afterwards it belongs into the pool.
    Exclusive(Box<Exclusive>, Arc<Pool>),
    /// Its place.
    Shared(Place),
}

impl Arriving {
    /// The body of an answer whose head has come.
    #[must_use]
    pub fn new(body: Incoming, hold: Hold) -> Self {
        let ended = body.is_end_stream();
        let mut arriving = Self {
            body: Some(body),
            hold,
        };
        if ended {
            arriving.let_go();
        }
        arriving
    }

    /// Nothing more comes: the connection is free, or becomes free when the request has been sent whole.
    fn let_go(&mut self) {
        if let Hold::Exclusive(connection, pool) = std::mem::replace(&mut self.hold, Hold::Nothing) {
            pool.take_back(connection);
        }
    }

    fn poll_body(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Some(body) = &mut self.body else {
            return Poll::Ready(None);
        };
        let polled = Pin::new(&mut *body).poll_frame(cx);
        match (&polled, &mut self.hold) {
            (Poll::Pending, Hold::Exclusive(connection, _)) => {
                connection.drive(cx);
                Pin::new(body).poll_frame(cx)
            }
            _ => polled,
        }
    }
}

impl Body for Arriving {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let this = self.get_mut();
        let polled = this.poll_body(cx);
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
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(SizeHint::default, Body::size_hint)
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        // What has come of the body and is not wanted is taken out of the connection's way, as after a 401.
        self.body = None;
        if let Hold::Exclusive(connection, pool) = std::mem::replace(&mut self.hold, Hold::Nothing) {
            pool.put_back(connection);
        }
    }
}

impl fmt::Debug for Arriving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arriving")
            .field("body", &self.body)
            .finish_non_exhaustive()
    }
}
