//! `/__sim/people/{person}`: what happens to people behind the gateway's back. `{person}` is an e-mail address, a UUID
//! or a Webex id.

use axum::Json;
use axum::body::Bytes;
use axum::extract::Path;

use crate::control::fields::{Fields, rejection, required};
use crate::control::router::{Answer, Controlled, PersonPath, absent_person};
use crate::control::types::Ended;
use crate::secret::Secret;

/// Changes the password, which ends every code and token of the person.
pub(crate) async fn password(
    Controlled(world): Controlled,
    Path(path): Path<PersonPath>,
    body: Bytes,
) -> Answer<Ended> {
    let accepted = "a text of at least one character";
    let mut fields = Fields::json(&body)?;
    let password = required("password", fields.text("password")?, accepted)?;
    fields.finish()?;
    if password.is_empty() {
        return Err(rejection("password", "is empty", accepted).into());
    }
    let mut state = world.state();
    match state.change_password(&path.person, Secret::new(password), world.clock.now()) {
        Some(ended) => Ok(Json(Ended { ended })),
        None => Err(absent_person(
            &path,
            state
                .directory
                .people
                .values()
                .map(|person| person.email().to_owned()),
        )),
    }
}

/// Deletes the person, with every code and token.
pub(crate) async fn delete(Controlled(world): Controlled, Path(path): Path<PersonPath>) -> Answer<Ended> {
    let mut state = world.state();
    match state.delete_person(&path.person, world.clock.now()) {
        Some(ended) => Ok(Json(Ended { ended })),
        None => Err(absent_person(
            &path,
            state
                .directory
                .people
                .values()
                .map(|person| person.email().to_owned()),
        )),
    }
}
