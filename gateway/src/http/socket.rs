//! A client's connection: given up when the client stops reading, closed so that the last answer arrives, and cut so that a cut
//! is seen.

use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

use super::head_limit::HeadLimit;
use crate::net::patient::Patient;

/// What a connection and the requests on it tell each other.
#[derive(Debug)]
pub struct Conversation {
    /// The client's address, as lines of the log show it.
    client: String,
    /// Requests that have come.
    requests: AtomicUsize,
    /// Those whose answers have not been sent whole.
    running: AtomicUsize,
    /// The body of the last request was given up before its end.
    unread: AtomicBool,
    /// An answer is not sent whole, and its framing does not show it.
    unsent: AtomicBool,
    /// All of that answer has been handed over to be sent.
    ended: AtomicBool,
}

/// A request whose answer has not been sent whole, as long as this lives.
#[derive(Debug)]
pub struct Exchange(Arc<Conversation>);

/// The client's side of a connection.
#[derive(Debug)]
pub struct Socket {
    stream: Patient<TcpStream>,
    conversation: Arc<Conversation>,
    head: HeadLimit,
    linger: Duration,
    closing: Option<Pin<Box<Sleep>>>,
}

impl Conversation {
    /// One that begins with `client`.
    #[must_use]
    pub fn with(client: IpAddr) -> Self {
        Self {
            client: client.to_string(),
            requests: AtomicUsize::new(0),
            running: AtomicUsize::new(0),
            unread: AtomicBool::new(false),
            unsent: AtomicBool::new(false),
            ended: AtomicBool::new(false),
        }
    }

    /// Whether an answer is being made or sent.
    pub fn is_running(&self) -> bool {
        self.running.load(Ordering::Acquire) > 0
    }

    /// The body of the request was, or was not, given up before its end.
    pub fn set_unread(&self, unread: bool) {
        self.unread.store(unread, Ordering::Release);
    }
}

impl Exchange {
    /// A request begins.
    #[must_use]
    pub fn begin(conversation: &Arc<Conversation>) -> Self {
        conversation.requests.fetch_add(1, Ordering::AcqRel);
        conversation.running.fetch_add(1, Ordering::AcqRel);
        Self(Arc::clone(conversation))
    }

    /// The client's address.
    #[must_use]
    pub fn client(&self) -> &str {
        &self.0.client
    }

    /// An answer begins, and only the end of the connection would end it: until it is sent whole, that has to look broken.
    pub fn answer_begins(&self) {
        self.0.ended.store(false, Ordering::Release);
        self.0.unsent.store(true, Ordering::Release);
    }

    /// Nothing more of that answer comes.
    pub fn answer_ends(&self) {
        self.0.ended.store(true, Ordering::Release);
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Socket {
    /// Wraps an accepted connection. A client that still sends at the end is listened to for `linger`.
    pub fn new(
        stream: Patient<TcpStream>,
        conversation: Arc<Conversation>,
        head: HeadLimit,
        linger: Duration,
    ) -> Self {
        Self {
            stream,
            conversation,
            head,
            linger,
            closing: None,
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let read = Pin::new(&mut this.stream).poll_read(cx, buf);
        if read.is_ready() || this.conversation.is_running() {
            return read;
        }
        let requests = this.conversation.requests.load(Ordering::Acquire);
        this.head.poll_over(requests, cx).map(|()| {
            Err(io::Error::new(
                io::ErrorKind::TimedOut,
                "no head of a request came in time",
            ))
        })
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        // Asked for when everything has been written.
        if self.conversation.ended.load(Ordering::Acquire) {
            self.conversation.unsent.store(false, Ordering::Release);
        }
        Poll::Ready(Ok(()))
    }

    /// RFC 9112 section 9.6: closing while the client still sends resets the connection, and the reset can destroy an answer
    /// that the client has not read. So the sending half is closed first, and what comes is thrown away for a while.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.closing.is_none() {
            ready!(Pin::new(&mut this.stream).poll_shutdown(cx))?;
        }
        let linger = this.linger;
        let closing = this.closing.get_or_insert_with(|| Box::pin(sleep(linger)));
        let mut thrown_away = [0; 4096];
        loop {
            let mut buf = ReadBuf::new(&mut thrown_away);
            match Pin::new(&mut this.stream).poll_read(cx, &mut buf) {
                Poll::Pending if this.conversation.unread.load(Ordering::Acquire) => {
                    return closing.as_mut().poll(cx).map(Ok);
                }
                Poll::Ready(Ok(())) if !buf.filled().is_empty() => this.conversation.set_unread(true),
                Poll::Pending | Poll::Ready(_) => return Poll::Ready(Ok(())),
            }
        }
    }
}

impl Drop for Socket {
    /// To a client of HTTP/1.0 the end of the connection is the end of the answer. A reset is not.
    fn drop(&mut self) {
        if self.conversation.unsent.load(Ordering::Acquire) {
            let _ = self.stream.get_ref().set_zero_linger();
        }
    }
}
