//! `/v1/authorizations` (Webex API reference, "Authorizations"): when a token ends.

use axum::response::Response;
use http::StatusCode;
use serde::Serialize;

use super::caller::Caller;
use super::respond::{self, Origin};

#[derive(Debug, Serialize)]
struct TokenExpiry {
    /// Milliseconds since 1970.
    exp: i64,
}

/// `GET /v1/authorizations/tokenExpiry`: of the token that asks.
pub(crate) async fn token_expiry(caller: Caller) -> Response {
    let body = TokenExpiry {
        exp: caller.token_expires_at.as_millisecond(),
    };
    caller.noted(respond::json(
        StatusCode::OK,
        Origin::Api,
        &caller.context.tracking,
        &body,
    ))
}
