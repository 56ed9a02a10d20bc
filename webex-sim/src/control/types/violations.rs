//! What a client did that it should not do, as the control API shows it.

use serde::{Deserialize, Serialize};

/// `GET /__sim/violations`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(schemars::JsonSchema))]
pub struct ViolationList {
    /// The oldest first.
    pub violations: Vec<Violation>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(schemars::JsonSchema))]
pub struct Violation {
    /// Simulated time.
    pub time: String,
    /// Which rule was broken.
    pub kind: ViolationKind,
    /// The integration that did it.
    pub client_id: String,
    /// What happened, for people.
    pub detail: String,
}

/// The rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ViolationKind {
    /// A refresh token was used although a newer one had replaced it, and its grace, if there is one, was over.
    RefreshTokenReuse,
    /// Ten refreshes within ten seconds, whatever they were answered with. Listed once, until it has calmed down.
    RefreshStorm,
    /// An operation was called for the same person again before the `Retry-After` of a 429, 423 or 503 was over.
    RetryAfterIgnored,
    /// An authorization code was presented a second time.
    CodeReuse,
    /// A revoked access token was used although it had been answered with 401 since, other than for `GET /` once in 20 s.
    UseAfterRevocation,
    /// A refresh with a refresh token that had been refused already.
    RefreshAfterInvalid,
}
