//! A request body that streams to Webex while a bounded copy is kept, in case a 401 makes a second attempt necessary.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body as HttpBody, Frame, SizeHint};
use thiserror::Error;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::metrics::traffic::Traffic;
use crate::proxy::budget::Progress;
use crate::proxy::headers;

/// A body up to this size can be sent again; of a larger one nothing is kept.
const REPLAY_LIMIT: usize = 1024 * 1024;

/// Parts that are smaller together are kept as one: each part takes room besides its bytes.
const SMALL_PART: usize = 512;

/// The body of one request, over all attempts to send it.
#[derive(Clone)]
pub struct Replay(Option<Source>);

/// What attempts share of a body that is not empty.
#[derive(Clone)]
struct Source {
    shared: Arc<Mutex<Shared>>,
    progress: Arc<Progress>,
    limit: Duration,
}

struct Shared {
    /// What has not been read from the client yet.
    source: Body,
    /// What has, while it is below the limit.
    kept: Vec<Bytes>,
    kept_bytes: usize,
    /// More was read than is kept: no second attempt.
    overflowed: bool,
    trailers: Option<HeaderMap>,
    ended: bool,
    /// What the client did wrong.
    fault: Option<ClientFault>,
    /// The newest attempt; older ones may not read on.
    attempt: u32,
    /// Where a body that is too large is counted.
    traffic: Arc<Traffic>,
}

/// The body as one attempt sends it.
pub struct Attempt(Option<Sending>);

struct Sending {
    source: Source,
    number: u32,
    next: usize,
    trailers_sent: bool,
    remaining: SizeHint,
    idle: Option<Pin<Box<Sleep>>>,
}

/// How a client fails to send its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientFault {
    /// It went away or broke the framing.
    Cut,
    /// It sent nothing for as long as it may.
    Stalled,
}

/// Why the body of an attempt ends early.
#[derive(Debug, Error)]
pub enum ReplayError {
    /// The client went away or broke the framing.
    #[error("the client did not send the whole body")]
    Client(#[source] axum::Error),
    /// The client sends no more.
    #[error("the client stopped sending the body")]
    Stalled,
    /// A newer attempt has taken over.
    #[error("the request is sent again with a newer token")]
    Superseded,
}

impl Replay {
    /// Wraps the client's body, each part of which may take `limit` to come; nothing is read before an attempt asks for it.
    /// `traffic` learns when it turns out to be too large.
    #[must_use]
    pub fn new(source: Body, limit: Duration, traffic: &Arc<Traffic>) -> Self {
        if source.is_end_stream() {
            return Self(None);
        }
        let shared = Shared {
            source,
            kept: Vec::new(),
            kept_bytes: 0,
            overflowed: false,
            trailers: None,
            ended: false,
            fault: None,
            attempt: 0,
            traffic: Arc::clone(traffic),
        };
        Self(Some(Source {
            shared: Arc::new(Mutex::new(shared)),
            progress: Arc::new(Progress::new()),
            limit,
        }))
    }

    /// How far the body has come, where there is one.
    #[must_use]
    pub fn progress(&self) -> Option<&Arc<Progress>> {
        self.0.as_ref().map(|source| &source.progress)
    }

    /// What is left of the body is not what the request waits for any more.
    pub fn leave(&self) {
        if let Some(progress) = self.progress() {
            progress.end();
        }
    }

    /// Whether a further attempt could send all of it, as things stand now.
    #[must_use]
    pub fn replayable(&self) -> bool {
        self.0.as_ref().is_none_or(|source| !source.lock().overflowed)
    }

    /// What the client did wrong, if it did.
    #[must_use]
    pub fn fault(&self) -> Option<ClientFault> {
        self.0.as_ref().and_then(|source| source.lock().fault)
    }

