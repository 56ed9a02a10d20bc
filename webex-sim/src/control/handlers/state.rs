//! `/__sim/state`: everything in a world as one document.

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use http::header::CONTENT_TYPE;

use super::worlds::NO_STORE;
use crate::control::router::{Answer, Control, Controlled, large_body};
use crate::control::types::Imported;

/// The answer holds secrets as they are.
pub(crate) async fn export(Controlled(world): Controlled) -> Response {
    let mut response = (NO_STORE, world.export()).into_response();
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}

pub(crate) async fn import(
    State(control): State<Control>,
    Controlled(world): Controlled,
    request: Request,
) -> Answer<Imported> {
    let body = large_body(request).await?;
    Ok(Json(world.import(&control.worlds, &body)?))
}
