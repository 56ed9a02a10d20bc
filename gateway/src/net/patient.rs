//! A connection that is given up when the other side stops reading. A client that does so holds memory and a connection to
//! Webex; a Webex that does so holds a client and its upload.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// A stream whose writes fail when nothing could be written for a while.
#[derive(Debug)]
pub struct Patient<S> {
    stream: S,
    limit: Duration,
    stalled: Option<Pin<Box<Sleep>>>,
}

/// Whether a stream has failed because nothing could be written for as long as it may take. What the system says of a connection
/// that is dead has a number.
#[must_use]
pub fn has_given_up(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::TimedOut && error.raw_os_error().is_none()
}

impl<S> Patient<S> {
    /// Wraps `stream`; `limit` is how long a write may wait.
    pub fn new(stream: S, limit: Duration) -> Self {
        Self {
            stream,
            limit,
            stalled: None,
        }
    }

    /// The stream itself.
    pub fn get_ref(&self) -> &S {
        &self.stream
    }

    fn judge<T>(&mut self, cx: &mut Context<'_>, outcome: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            self.stalled = None;
            return outcome;
        }
        let end = Instant::now() + self.limit;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep_until(end)));
        stalled.as_mut().poll(cx).map(|()| {
            Err(io::Error::new(
                io::ErrorKind::TimedOut,
                "the other side stopped reading",
            ))
        })
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.judge(cx, outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        // TLS writes one record mostly; to send one part takes the system less than to gather it.
        if let [only] = bytes {
            return self.poll_write(cx, only);
        }
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(cx, bytes);
        self.judge(cx, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.stream).poll_flush(cx);
        self.judge(cx, outcome)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.judge(cx, outcome)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    const LIMIT: Duration = Duration::from_mins(1);

    #[tokio::test(start_paused = true)]
    async fn a_reader_that_stops_is_given_up() {
        let (server, mut client) = tokio::io::duplex(10);
        let mut server = Patient::new(server, LIMIT);
        let start = Instant::now();
        let error = server.write_all(&[0; 100]).await.unwrap_err();
        assert!(has_given_up(&error), "{error}");
        assert_eq!(start.elapsed(), LIMIT);
        assert_eq!(client.read(&mut [0; 100]).await.unwrap(), 10);
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_reader_that_goes_on_is_not() {
        let (server, mut client) = tokio::io::duplex(10);
        let reading = tokio::spawn(async move {
            for _ in 0..10 {
                tokio::time::sleep(LIMIT / 2).await;
                client.read_exact(&mut [0; 10]).await.unwrap();
            }
        });
        Patient::new(server, LIMIT).write_all(&[0; 100]).await.unwrap();
        reading.await.unwrap();
    }
}
