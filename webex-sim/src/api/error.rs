//! Errors of the API and the one place that turns them into answers.

use axum::response::Response;
use http::header::ALLOW;
use http::{HeaderName, HeaderValue, StatusCode};
use serde::Serialize;

use super::respond::{self, Origin};
use super::scim::error::ScimError;
use super::tracking::TrackingId;
use crate::context::{Context, Note};

/// The error code in the body, again as a header field.
const ERROR_CODES: HeaderName = HeaderName::from_static("cisco-spark-error-codes");

/// Marks a 404 that says nothing about Webex: the path may exist there.
const NOT_SIMULATED: HeaderName = HeaderName::from_static("x-webex-sim");

/// What an API request can fail with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ApiError {
    /// A body that cannot be read.
    #[error("The request could not be understood by the server due to malformed syntax.")]
    Malformed,
    /// A request that says something it may not say, each problem by itself.
    #[error(
        "The request could not be understood by the server due to malformed syntax. See 'errors' for more details."
    )]
    Invalid(Vec<Problem>),
    /// A body beyond what the simulator reads. The text is this simulator's.
    #[error("The request is too large.")]
    TooLarge,
    /// A body that is no JSON. Webex's text.
    #[error("Content type '{0}' not supported")]
    MediaType(String),
    /// It cannot be done in this state of things. The text says why.
    #[error("{0}")]
    Conflict(String),
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
        allow: String,
    },
    /// The simulator has a bug.
    #[error("Something went wrong on the server.")]
    Internal,
}

/// One thing that is wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) description: String,
    /// BroadWorks has a number for it, such as 1001 ("BroadWorks Developers Guide").
    pub(crate) code: Option<u16>,
    /// BroadWorks names the field.
    pub(crate) field: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<u16>,
    message: &'a str,
    errors: Vec<Detail<'a>>,
    tracking_id: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Detail<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<u16>,
    description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    field_name: Option<&'a str>,
}

/// An answer in Webex's error shape, for texts that are no [`ApiError`].
pub(crate) fn shaped(
    status: StatusCode,
    origin: Origin,
    code: Option<u16>,
    message: &str,
    tracking: &TrackingId,
) -> Response {
    let only = Detail {
        error_code: code,
        description: message,
        field_name: None,
    };
    with_details(status, origin, code, message, vec![only], tracking)
}

fn with_details(
    status: StatusCode,
    origin: Origin,
    code: Option<u16>,
    message: &str,
    errors: Vec<Detail<'_>>,
    tracking: &TrackingId,
) -> Response {
    let body = Body {
        error_code: code,
        message,
        errors,
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
    /// One thing is wrong.
    pub(crate) fn invalid(description: impl Into<String>) -> Self {
        Self::Invalid(vec![Problem {
            description: description.into(),
            code: None,
            field: None,
        }])
    }

    /// Status, service that answers, and error code. The code has been seen with 404 only.
    pub(crate) fn parts(&self) -> (StatusCode, Origin, Option<u16>) {
        match self {
            Self::Malformed | Self::Invalid(_) => (StatusCode::BAD_REQUEST, Origin::Api, None),
            Self::Unauthorized => (StatusCode::UNAUTHORIZED, Origin::Edge, None),
            Self::Forbidden => (StatusCode::FORBIDDEN, Origin::Api, None),
            Self::NotFound | Self::NotSimulated => (StatusCode::NOT_FOUND, Origin::Api, Some(404)),
            Self::MethodNotAllowed { .. } => (StatusCode::METHOD_NOT_ALLOWED, Origin::Api, None),
            Self::Conflict(_) => (StatusCode::CONFLICT, Origin::Api, None),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, Origin::Api, None),
            Self::MediaType(_) => (StatusCode::UNSUPPORTED_MEDIA_TYPE, Origin::Api, None),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, Origin::Api, None),
        }
    }

    /// The answer, in the shape of the operation's service. The edge has one shape for all.
    pub(crate) fn render(&self, context: &Context) -> Response {
        if let Some(error) = ScimError::standing_for(self, context) {
            return error.render(context);
        }
        let (status, origin, code) = self.parts();
        let message = self.to_string();
        let tracking = &context.tracking;
        let mut response = match self {
            Self::Invalid(problems) => {
                let details = problems.iter().map(Detail::from).collect();
                with_details(status, origin, code, &message, details, tracking)
            }
            _ => shaped(status, origin, code, &message, tracking),
        };
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
                let allow = HeaderValue::from_str(allow).expect("methods are tokens");
                response.headers_mut().insert(ALLOW, allow);
                response
            }
            _ => response,
        }
    }
}

impl<'a> From<&'a Problem> for Detail<'a> {
    fn from(problem: &'a Problem) -> Self {
        Self {
            error_code: problem.code,
            description: &problem.description,
            field_name: problem.field.as_deref(),
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
            (ApiError::MethodNotAllowed { allow: "GET".into() }, 405),
            (ApiError::Internal, 500),
        ];
        for (error, status) in statuses {
            assert_eq!(error.parts().0, status, "{error:?}");
        }
    }
}
