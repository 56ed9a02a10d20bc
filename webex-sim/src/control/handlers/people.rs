//! `/__sim/people/{person}`: what happens to people behind the gateway's back. `{person}` is an e-mail address, a UUID
//! or a Webex id.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};

use crate::control::fields::{Fields, rejection, required};
use crate::control::router::{Answer, Control, absent_person};
use crate::control::types::Ended;
use crate::secret::Secret;

/// Changes the password, which ends every code and token of the person.
pub(crate) async fn password(
    State(control): State<Control>,
    path: Path<String>,
    body: Bytes,
) -> Answer<Ended> {
    let accepted = "a text of at least one character";
    let mut fields = Fields::json(&body)?;
    let password = required("password", fields.text("password")?, accepted)?;
    fields.finish()?;
    if password.is_empty() {
        return Err(rejection("password", "is empty", accepted).into());
    }
    let world = control.worlds.controlled();
    let mut state = world.state();
    match state.change_password(&path, Secret::new(password), world.clock.now()) {
        Some(ended) => Ok(Json(Ended { ended })),
        None => Err(absent_person(
            &path,
            state.people.iter().map(|person| person.email.clone()),
        )),
    }
}

/// Deletes the person, with every code and token.
pub(crate) async fn delete(State(control): State<Control>, path: Path<String>) -> Answer<Ended> {
    let world = control.worlds.controlled();
    let mut state = world.state();
    match state.delete_person(&path, world.clock.now()) {
        Some(ended) => Ok(Json(Ended { ended })),
        None => Err(absent_person(
            &path,
            state.people.iter().map(|person| person.email.clone()),
        )),
    }
}
