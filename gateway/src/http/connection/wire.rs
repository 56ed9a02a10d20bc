//! The wire of a client's connection: the stream, and what has been read of the request. The connection and the request's body
//! share it.

use std::io;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::task::unconstrained;
use tower::BoxError;

use super::head::{self, Head, Refusal};
use crate::http1::Framing;
use crate::http1::receiving::Receiving;
use crate::net::patient::Patient;

/// What a client waits for that expects it (RFC 9110 section 15.2.1).
const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
/// What has come of a body that nobody wants is read past, up to so many bytes, so that its connection can be kept.
const MOST_UNWANTED: usize = 64 * 1024;

/// A wire. Clones share it.
#[derive(Clone)]
pub(super) struct Wire(Arc<Mutex<Ends>>);

struct Ends {
    stream: Patient<TcpStream>,
    receiving: Receiving,
    /// How much of a head that is not whole has been looked at.
    seen: usize,
    /// The client waits for an interim answer.
    expected: bool,
    /// What is still to be written of one.
    interim: &'static [u8],
    /// Somebody has the body of the request, and may read on.
    wanted: bool,
    /// The connection, where it waits for the body to be taken or given up.
    waiting: Option<Waker>,
    /// How many parts of bodies have been taken.
    taken: u64,
    /// Who reads the body, where that waits.
    reader: Option<Waker>,
    /// The connection has been given up: whoever still has the body gets no more of it.
    dead: bool,
}

/// The body of a request.
pub(super) struct Incoming {
    wire: Wire,
    /// All of it has been taken: what comes now is of another request.
    ended: bool,
}

impl Wire {
    pub(super) fn new(stream: Patient<TcpStream>) -> Self {
        Self(Arc::new(Mutex::new(Ends {
            stream,
            receiving: Receiving::new(),
            seen: 0,
            expected: false,
            interim: b"",
            wanted: false,
            waiting: None,
            taken: 0,
            reader: None,
            dead: false,
        })))
    }

    /// The head of the next request, or what came instead; `None` where nothing comes any more.
    pub(super) fn poll_head(&self, cx: &mut Context<'_>) -> Poll<Option<Result<Head, Refusal>>> {
        let mut ends = self.lock();
        loop {
            let seen = ends.seen;
            if let Some(head) = head::read(ends.receiving.input(), seen).transpose() {
                ends.seen = 0;
                return Poll::Ready(Some(head));
            }
            ends.seen = ends.receiving.input().len();
            if !matches!(ready!(ends.poll_read(cx)), Ok(1..)) {
                return Poll::Ready(None);
            }
        }
    }

    /// The body of the request whose head was taken.
    pub(super) fn body(&self, framing: Framing, expected: bool) -> Incoming {
        let mut ends = self.lock();
        ends.receiving.begin(framing);
        (ends.expected, ends.wanted) = (expected, true);
        Incoming {
            wire: self.clone(),
            ended: false,
        }
    }

    /// Ready when all of the request has been taken, or nobody wants the rest: an answer may come before it.
    pub(super) fn poll_released(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut ends = self.lock();
        if ends.receiving.is_whole() || !ends.wanted {
            return Poll::Ready(());
        }
        ends.waiting = Some(cx.waker().clone());
        Poll::Pending
    }

    /// How many parts of bodies have been taken: whether it goes on.
    pub(super) fn taken(&self) -> u64 {
        self.lock().taken
    }

    /// Ready when the client has gone that waits for an answer. What it sends meanwhile is the next request's.
    pub(super) fn poll_gone(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut ends = self.lock();
        if !ends.receiving.is_whole() {
            // Who has more to read hears of the end there, and tells when all is read.
            ends.waiting = Some(cx.waker().clone());
            return Poll::Pending;
        }
        if !ends.receiving.is_empty() {
            return Poll::Pending;
        }
        match ready!(ends.poll_read(cx)) {
            Ok(1..) => Poll::Pending,
            _ => Poll::Ready(()),
        }
    }

    /// Whether another request can follow, as far as can be told before the answer: somebody takes the body of this one.
    pub(super) fn can_go_on(&self) -> bool {
        let wanted = self.lock().wanted;
        wanted || self.is_at_rest()
    }

    /// Ends the connection also where somebody still has the body.
    pub(super) fn give_up(&self) {
        let mut ends = self.lock();
        ends.dead = true;
        if let Some(reader) = ends.reader.take() {
            reader.wake();
        }
    }

