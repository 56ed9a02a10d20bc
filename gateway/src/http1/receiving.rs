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
                // What was taken holds the rest of its room: that is used up first.
                if self.input.capacity() - self.input.len() < ROOM {
                    self.input.reserve(room);
                }
                let room = self.input.capacity() - self.input.len();
                let read = poll_read_buf(Pin::new(stream), cx, &mut self.input);
                (ready!(read)?, room)
            }
        };
        self.room = match read {
            read if read == room => (2 * self.room).min(MOST_ROOM),
            // Who sends little at a time has no more room held than that.
            read if read < ROOM / 2 => ROOM,
            _ => self.room,
        };
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

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    /// Gives parts of these sizes.
    struct Parts(Vec<usize>);

    impl AsyncRead for Parts {
        fn poll_read(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            buf: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            let size = self.0.pop().unwrap_or(0).min(buf.remaining());
            buf.put_slice(&vec![b'x'; size]);
            Poll::Ready(Ok(()))
        }
    }

    #[test]
    fn a_body_that_slows_down_holds_no_more_room_than_one_that_is_slow() {
        let mut receiving = Receiving::new();
        receiving.begin(Framing::Length(1_000_000));
        let mut cx = Context::from_waker(Waker::noop());
        let fast = [100_000; 10];
        let mut parts = Parts([vec![1; 1000], fast.to_vec()].concat());
        // What has been taken is kept, so that no room can be used again.
        let (mut taken, mut reserved) = (Vec::new(), 0);
        for place in 0..fast.len() + 1000 {
            let before = receiving.input.capacity();
            let read = receiving.poll_read(&mut parts, &mut cx);
            assert!(matches!(read, Poll::Ready(Ok(1..))), "{read:?}");
            if place >= fast.len() {
                reserved += receiving.input.capacity().saturating_sub(before);
            }
            taken.push(receiving.take_frame().unwrap());
        }
        assert!(reserved <= MOST_ROOM, "{reserved} for 1000 bytes");
        assert_eq!(receiving.room, ROOM);
    }
}
