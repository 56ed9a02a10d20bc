//! Answers with the header fields that Webex sends ("REST API Basics", and answers of 2026).

use axum::body::Body;
use axum::response::Response;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, SERVER, VARY, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderName, HeaderValue, StatusCode};
use jiff::Timestamp;
use serde::Serialize;

use super::tracking::{TRACKING_ID, TrackingId};

/// Filled in when the answer is complete; see the journal's layer.
const UPSTREAM_TIME: HeaderName = HeaderName::from_static("x-envoy-upstream-service-time");

/// Which service behind the edge has answered: they differ in their header fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The edge itself, which refuses bad tokens.
    Edge,
    /// The API, behind the edge.
    Api,
}

/// An answer with a JSON body.
pub(crate) fn json(
    status: StatusCode,
    origin: Origin,
    tracking: &TrackingId,
    body: &impl Serialize,
) -> Response {
    let body = serde_json::to_vec(body).expect("wire types are representable in JSON");
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    if origin == Origin::Api {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, no-store"));
        headers.insert(VARY, HeaderValue::from_static("Origin"));
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(SERVER, HeaderValue::from_static("istio-envoy"));
    headers.insert(TRACKING_ID, tracking.header());
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(UPSTREAM_TIME, HeaderValue::from_static("0"));
    response
}

/// 204: what was asked for has been done, and there is nothing to say.
pub(crate) fn no_content(tracking: &TrackingId) -> Response {
    let mut response = json(StatusCode::NO_CONTENT, Origin::Api, tracking, &());
    *response.body_mut() = Body::empty();
    response.headers_mut().remove(CONTENT_TYPE);
    response
}

/// Times of people, users and subscribers: milliseconds and `Z`, also where they are zero.
pub(crate) fn millis(time: Timestamp) -> String {
    format!("{time:.3}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_milliseconds() {
        assert_eq!(millis(Timestamp::UNIX_EPOCH), "1970-01-01T00:00:00.000Z");
    }
}
