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
use crate::metrics::labels::{Label as _, Source};
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
    tracking_id: Option<HeaderValue>,
    version: Version,
    /// Tells the connection that the answer is not complete.
    exchange: Option<Exchange>,
}

struct Logged {
    body: Body,
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
    Response::from_parts(parts, Body::new(Logged { body, line }))
}

impl Drop for Line {
    fn drop(&mut self) {
        self.metrics
            .request_ended((&self.method).into(), self.status, self.source);
        info!(
            target: TARGET,
            status = self.status.map_or(CLIENT_GONE, |status| status.as_u16()),
            duration = go::format_duration(self.start.elapsed()),
            client = self.peer,
            method = self.method.as_str(),
            path = self.path,
            source = self.source.as_str(),
            tracking_id = self.tracking_id.as_ref().and_then(|id| id.to_str().ok()),
            "request"
        );
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
        // Later versions show the cut by their framing; to HTTP/1.0 the end of the connection is the end of the answer.
        if let (Poll::Ready(Some(Err(_))), Version::HTTP_10, Some(exchange)) =
            (&polled, this.line.version, &this.line.exchange)
        {
            exchange.cut();
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
