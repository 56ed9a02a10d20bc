//! `/__sim/violations`.

use axum::Json;
use axum::extract::State;

use crate::control::router::{Answer, Control};
use crate::control::types::ViolationList;

pub(crate) async fn get(State(control): State<Control>) -> Answer<ViolationList> {
    let violations = control.worlds.controlled().state().violations.list();
    Ok(Json(ViolationList { violations }))
}

pub(crate) async fn delete(State(control): State<Control>) -> Answer<ViolationList> {
    control.worlds.controlled().state().violations.clear();
    Ok(Json(ViolationList {
        violations: Vec::new(),
    }))
}
