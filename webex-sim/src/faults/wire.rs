//! How an answer is broken on its way. What concerns the body is done here; what concerns the connection is left to the
//! listener ([`Act`]).

use std::convert::Infallible;
use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context as Task, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::response::Response;
use http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use http::{HeaderValue, Version};
use hyper::body::{Frame, SizeHint};
use serde::de::IgnoredAny;
use tokio::time::Sleep;

use crate::context::Shown;
use crate::control::types::Wire;
use crate::server::listen::{Act, Connection, Cut};

/// Breaks `response`, whose request came in `version`.
pub(super) async fn broken(
    wire: Wire,
    mut response: Response,
    connection: &Connection,
    version: Version,
) -> Response {
    let act = match wire {
        Wire::Reset => Act::Reset,
        Wire::Empty => Act::Empty,
        Wire::Hang => Act::Hang,
        Wire::Goaway => {
            if version < Version::HTTP_2 {
                response
                    .headers_mut()
                    .insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Act::GoAway
        }
        Wire::WrongContentType => return mislabelled(response),
        Wire::Malformed => {
            let mut response = with_body(response, |whole| Body::from(malformed(&whole))).await;
            response.extensions_mut().remove::<Shown>();
            return response;
        }
        Wire::Truncate { bytes } => {
            let connection = connection.clone();
            return with_body(response, |whole| {
                Body::new(Truncated::new(&whole, bytes, connection))
            })
            .await;
        }
        Wire::Drip { bytes, every_ms } => {
            let piece = usize::try_from(bytes).unwrap_or(usize::MAX);
            let pause = Duration::from_millis(every_ms.into());
            return with_body(response, |whole| Body::new(Dripping::new(whole, piece, pause))).await;
        }
    };
    response.extensions_mut().insert(act);
    response
}

/// Puts another body in the place of one that is not empty, and announces its size.
async fn with_body(response: Response, change: impl FnOnce(Bytes) -> Body) -> Response {
    let (mut parts, body) = response.into_parts();
    // The bodies of this simulator are in memory already, and reading them cannot fail.
    let whole = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    if whole.is_empty() {
        return Response::from_parts(parts, Body::empty());
    }
    // The journal shows what was meant to be sent: what breaks on its way cannot be read beforehand.
    parts.extensions.insert(Shown(whole.clone()));
    let body = change(whole);
    parts.headers.remove(TRANSFER_ENCODING);
    parts.headers.remove(CONTENT_LENGTH);
    if let Some(size) = body.size_hint().exact() {
        parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(size));
    }
    Response::from_parts(parts, body)
}

/// JSON that says it is HTML, as a proxy's error page would; HTML that says it is JSON.
fn mislabelled(mut response: Response) -> Response {
    let sent = response.headers().get(CONTENT_TYPE);
    let is_html = sent.is_some_and(|value| value.as_bytes().starts_with(b"text/html"));
    let other = if is_html { "application/json" } else { "text/html" };
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(other));
    response
}

/// The first half: what was JSON is none any more.
fn malformed(whole: &[u8]) -> Bytes {
    let half = &whole[..whole.len() / 2];
    if half.is_empty() || serde_json::from_slice::<IgnoredAny>(half).is_ok() {
        // Half of a number is a number.
        return Bytes::from_static(b"{");
    }
    Bytes::copy_from_slice(half)
}

/// The start of a body whose whole size is announced. It fails once what there is of it is on its way.
struct Truncated {
    start: Option<Bytes>,
    whole: u64,
    sent: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl Truncated {
    fn new(whole: &Bytes, bytes: u64, connection: Connection) -> Self {
        let most = whole.len().saturating_sub(1);
        let start = whole.slice(..usize::try_from(bytes).unwrap_or(usize::MAX).min(most));
        let more = u64::try_from(start.len()).unwrap_or(u64::MAX).max(1);
        let target = connection.written() + more;
        Self {
            start: Some(start),
            whole: u64::try_from(whole.len()).unwrap_or(u64::MAX),
            sent: Box::pin(async move { connection.flushed(target).await }),
        }
    }
}

impl HttpBody for Truncated {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        if let Some(start) = self.start.take().filter(|start| !start.is_empty()) {
            return Poll::Ready(Some(Ok(Frame::data(start))));
        }
        ready!(self.sent.as_mut().poll(task));
        Poll::Ready(Some(Err(Cut)))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.whole)
    }
}

/// A body that comes in pieces, with a pause before each but the first.
struct Dripping {
    rest: Bytes,
    piece: usize,
    pause: Duration,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Dripping {
    fn new(whole: Bytes, piece: usize, pause: Duration) -> Self {
        Self {
            rest: whole,
            piece,
            pause,
            sleep: None,
        }
    }
}

impl HttpBody for Dripping {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        task: &mut Task<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        if let Some(sleep) = &mut self.sleep {
            ready!(sleep.as_mut().poll(task));
        }
        let size = self.piece.min(self.rest.len());
        let piece = self.rest.split_to(size);
        self.sleep = Some(Box::pin(tokio::time::sleep(self.pause)));
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(u64::try_from(self.rest.len()).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    #[test]
    fn what_was_json_is_none_any_more() {
        for whole in [r#"{"a":1}"#, "[]", "[1,2]", "12", "1", r#""ab""#, "null", "true"] {
            let broken = malformed(whole.as_bytes());
            assert!(
                serde_json::from_slice::<Value>(&broken).is_err(),
                "{whole} became {broken:?}"
            );
        }
    }

    #[test]
    fn a_wrong_content_type_is_never_the_right_one() {
        let labelled = |media_type: &'static str| {
            let mut response = Response::new(Body::empty());
            response
                .headers_mut()
                .insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
            mislabelled(response).headers()[CONTENT_TYPE].clone()
        };
        assert_eq!(labelled("application/json"), "text/html");
        assert_eq!(labelled("text/html; charset=utf-8"), "application/json");
        assert_eq!(
            mislabelled(Response::new(Body::empty())).headers()[CONTENT_TYPE],
            "text/html"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_dripping_body_comes_whole_and_in_pieces() {
        let start = tokio::time::Instant::now();
        let mut body = Dripping::new(Bytes::from_static(b"abcdefg"), 3, Duration::from_mins(1));
        let mut pieces = Vec::new();
        while let Some(frame) = body.frame().await {
            pieces.push(frame.unwrap().into_data().unwrap());
        }
        assert_eq!(pieces, ["abc", "def", "g"]);
        assert_eq!(
            start.elapsed(),
            Duration::from_mins(2),
            "no pause before or after"
        );
    }

    #[tokio::test]
    async fn a_body_that_is_empty_stays_empty() {
        let response = Response::new(Body::empty());
        let response = with_body(response, |_| panic!("there is nothing to change")).await;
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "");
    }

    proptest! {
        #[test]
        fn no_half_is_json(text in "\\PC{0,40}", number in any::<f64>()) {
            for value in [Value::from(text), Value::from(number)] {
                let whole = serde_json::json!({"a": value, "b": [value]}).to_string();
                for whole in [whole, value.to_string()] {
                    prop_assert!(serde_json::from_slice::<Value>(&malformed(whole.as_bytes())).is_err());
                }
            }
        }
    }
}
