//! Who calls: the person behind a good access token, who may do what the operation does. As an extractor it refuses before
//! a handler looks any further.

use axum::extract::FromRequestParts;
use axum::response::Response;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use http::request::Parts;
use jiff::Timestamp;

use super::error::ApiError;
use super::operation::Scopes;
use crate::context::{Context, Note};
use crate::oauth::{Bearer, ScopeSet};
use crate::world::Person;

/// An authenticated caller.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) context: Context,
    pub(crate) person: Person,
    pub(crate) scopes: ScopeSet,
    pub(crate) token_expires_at: Timestamp,
}

impl Caller {
    /// Whether the token has this scope.
    pub(crate) fn has_scope(&self, scope: &str) -> bool {
        self.scopes.contains(scope)
    }

    /// Renders an error and notes the person.
    pub(crate) fn refuse(&self, error: &ApiError) -> Response {
        let mut response = error.render(&self.context);
        let note = response.extensions_mut().get_or_insert_default::<Note>();
        note.person = Some(self.person.email().to_owned());
        response
    }

    /// The answer, or the error rendered; the person is noted on both.
    pub(crate) fn answered(&self, result: Result<Response, ApiError>) -> Response {
        match result {
            Ok(response) => self.noted(response),
            Err(error) => self.refuse(&error),
        }
    }

    /// Notes the person on an answer.
    pub(crate) fn noted(&self, response: Response) -> Response {
        Note {
            person: Some(self.person.email().to_owned()),
            ..Note::default()
        }
        .on(response)
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let Ok(context) = Context::from_request_parts(parts, state).await;
        let Some((person, bearer)) = authenticate(&context, &parts.headers) else {
            return Err(ApiError::Unauthorized.render(&context));
        };
        let caller = Self {
            context,
            person,
            scopes: bearer.scopes,
            token_expires_at: bearer.expires_at,
        };
        match caller.is_allowed() {
            Ok(()) => Ok(caller),
            Err(error) => Err(caller.refuse(&error)),
        }
    }
}

/// Who has sent the token, if it is good.
fn authenticate(context: &Context, headers: &HeaderMap) -> Option<(Person, Bearer)> {
    let token = credentials(headers).and_then(bearer)?;
    let state = context.world.state();
    let bearer = state.registry.authenticate(token, context.world.clock.now())?;
    let person = state.directory.people.get(&bearer.person)?;
    // Who may not sign in has no use of an old token either.
    person.login_enabled.then(|| (person.clone(), bearer))
}

impl Caller {
    /// Whether scopes and roles are those that the operation needs.
    fn is_allowed(&self) -> Result<(), ApiError> {
        let Some(operation) = self.context.operation else {
            return Ok(());
        };
        let has = |scope: &&str| self.scopes.contains(scope);
        let scopes = match operation.scopes {
            Scopes::Open | Scopes::Token => true,
            Scopes::Any(scopes) => scopes.iter().any(has),
            Scopes::All(scopes) => scopes.iter().all(has),
        };
        let role = operation.roles.is_empty() || self.person.has_role(operation.roles);
        if scopes && role {
            Ok(())
        } else {
            Err(ApiError::Forbidden)
        }
    }
}

/// The only Authorization field. Two of them are the mark of a proxy that adds its own to the client's: neither counts.
pub(crate) fn credentials(headers: &HeaderMap) -> Option<&str> {
    let mut fields = headers.get_all(AUTHORIZATION).iter();
    let only = fields.next().filter(|_| fields.next().is_none())?;
    only.to_str().ok()
}

/// The token of `Bearer <token>` (RFC 6750, section 2.1; the scheme is case-insensitive, RFC 9110, section 11.1).
pub(crate) fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| token.trim_start_matches(' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_authorization_fields_are_none() {
        let mut headers = HeaderMap::new();
        assert_eq!(credentials(&headers), None);
        headers.insert(AUTHORIZATION, "Bearer x".parse().unwrap());
        assert_eq!(credentials(&headers), Some("Bearer x"));
        headers.append(AUTHORIZATION, "Bearer x".parse().unwrap());
        assert_eq!(credentials(&headers), None);
    }

    #[test]
    fn only_bearer_tokens_count() {
        assert_eq!(bearer("Bearer x"), Some("x"));
        assert_eq!(bearer("bearer  x"), Some("x"));
        assert_eq!(bearer("Basic x"), None);
        assert_eq!(bearer("Bearerx"), None);
    }
}
