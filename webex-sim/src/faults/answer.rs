//! Answers that no operation gave: errors in the shape of the service that would have answered.

use axum::body::Body;
use axum::response::Response;
use http::header::{ALLOW, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use serde_json::{Value, json};

use super::action::MadeUp;
use crate::api::error::shaped;
use crate::api::operation::{Family, Operation};
use crate::api::respond::{self, Origin};
use crate::api::scim::error::ErrorBody;
use crate::context::{Context, Note};
use crate::oauth::token_endpoint;

/// What the one documented 429 says ("REST API Basics").
const DOCUMENTED_WAIT_S: u64 = 3_600;

/// The error codes of an answer in OAuth's shape: RFC 6749, section 5.2, and for the server's own trouble those of
/// section 4.1.2.1.
fn oauth_code(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 => "invalid_client",
        403 => "access_denied",
        400..=499 => "invalid_request",
        503 => "temporarily_unavailable",
        _ => "server_error",
    }
}

/// What Webex says with a status ("REST API Basics", table of the response codes; the first rows as recorded).
fn text(status: StatusCode) -> &'static str {
    match status.as_u16() {
        400 => "The request could not be understood by the server due to malformed syntax.",
        401 => "The request requires a valid access token set in the Authorization request header.",
        403 => {
            "The server understood the request, but refused to fulfill it because the access token is missing required \
             scopes or the user is missing required roles or licenses."
        }
        404 => "The requested resource could not be found.",
        405 => "The requested method is not supported.",
        409 => {
            "The request could not be processed because it conflicts with some established rule of the system."
        }
        410 => "The requested resource is no longer available.",
        415 => {
            "The request was made to a resource without specifying a media type or used a media type that is not \
             supported."
        }
        423 => {
            "The requested resource is temporarily unavailable. A Retry-After header may be present that specifies how \
             many seconds you need to wait before attempting the request again."
        }
        428 => "File(s) cannot be scanned for malware and need to be force downloaded.",
        429 => {
            "Too many requests have been sent in a given amount of time and the request has been rate limited. A \
             Retry-After header should be present that specifies how many seconds you need to wait before a successful \
             request can be made."
        }
        500 => "Something went wrong on the server.",
        502 => {
            "The server received an invalid response from an upstream server while processing the request. Try again later."
        }
        503 => "Server is overloaded with requests. Try again later.",
        504 => {
            "An upstream server failed to respond on time. If your query uses max parameter, please try to reduce it."
        }
        _ => status.canonical_reason().unwrap_or("Something went wrong."),
    }
}

/// 429 as Webex documents it: HTML, from the edge, the same for all services. Its text is this simulator's.
pub(crate) fn too_many_requests(context: &Context, retry_after: HeaderValue) -> Response {
    let mut response = respond::json(
        StatusCode::TOO_MANY_REQUESTS,
        Origin::Edge,
        &context.tracking,
        &(),
    );
    *response.body_mut() = Body::from(
        "<html>\n<head><title>429 Too Many Requests</title></head>\n<body>\n<h1>429 Too Many Requests</h1>\n</body>\n</html>\n",
    );
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
    headers.insert(RETRY_AFTER, retry_after);
    response
}

impl MadeUp {
    /// The answer, with the header fields of the service.
    pub(super) fn render(&self, context: &Context) -> Response {
        let family = context
            .operation
            .map_or(Family::Api, |operation| operation.family);
        let mut response = match &self.body {
            None => self.usual(context, family),
            Some(body) => with_body(frame(self.status, context, family), body),
        };
        let headers = response.headers_mut();
        if let Some(value) = &self.retry_after {
            headers.insert(RETRY_AFTER, value.clone());
        }
        for (name, value) in &self.headers {
            match value {
                Some(value) => drop(headers.insert(name, value.clone())),
                None => drop(headers.remove(name)),
            }
        }
        let error = if family == Family::OAuth {
            self.oauth_error()
        } else {
            None
        };
        Note {
            oauth_error: error,
            ..Note::default()
        }
        .on(response)
    }

    /// What the service itself would say with this status.
    fn usual(&self, context: &Context, family: Family) -> Response {
        let (status, tracking) = (self.status, &context.tracking);
        if !status.is_client_error() && !status.is_server_error() {
            let mut response = frame(status, context, family);
            response.headers_mut().remove(CONTENT_TYPE);
            return response;
        }
        let code = (status == StatusCode::NOT_FOUND).then_some(404);
        match (status, family) {
            (StatusCode::TOO_MANY_REQUESTS, _) => {
                too_many_requests(context, HeaderValue::from(DOCUMENTED_WAIT_S))
            }
            (_, Family::OAuth) => {
                let body = json!({
                    "error": oauth_code(status),
                    "error_description": if status == StatusCode::UNAUTHORIZED { "Invalid client" } else { text(status) },
                    "trackingID": tracking.as_str(),
                });
                with_body(frame(status, context, family), &body)
            }
            // Bad tokens are refused by the edge, which has one shape for all.
            (StatusCode::UNAUTHORIZED, _) => shaped(status, Origin::Edge, None, text(status), tracking),
            // What comes before the service has the API's shape in SCIM, too.
            (StatusCode::FORBIDDEN, Family::Scim) => {
                shaped(status, Origin::Api, code, text(status), tracking)
            }
            (StatusCode::METHOD_NOT_ALLOWED, _) => {
                let mut response = shaped(status, Origin::Api, code, text(status), tracking);
                if let Some(operation) = context.operation {
                    let allow = Operation::allowed(operation.path);
                    let allow = HeaderValue::from_str(&allow).expect("methods are tokens");
                    response.headers_mut().insert(ALLOW, allow);
                }
                response
            }
            (_, Family::Scim) => {
                let body = ErrorBody::new(status, text(status), tracking);
                respond::json(status, Origin::Api, tracking, &body)
            }
            (_, Family::Api | Family::BroadWorks) => {
                shaped(status, Origin::Api, code, text(status), tracking)
            }
        }
    }

