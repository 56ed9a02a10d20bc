//! Errors of SCIM (RFC 7644, section 3.12) with the extension of Webex, and the one place that renders them.

use axum::response::Response;
use http::StatusCode;
use serde::Serialize;

use crate::api::error::ApiError;
use crate::api::operation::Family;
use crate::api::respond::{self, Origin};
use crate::api::tracking::TrackingId;
use crate::context::Context;

/// Schema of an error (RFC 7644, section 3.12).
const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// Schema of what Webex adds to it, as public clients of Bulk know it.
const WEBEX_ERROR: &str = "urn:scim:schemas:extension:cisco:webexidentity:api:messages:2.0:Error";

/// What a SCIM operation can fail with. The texts say what was wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ScimError {
    /// A body that is no message of the kind that is expected.
    #[error("{0}")]
    Syntax(String),
    /// A filter that cannot be read, or that Webex does not support.
    #[error("{0}")]
    Filter(String),
    /// A path of a PATCH operation that cannot be read, or names no attribute.
    #[error("{0}")]
    Path(String),
    /// A path of a PATCH operation that leads to nothing.
    #[error("{0}")]
    NoTarget(String),
    /// A value that is missing or may not be.
    #[error("{0}")]
    Value(String),
    /// A change of what cannot be changed.
    #[error("{0}")]
    Mutability(String),
    /// A value that somebody else has.
    #[error("{0}")]
    Uniqueness(String),
    /// A reference that leads nowhere.
    #[error("{0}")]
    Conflict(String),
    /// No such user or organisation.
    #[error("{0}")]
    NotFound(String),
    /// A body that is no JSON.
    #[error("{0}")]
    MediaType(String),
    /// More than one request may hold.
    #[error("{0}")]
    TooLarge(String),
    /// Webex can do it, this simulator cannot.
    #[error("{0}")]
    NotSimulated(String),
}

/// The body of an error, alone or inside the answer to Bulk.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ErrorBody {
    schemas: [&'static str; 2],
    status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    scim_type: Option<&'static str>,
    detail: String,
    #[serde(rename = "urn:scim:schemas:extension:cisco:webexidentity:api:messages:2.0:Error")]
    webex: Webex,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Webex {
    tracking_id: String,
    error_code: u16,
    details: String,
}

impl ErrorBody {
    /// The body of any error, without `scimType`.
    pub(crate) fn new(status: StatusCode, detail: &str, tracking: &TrackingId) -> Self {
        Self {
            schemas: [ERROR, WEBEX_ERROR],
            status: status.as_u16().to_string(),
            scim_type: None,
            detail: detail.to_owned(),
            webex: Webex {
                tracking_id: tracking.as_str().to_owned(),
                error_code: status.as_u16(),
                details: detail.to_owned(),
            },
        }
    }
}

impl ScimError {
    /// What an error of the API is in SCIM, if the request is for an operation of SCIM. The edge has one shape for all.
    pub(crate) fn standing_for(error: &ApiError, context: &Context) -> Option<Self> {
        context
            .operation
            .filter(|operation| operation.family == Family::Scim)?;
        match error {
            ApiError::Malformed => Some(Self::Syntax(
                "The body of the request is not a JSON object.".to_owned(),
            )),
            ApiError::Invalid(problems) => {
                let texts: Vec<_> = problems
                    .iter()
                    .map(|problem| problem.description.as_str())
                    .collect();
                Some(Self::Value(texts.join(" ")))
            }
            ApiError::MediaType(_) => Some(Self::MediaType(error.to_string())),
            ApiError::TooLarge => Some(Self::TooLarge(error.to_string())),
            ApiError::Conflict(text) => Some(Self::Conflict(text.clone())),
            ApiError::NotFound => Some(Self::NotFound(error.to_string())),
            ApiError::Unauthorized
            | ApiError::Forbidden
            | ApiError::NotSimulated
            | ApiError::MethodNotAllowed { .. }
            | ApiError::Internal => None,
        }
    }

    /// Status, and `scimType` where the RFC has one.
    pub(crate) fn parts(&self) -> (StatusCode, Option<&'static str>) {
        match self {
            Self::Syntax(_) => (StatusCode::BAD_REQUEST, Some("invalidSyntax")),
            Self::Filter(_) => (StatusCode::BAD_REQUEST, Some("invalidFilter")),
            Self::Path(_) => (StatusCode::BAD_REQUEST, Some("invalidPath")),
            Self::NoTarget(_) => (StatusCode::BAD_REQUEST, Some("noTarget")),
            Self::Value(_) => (StatusCode::BAD_REQUEST, Some("invalidValue")),
            Self::Mutability(_) => (StatusCode::BAD_REQUEST, Some("mutability")),
            Self::Uniqueness(_) => (StatusCode::CONFLICT, Some("uniqueness")),
            Self::Conflict(_) => (StatusCode::CONFLICT, None),
            Self::NotFound(_) => (StatusCode::NOT_FOUND, None),
            Self::MediaType(_) => (StatusCode::UNSUPPORTED_MEDIA_TYPE, None),
            Self::TooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, None),
            Self::NotSimulated(_) => (StatusCode::NOT_IMPLEMENTED, None),
        }
    }

    /// The body.
    pub(crate) fn body(&self, tracking: &TrackingId) -> ErrorBody {
        let (status, scim_type) = self.parts();
        ErrorBody {
            scim_type,
            ..ErrorBody::new(status, &self.to_string(), tracking)
        }
    }

    /// The answer.
    pub(crate) fn render(&self, context: &Context) -> Response {
        let (status, _) = self.parts();
        let tracking = &context.tracking;
        respond::json(status, Origin::Api, tracking, &self.body(tracking))
    }

    /// The same error, told where it happened.
    pub(crate) fn at(self, place: &str) -> Self {
        let told = |text: String| format!("{place}: {text}");
        match self {
            Self::Syntax(text) => Self::Syntax(told(text)),
            Self::Filter(text) => Self::Filter(told(text)),
            Self::Path(text) => Self::Path(told(text)),
            Self::NoTarget(text) => Self::NoTarget(told(text)),
            Self::Value(text) => Self::Value(told(text)),
            Self::Mutability(text) => Self::Mutability(told(text)),
            Self::Uniqueness(text) => Self::Uniqueness(told(text)),
            Self::Conflict(text) => Self::Conflict(told(text)),
            Self::NotFound(text) => Self::NotFound(told(text)),
            Self::MediaType(text) => Self::MediaType(told(text)),
            Self::TooLarge(text) => Self::TooLarge(told(text)),
            Self::NotSimulated(text) => Self::NotSimulated(told(text)),
        }
    }
}
