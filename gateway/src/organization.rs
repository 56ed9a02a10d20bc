//! The Webex organisation a gateway acts for, in the forms Webex writes it.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use thiserror::Error;
use uuid::Uuid;

/// What precedes the UUID in a decoded Webex id, whatever the region before it says.
const TYPE: &str = "/ORGANIZATION/";

/// A Webex organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OrgId(Uuid);

/// A text that names no organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("is neither a UUID nor a Webex organization id (Y2lzY29zcGFyazov…)")]
pub struct MalformedOrgId;

impl OrgId {
    /// Reads a UUID, or the base64 of `ciscospark://<region>/ORGANIZATION/<uuid>` with or without padding.
    pub fn parse(text: &str) -> Result<Self, MalformedOrgId> {
        if let Ok(uuid) = Uuid::try_parse(text) {
            return Ok(Self(uuid));
        }
        let bytes = URL_SAFE_NO_PAD
            .decode(text)
            .or_else(|_| URL_SAFE.decode(text))
            .map_err(|_| MalformedOrgId)?;
        let uri = String::from_utf8(bytes).map_err(|_| MalformedOrgId)?;
        let (scheme, uuid) = uri.rsplit_once(TYPE).ok_or(MalformedOrgId)?;
        if !scheme.starts_with("ciscospark://") {
            return Err(MalformedOrgId);
        }
        Uuid::try_parse(uuid).map(Self).map_err(|_| MalformedOrgId)
    }
}

/// The UUID, as SCIM and the third field of a token write it.
impl fmt::Display for OrgId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_name_the_same_organization() {
        let base64 =
            "Y2lzY29zcGFyazovL3VzL09SR0FOSVpBVElPTi85NmFiYzJhYS0zZGNjLTExZTUtYTE1Mi1mZTM0ODE5Y2RjOWE";
        let uuid = "96abc2aa-3dcc-11e5-a152-fe34819cdc9a";
        assert_eq!(OrgId::parse(base64), OrgId::parse(uuid));
        assert_eq!(OrgId::parse(base64).unwrap().to_string(), uuid);
    }

    #[test]
    fn other_ids_and_nonsense_are_refused() {
        let person = URL_SAFE_NO_PAD.encode("ciscospark://us/PEOPLE/96abc2aa-3dcc-11e5-a152-fe34819cdc9a");
        let foreign =
            URL_SAFE_NO_PAD.encode("https://evil/ORGANIZATION/96abc2aa-3dcc-11e5-a152-fe34819cdc9a");
        for text in ["", "acme", &person, &foreign] {
            assert_eq!(OrgId::parse(text), Err(MalformedOrgId), "{text}");
        }
    }
}
