//! What a failed call of the token endpoint means and who can mend it.

use std::time::Duration;

use http::{HeaderMap, StatusCode, header};
use serde_json::Value;
use thiserror::Error;

use super::wire::TokenResponse;
use crate::dump;

/// The longest text of a server that is shown to an operator.
const LONGEST_DETAIL: usize = 256;

/// Why no token came back.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TokenError {
    /// Nothing is lost; the same call may work later.
    #[error("{reason}")]
    Transient {
        /// For the operator.
        reason: String,
        /// What the server asked to wait.
        retry_after: Option<Duration>,
        /// Whether the server answered at all: an answered code is spent.
        answered: bool,
        /// Where the fault lies, for those who count.
        fault: Fault,
    },
    /// The server has decided; only a person can change that.
    #[error("{reason}")]
    Rejected {
        /// Who can mend it.
        cause: Rejection,
        /// For the operator.
        reason: String,
    },
}

/// What the server rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// The code or the refresh token: an administrator has to authorise again.
    Grant,
    /// The client: its id, secret, scopes or limits have to be put right.
    Client,
}

/// Where a transient failure comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No connection, or it broke.
    Unreachable,
    /// No answer in time.
    Timeout,
    /// A success without usable tokens in it.
    Malformed,
    /// The server asked to come later.
    RateLimited,
    /// The server failed.
    ServerError,
    /// An answer that is not one of a token endpoint: a forward proxy's page, a redirect.
    Unexpected,
    /// This program failed.
    Internal,
}

impl TokenError {
    /// A transient failure without a wish of the server.
    pub fn transient(reason: impl Into<String>) -> Self {
        Self::Transient {
            reason: reason.into(),
            retry_after: None,
            answered: true,
            fault: Fault::Unexpected,
        }
    }

    /// A failure on the way, before any answer.
    pub fn unanswered(reason: impl Into<String>) -> Self {
        Self::Transient {
            reason: reason.into(),
            retry_after: None,
            answered: false,
            fault: Fault::Unreachable,
        }
    }

    /// The same with another fault; a rejection has none.
    #[must_use]
    pub fn with_fault(mut self, of: Fault) -> Self {
        if let Self::Transient { fault, .. } = &mut self {
            *fault = of;
        }
        self
    }

    /// The same without `secrets` in its reason, in case the server quoted one.
    #[must_use]
    pub fn without(self, secrets: &[String]) -> Self {
        match self {
            Self::Transient {
                reason,
                retry_after,
                answered,
                fault,
            } => Self::Transient {
                reason: dump::without(&reason, secrets),
                retry_after,
                answered,
                fault,
            },
            Self::Rejected { cause, reason } => Self::Rejected {
                cause,
                reason: dump::without(&reason, secrets),
            },
        }
    }
}

/// What an answer of the token endpoint means, by status, `Retry-After` and body.
pub fn interpret(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Result<TokenResponse, TokenError> {
    let answered = |text: &str| format!("the token endpoint answered {}{text}", status.as_u16());
    match status.as_u16() {
        200..=299 => TokenResponse::parse(body).map_err(|problem| {
            TokenError::transient(answered(&format!(", but the answer is of no use: {problem}")))
                .with_fault(Fault::Malformed)
        }),
        400..=499 if status != StatusCode::REQUEST_TIMEOUT && status != StatusCode::TOO_MANY_REQUESTS => {
            Err(client_error(status, body, &answered))
        }
        _ => Err(TokenError::Transient {
            reason: answered(""),
            retry_after: retry_after(headers),
            answered: true,
            fault: match status.as_u16() {
                408 => Fault::Timeout,
                429 => Fault::RateLimited,
                500..=599 => Fault::ServerError,
                _ => Fault::Unexpected,
            },
        }),
    }
}

/// `Retry-After` in seconds (RFC 9110 section 10.2.3). Webex sends no dates; anything else counts as absent.
#[must_use]
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers
        .get(header::RETRY_AFTER)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()?;
    Some(Duration::from_secs(seconds))
}

fn client_error(status: StatusCode, body: &[u8], answered: &dyn Fn(&str) -> String) -> TokenError {
    let error = ErrorBody::parse(body);
    let reason = answered(&error.as_ref().map(ErrorBody::shown).unwrap_or_default());
    let rejected = |cause| TokenError::Rejected {
        cause,
        reason: reason.clone(),
    };
    let Some(error) = error else {
        return match status {
            StatusCode::UNAUTHORIZED => rejected(Rejection::Client),
            _ => TokenError::transient(format!("{reason} without an OAuth error")),
        };
    };
    match error.code.as_deref() {
        Some(
            "invalid_client"
            | "unauthorized_client"
            | "invalid_scope"
            | "unsupported_grant_type"
            | "tokenlimit_reached",
        ) => rejected(Rejection::Client),
        Some("slow_down") => TokenError::transient(reason).with_fault(Fault::RateLimited),
        Some("authorization_pending" | "server_error" | "temporarily_unavailable") => {
            TokenError::transient(reason).with_fault(Fault::ServerError)
        }
        Some("invalid_grant" | "access_denied") => rejected(Rejection::Grant),
        _ if error.blames_the_client() => rejected(Rejection::Client),
        Some("invalid_request") => rejected(Rejection::Grant),
        _ if status == StatusCode::UNAUTHORIZED => rejected(Rejection::Client),
        _ => rejected(Rejection::Grant),
    }
}

/// The error shapes of the identity broker (`error`, `error_description`) and of the API front (`message`, `errors`).
struct ErrorBody {
    code: Option<String>,
    description: String,
}

impl ErrorBody {
    fn parse(body: &[u8]) -> Option<Self> {
        let json: Value = serde_json::from_slice(body).ok()?;
        let text = |value: &Value| value.as_str().map(printable);
        let code = json.get("error").and_then(text);
        // A bare `message` may come from anything on the way; Webex sends `errors` or a tracking id with it.
        let webex = ["errors", "trackingId"]
            .iter()
            .any(|name| json.get(*name).is_some());
        let description = json
            .get("error_description")
            .or_else(|| json.pointer("/errors/0/description"))
            .or_else(|| json.get("message").filter(|_| webex))
            .and_then(text);
        match (&code, description) {
            (None, None) => None,
            (_, description) => Some(Self {
                code,
                description: description.unwrap_or_default(),
            }),
        }
    }

    fn shown(&self) -> String {
        match (&self.code, self.description.as_str()) {
            (Some(code), "") => format!(": {code}"),
            (Some(code), description) => format!(": {code} ({description})"),
            (None, description) => format!(": {description}"),
        }
    }

    /// `Parameter:client_id is blank`, `client_secret cannot be null or empty`, `Client Id is invalid`.
    fn blames_the_client(&self) -> bool {
        let text = self.description.to_ascii_lowercase();
        ["client_id", "client_secret", "client id", "client secret"]
            .iter()
            .any(|words| text.contains(words))
    }
}

/// A server's text, cut and without control characters, so that it cannot forge a log line.
fn printable(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control())
        .take(LONGEST_DETAIL)
        .collect()
}

#[cfg(test)]
mod tests;