    /// The body for a new attempt, if all of it can be sent. Attempts before it end with an error.
    #[must_use]
    pub fn attempt(&self) -> Option<Attempt> {
        let Some(source) = &self.0 else {
            return Some(Attempt(None));
        };
        let mut shared = source.lock();
        if shared.overflowed {
            return None;
        }
        source.progress.end();
        shared.attempt += 1;
        let kept = u64::try_from(shared.kept_bytes).unwrap_or(u64::MAX);
        let remaining = shared.source.size_hint();
        let remaining = match remaining.exact() {
            Some(rest) => SizeHint::with_exact(rest + kept),
            None => SizeHint::default(),
        };
        Some(Attempt(Some(Sending {
            number: shared.attempt,
            next: 0,
            trailers_sent: false,
            remaining,
            idle: None,
            source: source.clone(),
        })))
    }
}

impl Source {
    fn lock(&self) -> MutexGuard<'_, Shared> {
        // Each step leaves the body as it is described, so a panic elsewhere does not make it unusable.
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    /// There is no whole body and there will be none.
    fn fail(&mut self, fault: ClientFault) {
        self.overflowed = true;
        self.fault = Some(fault);
    }

    fn keep(&mut self, data: &Bytes) {
        if self.kept_bytes + data.len() > REPLAY_LIMIT {
            if !self.overflowed {
                self.traffic.replay_overflowed();
            }
            self.overflowed = true;
        }
        if self.overflowed {
            self.kept = Vec::new();
        } else {
            self.kept_bytes += data.len();
            match self.kept.last_mut() {
                // The attempt that reads on has sent it.
                Some(last) if last.len() + data.len() <= SMALL_PART => {
                    *last = [&last[..], data].concat().into();
                }
                // A part of a buffer would hold all of it.
                _ if data.len() <= SMALL_PART => self.kept.push(Bytes::copy_from_slice(data)),
                _ => self.kept.push(data.clone()),
            }
        }
    }
}

impl HttpBody for Attempt {
    type Data = Bytes;
    type Error = ReplayError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ReplayError>>> {
        let Some(this) = &mut self.get_mut().0 else {
            return Poll::Ready(None);
        };
        let Source {
            shared,
            progress,
            limit,
        } = &this.source;
        let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
        if shared.attempt != this.number {
            return Poll::Ready(Some(Err(ReplayError::Superseded)));
        }
        if let Some(data) = shared.kept.get(this.next).cloned() {
            this.next += 1;
            this.remaining = after(&this.remaining, data.len());
            return Poll::Ready(Some(Ok(Frame::data(data))));
        }
        while !shared.ended {
            let Poll::Ready(frame) = Pin::new(&mut shared.source).poll_frame(cx) else {
                progress.awaits_client();
                let end = Instant::now() + *limit;
                let idle = this.idle.get_or_insert_with(|| Box::pin(sleep_until(end)));
                ready!(idle.as_mut().poll(cx));
                shared.fail(ClientFault::Stalled);
                return Poll::Ready(Some(Err(ReplayError::Stalled)));
            };
            this.idle = None;
            progress.moved();
            match frame {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => {
                        shared.keep(&data);
                        // A body of known length is not asked for its end.
                        if shared.source.is_end_stream() {
                            shared.ended = true;
                            progress.end();
                        }
                        this.next = shared.kept.len();
                        this.remaining = after(&this.remaining, data.len());
                        return Poll::Ready(Some(Ok(Frame::data(data))));
                    }
                    Err(frame) => {
                        let trailers = frame.into_trailers().ok().map(headers::for_trailers);
                        shared.trailers = trailers.filter(|trailers| !trailers.is_empty());
                    }
                },
                Some(Err(error)) => {
                    shared.fail(ClientFault::Cut);
                    progress.end();
                    return Poll::Ready(Some(Err(ReplayError::Client(error))));
                }
                None => {
                    shared.ended = true;
                    progress.end();
                }
            }
        }
        let trailers = shared.trailers.clone().filter(|_| !this.trailers_sent);
        this.trailers_sent = true;
        Poll::Ready(trailers.map(|trailers| Ok(Frame::trailers(trailers))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.as_ref().is_none_or(|sending| {
            let shared = sending.source.lock();
            let trailers = shared.trailers.is_some() && !sending.trailers_sent;
            shared.ended && sending.next >= shared.kept.len() && !trailers
        })
    }

    fn size_hint(&self) -> SizeHint {
        let nothing = || SizeHint::with_exact(0);
        self.0.as_ref().map_or_else(nothing, |sending| sending.remaining)
    }
}

fn after(remaining: &SizeHint, sent: usize) -> SizeHint {
    match remaining.exact() {
        Some(rest) => SizeHint::with_exact(rest.saturating_sub(u64::try_from(sent).unwrap_or(u64::MAX))),
        None => SizeHint::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::{StreamExt as _, stream};
    use http_body_util::BodyExt as _;

    const LIMIT: Duration = Duration::from_mins(1);

    fn chunks(sizes: &[usize]) -> Body {
        let chunks: Vec<_> = sizes
            .iter()
            .map(|size| Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; *size])))
            .collect();
        Body::from_stream(stream::iter(chunks))
    }

