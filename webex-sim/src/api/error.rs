//! Errors of the API and the one place that turns them into answers.

use axum::response::Response;
use http::header::ALLOW;
use http::{HeaderName, HeaderValue, StatusCode};
use serde::Serialize;

use super::respond::{self, Origin};
use super::tracking::TrackingId;
use crate::context::Note;

/// The error code in the body, again as a header field.
const ERROR_CODES: HeaderName = HeaderName::from_static("cisco-spark-error-codes");

/// Marks a 404 that says nothing about Webex: the path may exist there.
const NOT_SIMULATED: HeaderName = HeaderName::from_static("x-webex-sim");

/// What an API request can fail with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ApiError {
    /// A body that cannot be read.
    #[error("The request could not be understood by the server due to malformed syntax.")]
    Malformed,
    /// No token, or one that is not good.
    #[error("The request requires a valid access token set in the Authorization request header.")]
    Unauthorized,
    /// A good token without a scope that would do.
    #[error(
        "The server understood the request, but refused to fulfill it because the access token is missing required \
         scopes or the user is missing required roles or licenses."
    )]
    Forbidden,
    /// `GET /`: Webex has nothing there.
    #[error("The requested resource could not be found.")]
    NotFound,
    /// A path that this simulator does not know.
    #[error("The requested resource could not be found.")]
    NotSimulated,
    /// A path that exists, with another method. The text is this simulator's.
    #[error("The requested method is not supported.")]
    MethodNotAllowed {
        /// Methods that are supported.
        allow: &'static str,
    },
    /// The simulator has a bug.
    #[error("Something went wrong on the server.")]
    Internal,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<u16>,
    message: &'a str,
    errors: [Detail<'a>; 1],
    tracking_id: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Detail<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<u16>,
    description: &'a str,
}

/// An answer in Webex's error shape, for texts that are no [`ApiError`].
pub(crate) fn shaped(
    status: StatusCode,
    origin: Origin,
    code: Option<u16>,
    message: &str,
    tracking: &TrackingId,
) -> Response {
    let body = Body {
        error_code: code,
        message,
        errors: [Detail {
            error_code: code,
            description: message,
        }],
        tracking_id: tracking.as_str(),
    };
    let mut response = respond::json(status, origin, tracking, &body);
    if let Some(code) = code {
        response
            .headers_mut()
            .insert(ERROR_CODES, HeaderValue::from(code));
    }
    response
}

impl ApiError {
    /// Status, service that answers, and error code. The code has been seen with 404 only.
    fn parts(self) -> (StatusCode, Origin, Option<u16>) {
        match self {
            Self::Malformed => (StatusCode::BAD_REQUEST, Origin::Api, None),
            Self::Unauthorized => (StatusCode::UNAUTHORIZED, Origin::Edge, None),
            Self::Forbidden => (StatusCode::FORBIDDEN, Origin::Api, None),
            Self::NotFound | Self::NotSimulated => (StatusCode::NOT_FOUND, Origin::Api, Some(404)),
            Self::MethodNotAllowed { .. } => (StatusCode::METHOD_NOT_ALLOWED, Origin::Api, None),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, Origin::Api, None),
        }
    }

    /// The answer.
    pub(crate) fn render(self, tracking: &TrackingId) -> Response {
        let (status, origin, code) = self.parts();
        let mut response = shaped(status, origin, code, &self.to_string(), tracking);
        match self {
            Self::NotSimulated => {
                response
                    .headers_mut()
                    .insert(NOT_SIMULATED, HeaderValue::from_static("not-simulated"));
                Note {
                    not_simulated: true,
                    ..Note::default()
                }
                .on(response)
            }
            Self::MethodNotAllowed { allow } => {
                response
                    .headers_mut()
                    .insert(ALLOW, HeaderValue::from_static(allow));
                response
            }
            _ => response,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_has_its_status() {
        let statuses = [
            (ApiError::Malformed, 400),
            (ApiError::Unauthorized, 401),
            (ApiError::Forbidden, 403),
            (ApiError::NotFound, 404),
            (ApiError::NotSimulated, 404),
            (ApiError::MethodNotAllowed { allow: "GET" }, 405),
            (ApiError::Internal, 500),
        ];
        for (error, status) in statuses {
            assert_eq!(error.parts().0, status, "{error:?}");
        }
    }
}
