//! A request to the users of an organisation: who calls, for which organisation, by which address.

use axum::extract::{FromRequestParts, RawPathParams};
use axum::response::Response;
use http::StatusCode;
use http::request::Parts;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::error::ScimError;
use super::read::resource;
use super::store::{Store, uuid};
use crate::api::body;
use crate::api::caller::Caller;
use crate::api::error::ApiError;
use crate::api::request_url::RequestUrl;
use crate::api::respond::{self, Origin};
use crate::world::{Person, State};

/// An authenticated request.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) caller: Caller,
    /// What links start with, such as `https://webexapis.com`.
    pub(crate) base: String,
}

/// The same with an organisation that the caller sees.
#[derive(Debug)]
pub(crate) struct OrganizationCall {
    pub(crate) call: Call,
    pub(crate) organization: Uuid,
    /// `{userId}` of the path; empty where the path has none.
    pub(crate) user: String,
}

/// A body, or why there is none.
pub(crate) type Sent = Result<axum::body::Bytes, axum::extract::rejection::BytesRejection>;

impl<S: Sync> FromRequestParts<S> for Call {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let caller = Caller::from_request_parts(parts, state).await?;
        let Ok(url) = RequestUrl::from_request_parts(parts, state).await;
        Ok(Self {
            caller,
            base: url.base().to_owned(),
        })
    }
}

impl<S: Sync + Send> FromRequestParts<S> for OrganizationCall {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let call = Call::from_request_parts(parts, state).await?;
        let Ok(params) = RawPathParams::from_request_parts(parts, state).await else {
            return Err(call.refuse(&ScimError::NotFound("The path cannot be read.".to_owned())));
        };
        let param = |wanted: &str| {
            let found = params.iter().find(|(name, _)| *name == wanted);
            found.map(|(_, value)| value.to_owned()).unwrap_or_default()
        };
        let (named, user) = (param("orgId"), param("userId"));
        let seen = {
            let state = call.caller.context.world.state();
            let known = uuid(&named).filter(|id| state.directory.organizations.contains_key(id));
            known.map(|id| (id, state.directory.sees(call.caller.person.organization, id)))
        };
        match seen {
            Some((organization, true)) => Ok(Self {
                call,
                organization,
                user,
            }),
            Some((_, false)) => Err(call.caller.refuse(&ApiError::Forbidden)),
            None => Err(call.refuse(&ScimError::NotFound(format!("Organization {named} not found.")))),
        }
    }
}

impl Call {
    /// An answer that says what was wrong.
    pub(crate) fn refuse(&self, error: &ScimError) -> Response {
        self.caller.noted(error.render(&self.caller.context))
    }

    /// An answer with JSON.
    pub(crate) fn json(&self, status: StatusCode, body: &impl serde::Serialize) -> Response {
        let tracking = &self.caller.context.tracking;
        self.caller
            .noted(respond::json(status, Origin::Api, tracking, body))
    }

    /// An answer without a body.
    pub(crate) fn no_content(&self) -> Response {
        let tracking = &self.caller.context.tracking;
        self.caller.noted(respond::no_content(tracking))
    }
}

impl OrganizationCall {
    /// Acts on the users of the organisation.
    pub(crate) fn on_store<T>(&self, act: impl FnOnce(&mut Store<'_>) -> T) -> T {
        let world = &self.call.caller.context.world;
        let mut state = world.state();
        act(&mut Store {
            state: &mut state,
            organization: self.organization,
            now: world.clock.now(),
            random: world.random.as_ref(),
        })
    }

    /// The object in the body.
    pub(crate) fn object(
        &self,
        headers: &http::HeaderMap,
        sent: Sent,
    ) -> Result<Map<String, Value>, ScimError> {
        let bytes =
            sent.map_err(|_| ScimError::TooLarge("The body of the request is too large.".to_owned()))?;
        body::object(headers, &bytes).map_err(|error| {
            ScimError::standing_for(&error, &self.call.caller.context)
                .unwrap_or_else(|| ScimError::Syntax(error.to_string()))
        })
    }

    /// The user as answers show them.
    pub(crate) fn shown(&self, person: &Person, state: &State) -> Map<String, Value> {
        resource(person, &state.directory, &self.call.base)
    }
}
