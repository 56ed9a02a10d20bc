//! `/__sim/coverage`.

use axum::Json;

use crate::control::router::{Answer, Controlled};
use crate::control::types::Coverage;

pub(crate) async fn get(Controlled(world): Controlled) -> Answer<Coverage> {
    Ok(Json(world.answers.coverage()))
}
