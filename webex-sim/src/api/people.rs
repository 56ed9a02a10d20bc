//! `/v1/people` (Webex API reference, "People").

mod draft;
mod fields;
mod filter;
mod list;
mod sight;
mod view;
mod write;

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;

use super::body::JsonObject;
use super::caller::Caller;
use super::error::ApiError;
use super::request_url::RequestUrl;
use super::respond::{self, Origin};
use sight::Sight;
use view::{Occasion, Person, View};

/// `{personId}`; what is no text names nobody.
type PersonId = Result<Path<String>, PathRejection>;

/// `GET /v1/people`.
pub(crate) async fn list(caller: Caller, url: RequestUrl) -> Response {
    caller.answered(list::list(&caller, &url))
}

/// `POST /v1/people`.
pub(crate) async fn create(caller: Caller, url: RequestUrl, body: JsonObject) -> Response {
    caller.answered(write::create(&caller, &url, body))
}

/// `GET /v1/people/me`.
pub(crate) async fn me(caller: Caller, url: RequestUrl) -> Response {
    let view = View::of(&Sight::of(&caller), &url, Occasion::One);
    caller.answered(view.map(|view| ok(&caller, &Person::new(&caller.person, view))))
}

/// `GET /v1/people/{personId}`.
pub(crate) async fn get(caller: Caller, id: PersonId, url: RequestUrl) -> Response {
    caller.answered(show(&caller, &text(id), &url))
}

/// `PUT /v1/people/{personId}`.
pub(crate) async fn update(caller: Caller, id: PersonId, url: RequestUrl, body: JsonObject) -> Response {
    caller.answered(write::update(&caller, &text(id), &url, body))
}

/// `DELETE /v1/people/{personId}`.
pub(crate) async fn delete(caller: Caller, id: PersonId) -> Response {
    caller.answered(write::delete(&caller, &text(id)))
}

fn show(caller: &Caller, id: &str, url: &RequestUrl) -> Result<Response, ApiError> {
    let sight = Sight::of(caller);
    let view = View::of(&sight, url, Occasion::One)?;
    let state = caller.context.world.state();
    let person = sight.find(&state.directory, id).ok_or(ApiError::NotFound)?;
    Ok(ok(caller, &Person::new(person, view)))
}

fn text(id: PersonId) -> String {
    id.map(|Path(id)| id).unwrap_or_default()
}

fn ok(caller: &Caller, body: &impl Serialize) -> Response {
    respond::json(StatusCode::OK, Origin::Api, &caller.context.tracking, body)
}
