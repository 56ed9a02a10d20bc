//! `GET /`, and everything that is not there. With a good token Webex answers 404, with a bad one 401: that makes the
//! path a probe, and it is the one the gateway's health check uses.

use axum::response::Response;

use super::caller::Caller;
use super::error::ApiError;

/// `GET /`.
pub(crate) async fn get(caller: Caller) -> Response {
    caller.refuse(ApiError::NotFound)
}

/// Any path that is not simulated.
pub(crate) async fn not_simulated(caller: Caller) -> Response {
    caller.refuse(ApiError::NotSimulated)
}

/// A simulated read-only path with another method.
pub(crate) async fn only_get(caller: Caller) -> Response {
    caller.refuse(ApiError::MethodNotAllowed { allow: "GET, HEAD" })
}
