//! JSON bodies of requests.

use std::convert::Infallible;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde_json::{Map, Value};

use super::error::ApiError;

/// The body of a request as an extractor: the object, or the error to answer with, which a handler that has let the
/// caller in renders.
#[derive(Debug)]
pub(crate) struct JsonObject(pub(crate) Result<Map<String, Value>, ApiError>);

impl<S: Send + Sync> FromRequest<S> for JsonObject {
    type Rejection = Infallible;

    async fn from_request(request: Request, state: &S) -> Result<Self, Infallible> {
        let headers = request.headers().clone();
        // Too long, or cut off.
        let body = Bytes::from_request(request, state).await;
        let body = body.map_err(|_| ApiError::Malformed);
        Ok(Self(body.and_then(|body| object(&headers, &body))))
    }
}

/// The object in a body. `Content-Type` has to say that it is JSON: `application/json` or a type that ends in `+json`.
pub(crate) fn object(headers: &HeaderMap, body: &Bytes) -> Result<Map<String, Value>, ApiError> {
    let sent = headers
        .get(CONTENT_TYPE)
        .map(|value| String::from_utf8_lossy(value.as_bytes()));
    let sent = sent.unwrap_or_default();
    let media_type = sent
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    if media_type != "application/json" && !media_type.ends_with("+json") {
        return Err(ApiError::MediaType(sent.into_owned()));
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) | Err(_) => Err(ApiError::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content_type: &str, body: &'static str) -> Result<usize, ApiError> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, content_type.parse().unwrap());
        object(&headers, &Bytes::from_static(body.as_bytes())).map(|fields| fields.len())
    }

    #[test]
    fn an_object_in_json_is_read() {
        assert_eq!(read("application/json;charset=utf-8", r#"{"a":1}"#), Ok(1));
        assert_eq!(read("application/scim+json", "{}"), Ok(0));
    }

    #[test]
    fn another_type_is_named_and_other_json_is_malformed() {
        let error = read("text/xml", "<a/>").unwrap_err();
        assert_eq!(error.to_string(), "Content type 'text/xml' not supported");
        assert_eq!(read("application/json", "[]"), Err(ApiError::Malformed));
        assert_eq!(read("application/json", "{"), Err(ApiError::Malformed));
    }
}
