//! `/__sim/replay`: a recording whose answers are given again.

use axum::Json;
use axum::body::Bytes;

use crate::control::fields::rejection;
use crate::control::router::{Answer, Controlled};
use crate::control::types::ReplayList;
use crate::replay::{self, Recording};

pub(crate) async fn get(Controlled(world): Controlled) -> Answer<ReplayList> {
    Ok(Json(world.replay.list()))
}

/// A recording takes the place of the one before.
pub(crate) async fn put(Controlled(world): Controlled, body: Bytes) -> Answer<ReplayList> {
    let recording = replay::read(&body).map_err(|error| {
        rejection(
            "body",
            &error.to_string(),
            "an HTTP Archive (HAR 1.2), as GET journal/har gives it",
        )
    })?;
    world.replay.load(recording);
    Ok(Json(world.replay.list()))
}

pub(crate) async fn delete(Controlled(world): Controlled) -> Answer<ReplayList> {
    world.replay.load(Recording::default());
    Ok(Json(world.replay.list()))
}
