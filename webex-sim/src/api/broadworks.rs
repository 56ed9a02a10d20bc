//! Webex for BroadWorks: `/v1/broadworks/…` (Webex API reference, "BroadWorks Enterprises" and "BroadWorks Subscribers").

pub(crate) mod directory_sync;
pub(crate) mod enterprises;
mod fields;
mod profile;
mod query;
pub(crate) mod subscribers;

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{FromRequestParts, Path};
use axum::response::Response;
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::body;
use super::caller::Caller;
use super::error::ApiError;
use super::paging::Page;
use super::respond::{self, Origin};

/// An administrator of a service provider: nobody else may do anything with BroadWorks, whatever their role.
#[derive(Debug)]
pub(crate) struct Partner(Caller);

/// `{id}` as a handler gets it.
type Id = Result<Path<String>, PathRejection>;

/// A body as a handler gets it: too large, or cut off, is an error of the request, too.
type Received = Result<Bytes, BytesRejection>;

/// A list has the items and nothing else.
#[derive(Serialize)]
struct Items<'a, T> {
    items: &'a [T],
}

impl<S: Sync> FromRequestParts<S> for Partner {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let caller = Caller::from_request_parts(parts, state).await?;
        let organization = caller.person.organization;
        let is_partner = {
            let state = caller.context.world.state();
            let organization = state.directory.organizations.get(&organization);
            organization.is_some_and(|organization| organization.partner)
        };
        match is_partner {
            true => Ok(Self(caller)),
            false => Err(caller.refuse(&ApiError::Forbidden)),
        }
    }
}

impl Partner {
    /// The organisation of the administrator.
    fn organization(&self) -> Uuid {
        self.0.person.organization
    }

    /// The answer of a handler, as it goes out.
    fn answer(&self, result: Result<Response, ApiError>) -> Response {
        match result {
            Ok(response) => self.0.noted(response),
            Err(error) => self.0.refuse(&error),
        }
    }

    fn json(&self, body: &impl Serialize) -> Response {
        respond::json(StatusCode::OK, Origin::Api, &self.0.context.tracking, body)
    }

    /// A page of a list, with a link to the next one if there is one.
    fn list<T: Serialize>(&self, page: &Page<T>) -> Response {
        page.linked(self.json(&Items { items: &page.items }))
    }

    /// 204.
    fn no_content(&self) -> Response {
        respond::no_content(&self.0.context.tracking)
    }
}

/// The id in a path; what is no text names nothing.
fn text(id: Id) -> String {
    id.map(|Path(id)| id).unwrap_or_default()
}

/// The object in a body.
fn object(headers: &HeaderMap, received: Received) -> Result<Map<String, Value>, ApiError> {
    let bytes = received.map_err(|_| ApiError::Malformed)?;
    body::object(headers, &bytes)
}
