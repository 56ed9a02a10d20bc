//! One line for each request, written when its answer has been sent or given up.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::Instant;
use tracing::info;

use crate::go::GoDuration;
use crate::metrics::labels::{Cut, Label as _, Source};
use crate::metrics::traffic::Traffic;
use crate::proxy::headers::lines;
use crate::tracking_id::TRACKING_ID;

/// The target of access lines; the text format gives them the layout that the field's log filters parse.
pub const TARGET: &str = "webex_gateway::access";

/// nginx's number for a client that went away before the answer.
const CLIENT_GONE: u16 = 499;

/// What the line says; it is written when this is dropped.
pub struct Line {
    traffic: Arc<Traffic>,
    start: Instant,
    method: Method,
    target: Uri,
    /// `None` until there is an answer.
    status: Option<StatusCode>,
    source: Source,
    /// Who ended the answer early, if that happened.
    cut: Option<Cut>,
    tracking_id: Option<HeaderValue>,
    /// The client's address.
    client: Arc<str>,
}

/// The body of an answer, with the line that is written when it has been sent or given up.
pub struct Logged<B> {
    body: B,
    /// What is still to come, where that is known.
    left: Option<u64>,
    /// All of the body has been taken.
    ended: bool,
    line: Line,
}

impl Line {
    /// A request has come in. Its query is left out: it may hold a code or personal data.
    #[must_use]
    pub fn begin<B>(traffic: Arc<Traffic>, request: &Request<B>, client: Arc<str>) -> Self {
        traffic.request_started();
        Self {
            traffic,
            start: Instant::now(),
            method: request.method().clone(),
            target: request.uri().clone(),
            status: None,
            source: Source::Gateway,
            cut: None,
            tracking_id: None,
            client,
        }
    }

    /// Follows the answer until it has been sent.
    pub fn follow<B: HttpBody>(mut self, answer: Response<B>, source: Source) -> Response<Logged<B>> {
        self.status = Some(answer.status());
        self.tracking_id = lines(answer.headers(), TRACKING_ID).next().cloned();
        self.source = source;
        answer.map(|body| Logged::new(body, self))
    }
}

impl<B: HttpBody> Logged<B> {
    fn new(body: B, line: Line) -> Self {
        let left = body.size_hint().exact();
        let is_empty = matches!(
            line.status,
            Some(StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
        );
        let ended = body.is_end_stream() || line.method == Method::HEAD || is_empty || left == Some(0);
        Self {
            body,
            left,
            ended,
            line,
        }
    }

    /// Notes the end. Nobody asks for it where the length or the last frame has told it.
    fn see(&mut self, frame: Option<&Frame<Bytes>>) {
        if let (Some(data), Some(left)) = (frame.and_then(Frame::data_ref), &mut self.left) {
            *left = left.saturating_sub(u64::try_from(data.len()).unwrap_or(u64::MAX));
        }
        let more = frame.is_some_and(Frame::is_data) && self.left != Some(0) && !self.body.is_end_stream();
        self.ended |= !more;
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.traffic
            .request_ended((&self.method).into(), self.status, self.source);
        if let Some(cut) = self.cut {
            self.traffic.answer_cut(cut);
        }
        info!(
            target: TARGET,
            status = self.status.map_or(CLIENT_GONE, |status| status.as_u16()),
            duration = GoDuration(self.start.elapsed()).text().as_str(),
            client = &*self.client,
            method = self.method.as_str(),
            path = self.target.path(),
            source = self.source.as_str(),
            cut = self.cut.map(Cut::as_str),
            tracking_id = self.tracking_id.as_ref().and_then(|id| id.to_str().ok()),
            "request"
        );
    }
}

impl<B> Drop for Logged<B> {
    fn drop(&mut self) {
        if !self.ended {
            self.line.cut.get_or_insert(Cut::Client);
        }
    }
}

impl<B: HttpBody<Data = Bytes> + Unpin> HttpBody for Logged<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.body).poll_frame(cx);
        match &polled {
            Poll::Ready(None) => this.see(None),
            Poll::Ready(Some(Ok(frame))) => this.see(Some(frame)),
            Poll::Ready(Some(Err(_))) => this.line.cut = Some(Cut::Upstream),
            Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