    /// Whether all of the request has been taken. What has come of a body that nobody wants is.
    pub(super) fn is_at_rest(&self) -> bool {
        let mut ends = self.lock();
        let mut nobody = Context::from_waker(Waker::noop());
        let mut skipped = 0;
        while !ends.receiving.is_whole() && skipped < MOST_UNWANTED {
            // Nobody is to be asked for more of it, and how much else the task has done says nothing of the connection.
            ends.expected = false;
            let frame = pin!(unconstrained(std::future::poll_fn(|cx| ends.poll_frame(cx)))).poll(&mut nobody);
            match frame {
                Poll::Ready(Some(Ok(frame))) => skipped += frame.data_ref().map_or(0, Bytes::len),
                Poll::Ready(None) => break,
                Poll::Ready(Some(Err(_))) | Poll::Pending => return false,
            }
        }
        ends.receiving.rest();
        ends.receiving.is_whole()
    }

    /// The answer begins: no interim one may come behind its first byte, whoever reads on. Tells whether the client still waits for
    /// one.
    pub(super) fn answer_begins(&self) -> bool {
        std::mem::take(&mut self.lock().expected)
    }

    /// Sends what is left of an interim answer.
    pub(super) fn poll_interim(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut ends = self.lock();
        let sent = ends.poll_interim(cx);
        if sent.is_pending() {
            // Whoever has the body may send it to its end.
            ends.waiting = Some(cx.waker().clone());
        }
        sent
    }

    /// Throws away what has come, and notes in `sends` that something has; ready when nothing more comes.
    pub(super) fn poll_discard(&self, cx: &mut Context<'_>, sends: &mut bool) -> Poll<()> {
        let mut ends = self.lock();
        let mut thrown_away = [0; 4096];
        for _ in 0..MOST_UNWANTED / thrown_away.len() {
            let mut buf = ReadBuf::new(&mut thrown_away);
            match ready!(Pin::new(&mut ends.stream).poll_read(cx, &mut buf)) {
                Ok(()) if !buf.filled().is_empty() => *sends = true,
                _ => return Poll::Ready(()),
            }
        }
        // Others have a turn.
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Lets the end of the connection look broken.
    pub(super) fn break_off(&self) {
        let _ = self.lock().stream.get_ref().set_zero_linger();
    }

    fn lock(&self) -> MutexGuard<'_, Ends> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if !self.ended {
            self.wire.lock().release();
        }
    }
}

impl Ends {
    /// Nobody reads the body any more.
    fn release(&mut self) {
        self.wanted = false;
        if let Some(connection) = self.waiting.take() {
            connection.wake();
        }
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        self.receiving.poll_read(&mut self.stream, cx)
    }

    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        loop {
            if let Some(frame) = self.receiving.take_frame()? {
                self.taken += 1;
                // Who sends has not waited.
                self.expected = false;
                return Poll::Ready(Some(Ok(frame)));
            }
            if self.receiving.is_whole() {
                return Poll::Ready(None);
            }
            if std::mem::take(&mut self.expected) {
                self.interim = CONTINUE;
            }
            ready!(self.poll_interim(cx))?;
            if ready!(self.poll_read(cx))? == 0 {
                return Poll::Ready(Some(Err(io::Error::from(io::ErrorKind::UnexpectedEof).into())));
            }
        }
    }

    fn poll_interim(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.interim.is_empty() {
            match ready!(Pin::new(&mut self.stream).poll_write(cx, self.interim))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => self.interim = &self.interim[written..],
            }
            // The system tells only the last who waited for room.
            if self.interim.is_empty() {
                let others = [self.reader.take(), self.waiting.take()];
                others.into_iter().flatten().for_each(Waker::wake);
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.lock().stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.lock().stream).poll_write_vectored(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.lock().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.lock().stream).poll_shutdown(cx)
    }
}

impl Body for Incoming {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        if this.ended {
            return Poll::Ready(None);
        }
        let mut ends = this.wire.lock();
        if ends.dead {
            return Poll::Ready(Some(
                Err(io::Error::from(io::ErrorKind::ConnectionAborted).into()),
            ));
        }
        let frame = ends.poll_frame(cx);
        ends.reader = frame.is_pending().then(|| cx.waker().clone());
        if ends.receiving.is_whole() {
            ends.release();
            this.ended = true;
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.ended
    }

    fn size_hint(&self) -> SizeHint {
        match self.ended {
            true => SizeHint::with_exact(0),
            false => self.wire.lock().receiving.size_hint(),
        }
    }
}
