//! One line for each request, written when its answer has been sent or given up.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use http::Version;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::Instant;
use tracing::info;

use super::serve::Peer;
use super::socket::Exchange;
use crate::go;

/// The target of access lines; the text format gives them the layout that the field's log filters parse.
pub const TARGET: &str = "webex_gateway::access";

/// What the line says; it is written when this is dropped.
struct Line {
    start: Instant,
    peer: String,
    method: String,
    path: String,
    status: u16,
    version: Version,
    /// Tells the connection that the answer is not complete.
    exchange: Option<Exchange>,
}

struct Logged {
    body: Body,
    line: Line,
}

/// Logs the request, without its query: it may hold a code or personal data.
pub async fn log(mut request: Request, next: Next) -> Response {
    let peer = request
        .extensions()
        .get::<Peer>()
        .map_or_else(|| "-".to_owned(), |Peer(address)| address.ip().to_string());
    let mut line = Line {
        start: Instant::now(),
        peer,
        method: request.method().to_string(),
        path: request.uri().path().to_owned(),
        // nginx's number for a client that went away before the answer; overwritten by the answer.
        status: 499,
        version: request.version(),
        exchange: request.extensions_mut().remove(),
    };
    let response = next.run(request).await;
    line.status = response.status().as_u16();
    let (parts, body) = response.into_parts();
    Response::from_parts(parts, Body::new(Logged { body, line }))
}

impl Drop for Line {
    fn drop(&mut self) {
        info!(
            target: TARGET,
            status = self.status,
            duration = go::format_duration(self.start.elapsed()),
            client = self.peer,
            method = self.method,
            path = self.path,
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
