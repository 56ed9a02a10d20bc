//! `GET /`, and everything that is not there. With a good token Webex answers 404, with a bad one 401: that makes the
//! path a probe, and it is the one the gateway's health check uses.

use axum::extract::MatchedPath;
use axum::response::Response;

use super::caller::Caller;
use super::error::ApiError;
use super::operation::Operation;
use crate::context::Context;

/// `GET /`.
pub(crate) async fn get(caller: Caller) -> Response {
    caller.refuse(&ApiError::NotFound)
}

/// Any path that is not simulated.
pub(crate) async fn not_simulated(caller: Caller) -> Response {
    caller.refuse(&ApiError::NotSimulated)
}

/// A simulated path of the API with another method.
pub(crate) async fn other_method(path: MatchedPath, caller: Caller) -> Response {
    let allow = Operation::allowed(path.as_str());
    caller.refuse(&ApiError::MethodNotAllowed { allow })
}

/// A path of the authorization server with another method: nobody has to sign in to learn that.
pub(crate) async fn other_method_unauthenticated(path: MatchedPath, context: Context) -> Response {
    let allow = Operation::allowed(path.as_str());
    ApiError::MethodNotAllowed { allow }.render(&context)
}
