//! What a token request fails with. Webex answers in two shapes: the identity broker's
//! `{"error","error_description","trackingID"}`, and the API's `{"message","errors","trackingId"}`.
//! Codes are the vocabulary of "Login with Webex"; which texts are Webex's own is said at each variant.

use axum::response::Response;
use http::StatusCode;
use serde::Serialize;

use super::respond;
use crate::api::tracking::TrackingId;
use crate::control::types::{Settings, TokenErrorShape};
use crate::oauth::registry::Refusal;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum TokenError {
    /// Not a form. The text is Webex's for other endpoints.
    #[error("Content type '{0}' not supported")]
    NotAForm(String),
    /// A parameter that is required. Webex's text.
    #[error("Parameter:{0} is blank")]
    Blank(&'static str),
    /// A parameter that came twice. This simulator's text.
    #[error("Parameter:{0} is repeated")]
    Repeated(String),
    /// No client secret. Webex's text; PKCE does not replace the secret.
    #[error("client_secret cannot be null or empty")]
    NoSecret,
    /// Unknown client, or a wrong secret. Webex's text.
    #[error("Invalid client")]
    InvalidClient,
    /// A grant type other than the two. This simulator's text.
    #[error("The grant type is not supported.")]
    UnsupportedGrant,
    /// Refused by the registry.
    #[error("{}", refusal_text(*.0))]
    Refused(#[from] Refusal),
}

/// The settings that decide how an error looks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    pub(super) invalid_client_status: u16,
    pub(super) shape: TokenErrorShape,
}

#[derive(Serialize)]
struct BrokerBody<'a> {
    error: &'a str,
    error_description: &'a str,
    #[serde(rename = "trackingID", skip_serializing_if = "Option::is_none")]
    tracking_id: Option<&'a str>,
}

/// What a service behind the API has said, in the words of the API: seen for webhooks, assumed for tokens.
fn wrapped(status: StatusCode, text: &str, tracking: &TrackingId) -> String {
    format!(
        "POST failed: HTTP/1.1 {status} (url = https://idbroker.webex.com/idb/oauth2/v1/access_token, request/response \
         TrackingId = {}, error = '{text}')",
        tracking.as_str()
    )
}

/// Only the text for refresh tokens is Webex's.
fn refusal_text(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Code => "The authorization code provided is expired, used, malformed, or invalid.",
        Refusal::RedirectUri => "The redirect_uri does not match the one of the authorization request.",
        Refusal::Verifier => "The code_verifier does not match the code_challenge.",
        Refusal::RefreshToken | Refusal::RotatingRefreshToken => {
            "The refresh token provided is expired, revoked, malformed, or invalid."
        }
        Refusal::Replaced => "The refresh token provided was replaced by a newer one.",
        Refusal::TooMany => "The maximum number of active access tokens has been reached.",
    }
}

impl Style {
    pub(super) fn of(settings: &Settings) -> Self {
        Self {
            invalid_client_status: settings.invalid_client_status,
            shape: settings.token_error_shape,
        }
    }
}

impl TokenError {
    /// The OAuth error code; absent where Webex answers in the API's shape.
    pub(super) fn code(&self) -> Option<&'static str> {
        match self {
            Self::NotAForm(_) | Self::NoSecret => None,
            Self::Blank(_) | Self::Repeated(_) | Self::Refused(Refusal::RefreshToken) => {
                Some("invalid_request")
            }
            Self::InvalidClient => Some("invalid_client"),
            Self::UnsupportedGrant => Some("unsupported_grant_type"),
            Self::Refused(
                Refusal::Code
                | Refusal::RedirectUri
                | Refusal::Verifier
                | Refusal::RotatingRefreshToken
                | Refusal::Replaced,
            ) => Some("invalid_grant"),
            Self::Refused(Refusal::TooMany) => Some("tokenlimit_reached"),
        }
    }

    /// The answer, as the settings want it.
    pub(super) fn render(&self, tracking: &TrackingId, style: Style) -> Response {
        let status = match self {
            Self::NotAForm(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::InvalidClient => {
                StatusCode::from_u16(style.invalid_client_status).expect("the setting has been checked")
            }
            _ => StatusCode::BAD_REQUEST,
        };
        let text = self.to_string();
        match (style.shape, self.code()) {
            (TokenErrorShape::Wrapped, _) => {
                respond::api_shape(status, &wrapped(status, &text, tracking), tracking)
            }
            (TokenErrorShape::Api, _) | (TokenErrorShape::AsSeen, None) => {
                respond::api_shape(status, &text, tracking)
            }
            (TokenErrorShape::AsSeen, Some(code)) => {
                // The one recorded `invalid_client` has no tracking id, unlike the broker's other errors.
                let tracking_id = (*self != Self::InvalidClient).then(|| tracking.as_str());
                let body = BrokerBody {
                    error: code,
                    error_description: &text,
                    tracking_id,
                };
                respond::error(status, &body, tracking)
            }
        }
    }
}
