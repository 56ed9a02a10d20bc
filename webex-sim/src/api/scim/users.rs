//! `/identity/scim/{orgId}/v2/Users` and `/identity/scim/v2/Users/me`.

use axum::extract::RawQuery;
use axum::response::Response;
use http::header::LOCATION;
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::call::{Call, OrganizationCall, Sent};
use super::error::ScimError;
use super::query::Search;
use super::read::resource;
use super::store::Store;
use super::support::fulfils;

/// Schema of the answer to a search.
const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";

/// Search users.
pub(crate) async fn search(call: OrganizationCall, RawQuery(query): RawQuery) -> Response {
    match Search::parse(query.as_deref().unwrap_or_default()) {
        Ok(search) => {
            let body = call.on_store(|store| page(store, &search, &call.call.base));
            call.call.json(StatusCode::OK, &body)
        }
        Err(error) => call.call.refuse(&error),
    }
}

/// Create a user.
pub(crate) async fn create(call: OrganizationCall, headers: HeaderMap, sent: Sent) -> Response {
    let created = call
        .object(&headers, sent)
        .and_then(|body| call.on_store(|store| shown(&call, store, |store| store.create(body))));
    let mut response = answer(&call, StatusCode::CREATED, &created);
    if let Ok(user) = &created {
        let location = user["meta"]["location"]
            .as_str()
            .expect("every user has a location");
        let location = HeaderValue::from_str(location).expect("a base URL is visible ASCII");
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

/// Get a user.
pub(crate) async fn get(call: OrganizationCall) -> Response {
    let found = call.on_store(|store| shown(&call, store, |store| Ok(store.get(&call.user)?.id)));
    answer(&call, StatusCode::OK, &found)
}

/// Update a user with PUT.
pub(crate) async fn replace(call: OrganizationCall, headers: HeaderMap, sent: Sent) -> Response {
    let replaced = call
        .object(&headers, sent)
        .and_then(|body| call.on_store(|store| shown(&call, store, |store| store.replace(&call.user, body))));
    answer(&call, StatusCode::OK, &replaced)
}

/// Update a user with PATCH.
pub(crate) async fn patch(call: OrganizationCall, headers: HeaderMap, sent: Sent) -> Response {
    let patched = call
        .object(&headers, sent)
        .and_then(|body| call.on_store(|store| shown(&call, store, |store| store.patch(&call.user, &body))));
    answer(&call, StatusCode::OK, &patched)
}

/// Delete a user.
pub(crate) async fn delete(call: OrganizationCall) -> Response {
    match call.on_store(|store| store.delete(&call.user)) {
        Ok(()) => call.call.no_content(),
        Err(error) => call.call.refuse(&error),
    }
}

/// Who am I.
pub(crate) async fn me(call: Call) -> Response {
    let user = {
        let state = call.caller.context.world.state();
        resource(&call.caller.person, &state.directory, &call.base)
    };
    call.json(StatusCode::OK, &user)
}

/// The user that a change leads to, as answers show them.
fn shown(
    call: &OrganizationCall,
    store: &mut Store<'_>,
    act: impl FnOnce(&mut Store<'_>) -> Result<Uuid, ScimError>,
) -> Result<Map<String, Value>, ScimError> {
    let id = act(store)?;
    Ok(call.shown(&store.state.directory.people[&id], store.state))
}

fn answer(
    call: &OrganizationCall,
    status: StatusCode,
    user: &Result<Map<String, Value>, ScimError>,
) -> Response {
    match user {
        Ok(user) => call.call.json(status, user),
        Err(error) => call.call.refuse(error),
    }
}

/// The page of a search.
fn page(store: &Store<'_>, search: &Search, base: &str) -> Value {
    let directory = &store.state.directory;
    let people = directory.people.values();
    let own = people.filter(|person| person.organization == store.organization);
    let mut found: Vec<_> = own
        .map(|person| (person, resource(person, directory, base)))
        .filter(|(_, user)| {
            let filter = search.filter.as_ref();
            filter.is_none_or(|filter| fulfils(filter, &with_formatted(user)))
        })
        .collect();
    if let Some(sort) = search.sort {
        found.sort_by(|(one, _), (other, _)| sort.compare(one, other));
    }
    let total = found.len();
    let page: Vec<_> = found
        .into_iter()
        .skip(search.start - 1)
        .take(search.count)
        .map(|(_, user)| search.selection.of(user))
        .collect();
    json!({
        "schemas": [LIST],
        "totalResults": total,
        "itemsPerPage": page.len(),
        "startIndex": search.start,
        "Resources": page,
    })
}

/// With `name.formatted`, by which one can filter, also where nobody has written it.
fn with_formatted(user: &Map<String, Value>) -> Map<String, Value> {
    let mut user = user.clone();
    let Some(Value::Object(name)) = user.get_mut("name") else {
        return user;
    };
    let parts = [
        "honorificPrefix",
        "givenName",
        "middleName",
        "familyName",
        "honorificSuffix",
    ];
    let parts: Vec<_> = parts
        .iter()
        .filter_map(|part| name.get(*part)?.as_str())
        .collect();
    let composed = json!(parts.join(" "));
    name.entry("formatted").or_insert(composed);
    user
}
