//! `/__sim/openapi.json`.

use axum::Json;
use axum::extract::State;
use serde_json::Value;

use crate::control::router::Control;

pub(crate) async fn get(State(control): State<Control>) -> Json<Value> {
    Json(control.document())
}