    fn oauth_error(&self) -> Option<String> {
        match &self.body {
            Some(body) => body.get("error").and_then(Value::as_str).map(str::to_owned),
            None if self.status == StatusCode::TOO_MANY_REQUESTS => None,
            None if self.status.is_client_error() || self.status.is_server_error() => {
                Some(oauth_code(self.status).to_owned())
            }
            None => None,
        }
    }
}

/// The header fields of the service, without a body.
fn frame(status: StatusCode, context: &Context, family: Family) -> Response {
    match family {
        Family::OAuth => token_endpoint::bare(status, &context.tracking),
        Family::Api | Family::BroadWorks | Family::Scim => {
            let mut response = respond::json(status, Origin::Api, &context.tracking, &());
            *response.body_mut() = Body::empty();
            response
        }
    }
}

fn with_body(mut response: Response, body: &Value) -> Response {
    let (media_type, text) = match body {
        Value::String(text) => ("text/plain; charset=utf-8", text.clone()),
        other => ("application/json", other.to_string()),
    };
    *response.body_mut() = Body::from(text);
    let headers = response.headers_mut();
    headers.remove(CONTENT_LENGTH);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::extract::Request;
    use http_body_util::BodyExt as _;
    use jiff::Timestamp;

    use super::*;
    use crate::api::tracking::TrackingId;
    use crate::clock::ManualClock;
    use crate::context::Fired;
    use crate::control::types::Settings;
    use crate::random::CountingRandom;
    use crate::seed::Seed;
    use crate::server::listen::Connection;
    use crate::world::{self, World};

    fn context(operation: &str) -> Context {
        let random = Arc::new(CountingRandom::default());
        let origin = world::Origin {
            seed: Seed::default(),
            settings: Settings::default(),
            wall: Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH)),
            random: random.clone(),
            journal_capacity: 1,
            vault: Arc::default(),
            passwords_known: false,
        };
        let world = World::new("default".into(), origin);
        let mut request = Request::new(Body::empty());
        request
            .headers_mut()
            .insert("trackingid", HeaderValue::from_static("T_1"));
        Context {
            world: Arc::new(world),
            tracking: TrackingId::of(&request, random.as_ref()),
            operation: Operation::named(operation),
            connection: Connection::default(),
            fired: Fired::default(),
        }
    }

    /// Body of the answer with this status, and the OAuth error in its note.
    async fn of(operation: &str, status: u16, body: Option<Value>) -> (String, Option<String>) {
        let answer = MadeUp {
            status: StatusCode::from_u16(status).unwrap(),
            headers: Vec::new(),
            body,
            retry_after: None,
        };
        let response = answer.render(&context(operation));
        let note = response.extensions().get::<Note>().unwrap().oauth_error.clone();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (String::from_utf8(body.to_vec()).unwrap(), note)
    }

    #[tokio::test]
    async fn each_family_has_its_shape() {
        let text = text(StatusCode::NOT_FOUND);
        let api = format!(
            r#"{{"errorCode":404,"message":"{text}","errors":[{{"errorCode":404,"description":"{text}"}}],"trackingId":"T_1"}}"#
        );
        assert_eq!(of("getPerson", 404, None).await.0, api);
        assert_eq!(of("getSubscriber", 404, None).await.0, api);
        assert_eq!(of("unknown", 404, None).await.0, api);
        let extension = "urn:scim:schemas:extension:cisco:webexidentity:api:messages:2.0:Error";
        assert_eq!(
            of("getUser", 404, None).await.0,
            format!(
                r#"{{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error","{extension}"],"status":"404","detail":"{text}","{extension}":{{"trackingId":"T_1","errorCode":404,"details":"{text}"}}}}"#
            )
        );
        assert_eq!(
            of("token", 404, None).await.0,
            format!(r#"{{"error":"invalid_request","error_description":"{text}","trackingID":"T_1"}}"#)
        );
    }

    #[tokio::test]
    async fn bad_tokens_and_too_many_requests_look_alike_everywhere() {
        let (api, scim) = (of("getMe", 401, None).await, of("getUser", 401, None).await);
        assert_eq!(api, scim);
        let (html, error) = of("token", 429, None).await;
        assert_eq!(
            (html.as_str(), error),
            (of("getUser", 429, None).await.0.as_str(), None)
        );
        assert!(html.starts_with("<html>"));
    }

    #[tokio::test]
    async fn the_journal_learns_the_oauth_error_that_the_client_gets() {
        let error = async |operation, status, body| of(operation, status, body).await.1;
        assert_eq!(
            error("token", 503, None).await.as_deref(),
            Some("temporarily_unavailable")
        );
        assert_eq!(error("token", 200, None).await, None);
        let body = json!({"error": "invalid_grant"});
        assert_eq!(
            error("token", 400, Some(body.clone())).await.as_deref(),
            Some("invalid_grant")
        );
        assert_eq!(error("getMe", 400, Some(body)).await, None);
        assert_eq!(error("token", 400, Some(json!("text"))).await, None);
    }

    #[tokio::test]
    async fn every_error_has_a_text() {
        for status in 400..600 {
            let status = StatusCode::from_u16(status).unwrap();
            assert!(!text(status).is_empty());
        }
        assert_eq!(
            of("getMe", 599, None)
                .await
                .0
                .matches("Something went wrong.")
                .count(),
            2
        );
        assert_eq!(of("getMe", 200, None).await.0, "");
    }
}
