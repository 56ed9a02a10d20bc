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

/// A body on its way. Dropped before its end, it takes its connection of HTTP/1.1 with it.
pub struct Arriving {
    body: Incoming,
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
        let mut arriving = Self { body, hold };
        arriving.let_go_at_the_end();
        arriving
    }

    fn let_go_at_the_end(&mut self) {
        if self.body.is_end_stream() {
            self.let_go();
        }
    }

    fn let_go(&mut self) {
        if let Hold::Exclusive(mut connection, pool) = std::mem::replace(&mut self.hold, Hold::Nothing)
            && connection.is_free()
        {
            pool.put_back(connection);
        }
    }

    fn poll_body(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        match (&polled, &mut self.hold) {
            (Poll::Pending, Hold::Exclusive(connection, _)) => {
                connection.drive(cx);
                Pin::new(&mut self.body).poll_frame(cx)
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
        match &polled {
            Poll::Ready(None) => this.let_go(),
            Poll::Ready(Some(Ok(_))) => this.let_go_at_the_end(),
            Poll::Ready(Some(Err(_))) => this.hold = Hold::Nothing,
            Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl fmt::Debug for Arriving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arriving")
            .field("body", &self.body)
            .finish_non_exhaustive()
    }
}
