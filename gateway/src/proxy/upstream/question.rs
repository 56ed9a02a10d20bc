//! What Webex is asked: a request without its body.

use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, header};

use crate::proxy::headers::passing::Passing;
use crate::tracking_id::{TRACKING_ID, TrackingId};

/// A request as one attempt sends it, but for its body and for what tells where it goes.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// Its method.
    pub method: &'a Method,
    /// Path and query, checked.
    pub target: &'a PathAndQuery,
    /// The client's fields.
    pub passing: &'a Passing,
    /// The one id that it has.
    pub tracking_id: &'a TrackingId,
    /// `Authorization`.
    pub bearer: &'a HeaderValue,
}

impl Question<'_> {
    /// The fields that go with the client's.
    pub(super) fn added(&self) -> [(HeaderName, &HeaderValue); 2] {
        [
            (TRACKING_ID, self.tracking_id.value()),
            (header::AUTHORIZATION, self.bearer),
        ]
    }

    /// All fields as a map.
    pub(super) fn fields(&self) -> HeaderMap {
        let mut fields = self.passing.to_map();
        for (name, value) in self.added() {
            fields.append(name, value.clone());
        }
        fields
    }

    /// As a request for `uri`.
    pub(super) fn request<B>(&self, uri: Uri, body: B) -> Request<B> {
        let mut request = Request::new(body);
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = uri;
        *request.headers_mut() = self.fields();
        request
    }
}

#[cfg(test)]
pub(crate) mod samples {
    //! Questions of tests.

    use std::sync::LazyLock;

    use super::*;

    static BEARER: HeaderValue = HeaderValue::from_static("Bearer held");
    static TRACKING_ID: LazyLock<TrackingId> =
        LazyLock::new(|| TrackingId::in_field(&HeaderValue::from_static("WW_1")).unwrap());

    /// One of a client with these fields.
    pub(crate) fn question<'a>(
        method: &'a Method,
        target: &'a PathAndQuery,
        passing: &'a Passing,
    ) -> Question<'a> {
        Question {
            method,
            target,
            passing,
            tracking_id: &TRACKING_ID,
            bearer: &BEARER,
        }
    }
}
