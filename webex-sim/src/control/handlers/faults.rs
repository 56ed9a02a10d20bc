//! `/__sim/faults`: rules by which requests fail.

use axum::Json;
use axum::body::Bytes;
use axum::extract::Path;
use serde::Deserialize;

use crate::control::fields::rejection;
use crate::control::router::{Answer, Controlled, Refused};
use crate::control::types::{Fault, FaultList};
use crate::faults::{Faults, draft};

/// Which rule a path is about.
#[derive(Deserialize)]
pub(crate) struct RulePath {
    pub(crate) id: String,
}

pub(crate) async fn list(Controlled(world): Controlled) -> Answer<FaultList> {
    let faults = world.state().faults.list();
    Ok(Json(FaultList { faults }))
}

pub(crate) async fn unused(Controlled(world): Controlled) -> Answer<FaultList> {
    let faults = world.state().faults.unused();
    Ok(Json(FaultList { faults }))
}

pub(crate) async fn post(Controlled(world): Controlled, body: Bytes) -> Answer<Fault> {
    let draft = draft(&body)?;
    let fault = world.state().faults.add(draft, world.clock.now())?;
    Ok(Json(fault))
}

pub(crate) async fn clear(Controlled(world): Controlled) -> Answer<FaultList> {
    world.state().faults.clear();
    Ok(Json(FaultList { faults: Vec::new() }))
}

pub(crate) async fn get(Controlled(world): Controlled, Path(path): Path<RulePath>) -> Answer<Fault> {
    let faults = &world.state().faults;
    let found = faults.find(&path.id);
    found.map(Json).ok_or_else(|| absent(&path.id, faults))
}

pub(crate) async fn delete(Controlled(world): Controlled, Path(path): Path<RulePath>) -> Answer<Fault> {
    let faults = &mut world.state().faults;
    let removed = faults.remove(&path.id);
    removed.map(Json).ok_or_else(|| absent(&path.id, faults))
}

fn absent(id: &str, faults: &Faults) -> Refused {
    let known: Vec<_> = faults
        .list()
        .into_iter()
        .filter_map(|fault| fault.rule.id)
        .collect();
    Refused::Absent(rejection("id", &format!("{id} is unknown"), &known.join(", ")))
}
