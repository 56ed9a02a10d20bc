//! A connection of HTTP/1.1. It has one request at a time, and no task of its own: whoever has the request moves it, and nobody
//! has to be woken between a client's connection and Webex's.

mod head;
mod upload;

use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Response, StatusCode};
use http_body::{Frame, SizeHint};
use hyper_util::client::legacy::connect::Connection as _;
use hyper_util::rt::TokioIo;
use tokio::task::unconstrained;
use tokio::time::Instant;

use self::head::Way;
use self::upload::Upload;
use super::broken::{Broken, Unanswered};
use super::question::Question;
use super::{Origin, Stream};
use crate::http1::Framing;
use crate::http1::receiving::Receiving;
use crate::proxy::body::Attempt;

/// What has come of an answer that nobody wants is read past, up to so many bytes, so that its connection can be kept.
const MOST_UNWANTED: usize = 64 * 1024;

/// A connection, with what is on its way through it.
pub(super) struct Exclusive {
    stream: TokioIo<Stream>,
    /// Whether a forward proxy is at the other end.
    proxied: bool,
    since: Instant,
    upload: Upload,
    /// How the upload has ended early; there may be an answer all the same.
    cut: Option<Broken>,
    receiving: Receiving,
    /// Whether it takes another request after this one.
    lasts: bool,
}

/// What is left of a connection after an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Left {
    /// It takes the next request.
    Free,
    /// The request is still being sent, although its answer is here.
    Busy,
    /// Nothing.
    Ended,
}

impl Exclusive {
    /// Speaks HTTP/1.1 on `stream`; nothing is sent yet.
    pub(super) fn open(stream: Stream) -> Box<Self> {
        Box::new(Self {
            proxied: stream.connected().is_proxied(),
            stream: TokioIo::new(stream),
            since: Instant::now(),
            upload: Upload::default(),
            cut: None,
            receiving: Receiving::new(),
            lasts: true,
        })
    }

    /// Whether it is older than `limit` `now`.
    pub(super) fn is_older(&self, limit: Duration, now: Instant) -> bool {
        now.saturating_duration_since(self.since) > limit
    }

    /// Sends a request, up to the head of its answer. What is left of either body moves with [`Self::poll_frame`].
    pub(super) async fn send(
        &mut self,
        question: Question<'_>,
        origin: &Origin,
        body: Attempt,
    ) -> Result<Response<()>, Unanswered<Attempt>> {
        if let Some(why) = self.ended() {
            return Err(Unanswered {
                why,
                unsent: Some(body),
            });
        }
        // A forward proxy takes targets in absolute form (RFC 9112 section 3.2.2).
        let way = Way {
            origin,
            is_proxied: self.proxied,
        };
        self.upload.begin(question, way, body);
        // Until the answer tells, nothing may follow.
        self.lasts = false;
        let answer = poll_fn(|cx| self.poll_answer(question.method, cx)).await;
        answer.map_err(|why| match self.upload.has_begun() {
            true => Unanswered::sent(why),
            false => Unanswered {
                why,
                unsent: self.upload.take_unsent(),
            },
        })
    }

