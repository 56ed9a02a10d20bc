//! A connection as those see it who want to break it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::response::Response;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// The connection of a request; put into each request. Clones are the same connection.
#[derive(Debug, Clone, Default)]
pub(crate) struct Connection {
    broken: CancellationToken,
    leaving: CancellationToken,
    sent: watch::Sender<Sent>,
}

/// What the listener does with an answer instead of sending it, or besides; put into the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// Resets the connection.
    Reset,
    /// Closes it without a byte; of an HTTP/2 connection only the stream.
    Empty,
    /// Sends nothing and keeps it open.
    Hang,
    /// Sends the answer and then closes the connection, which HTTP/2 is told by GOAWAY.
    GoAway,
}

/// An answer that does not come, or not to its end.
#[derive(Debug, thiserror::Error)]
#[error("the answer is cut, as a fault rule says")]
pub(crate) struct Cut;

/// Bytes handed to the system.
#[derive(Debug, Clone, Copy, Default)]
struct Sent {
    written: u64,
    /// Those of them after which nothing was left to write.
    flushed: u64,
}

/// A socket that is reset when it is dropped, if its connection was broken.
pub(super) struct Breakable {
    pub(super) stream: TcpStream,
    pub(super) connection: Connection,
}

// === impl Connection ===

impl Connection {
    /// Resets the connection instead of answering. It does not end: there is nobody left to answer.
    pub(crate) async fn reset(&self) {
        self.broken.cancel();
        std::future::pending::<()>().await;
    }

    /// Bytes written so far, TLS included.
    pub(crate) fn written(&self) -> u64 {
        self.sent.borrow().written
    }

    /// Waits until so many bytes are written and nothing more is waiting to be.
    pub(crate) async fn flushed(&self, written: u64) {
        let mut sent = self.sent.subscribe();
        // It fails only without a sender, and this is one.
        let _ = sent.wait_for(|sent| sent.flushed >= written).await;
    }

    /// Does what the answer says.
    pub(super) async fn act(&self, answer: Response) -> Result<Response, Cut> {
        match answer.extensions().get::<Act>() {
            None => Ok(answer),
            Some(Act::GoAway) => {
                self.leaving.cancel();
                Ok(answer)
            }
            Some(Act::Empty) => Err(Cut),
            Some(Act::Hang) => {
                std::future::pending::<()>().await;
                Err(Cut)
            }
            Some(Act::Reset) => {
                self.reset().await;
                Err(Cut)
            }
        }
    }

    /// Ends when somebody breaks the connection.
    pub(super) async fn broken(&self) {
        self.broken.cancelled().await;
    }

    /// Ends when it shall take no more requests.
    pub(super) async fn leaving(&self) {
        self.leaving.cancelled().await;
    }
}

// === impl Act ===

impl Act {
    /// Whether the client sees nothing of the answer.
    pub(crate) fn is_silent(self) -> bool {
        self != Self::GoAway
    }
}

// === impl Breakable ===

impl Breakable {
    /// Counts what was written.
    fn count(&self, written: &Poll<io::Result<usize>>) {
        if let Poll::Ready(Ok(bytes)) = written {
            let bytes = u64::try_from(*bytes).unwrap_or_default();
            self.connection.sent.send_if_modified(|sent| {
                sent.written += bytes;
                // Nobody waits for less than a flush.
                false
            });
        }
    }
}

impl Drop for Breakable {
    fn drop(&mut self) {
        if self.connection.broken.is_cancelled() {
            // Without lingering, closing sends RST instead of FIN.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Breakable {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Breakable {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.count(&written);
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        if flushed.is_ready() {
            self.connection.sent.send_if_modified(|sent| {
                let more = sent.flushed != sent.written;
                sent.flushed = sent.written;
                more
            });
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.count(&written);
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
