//! What is to be written next: lines, then a part of a body, then what follows it.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use tokio::io::AsyncWrite;

/// Room for the lines of a usual request.
const ROOM: usize = 1024;
/// More room than this is not kept for the next request.
const KEPT: usize = 4 * 1024;

/// Bytes that go out together where the connection takes them. One serves all requests of a connection.
#[derive(Default)]
pub struct Output {
    /// Of which [`Self::written`] bytes are gone.
    lines: Vec<u8>,
    written: usize,
    data: Bytes,
    /// What follows the data.
    end: &'static [u8],
}

impl Output {
    /// The lines, to which some can be added as long as there is no data behind them.
    pub fn lines(&mut self) -> &mut Vec<u8> {
        if self.lines.is_empty() {
            self.lines.reserve(ROOM);
        }
        &mut self.lines
    }

    /// Whether there is room for a part of a body: that of the one before is gone.
    pub fn takes_data(&self) -> bool {
        self.data.is_empty() && self.end.is_empty()
    }

    /// Puts a part of a body, and what follows it, behind the lines.
    pub fn put_data(&mut self, data: Bytes, end: &'static [u8]) {
        (self.data, self.end) = (data, end);
    }

    /// Whether all of it is written.
    pub fn is_empty(&self) -> bool {
        self.lines.len() == self.written && self.takes_data()
    }

    /// Gives up what is not written, and room that usual requests do not need.
    pub fn clear(&mut self) {
        self.lines.clear();
        self.lines.shrink_to(KEPT);
        self.written = 0;
        self.put_data(Bytes::new(), b"");
    }

    /// Writes what `stream` takes at once. A stream that takes nothing is broken.
    pub fn poll_write<S: AsyncWrite + Unpin>(
        &mut self,
        stream: &mut S,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        let (stream, lines) = (Pin::new(stream), &self.lines[self.written..]);
        let written = if self.takes_data() {
            ready!(stream.poll_write(cx, lines))?
        } else {
            let parts = [lines, &self.data, self.end].map(IoSlice::new);
            ready!(stream.poll_write_vectored(cx, &parts))?
        };
        self.advance(written);
        Poll::Ready(match written {
            0 => Err(io::ErrorKind::WriteZero.into()),
            _ => Ok(()),
        })
    }

    fn advance(&mut self, written: usize) {
        let lines = written.min(self.lines.len() - self.written);
        self.written += lines;
        if self.written == self.lines.len() {
            self.lines.clear();
            self.written = 0;
        }
        let data = (written - lines).min(self.data.len());
        self.data.advance(data);
        self.end = &self.end[written - lines - data..];
    }
}

#[cfg(test)]
pub(crate) mod streams {
    //! Streams that take little, or nothing.

    use super::*;

    /// Takes so many bytes at a time, every second time, and passes them on later, as TLS does.
    pub(crate) struct Narrow {
        room: usize,
        ready: bool,
        pub(crate) taken: Vec<u8>,
        pub(crate) flushed: usize,
    }

    impl Narrow {
        pub(crate) fn with(room: usize) -> Self {
            Self {
                room,
                ready: false,
                taken: Vec::new(),
                flushed: 0,
            }
        }
    }

    impl AsyncWrite for Narrow {
        fn poll_write(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            self.ready = !self.ready;
            if !self.ready {
                return Poll::Pending;
            }
            let taken = bytes.len().min(self.room);
            self.taken.extend_from_slice(&bytes[..taken]);
            Poll::Ready(Ok(taken))
        }

        fn poll_write_vectored(
            self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            parts: &[IoSlice<'_>],
        ) -> Poll<io::Result<usize>> {
            let all: Vec<u8> = parts.iter().flat_map(|part| part.iter().copied()).collect();
            self.poll_write(cx, &all)
        }

        fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            self.ready = !self.ready;
            if !self.ready {
                return Poll::Pending;
            }
            self.flushed = self.taken.len();
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    /// A stream to which nothing can be written any more.
    pub(crate) struct Broken;

    impl AsyncWrite for Broken {
        fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
            Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::streams::{Broken, Narrow};
    use super::*;

    #[test]
    fn lines_data_and_end_follow_one_another_however_little_is_taken_at_once() {
        for room in 1..12 {
            let (mut output, mut narrow) = (Output::default(), Narrow::with(room));
            output.lines().extend_from_slice(b"5\r\n");
            assert!(output.takes_data() && !output.is_empty());
            output.put_data(Bytes::from("hello"), b"\r\n");
            assert!(!output.takes_data());
            let mut cx = Context::from_waker(Waker::noop());
            while !output.is_empty() {
                if let Poll::Ready(written) = output.poll_write(&mut narrow, &mut cx) {
                    written.unwrap();
                }
            }
            assert_eq!(narrow.taken, b"5\r\nhello\r\n", "{room}");
        }
    }

    #[test]
    fn a_stream_that_takes_nothing_is_broken() {
        let mut cx = Context::from_waker(Waker::noop());
        let mut output = Output::default();
        output.lines().push(b'a');
        let mut nothing = Narrow::with(0);
        // Every second time it takes what it has room for.
        let written = loop {
            if let Poll::Ready(written) = output.poll_write(&mut nothing, &mut cx) {
                break written;
            }
        };
        assert_eq!(written.unwrap_err().kind(), io::ErrorKind::WriteZero);
        assert!(matches!(
            output.poll_write(&mut Broken, &mut cx),
            Poll::Ready(Err(_))
        ));
    }

    #[test]
    fn the_room_of_an_unusual_request_is_given_back() {
        let mut output = Output::default();
        output.lines().resize(64 * 1024, b'a');
        output.clear();
        assert!(output.is_empty() && output.lines.capacity() <= KEPT);
    }
}
