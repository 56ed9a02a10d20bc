//! How Webex behaves where that is a matter of configuration, or not known for sure.

use serde::{Deserialize, Serialize};

/// What a refresh does to the refresh token. Webex keeps it; other servers give a new one (RFC 9700, section 4.14.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Rotation {
    /// It stays, and its life starts anew, as at Webex.
    #[default]
    None,
    /// Each refresh gives a new one. The one before works on for so many seconds, for a client that never got the answer:
    /// then it is answered as the newest one would be, with another new one. After that it is dead, and nothing else is.
    Grace {
        /// From the refresh that replaced it; further uses do not extend it.
        seconds: u64,
    },
    /// Each refresh gives a new one, and one that was replaced shows a theft: its use revokes every refresh and access token
    /// of the grant.
    Strict,
}

/// How the token endpoint says no; all three have been seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum TokenErrorShape {
    /// As each error has been seen: most as the identity broker words them, `{"error","error_description","trackingID"}`.
    #[default]
    AsSeen,
    /// All as the API words its errors: `{"message","errors":[{"description"}],"trackingId"}`.
    Api,
    /// The same around what a service behind the API has said: `POST failed: HTTP/1.1 400 Bad Request (url = …, error = '…')`.
    Wrapped,
}

/// The settings of a world, `GET /__sim/settings`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(schemars::JsonSchema))]
pub struct Settings {
    /// Life of an access token. 14 days less a second, as Webex answers.
    pub access_token_lifetime_s: u64,
    /// Life of a refresh token, which starts anew with each use. 90 days less a second, as Webex answers.
    pub refresh_token_lifetime_s: u64,
    /// Life of an authorization code. Webex documents no number; 5 minutes is this simulator's.
    pub code_lifetime_s: u64,
    /// Whether a refresh within 24 hours of the last issue returns the same access token, as Webex does. A token that
    /// is expired or revoked is never returned again.
    pub same_token_within_24h: bool,
    /// Whether a refresh gives a new refresh token.
    pub rotation: Rotation,
    /// How long an answer of the token endpoint is held back; what was asked for has been done before.
    pub token_endpoint_delay_ms: u64,
    /// Active access tokens a person may have before `tokenlimit_reached`; 750 at Webex.
    pub max_access_tokens: u64,
    /// Status of `invalid_client`: both 400 and 401 have been seen.
    pub invalid_client_status: u16,
    /// How the token endpoint says no.
    pub token_error_shape: TokenErrorShape,
    /// How long BroadWorks subscribers are `provisioning` and `updating`. 2 seconds: a client that polls sees the status
    /// change, and nobody waits long for it. 0 makes the next look see the end.
    pub provisioning_delay_s: u64,
    /// How long a directory synchronisation of an enterprise is `IN_PROGRESS`. 2 seconds for the same reason.
    pub directory_sync_delay_s: u64,
    /// Requests that a person may make to one family of operations in a window, before 429; 0 is no limit. Webex's limits are
    /// unpublished ("roughly 300 a minute") and would hit tests at random, so there is none by default.
    pub rate_limit_requests: u64,
    /// Length of that window.
    pub rate_limit_window_s: u64,
    /// The redirect URIs that are registered, compared character by character.
    pub redirect_uris: Vec<String>,
    /// What absolute links in answers start with, such as `https://webexapis.com`; empty: scheme and host of the
    /// request.
    pub base_url: String,
}

/// `PATCH /__sim/settings`, and `settings` of a seed: what is absent stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SettingsPatch {
    /// See [`Settings::access_token_lifetime_s`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token_lifetime_s: Option<u64>,
    /// See [`Settings::refresh_token_lifetime_s`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token_lifetime_s: Option<u64>,
    /// See [`Settings::code_lifetime_s`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code_lifetime_s: Option<u64>,
    /// See [`Settings::same_token_within_24h`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub same_token_within_24h: Option<bool>,
    /// See [`Settings::rotation`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotation: Option<Rotation>,
    /// See [`Settings::token_endpoint_delay_ms`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_endpoint_delay_ms: Option<u64>,
    /// See [`Settings::max_access_tokens`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_access_tokens: Option<u64>,
    /// See [`Settings::invalid_client_status`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invalid_client_status: Option<u16>,
    /// See [`Settings::token_error_shape`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_error_shape: Option<TokenErrorShape>,
    /// See [`Settings::provisioning_delay_s`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioning_delay_s: Option<u64>,
    /// See [`Settings::directory_sync_delay_s`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub directory_sync_delay_s: Option<u64>,
    /// See [`Settings::rate_limit_requests`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_limit_requests: Option<u64>,
    /// See [`Settings::rate_limit_window_s`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_limit_window_s: Option<u64>,
    /// See [`Settings::redirect_uris`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect_uris: Option<Vec<String>>,
    /// See [`Settings::base_url`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            access_token_lifetime_s: 1_209_599,
            refresh_token_lifetime_s: 7_775_999,
            code_lifetime_s: 300,
            same_token_within_24h: true,
            rotation: Rotation::None,
            token_endpoint_delay_ms: 0,
            max_access_tokens: 750,
            invalid_client_status: 400,
            token_error_shape: TokenErrorShape::AsSeen,
            provisioning_delay_s: 2,
            directory_sync_delay_s: 2,
            rate_limit_requests: 0,
            rate_limit_window_s: 60,
            redirect_uris: Vec::new(),
            base_url: String::new(),
        }
    }
}
