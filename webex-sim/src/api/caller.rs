//! Who calls: the person behind a good access token. As an extractor it refuses before routing looks any further.

use axum::extract::FromRequestParts;
use axum::response::Response;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use http::request::Parts;

use super::error::ApiError;
use crate::context::{Context, Note};
use crate::oauth::ScopeSet;
use crate::world::Person;

/// An authenticated caller.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) context: Context,
    pub(crate) person: Person,
    pub(crate) scopes: ScopeSet,
}

impl Caller {
    /// Whether the token has one of these scopes.
    pub(crate) fn needs_any(&self, scopes: &[&str]) -> Result<(), ApiError> {
        if scopes.iter().any(|scope| self.scopes.contains(scope)) {
            Ok(())
        } else {
            Err(ApiError::Forbidden)
        }
    }

    /// Renders an error and notes the person.
    pub(crate) fn refuse(&self, error: ApiError) -> Response {
        let mut response = error.render(&self.context.tracking);
        let note = response.extensions_mut().get_or_insert_default::<Note>();
        note.person = Some(self.person.email.clone());
        response
    }

    /// Notes the person on an answer.
    pub(crate) fn noted(&self, response: Response) -> Response {
        Note {
            person: Some(self.person.email.clone()),
            ..Note::default()
        }
        .on(response)
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let Ok(context) = Context::from_request_parts(parts, state).await;
        let found = {
            let token = credentials(&parts.headers).and_then(bearer);
            let state = context.world.state();
            let bearer =
                token.and_then(|token| state.registry.authenticate(token, context.world.clock.now()));
            bearer.and_then(|bearer| {
                let person = state
                    .people
                    .iter()
                    .find(|person| person.id == bearer.person)?
                    .clone();
                Some((person, bearer.scopes))
            })
        };
        match found {
            Some((person, scopes)) => Ok(Self {
                context,
                person,
                scopes,
            }),
            None => Err(ApiError::Unauthorized.render(&context.tracking)),
        }
    }
}

/// The only Authorization field. Two of them are the mark of a proxy that adds its own to the client's: neither counts.
fn credentials(headers: &HeaderMap) -> Option<&str> {
    let mut fields = headers.get_all(AUTHORIZATION).iter();
    let only = fields.next().filter(|_| fields.next().is_none())?;
    only.to_str().ok()
}

/// The token of `Bearer <token>` (RFC 6750, section 2.1; the scheme is case-insensitive, RFC 9110, section 11.1).
fn bearer(value: &str) -> Option<&str> {
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
