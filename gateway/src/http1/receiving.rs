//! What comes on a connection: heads are taken from what has been read, bodies part by part.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http_body::{Frame, SizeHint};
use tokio::io::{AsyncRead, ReadBuf};
use tokio_util::io::poll_read_buf;

use super::chunks::{Chunks, Part};
use super::{Framing, Nonsense};

/// Room for what is read at once: usual messages fit.
const ROOM: usize = 8 * 1024;
/// Bodies that fill what there is get more, up to this.
const MOST_ROOM: usize = 64 * 1024;

/// What has been read, and what is still to come of a message.
pub struct Receiving {
    /// Part of what comes next.
    input: BytesMut,
    room: usize,
    coming: Coming,
}

/// What is still to come of a body.
enum Coming {
    Nothing,
    Length(u64),
    Chunks(Chunks),
    UntilClose,
}

impl Receiving {
    /// Nothing has been read.
    #[must_use]
    pub fn new() -> Self {
        Self {
            input: BytesMut::new(),
            room: ROOM,
            coming: Coming::Nothing,
        }
    }

    /// What has been read and not taken. A head is taken by whoever knows what it may be.
    pub fn input(&mut self) -> &mut BytesMut {
        &mut self.input
    }

    /// Whether all that has been read is taken.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.input.is_empty()
    }

    /// A head has been taken that says this of its body.
    pub fn begin(&mut self, framing: Framing) {
        self.coming = match framing {
            Framing::Length(0) => Coming::Nothing,
            Framing::Length(length) => Coming::Length(length),
            Framing::Chunked => Coming::Chunks(Chunks::default()),
            Framing::UntilClose => Coming::UntilClose,
        };
    }

    /// Whether all of the body has been taken.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        matches!(self.coming, Coming::Nothing)
    }

    /// How much is left of the body, where that is known.
    #[must_use]
    pub fn size_hint(&self) -> SizeHint {
        match self.coming {
            Coming::Nothing => SizeHint::with_exact(0),
            Coming::Length(left) => SizeHint::with_exact(left),
            Coming::Chunks(_) | Coming::UntilClose => SizeHint::default(),
        }
    }

    /// What has been read of the body already.
    pub fn take_frame(&mut self) -> Result<Option<Frame<Bytes>>, Nonsense> {
        match &mut self.coming {
            Coming::Chunks(chunks) => match chunks.take(&mut self.input)? {
                Some(Part::Data(data)) => {
                    if chunks.ends(&mut self.input) {
                        self.coming = Coming::Nothing;
                    }
                    Ok(Some(Frame::data(data)))
                }
                Some(Part::End(trailers)) => {
                    self.coming = Coming::Nothing;
                    Ok((!trailers.is_empty()).then(|| Frame::trailers(trailers)))
                }
                None => Ok(None),
            },
            Coming::Length(left) if !self.input.is_empty() => {
                let here = usize::try_from(*left).map_or(self.input.len(), |left| left.min(self.input.len()));
                let data = self.input.split_to(here).freeze();
                *left -= here as u64;
                if *left == 0 {
                    self.coming = Coming::Nothing;
                }
                Ok(Some(Frame::data(data)))
            }
            Coming::UntilClose if !self.input.is_empty() => {
                Ok(Some(Frame::data(self.input.split().freeze())))
            }
            Coming::Nothing | Coming::Length(_) | Coming::UntilClose => Ok(None),
        }
    }

    /// The connection has ended; tells whether the body has ended with it as it should.
    pub fn close(&mut self) -> bool {
        if matches!(self.coming, Coming::UntilClose) {
            self.coming = Coming::Nothing;
        }
        self.is_whole()
    }

    /// Reads more; how many bytes.
    pub fn poll_read<S: AsyncRead + Unpin>(
        &mut self,
        stream: &mut S,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let (read, room) = match self.room {
            ROOM => (ready!(self.poll_read_little(stream, cx))?, ROOM),
            room => {
                self.input.reserve(room);
                let room = self.input.capacity() - self.input.len();
                let read = poll_read_buf(Pin::new(stream), cx, &mut self.input);
                (ready!(read)?, room)
            }
        };
        if read == room {
            self.room = (2 * self.room).min(MOST_ROOM);
        }
        Poll::Ready(Ok(read))
    }

    /// Reads on the stack first: connections that wait hold no room for it, and what is read lies where what was read before it has
    /// lain, near the processor.
    fn poll_read_little<S: AsyncRead + Unpin>(
        &mut self,
        stream: &mut S,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let mut room = [const { MaybeUninit::uninit() }; ROOM];
        let mut read = ReadBuf::uninit(&mut room);
        ready!(Pin::new(stream).poll_read(cx, &mut read))?;
        self.input.extend_from_slice(read.filled());
        Poll::Ready(Ok(read.filled().len()))
    }

    /// Holds nothing that the next message does not need.
    pub fn rest(&mut self) {
        self.room = ROOM;
        if self.input.is_empty() {
            self.input = BytesMut::new();
        }
    }
}

impl Default for Receiving {
    fn default() -> Self {
        Self::new()
    }
}
