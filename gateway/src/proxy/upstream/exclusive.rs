//! A connection of HTTP/1.1. It has one request at a time, and no task of its own: whoever has the request moves it, and nobody
//! has to be woken between a client's connection and Webex's.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use hyper::client::conn::http1::{Builder, Connection, SendRequest};
use hyper_util::client::legacy::connect::Connection as _;
use tokio::time::Instant;

use super::Stream;
use crate::proxy::body::Attempt;

/// A connection, and the way to put a request on it.
pub struct Exclusive {
    sender: SendRequest<Attempt>,
    /// `None` once it has ended: what is on its way through it ends with it.
    connection: Option<Connection<Stream, Attempt>>,
    proxied: bool,
    since: Instant,
}

/// What is left of a connection after an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// It takes the next request.
    Free,
    /// The request is still being sent, although its answer is here.
    Busy,
    /// Nothing.
    Ended,
}

impl Exclusive {
    /// Speaks HTTP/1.1 on `stream`; nothing is sent yet.
    pub async fn open(stream: Stream) -> hyper::Result<Box<Self>> {
        let proxied = stream.connected().is_proxied();
        // The library's own limit, 100 fields, is far above any answer of Webex, and each answer has room for as many as the limit.
        let (sender, connection) = Builder::new().handshake(stream).await?;
        Ok(Box::new(Self {
            sender,
            connection: Some(connection),
            proxied,
            since: Instant::now(),
        }))
    }

    /// Whether a forward proxy is at its other end, which takes targets in absolute form (RFC 9112 section 3.2.2).
    pub fn proxied(&self) -> bool {
        self.proxied
    }

    /// Sends a request, up to the head of its answer. What is left of either body moves with [`Self::drive`].
    pub fn send(
        &mut self,
        request: Request<Attempt>,
    ) -> impl Future<Output = Result<Response<Incoming>, TrySendError<Request<Attempt>>>> {
        let answer = self.sender.try_send_request(request);
        let connection = &mut self.connection;
        async move {
            let mut answer = pin!(answer);
            poll_fn(|cx| {
                drive(connection, cx);
                answer.as_mut().poll(cx)
            })
            .await
        }
    }

    /// Sends and receives what can be, and has the task of `cx` woken when more can.
    pub fn drive(&mut self, cx: &mut Context<'_>) {
        drive(&mut self.connection, cx);
    }

    /// Whether it is older than `limit` `now`.
    pub fn is_older(&self, limit: Duration, now: Instant) -> bool {
        now.saturating_duration_since(self.since) > limit
    }

    /// What becomes of it after an exchange. No task is woken by it any more.
    pub fn left(&mut self) -> Left {
        // It may have to see the end of the exchange itself.
        self.drive(&mut Context::from_waker(Waker::noop()));
        match (&self.connection, self.sender.is_ready()) {
            (None, _) => Left::Ended,
            (Some(_), true) => Left::Free,
            (Some(_), false) => Left::Busy,
        }
    }

    /// Sends what is left of a request whose answer has come whole; tells whether the connection is free then.
    pub async fn finish(&mut self) -> bool {
        poll_fn(|cx| {
            self.drive(cx);
            match (&self.connection, self.sender.poll_ready(cx)) {
                (None, _) | (_, Poll::Ready(Err(_))) => Poll::Ready(false),
                (Some(_), Poll::Ready(Ok(()))) => Poll::Ready(true),
                (Some(_), Poll::Pending) => Poll::Pending,
            }
        })
        .await
    }
}

fn drive(connection: &mut Option<Connection<Stream, Attempt>>, cx: &mut Context<'_>) {
    if let Some(open) = connection
        && let Poll::Ready(_ended) = Pin::new(open).poll(cx)
    {
        // Why it ended is told to the request, or to the body of the answer.
        *connection = None;
    }
}