    async fn read(attempt: Attempt) -> Result<usize, ReplayError> {
        Ok(attempt.collect().await?.to_bytes().len())
    }

    #[tokio::test]
    async fn a_second_attempt_sends_the_whole_body_again() {
        let replay = Replay::new(chunks(&[10, 20, 30]), LIMIT, &Arc::default());
        assert_eq!(read(replay.attempt().unwrap()).await.unwrap(), 60);
        assert!(replay.replayable());
        assert_eq!(read(replay.attempt().unwrap()).await.unwrap(), 60);
    }

    #[tokio::test]
    async fn a_second_attempt_takes_over_where_the_first_stopped_reading() {
        let replay = Replay::new(chunks(&[10, 20, 30]), LIMIT, &Arc::default());
        let mut first = replay.attempt().unwrap();
        first.frame().await.unwrap().unwrap();
        let second = replay.attempt().unwrap();
        assert!(matches!(first.frame().await, Some(Err(ReplayError::Superseded))));
        assert_eq!(read(second).await.unwrap(), 60);
    }

    #[tokio::test]
    async fn a_body_above_the_limit_streams_once_and_nothing_of_it_is_kept() {
        let replay = Replay::new(chunks(&[REPLAY_LIMIT, 1, 5]), LIMIT, &Arc::default());
        assert_eq!(read(replay.attempt().unwrap()).await.unwrap(), REPLAY_LIMIT + 6);
        assert!(!replay.replayable() && replay.attempt().is_none());
        assert!(replay.0.unwrap().lock().kept.is_empty());
    }

    #[tokio::test]
    async fn the_limit_itself_is_kept_and_a_byte_more_is_not() {
        for (sizes, kept) in [
            (&[REPLAY_LIMIT][..], true),
            (&[REPLAY_LIMIT - 1, 1], true),
            (&[REPLAY_LIMIT + 1], false),
            (&[1, REPLAY_LIMIT], false),
            (&[2, REPLAY_LIMIT - 1], false),
        ] {
            let replay = Replay::new(chunks(sizes), LIMIT, &Arc::default());
            let all: usize = sizes.iter().sum();
            assert_eq!(read(replay.attempt().unwrap()).await.unwrap(), all);
            assert_eq!(replay.replayable(), kept, "{sizes:?}");
        }
    }

