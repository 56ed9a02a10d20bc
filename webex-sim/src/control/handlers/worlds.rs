//! `/__sim/worlds`: the worlds themselves; what is in one is under `/__sim/worlds/{world}/…`.

use axum::Json;
use axum::extract::{Request, State};
use http::HeaderName;
use http::header::CACHE_CONTROL;

use super::settings;
use crate::control::fields::{Fields, rejection};
use crate::control::router::{Answer, Control, Controlled, Refused, large_body};
use crate::control::types::{CreatedWorld, Deleted, NewWorld, Rejection, WorldInfo, WorldList};
use crate::world::World;
use crate::worlds::within;

/// For answers that hold secrets.
pub(super) const NO_STORE: [(HeaderName, &str); 1] = [(CACHE_CONTROL, "no-store")];

pub(crate) async fn list(State(control): State<Control>) -> Answer<WorldList> {
    let worlds = control.worlds.all();
    Ok(Json(WorldList {
        worlds: worlds.iter().map(|world| info(world)).collect(),
    }))
}

pub(crate) async fn create(
    State(control): State<Control>,
    request: Request,
) -> Result<([(HeaderName, &'static str); 1], Json<CreatedWorld>), Refused> {
    let new = read(&large_body(request).await?)?;
    let world = control.worlds.create(&new)?;
    Ok((NO_STORE, Json(created(&world))))
}

pub(crate) async fn get(Controlled(world): Controlled) -> Answer<WorldInfo> {
    Ok(Json(info(&world)))
}

pub(crate) async fn delete(State(control): State<Control>, Controlled(world): Controlled) -> Answer<Deleted> {
    control.worlds.delete(&world)?;
    Ok(Json(Deleted {
        deleted: world.name.clone(),
    }))
}

/// What its creator is told.
pub(crate) fn created(world: &World) -> CreatedWorld {
    let state = world.state();
    CreatedWorld {
        name: world.name.clone(),
        client_id: state.integration.client_id.clone(),
        client_secret: state.integration.client_secret.expose().to_owned(),
        control_path: control_path(world),
    }
}

fn info(world: &World) -> WorldInfo {
    let state = world.state();
    WorldInfo {
        name: world.name.clone(),
        client_id: state.integration.client_id.clone(),
        created: format!("{:.3}", world.created),
        control_path: control_path(world),
        organizations: state.directory.organizations.len(),
        people: state.directory.people.len(),
        tokens: state.registry.token_count(),
        journal: world.journal.len(),
        violations: state.violations.len(),
        snapshots: world.snapshots.len(),
    }
}

fn control_path(world: &World) -> String {
    format!("/__sim/worlds/{}", world.name)
}

fn read(body: &[u8]) -> Result<NewWorld, Rejection> {
    let mut fields = Fields::json(body)?;
    let settings = match fields.map("settings")? {
        None => None,
        Some(own) => Some(settings::read(Fields::new(own)).map_err(|error| within("settings", error))?),
    };
    let new = NewWorld {
        name: fields.text("name")?,
        client_id: fields.text("client_id")?,
        client_secret: fields.text("client_secret")?,
        redirect_uris: fields.texts("redirect_uris")?,
        settings,
        seed: fields.map("seed")?.map(serde_json::Value::Object),
    };
    fields.finish()?;
    Ok(new)
}

/// A world that was deleted while a request waited for something in it.
pub(super) fn ended(world: &World) -> Refused {
    let reason = format!("{} was deleted", world.name);
    Refused::Absent(rejection("world", &reason, "see GET /__sim/worlds"))
}
