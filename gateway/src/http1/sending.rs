//! A message on its way out: its head, and its body framed as HTTP/1.1 has it (RFC 9112 sections 6 and 7).

use std::io::{self, Write as _};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{HeaderMap, HeaderName};
use http_body::{Body, Frame};
use tokio::io::AsyncWrite;

use super::fields;
use super::output::Output;

/// What is to be written of a message. One serves all messages of a connection.
pub struct Sending<B> {
    /// What is to be written now: the head, or the next part of the body.
    output: Output,
    /// The body, until it is sent.
    body: Option<B>,
    /// How the rest of the body is told; `None` where nothing is left of it.
    coding: Option<Coding>,
    /// Whether a part of the body has been taken.
    taken: bool,
    /// Whether a byte of the message has been written.
    begun: bool,
    /// Whether something may have been written that has not left: TLS holds back what the connection does not take.
    unflushed: bool,
}

/// How the end of a body is told.
#[derive(Debug, PartialEq, Eq)]
pub enum Coding {
    /// By its length, of which this is left.
    Length(u64),
    /// By itself; these trailers may follow.
    Chunked(Vec<HeaderName>),
    /// By the end of the connection.
    UntilClose,
}

/// Why a message could not be sent whole.
#[derive(Debug)]
pub enum Halt {
    /// Its body broke off, or has not the length that was told.
    Body,
    /// The connection takes no more.
    Connection(io::Error),
}

impl<B> Default for Sending<B> {
    fn default() -> Self {
        Self {
            output: Output::default(),
            body: None,
            coding: None,
            taken: false,
            begun: false,
            unflushed: false,
        }
    }
}

impl<B> Sending<B> {
    /// Whether a byte of the message has been written.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.begun
    }

    /// The body of a message that has not begun, where all of it is there.
    pub fn take_unsent(&mut self) -> Option<B> {
        self.body.take().filter(|_| !self.taken)
    }

    /// Begins a message; nothing is written yet. What comes back takes the lines of its head, the empty one at their end included.
    pub fn begin(&mut self) -> &mut Vec<u8> {
        self.give_up();
        (self.taken, self.begun, self.unflushed) = (false, false, true);
        self.output.lines()
    }

    /// What follows the head. `coding` is `None` where that is nothing.
    pub fn put(&mut self, body: Option<B>, coding: Option<Coding>) {
        (self.body, self.coding) = (body, coding);
    }

    /// Gives up what has not been written. Nothing is kept of a message that is over: its body may be large.
    pub fn give_up(&mut self) {
        self.output.clear();
        self.body = None;
        self.coding = None;
        self.unflushed = false;
    }

    /// Whether all of the message has left.
    fn is_sent(&self) -> bool {
        self.coding.is_none() && self.output.is_empty() && !self.unflushed
    }

    /// Writes what is there already, of a message whose body goes no further.
    pub fn poll_rest<S: AsyncWrite + Unpin>(
        &mut self,
        stream: &mut S,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while !self.output.is_empty() {
            ready!(self.output.poll_write(stream, cx))?;
            self.begun = true;
        }
        Pin::new(stream).poll_flush(cx)
    }
}

