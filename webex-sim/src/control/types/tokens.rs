//! Tokens as the control API shows and ends them.

use serde::{Deserialize, Serialize};

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum TokenKind {
    /// Access tokens.
    #[default]
    Access,
    /// Refresh tokens.
    Refresh,
}

/// Whether a token is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum TokenState {
    /// It works.
    Active,
    /// Its time is over.
    Expired,
    /// It was ended by somebody.
    Revoked,
    /// A refresh token that a newer one has replaced. Within its grace it works all the same.
    Replaced,
}

/// `GET /__sim/tokens`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(schemars::JsonSchema))]
pub struct TokenList {
    /// In the order of issue.
    pub tokens: Vec<TokenInfo>,
}

/// One token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(schemars::JsonSchema))]
pub struct TokenInfo {
    /// Instead of the token.
    pub fingerprint: String,
    /// Access or refresh.
    pub kind: TokenKind,
    /// Whether it is good.
    pub state: TokenState,
    /// E-mail address of the person it acts for; absent once the person is deleted.
    pub person: Option<String>,
    /// The integration it was issued to.
    pub client_id: String,
    /// Scopes, separated by spaces.
    pub scope: String,
    /// When it was issued.
    pub issued_at: String,
    /// Until when it is good.
    pub expires_at: String,
}

/// `POST /__sim/tokens/expire` and `/__sim/tokens/revoke`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(schemars::JsonSchema))]
pub struct EndTokens {
    /// Which kind; access tokens if absent.
    #[serde(default)]
    pub kind: TokenKind,
    /// Only the token with this fingerprint; otherwise all of the kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
}

/// How many tokens an operation has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(schemars::JsonSchema))]
pub struct Ended {
    /// Tokens that were good before and are not now.
    pub ended: usize,
}

/// `POST /__sim/tokens/lose-answers`, and its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(schemars::JsonSchema))]
pub struct LostAnswers {
    /// How many coming token answers are lost. What was asked for is done; then, instead of the answer, the connection is
    /// reset.
    pub count: u32,
}
