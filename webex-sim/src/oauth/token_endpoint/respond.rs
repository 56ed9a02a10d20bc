//! Answers of the token endpoint with the header fields recorded from Webex, the doubled ones included.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::response::Response;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, PRAGMA, SERVER, VARY, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use http_body_util::Full;
use hyper::body::Frame;
use serde::Serialize;

use crate::api::error;
use crate::api::respond::Origin;
use crate::api::tracking::{TRACKING_ID, TrackingId};
use crate::context::Shown;
use crate::oauth::registry::Issued;

/// Filled in when the answer is complete; see the journal's layer.
const UPSTREAM_TIME: HeaderName = HeaderName::from_static("x-envoy-upstream-service-time");

/// The path behind the front's `/v1`.
const NORMALIZED_PATH: HeaderName = HeaderName::from_static("x-normalized-path");

/// The six fields, in Webex's order.
#[derive(Serialize)]
struct IssuedBody<'a> {
    access_token: &'a str,
    expires_in: i64,
    refresh_token: &'a str,
    refresh_token_expires_in: i64,
    token_type: &'static str,
    scope: String,
}

/// A body whose size is not announced: Webex sends its tokens without `Content-Length`.
struct Unannounced(Full<Bytes>);

/// 200 with the tokens.
pub(super) fn issued(issued: &Issued, tracking: &TrackingId) -> Response {
    let body = IssuedBody {
        access_token: issued.access_token.expose(),
        expires_in: issued.expires_in,
        refresh_token: issued.refresh_token.expose(),
        refresh_token_expires_in: issued.refresh_token_expires_in,
        token_type: "Bearer",
        scope: issued.scopes.to_string(),
    };
    let body = serde_json::to_vec(&body).expect("texts and numbers are representable in JSON");
    let body = Bytes::from(body);
    let mut response = Response::new(Body::new(Unannounced(Full::from(body.clone()))));
    response.extensions_mut().insert(Shown(body));
    headers(response.headers_mut(), tracking);
    response
}

/// An error in the broker's shape.
pub(super) fn error(status: StatusCode, body: &impl Serialize, tracking: &TrackingId) -> Response {
    let body = serde_json::to_vec(body).expect("texts are representable in JSON");
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    headers(response.headers_mut(), tracking);
    response
}

/// The header fields of any answer, without a body; for fault rules.
pub(crate) fn bare(status: StatusCode, tracking: &TrackingId) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    headers(response.headers_mut(), tracking);
    response
}

/// An error in the API's shape.
pub(super) fn api_shape(status: StatusCode, message: &str, tracking: &TrackingId) -> Response {
    let mut response = error::shaped(status, Origin::Api, None, message, tracking);
    headers(response.headers_mut(), tracking);
    response
}

fn headers(headers: &mut HeaderMap, tracking: &TrackingId) {
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    headers.insert(SERVER, HeaderValue::from_static("istio-envoy"));
    headers.insert(TRACKING_ID, tracking.header());
    headers.append(TRACKING_ID, tracking.header());
    headers.insert(VARY, HeaderValue::from_static("origin,accept-encoding"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.append(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(UPSTREAM_TIME, HeaderValue::from_static("0"));
    headers.insert(NORMALIZED_PATH, HeaderValue::from_static("/access_token"));
}

// === impl Unannounced ===

impl HttpBody for Unannounced {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Pin::new(&mut self.0).poll_frame(context)
    }
}
