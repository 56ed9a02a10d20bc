//! `/health`, `/livez`, `/readyz`: does it work end to end, does the process live, is there a token to send.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde_json::json;

use super::Services;
use super::error::Failed;
use crate::error::GatewayError;
use crate::token::lifecycle::Action;
use crate::tracking_id::TrackingId;

/// 200 or 503 with a [`Report`], by one request to Webex.
///
/// [`Report`]: crate::health::Report
pub async fn health(State(services): State<Services>) -> Response {
    let Some(report) = services.health.check().await else {
        let tracking_id = TrackingId::new(&services.forwarder.tracking_prefix);
        return Failed {
            error: GatewayError::Internal,
            tracking_id,
        }
        .into_response();
    };
    let status = if report.healthy() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, [(header::CACHE_CONTROL, "no-store")], Json(report)).into_response()
}

/// 200: the process answers. No outage of Webex changes that, so that nothing restarts the gateway for it.
pub async fn live() -> Response {
    (
        [(header::CACHE_CONTROL, "no-store")],
        Json(json!({ "status": "ok" })),
    )
        .into_response()
}

/// 200 while a usable access token is held, else 503; Webex is not asked.
pub async fn ready(State(services): State<Services>) -> Response {
    let keeper = &services.forwarder.keeper;
    let snapshot = keeper.snapshot();
    let usable = snapshot.ready(keeper.now());
    let (status, word) = match usable {
        true => (StatusCode::OK, "ok"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "failed"),
    };
    let mut body = json!({ "status": word, "state": snapshot.state.as_str() });
    if !usable {
        let rejection = snapshot.trouble.as_ref().and_then(|trouble| trouble.rejection);
        let action = match (&snapshot.grant, rejection) {
            (None, _) => Action::Reauthorise,
            (Some(_), Some(rejection)) => rejection.into(),
            (Some(_), None) => Action::Retry,
        };
        body["action"] = action.as_str().into();
    }
    (status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}
