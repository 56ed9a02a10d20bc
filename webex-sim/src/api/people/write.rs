//! Creating, changing and deleting people. A change happens as a whole or not at all.

use std::collections::HashSet;

use axum::response::Response;
use serde::Serialize;

use super::draft::{Draft, is_attendee};
use super::ok;
use super::sight::Sight;
use super::view::{self, Occasion, View};
use crate::api::body::JsonObject;
use crate::api::caller::Caller;
use crate::api::error::ApiError;
use crate::api::request_url::RequestUrl;
use crate::api::respond;
use crate::ids::{self, Kind};
use crate::random;
use crate::world::{Directory, FULL_ADMIN, Person};

/// All there is in an answer with `minResponse`.
#[derive(Debug, Serialize)]
struct OnlyId {
    id: String,
}

/// `POST /v1/people`.
pub(super) fn create(caller: &Caller, url: &RequestUrl, body: JsonObject) -> Result<Response, ApiError> {
    let sight = Sight::of(caller);
    let view = View::of(&sight, url, Occasion::Created)?;
    let short = url.flag("minResponse")?;
    let draft = Draft::of_new(&body.0?)?;
    let world = &caller.context.world;
    let mut state = world.state();
    let organization = draft.organization.unwrap_or(sight.organization);
    if !sight.reaches(&state.directory, organization) {
        return Err(ApiError::Forbidden);
    }
    let email = draft.emails.iter().flatten().next().cloned();
    let email = email.expect("a draft of somebody new has an address");
    let (id, name) = (random::uuid(world.random.as_ref()), draft.name_to_show());
    let mut person = Person::new(id, organization, email, name, world.clock.now());
    draft.check(&person)?;
    draft.fill(&mut person);
    may_give_roles(caller, &HashSet::new(), &person)?;
    is_free(&state.directory, &person)?;
    let response = answer(caller, &person, view, short);
    state.directory.people.insert(id, person);
    Ok(response)
}

/// `PUT /v1/people/{personId}`.
pub(super) fn update(
    caller: &Caller,
    id: &str,
    url: &RequestUrl,
    body: JsonObject,
) -> Result<Response, ApiError> {
    let sight = Sight::of(caller);
    let view = View::of(&sight, url, Occasion::One)?;
    let (short, all_types) = (url.flag("minResponse")?, url.flag("showAllTypes")?);
    let draft = Draft::of_known(&body.0?)?;
    let world = &caller.context.world;
    let (mut state, now) = (world.state(), world.clock.now());
    let before = sight.find(&state.directory, id).ok_or(ApiError::NotFound)?;
    draft.check(before)?;
    let mut person = before.clone();
    draft.fill(&mut person);
    if !all_types {
        keep_attendance(before, &mut person);
    }
    person.last_modified = now;
    let roles = roles_of(before);
    may_give_roles(caller, &roles, &person)?;
    is_free(&state.directory, &person)?;
    let other_roles = roles != roles_of(&person);
    let shut_out = before.login_enabled && !person.login_enabled;
    let response = answer(caller, &person, view, short);
    let id = person.id;
    state.directory.people.insert(id, person);
    if other_roles || shut_out {
        state.registry.revoke_person(id, now);
    }
    Ok(response)
}

/// `DELETE /v1/people/{personId}`.
pub(super) fn delete(caller: &Caller, id: &str) -> Result<Response, ApiError> {
    let world = &caller.context.world;
    let mut state = world.state();
    let found = Sight::of(caller).find(&state.directory, id);
    let id = found.ok_or(ApiError::NotFound)?.id;
    state.delete_person(&id.to_string(), world.clock.now());
    Ok(respond::no_content(&caller.context.tracking))
}

/// Only a full administrator changes roles.
fn may_give_roles(caller: &Caller, before: &HashSet<String>, person: &Person) -> Result<(), ApiError> {
    if *before == roles_of(person) || caller.person.has_role(&[FULL_ADMIN]) {
        Ok(())
    } else {
        Err(ApiError::Forbidden)
    }
}

fn roles_of(person: &Person) -> HashSet<String> {
    person.roles.iter().cloned().collect()
}

/// An address belongs to one person in all of Webex.
fn is_free(directory: &Directory, person: &Person) -> Result<(), ApiError> {
    let has = |other: &Person, email: &String| other.emails.iter().any(|own| own.eq_ignore_ascii_case(email));
    let mut others = directory.people.values().filter(|other| other.id != person.id);
    match others.find(|other| person.emails.iter().any(|email| has(other, email))) {
        None => Ok(()),
        Some(_) => Err(ApiError::Conflict(
            "A person with this email address already exists.".to_owned(),
        )),
    }
}

/// Without `showAllTypes` nobody stops being an attendee of a site (API reference, "Update a Person").
fn keep_attendance(before: &Person, person: &mut Person) {
    for site in before.site_urls.iter().filter(|site| is_attendee(site)) {
        if !person.site_urls.contains(site) {
            person.site_urls.push(site.clone());
        }
    }
}

fn answer(caller: &Caller, person: &Person, view: View, short: bool) -> Response {
    if short {
        let id = ids::encode(Kind::Person, person.id);
        ok(caller, &OnlyId { id })
    } else {
        ok(caller, &view::Person::new(person, view))
    }
}
