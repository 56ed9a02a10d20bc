//! The body of an answer: passed on as it comes, given up when it stalls, cut where it was cut upstream.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};
use tower::BoxError;

use crate::dump::LONGEST_BODY;
use crate::proxy::headers;

/// Told at the end what the body was, or `None` if it was long or did not come whole.
type OnEnd = Box<dyn FnOnce(Option<&[u8]>) + Send>;

/// A body under an idle limit, with its trailers filtered.
pub struct IdleLimited<B> {
    body: B,
    trailers: bool,
    limit: Duration,
    idle: Option<Pin<Box<Sleep>>>,
    watcher: Option<Watcher>,
}

struct Watcher {
    seen: Option<Vec<u8>>,
    complete: bool,
    on_end: Option<OnEnd>,
}

impl<B> IdleLimited<B> {
    /// Wraps `body`; `trailers` says whether the client takes them, `limit` is how long each part may take to come.
    pub fn new(body: B, trailers: bool, limit: Duration) -> Self {
        Self {
            body,
            trailers,
            limit,
            idle: None,
            watcher: None,
        }
    }

    /// Has `on_end` told what the body was.
    #[must_use]
    pub fn on_end(mut self, on_end: Option<impl FnOnce(Option<&[u8]>) + Send + 'static>) -> Self {
        self.watcher = on_end.map(|on_end| Watcher {
            seen: Some(Vec::new()),
            complete: false,
            on_end: Some(Box::new(on_end)),
        });
        self
    }
}

impl<B> Body for IdleLimited<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        loop {
            let frame = match Pin::new(&mut this.body).poll_frame(cx) {
                Poll::Pending => {
                    let end = Instant::now() + this.limit;
                    let idle = this.idle.get_or_insert_with(|| Box::pin(sleep_until(end)));
                    return match idle.as_mut().poll(cx) {
                        Poll::Pending => Poll::Pending,
                        Poll::Ready(()) => Poll::Ready(Some(Err("the answer stalled".into()))),
                    };
                }
                Poll::Ready(frame) => frame,
            };
            this.idle = None;
            match frame {
                None => {
                    this.complete();
                    return Poll::Ready(None);
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error.into()))),
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => {
                        this.see(&data);
                        return Poll::Ready(Some(Ok(Frame::data(data))));
                    }
                    Err(frame) => {
                        let trailers = frame.into_trailers().ok().filter(|_| this.trailers);
                        let trailers = trailers.map(headers::for_trailers);
                        if let Some(trailers) = trailers.filter(|trailers| !trailers.is_empty()) {
                            return Poll::Ready(Some(Ok(Frame::trailers(trailers))));
                        }
                    }
                },
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B: Body> IdleLimited<B> {
    fn see(&mut self, data: &Bytes) {
        let Some(watcher) = &mut self.watcher else { return };
        match &mut watcher.seen {
            Some(seen) if seen.len() + data.len() <= LONGEST_BODY => seen.extend_from_slice(data),
            seen => *seen = None,
        }
        watcher.complete = self.body.is_end_stream();
    }

    fn complete(&mut self) {
        if let Some(watcher) = &mut self.watcher {
            watcher.complete = true;
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        if let Some(on_end) = self.on_end.take() {
            on_end(
                self.seen
                    .as_deref()
                    .filter(|seen| self.complete || seen.is_empty()),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderMap, HeaderValue};
    use http_body_util::{BodyExt as _, Full, StreamBody};

    const LIMIT: Duration = Duration::from_mins(1);

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stalls_ends_with_an_error() {
        let stalled = StreamBody::new(futures_util::stream::pending::<Result<Frame<Bytes>, BoxError>>());
        let start = Instant::now();
        assert!(IdleLimited::new(stalled, false, LIMIT).collect().await.is_err());
        assert_eq!(start.elapsed(), LIMIT);
    }

    #[tokio::test]
    async fn trailers_pass_only_to_clients_that_take_them() {
        for taken in [true, false] {
            let mut trailers = HeaderMap::new();
            trailers.insert("x-checksum", HeaderValue::from_static("1"));
            let frames: [Result<_, BoxError>; 2] =
                [Ok(Frame::data(Bytes::from("a"))), Ok(Frame::trailers(trailers))];
            let body = IdleLimited::new(StreamBody::new(futures_util::stream::iter(frames)), taken, LIMIT);
            assert_eq!(body.collect().await.unwrap().trailers().is_some(), taken);
        }
    }

    #[tokio::test]
    async fn a_short_body_is_told_at_the_end_and_a_long_one_is_not() {
        for (length, told) in [(5, Some(5)), (LONGEST_BODY + 1, None)] {
            let (sender, receiver) = tokio::sync::oneshot::channel();
            let body = Full::new(Bytes::from(vec![b'x'; length]));
            let body = IdleLimited::new(body, false, LIMIT).on_end(Some(move |seen: Option<&[u8]>| {
                let _ = sender.send(seen.map(<[u8]>::len));
            }));
            body.collect().await.unwrap();
            assert_eq!(receiver.await.unwrap(), told);
        }
    }
}