    #[tokio::test]
    async fn trailers_come_last_in_every_attempt_unless_none_of_them_may_pass() {
        for (name, passes) in [("x-checksum", true), ("content-length", false)] {
            let mut trailers = HeaderMap::new();
            trailers.insert(name, http::HeaderValue::from_static("1"));
            let frames = [
                Ok::<_, std::io::Error>(Frame::data(Bytes::from("a"))),
                Ok(Frame::trailers(trailers)),
            ];
            let body = Body::new(http_body_util::StreamBody::new(stream::iter(frames)));
            let replay = Replay::new(body, LIMIT, &Arc::default());
            for number in 1..3 {
                let mut attempt = replay.attempt().unwrap();
                assert!(attempt.frame().await.unwrap().unwrap().is_data());
                assert!(
                    number == 1 || attempt.is_end_stream() != passes,
                    "{name} {number}"
                );
                let last = attempt.frame().await.map(Result::unwrap);
                assert_eq!(
                    last.is_some_and(|frame| frame.is_trailers()),
                    passes,
                    "{name} {number}"
                );
                assert!(attempt.is_end_stream());
                assert!(attempt.frame().await.is_none());
            }
        }
    }

    #[tokio::test]
    async fn a_known_length_stays_known_for_every_attempt() {
        let replay = Replay::new(Body::from("hello"), LIMIT, &Arc::default());
        assert_eq!(replay.attempt().unwrap().size_hint().exact(), Some(5));
        let mut first = replay.attempt().unwrap();
        first.frame().await.unwrap().unwrap();
        assert_eq!(first.size_hint().exact(), Some(0));
        assert_eq!(replay.attempt().unwrap().size_hint().exact(), Some(5));
    }

    #[tokio::test]
    async fn an_empty_body_has_ended_before_it_began() {
        assert!(
            Replay::new(Body::empty(), LIMIT, &Arc::default())
                .attempt()
                .unwrap()
                .is_end_stream()
        );
    }

    #[tokio::test]
    async fn a_body_that_the_client_cut_cannot_be_sent_again() {
        let broken = stream::iter([Ok(Bytes::from("a")), Err(std::io::Error::other("gone"))]);
        let replay = Replay::new(Body::from_stream(broken), LIMIT, &Arc::default());
        assert!(matches!(
            read(replay.attempt().unwrap()).await,
            Err(ReplayError::Client(_))
        ));
        assert!(!replay.replayable());
        assert_eq!(replay.fault(), Some(ClientFault::Cut));
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stops_coming_is_given_up() {
        let stalled = stream::once(async { Ok::<_, std::io::Error>(Bytes::from("a")) });
        let replay = Replay::new(
            Body::from_stream(stalled.chain(stream::pending())),
            LIMIT,
            &Arc::default(),
        );
        let start = Instant::now();
        let end = read(replay.attempt().unwrap()).await;
        assert!(matches!(end, Err(ReplayError::Stalled)));
        assert_eq!(
            (start.elapsed(), replay.fault()),
            (LIMIT, Some(ClientFault::Stalled))
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_comes_slowly_is_not() {
        let slow = stream::iter(0..5).then(|_| async {
            tokio::time::sleep(LIMIT / 2).await;
            Ok::<_, std::io::Error>(Bytes::from("a"))
        });
        let replay = Replay::new(Body::from_stream(slow), LIMIT, &Arc::default());
        assert_eq!(read(replay.attempt().unwrap()).await.unwrap(), 5);
    }

    #[tokio::test]
    async fn a_body_in_tiny_parts_is_kept_in_few_and_sent_again_as_it_came() {
        let text: Vec<u8> = (0..20_000_u32)
            .map(|number| b'a' + u8::try_from(number % 26).unwrap())
            .collect();
        let parts: Vec<_> = text
            .iter()
            .map(|byte| Ok::<_, std::io::Error>(Bytes::copy_from_slice(&[*byte])))
            .collect();
        let body = Body::from_stream(futures_util::stream::iter(parts));
        let replay = Replay::new(body, Duration::from_mins(1), &Arc::default());
        for _ in 0..2 {
            let sent = replay.attempt().unwrap().collect().await.unwrap().to_bytes();
            assert_eq!(sent, text);
        }
        let parts = replay.0.as_ref().unwrap().lock().kept.len();
        assert!(parts <= 2 * text.len() / SMALL_PART, "{parts}");
    }
}