impl<B: Body<Data = Bytes> + Unpin> Sending<B> {
    /// Sends what can be sent now; ready when all has left.
    pub fn poll<S: AsyncWrite + Unpin>(
        &mut self,
        stream: &mut S,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Halt>> {
        if self.is_sent() {
            return Poll::Ready(Ok(()));
        }
        loop {
            // Head and first part go together where both are there.
            let waits = match self.output.takes_data() {
                true => match self.poll_part(cx) {
                    Poll::Ready(Err(halt)) => {
                        // What it holds is not held until the rest is read.
                        self.body = None;
                        return Poll::Ready(Err(halt));
                    }
                    part => part.is_pending(),
                },
                false => false,
            };
            if waits || self.coding.is_none() {
                ready!(self.poll_rest(stream, cx)).map_err(Halt::Connection)?;
                if waits {
                    return Poll::Pending;
                }
                self.give_up();
                return Poll::Ready(Ok(()));
            }
            while !self.output.is_empty() {
                ready!(self.output.poll_write(stream, cx)).map_err(Halt::Connection)?;
                self.begun = true;
            }
        }
    }

    /// Takes the next part of the body, if there is to be one.
    fn poll_part(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Halt>> {
        let (Some(body), Some(coding)) = (&mut self.body, &mut self.coding) else {
            return Poll::Ready(Ok(()));
        };
        let part = ready!(Pin::new(body).poll_frame(cx));
        self.taken = true;
        let part = part.map(|part| part.map(Frame::into_data));
        match (part, coding) {
            (Some(Ok(Ok(data))), Coding::Length(left)) => {
                *left = left.checked_sub(data.len() as u64).ok_or(Halt::Body)?;
                if *left == 0 {
                    self.end();
                }
                self.output.put_data(data, b"");
            }
            // A chunk of no bytes would be the last one.
            (Some(Ok(Ok(data))), Coding::Chunked(_)) if data.is_empty() => {}
            (Some(Ok(Ok(data))), Coding::Chunked(_)) => {
                let _ = write!(self.output.lines(), "{:x}\r\n", data.len());
                self.output.put_data(data, b"\r\n");
            }
            (Some(Ok(Ok(data))), Coding::UntilClose) => self.output.put_data(data, b""),
            (Some(Ok(Err(frame))), Coding::Chunked(announced)) => {
                let mut trailers = frame.into_trailers().unwrap_or_default();
                let others = trailers.keys().filter(|name| !announced.contains(name));
                for other in others.cloned().collect::<Vec<_>>() {
                    trailers.remove(other);
                }
                self.put_last(&trailers);
            }
            (Some(Ok(Err(_))), Coding::Length(_) | Coding::UntilClose) => {}
            (None, Coding::Chunked(_)) => self.put_last(&HeaderMap::new()),
            (None, Coding::UntilClose) => self.end(),
            (None, Coding::Length(_)) | (Some(Err(_)), _) => return Poll::Ready(Err(Halt::Body)),
        }
        Poll::Ready(Ok(()))
    }

    fn put_last(&mut self, trailers: &HeaderMap) {
        let lines = self.output.lines();
        lines.extend_from_slice(b"0\r\n");
        fields::write_all(lines, trailers);
        lines.extend_from_slice(b"\r\n");
        self.end();
    }

    /// Nothing more of the body comes.
    fn end(&mut self) {
        (self.body, self.coding) = (None, None);
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use futures_util::stream;
    use http_body_util::StreamBody;

    use super::super::output::streams::Narrow;
    use super::*;

    type Parts = Vec<Result<Frame<Bytes>, &'static str>>;

    /// What is written of a message to streams that take much or little at once, and whether all of it is.
    fn written(parts: impl Fn() -> Parts, coding: impl Fn() -> Coding) -> (String, bool) {
        let mut all = Vec::new();
        for room in [1, 2, 7, 10_000] {
            let mut narrow = Narrow::with(room);
            let mut sending = Sending::default();
            sending.begin().extend_from_slice(b"head|");
            sending.put(Some(StreamBody::new(stream::iter(parts()))), Some(coding()));
            let mut cx = Context::from_waker(Waker::noop());
            let whole = loop {
                match sending.poll(&mut narrow, &mut cx) {
                    Poll::Ready(Ok(())) => break true,
                    Poll::Ready(Err(Halt::Body)) => break false,
                    Poll::Ready(Err(Halt::Connection(error))) => panic!("{error}"),
                    Poll::Pending => {}
                }
            };
            while sending.poll_rest(&mut narrow, &mut cx).is_pending() {}
            assert_eq!(narrow.flushed, narrow.taken.len(), "all of it has gone");
            all.push((String::from_utf8(narrow.taken).unwrap(), whole));
        }
        all.dedup();
        assert_eq!(all.len(), 1, "how it is taken makes a difference: {all:?}");
        all.remove(0)
    }

    fn data(text: &'static str) -> Frame<Bytes> {
        Frame::data(Bytes::from_static(text.as_bytes()))
    }

    #[test]
    fn a_body_that_the_end_of_the_connection_ends_goes_as_it_is() {
        let parts = || vec![Ok(data("hel")), Ok(data("")), Ok(data("lo"))];
        assert_eq!(
            written(parts, || Coding::UntilClose),
            ("head|hello".to_owned(), true)
        );
    }

    #[test]
    fn of_a_body_that_breaks_what_came_before_can_be_written() {
        for (coding, expected) in [
            (&(|| Coding::UntilClose) as &dyn Fn() -> Coding, "head|hel"),
            (&|| Coding::Length(5), "head|hel"),
            (&|| Coding::Chunked(Vec::new()), "head|3\r\nhel\r\n"),
        ] {
            let sent = written(|| vec![Ok(data("hel")), Err("cut")], coding);
            assert_eq!(sent, (expected.to_owned(), false));
            let sent = written(|| vec![Err("cut")], coding);
            assert_eq!(sent, ("head|".to_owned(), false));
        }
    }

    #[test]
    fn a_body_of_another_length_than_was_told_is_none() {
        for parts in [vec!["hel"], vec!["hel", "lo!"]] {
            let parts = || parts.iter().map(|part| Ok(data(part))).collect();
            let (sent, whole) = written(parts, || Coding::Length(5));
            assert_eq!((sent.as_str(), whole), ("head|hel", false));
        }
    }
}
