//! `/__sim/violations`.

use axum::Json;

use crate::control::router::{Answer, Controlled};
use crate::control::types::ViolationList;

pub(crate) async fn get(Controlled(world): Controlled) -> Answer<ViolationList> {
    let violations = world.state().violations.list();
    Ok(Json(ViolationList { violations }))
}

pub(crate) async fn delete(Controlled(world): Controlled) -> Answer<ViolationList> {
    world.state().violations.clear();
    Ok(Json(ViolationList {
        violations: Vec::new(),
    }))
}
