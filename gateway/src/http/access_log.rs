//! One line for each request, written when its answer has been sent or given up.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, Version};
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::Instant;
use tracing::info;

use super::serve::Peer;
use super::socket::Exchange;
use crate::go;
use crate::metrics::Metrics;
use crate::metrics::labels::{Cut, Label as _, Source};
use crate::proxy::tracking::TRACKING_ID;

/// The target of access lines; the text format gives them the layout that the field's log filters parse.
pub const TARGET: &str = "webex_gateway::access";

/// nginx's number for a client that went away before the answer.
const CLIENT_GONE: u16 = 499;

/// Put into the extensions of an answer that came from Webex.
#[derive(Clone, Copy, Debug)]
pub struct FromWebex;

/// What the line says; it is written when this is dropped.
struct Line {
    metrics: Arc<Metrics>,
    start: Instant,
    peer: String,
    method: Method,
    path: String,
    /// `None` until there is an answer.
    status: Option<StatusCode>,
    source: Source,
    /// Who ended the answer early, if that happened.
    cut: Option<Cut>,
    tracking_id: Option<HeaderValue>,
    version: Version,
    /// Tells the connection whether the answer is complete.
    exchange: Option<Exchange>,
}

struct Logged {
    body: Body,
    /// What is still to come, where that is known.
    left: Option<u64>,
    /// All of the body has been taken.
    ended: bool,
    line: Line,
}

/// Logs and counts the request, without its query: it may hold a code or personal data.
pub async fn log(State(metrics): State<Arc<Metrics>>, mut request: Request, next: Next) -> Response {
    let peer = request
        .extensions()
        .get::<Peer>()
        .map_or_else(|| "-".to_owned(), |Peer(address)| address.ip().to_string());
    metrics.request_started();
    let mut line = Line {
        metrics,
        start: Instant::now(),
        peer,
        method: request.method().clone(),
        path: request.uri().path().to_owned(),
        status: None,
        source: Source::Gateway,
        cut: None,
        tracking_id: None,
        version: request.version(),
        exchange: request.extensions_mut().remove(),
    };
    let response = next.run(request).await;
    line.status = Some(response.status());
    line.tracking_id = response.headers().get(TRACKING_ID).cloned();
    if response.extensions().get::<FromWebex>().is_some() {
        line.source = Source::Upstream;
    }
    let (parts, body) = response.into_parts();
    Response::from_parts(parts, Body::new(Logged::new(body, line)))
}

impl Logged {
    fn new(body: Body, line: Line) -> Self {
        let ended = body.is_end_stream() || line.method == Method::HEAD;
        // Later versions show a cut by their framing; to HTTP/1.0 the end of the connection is the end of the answer.
        if let (false, Version::HTTP_10, Some(exchange)) = (ended, line.version, &line.exchange) {
            exchange.answer_begins();
        }
        Self {
            left: body.size_hint().exact(),
            ended,
            body,
            line,
        }
    }

    /// Notes the end. Nobody asks for it where the length or the last frame has told it.
    fn see(&mut self, frame: Option<&Frame<Bytes>>) {
        if let (Some(data), Some(left)) = (frame.and_then(Frame::data_ref), &mut self.left) {
            *left = left.saturating_sub(u64::try_from(data.len()).unwrap_or(u64::MAX));
        }
        let more = frame.is_some_and(Frame::is_data) && self.left != Some(0) && !self.body.is_end_stream();
        if more {
            return;
        }
        self.ended = true;
        if let Some(exchange) = &self.line.exchange {
            exchange.answer_ends();
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.metrics
            .request_ended((&self.method).into(), self.status, self.source);
        if let Some(cut) = self.cut {
            self.metrics.answer_cut(cut);
        }
        info!(
            target: TARGET,
            status = self.status.map_or(CLIENT_GONE, |status| status.as_u16()),
            duration = go::format_duration(self.start.elapsed()),
            client = self.peer,
            method = self.method.as_str(),
            path = self.path,
            source = self.source.as_str(),
            cut = self.cut.map(Cut::as_str),
            tracking_id = self.tracking_id.as_ref().and_then(|id| id.to_str().ok()),
            "request"
        );
    }
}

impl Drop for Logged {
    fn drop(&mut self) {
        if !self.ended {
            self.line.cut.get_or_insert(Cut::Client);
        }
    }
}

impl HttpBody for Logged {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
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
