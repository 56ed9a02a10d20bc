//! Whose token is this? Asked before anything is stored, because anybody with a Webex account can deliver a code.

use http::{HeaderValue, StatusCode, header};
use serde::Deserialize;
use tracing::debug;
use url::Url;

use super::refusal::Refusal;
use crate::net::oauth_client::{bounded_body, explain};
use crate::organization::OrgId;

/// Asks `GET /v1/people/me` (Webex API reference, People, Get My Own Details).
#[derive(Clone, Debug)]
pub struct Identity {
    /// The client for the call.
    pub http: reqwest::Client,
    /// Where it goes.
    pub people_me: Url,
}

/// What Webex says about the holder of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Person {
    /// Somebody of this organisation.
    Of(OrgId),
    /// The token works, but has no scope for the question.
    Forbidden,
    /// The token does not work.
    Rejected,
    /// No usable answer; the reason is for the operator.
    Unknown(String),
}

impl Person {
    /// Whether Webex has named the holder: anything else may have come from somebody on the way.
    #[must_use]
    pub fn answered(&self) -> bool {
        matches!(self, Self::Of(_))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PersonBody {
    org_id: String,
}

impl Identity {
    /// Asks for the holder of the token in `bearer`.
    pub async fn who_is(&self, bearer: &HeaderValue) -> Person {
        let answer = self
            .http
            .get(self.people_me.clone())
            .header(header::AUTHORIZATION, bearer.clone())
            .send()
            .await;
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => return Person::Unknown(explain(&error)),
        };
        let status = answer.status();
        let person = match bounded_body(answer).await {
            Err(problem) if status == StatusCode::OK => Person::Unknown(problem),
            body => person_of(status, &body.unwrap_or_default()),
        };
        debug!("asked whose token it is: {} -> {person:?}", status.as_u16());
        person
    }
}

/// What an answer of `people/me` says.
#[must_use]
pub fn person_of(status: StatusCode, body: &[u8]) -> Person {
    match status {
        StatusCode::OK => organization(body).map_or_else(
            || Person::Unknown("people/me has no orgId".to_owned()),
            Person::Of,
        ),
        StatusCode::FORBIDDEN => Person::Forbidden,
        StatusCode::UNAUTHORIZED => Person::Rejected,
        status => Person::Unknown(format!("people/me answered {}", status.as_u16())),
    }
}

/// The organisation to store the tokens for: the one that people/me tells, else the one that the token names, and no other
/// than `pin`.
pub fn decide(pin: Option<OrgId>, named: Option<OrgId>, person: Person) -> Result<OrgId, Refusal> {
    let found = match person {
        Person::Of(org_id) => org_id,
        Person::Rejected => return Err(Refusal::TokenRejected),
        Person::Forbidden => named.ok_or(Refusal::UnknownOrganization)?,
        Person::Unknown(reason) => named
            .filter(|named| pin == Some(*named))
            .ok_or(Refusal::NotVerified(reason))?,
    };
    match pin {
        Some(expected) if expected != found => Err(Refusal::WrongOrganization { found, expected }),
        _ => Ok(found),
    }
}

fn organization(body: &[u8]) -> Option<OrgId> {
    let person: PersonBody = serde_json::from_slice(body).ok()?;
    OrgId::parse(&person.org_id).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn org(digit: u8) -> OrgId {
        OrgId::parse(&format!("00000000-0000-4000-8000-00000000000{digit}")).unwrap()
    }

    #[test]
    fn the_first_authorisation_pins_and_the_pin_refuses_others() {
        assert_eq!(decide(None, None, Person::Of(org(1))), Ok(org(1)));
        assert_eq!(decide(Some(org(1)), None, Person::Of(org(1))), Ok(org(1)));
        let wrong = Err(Refusal::WrongOrganization {
            found: org(2),
            expected: org(1),
        });
        assert_eq!(decide(Some(org(1)), Some(org(1)), Person::Of(org(2))), wrong);
    }

    #[test]
    fn without_the_scope_the_token_itself_tells() {
        assert_eq!(decide(None, Some(org(1)), Person::Forbidden), Ok(org(1)));
        assert_eq!(
            decide(None, None, Person::Forbidden),
            Err(Refusal::UnknownOrganization)
        );
        assert!(decide(Some(org(2)), Some(org(1)), Person::Forbidden).is_err());
    }

    #[test]
    fn without_an_answer_only_the_known_organisation_is_taken() {
        let unknown = || Person::Unknown("timed out".to_owned());
        assert_eq!(decide(Some(org(1)), Some(org(1)), unknown()), Ok(org(1)));
        for (pin, named) in [
            (None, Some(org(1))),
            (Some(org(1)), None),
            (Some(org(1)), Some(org(2))),
            (None, None),
        ] {
            assert_eq!(
                decide(pin, named, unknown()),
                Err(Refusal::NotVerified("timed out".to_owned()))
            );
        }
    }

    #[test]
    fn a_token_that_webex_refuses_is_never_stored() {
        assert_eq!(
            decide(Some(org(1)), Some(org(1)), Person::Rejected),
            Err(Refusal::TokenRejected)
        );
    }
}
