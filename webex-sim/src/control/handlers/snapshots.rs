//! `/__sim/snapshots`: moments of a world to go back to.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use serde::Deserialize;

use crate::control::fields::{Fields, rejection};
use crate::control::router::{Answer, Control, Controlled, Refused};
use crate::control::types::{Deleted, SnapshotInfo, SnapshotList};
use crate::world::World;

/// Which snapshot a path is about.
#[derive(Deserialize)]
pub(crate) struct SnapshotPath {
    pub(crate) name: String,
}

pub(crate) async fn list(Controlled(world): Controlled) -> Answer<SnapshotList> {
    let snapshots = world.snapshots.list();
    Ok(Json(SnapshotList { snapshots }))
}

pub(crate) async fn save(
    Controlled(world): Controlled,
    Path(path): Path<SnapshotPath>,
    body: Bytes,
) -> Answer<SnapshotInfo> {
    Fields::json(&body)?.finish()?;
    Ok(Json(world.save(&path.name)?))
}

pub(crate) async fn restore(
    State(control): State<Control>,
    Controlled(world): Controlled,
    Path(path): Path<SnapshotPath>,
    body: Bytes,
) -> Answer<SnapshotInfo> {
    Fields::json(&body)?.finish()?;
    let Some(snapshot) = world.snapshots.named(&path.name) else {
        return Err(absent(&world, &path));
    };
    world.restore(&control.worlds, &snapshot)?;
    Ok(Json(snapshot.info(&path.name)))
}

pub(crate) async fn delete(Controlled(world): Controlled, Path(path): Path<SnapshotPath>) -> Answer<Deleted> {
    if world.snapshots.delete(&path.name) {
        Ok(Json(Deleted { deleted: path.name }))
    } else {
        Err(absent(&world, &path))
    }
}

fn absent(world: &World, path: &SnapshotPath) -> Refused {
    let known: Vec<_> = world
        .snapshots
        .list()
        .into_iter()
        .map(|snapshot| snapshot.name)
        .collect();
    let known = match known.as_slice() {
        [] => "there is none; PUT makes one".to_owned(),
        known => known.join(", "),
    };
    Refused::Absent(rejection("name", &format!("{} is unknown", path.name), &known))
}