    /// The next part of the answer's body; what is left of the request's goes on meanwhile.
    pub(super) fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        loop {
            if let Some(frame) = self.receiving.take_frame().map_err(Broken::from)? {
                return Poll::Ready(Some(Ok(frame)));
            }
            if self.is_end_stream() {
                return Poll::Ready(None);
            }
            if let Err(broken) = self.move_upload(cx) {
                return Poll::Ready(Some(Err(broken)));
            }
            match ready!(self.poll_read(cx)) {
                Ok(0) if self.receiving.close() => {}
                Ok(0) => return Poll::Ready(Some(Err(Broken::Closed))),
                Ok(_) => {}
                Err(error) => return Poll::Ready(Some(Err(error.into()))),
            }
        }
    }

    /// Whether all of the answer has been taken.
    pub(super) fn is_end_stream(&self) -> bool {
        self.receiving.is_whole()
    }

    /// How much is left of the answer's body, where that is known.
    pub(super) fn size_hint(&self) -> SizeHint {
        self.receiving.size_hint()
    }

    /// Takes what has come of an answer that nobody wants.
    pub(super) fn skip(&mut self) {
        let mut skipped = 0;
        let mut nobody = Context::from_waker(Waker::noop());
        while skipped < MOST_UNWANTED
            && let Poll::Ready(Some(Ok(frame))) = self.poll_frame(&mut nobody)
        {
            skipped += frame.data_ref().map_or(0, Bytes::len);
        }
    }

    /// What becomes of it after an exchange. No task is woken by it any more.
    pub(super) fn left(&mut self) -> Left {
        if !self.is_end_stream() || self.cut.is_some() {
            return Left::Ended;
        }
        let mut nobody = Context::from_waker(Waker::noop());
        match self.upload.poll(&mut self.stream, &mut nobody) {
            Poll::Pending => Left::Busy,
            Poll::Ready(Ok(())) if self.lasts && self.receiving.is_empty() => {
                self.receiving.rest();
                Left::Free
            }
            Poll::Ready(_) => Left::Ended,
        }
    }

    /// Sends what is left of a request whose answer has come whole; tells whether the connection is free then.
    pub(super) async fn finish(&mut self) -> bool {
        let sent = poll_fn(|cx| self.upload.poll(&mut self.stream, cx)).await;
        sent.is_ok() && self.left() == Left::Free
    }

    /// How it has ended since its last exchange, if it has: whatever comes now is no answer to a request that is not sent yet.
    fn ended(&mut self) -> Option<Broken> {
        let mut nobody = Context::from_waker(Waker::noop());
        // How much else the task has done says nothing of the connection.
        let read = pin!(unconstrained(poll_fn(|cx| self.poll_read(cx)))).poll(&mut nobody);
        match read {
            Poll::Pending => None,
            Poll::Ready(Ok(0)) => Some(Broken::Closed),
            Poll::Ready(Ok(_)) => Some(Broken::Answer("it answers what nobody has asked")),
            Poll::Ready(Err(error)) => Some(error.into()),
        }
    }

    fn poll_answer(&mut self, method: &Method, cx: &mut Context<'_>) -> Poll<Result<Response<()>, Broken>> {
        self.move_upload(cx)?;
        loop {
            while let Some(answer) = head::read(self.receiving.input())? {
                let interim = answer.status().is_informational();
                // There is no other interim answer after which something else than HTTP comes.
                if interim && answer.status() != StatusCode::SWITCHING_PROTOCOLS {
                    continue;
                }
                let framing = head::framing(method, &answer)?;
                self.lasts = !interim && framing != Framing::UntilClose && head::persists(&answer);
                self.receiving.begin(framing);
                return Poll::Ready(Ok(answer));
            }
            match ready!(self.poll_read(cx)) {
                Ok(1..) => {}
                // What the upload met came first.
                Ok(0) => return Poll::Ready(Err(self.cut.take().unwrap_or(Broken::Closed))),
                Err(error) => return Poll::Ready(Err(self.cut.take().unwrap_or(error.into()))),
            }
        }
    }

    /// Sends what can be sent. Where Webex takes no more, it may have answered before it closed: that is looked for.
    fn move_upload(&mut self, cx: &mut Context<'_>) -> Result<(), Broken> {
        let Poll::Ready(Err(broken)) = self.upload.poll(&mut self.stream, cx) else {
            return Ok(());
        };
        if !matches!(broken, Broken::Connection(_)) || !self.upload.has_begun() {
            return Err(broken);
        }
        self.upload.give_up();
        self.cut = Some(broken);
        Ok(())
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        self.receiving.poll_read(&mut self.stream, cx)
    }
}
